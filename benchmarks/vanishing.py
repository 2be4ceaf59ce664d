"""The generator's gradient against a discriminator trained ever closer to perfection (Arjovsky & Bottou 2017, fig. 2).

The generator of the first GAN is trained on the embedded images for some epochs and then held still, while a new
discriminator learns to tell its samples from real ones. At every look the norm of the gradient that the generator
would get is measured on one batch, for the saturating loss and for the non-saturating one.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.cells import Job, found
from benchmarks.figures import lines
from benchmarks.game import fashion, plain_images
from benchmarks.table import Cell, Table
from gansmith.core import Backend, Draws, Game, Stage, State, Term, play
from gansmith.data.source import ImageSource
from gansmith.recipes._families import ADVERSARIAL
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.types import Spec

__all__ = ["figures", "jobs", "table"]

STAGE = "vanishing gradient"
EPOCHS, SEEDS = (1, 10, 25), (0, 1, 2, 3, 4)
STEPS = (0, 10, 20, 40, 80, 160, 320, 640, 1280, 2560)
BATCH, LOOK = 64, 256
LOSSES = ("minimax", "nonsaturating")
NAMES = {"minimax": "saturating, log(1 - D)", "nonsaturating": "non-saturating, -log D"}


def fresh_game(spec: Spec, seed: int) -> Game:
    """The first GAN on unlabelled images."""
    recipe = find_recipe("gan")
    torch.manual_seed(seed)
    return recipe.game({"image": spec["image"]}, resolve(recipe, "s", {"batch": BATCH}))


def against(game: Game, opponent: Game) -> Game:
    """The game of the opponent's discriminator against this game's generator, in which only the former moves."""
    (stage,) = opponent.stages
    nets = {**opponent.nets, "G": game.nets["G"]}
    return replace(opponent, nets=nets, stages=(Stage(tuple(t for t in stage.turns if t.player == "D")),), ema={})


def gradient_norm(state: State, image: Tensor, term: Term) -> float:
    """The norm of a term's gradient with respect to all weights of G, on fixed noise."""
    params = list(state.game.nets["G"].requires_grad_(True).parameters())
    scene = state.game.scene(state.game.nets, {"image": image}, state.clock, Draws(7, len(image)))
    slopes = torch.autograd.grad(term.fn(scene), params)
    return float(torch.linalg.vector_norm(torch.stack([slope.norm() for slope in slopes])))


@torch.no_grad()
def right(state: State, image: Tensor) -> float:
    """How often the sign of the discriminator's score is right, real and made images together."""
    scene = state.game.scene(state.game.nets, {"image": image}, state.clock, Draws(7, len(image)))
    real, fake = scene.d_real, scene.d_fake  # type: ignore[attr-defined]
    return float(((real > 0).double().mean() + (fake < 0).double().mean()) / 2)


def watch(epochs: int, seed: int, steps: Sequence[int] = STEPS) -> dict[str, Any]:
    """Train the generator, hold it, train a new discriminator, measure."""
    images, codec = fashion()
    source = ImageSource.of(images, codec, batch=BATCH, seed=seed)
    looked = plain_images(images, codec, LOOK)
    rows = []
    try:
        game = fresh_game(codec.spec, seed)
        play(State(game, source, seed, Backend()), max(1, epochs * len(images) // BATCH))
        state = State(against(game, fresh_game(codec.spec, seed + 1_000)), source, seed, Backend())
        for step in steps:
            play(state, step - state.clock.round)
            norms = [gradient_norm(state, looked, ADVERSARIAL[loss][1]["adv"]) for loss in LOSSES]
            rows.append([step, *norms, right(state, looked)])
    finally:
        source.close()
    return {"rows": rows}


def jobs(quick: bool) -> list[Job]:
    """Every age of the generator with every seed."""
    epochs, seeds, steps = ((0,), (0,), STEPS[:3]) if quick else (EPOCHS, SEEDS, STEPS)
    return [
        Job(
            STAGE,
            f"generator of {age} epochs, seed {seed}",
            {"vanishing": age, "seed": seed, "steps": list(steps), "batch": BATCH},
            25.0 if not quick else 2.0,
            partial(watch, age, seed, steps),
        )
        for seed in seeds
        for age in epochs
    ]


def _by_age(asked: Sequence[Job], folder: Path) -> dict[int, list[list[list[float]]]]:
    """Rows of all seeds by the generator's age."""
    made: dict[int, list[list[list[float]]]] = {}
    for job in asked:
        if job.stage == STAGE:
            result = found(job, folder)
            made.setdefault(job.identity["vanishing"], []).extend([result["rows"]] if result else [])
    return made


def table(asked: Sequence[Job], folder: Path) -> Table:
    """First and last gradient by the generator's age, medians over seeds."""
    rows: list[list[Cell]] = []
    for age, seeds in _by_age(asked, folder).items():
        if not seeds:
            rows.append([age, "missing", *[None] * 6])
            continue
        first, last = ([statistics.median(s[i][k] for s in seeds) for k in (1, 2, 3)] for i in (0, -1))
        rows.append([age, str(len(seeds)), first[0], last[0], last[0] / first[0], first[1], last[1], last[2]])
    steps = next(job.identity["steps"][-1] for job in asked if job.stage == STAGE)
    columns = [
        "generator's epochs",
        "seeds",
        "saturating, at first",
        f"after {steps:,} steps",
        "ratio",
        "non-saturating, at first",
        f"after {steps:,} steps ",
        "D right",
    ]
    note = (
        "Norm of the gradient with respect to all of the generator's weights while it is held still and a new "
        "discriminator learns; medians over seeds. D right: how often its score's sign is, at the end."
    )
    return Table("The gradient against an ever better discriminator", columns, rows, note)


def figures(asked: Sequence[Job], folder: Path) -> dict[str, tuple[bytes, str]]:
    """The measured curves."""
    series = {}
    for age, seeds in _by_age(asked, folder).items():
        for k, loss in enumerate(LOSSES, 1):
            if seeds:
                series[f"{NAMES[loss]}, {age} epochs"] = [
                    (seeds[0][i][0], _log10(statistics.median(s[i][k] for s in seeds))) for i in range(len(seeds[0]))
                ]
    if not series:
        return {}
    curve = lines(series, "steps of the discriminator", "log10 of the norm of the generator's gradient")
    text = "The generator's gradient while a discriminator learns to tell its held samples from real images."
    return {"vanishing.svg": (curve.encode(), text)}


def _log10(value: float) -> float:
    return float(torch.tensor(max(value, 1e-30), dtype=torch.float64).log10())
