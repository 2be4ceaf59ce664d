"""Textbook failures and cures: modes found, quality of samples, and the gradient that vanishes.

Every variant is a recipe's own game (losses, turns, penalties, optimisers), with the same small networks in the plane.
Five seeds; each cell leaves one file in `results/modes`, so that the benchmark goes on where it stopped.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks import stacked, vanishing
from benchmarks.cells import Choice, Job, complete, found, summed
from benchmarks.figures import Panel, lines, scatter, small_png, write_figures
from benchmarks.game import one_thread
from benchmarks.record import RESULTS, ROOT, Result, figure_folder
from benchmarks.table import Cell, Table
from benchmarks.toy import BATCH, PLANES, VARIANTS, PlaneSource, Variant, flat_game, score
from gansmith.core import Backend, State, look, play

__all__ = ["jobs", "run"]

ROUNDS, SEEDS = 8_000, (0, 1, 2, 3, 4)
LOOKS, SAMPLES, KEPT = 20, 2_500, 400
"""How often a cell is looked at, samples of a look (as Srivastava et al. 2017), samples kept for the figure."""

CURVES = ("minimax", "non-saturating", "packing, 2", "slow, unrolled, 5", "wgan-gp", "dragan", "r3gan")
"""Variants whose modes are drawn against time: as many as there are colours."""

SECONDS = 25.0
"""About, of a cell of the first GAN in the plane."""


def plane_state(variant: Variant, plane: str, seed: int, rounds: int) -> State:
    """The game in play, with the end of its schedules after so many rounds."""

    def made(total: int) -> State:
        source = PlaneSource(PLANES[plane], BATCH, seed)
        return State(flat_game(variant, seed), source, seed, Backend(), total)

    probe = made(0)
    play(probe, 1)
    return made(rounds * probe.clock.samples)


@torch.no_grad()
def drawn(state: State, n: int = SAMPLES) -> Tensor:
    """Samples of the generator as it is, not of an average."""
    assert state.game.draw is not None
    generator = torch.Generator().manual_seed(0)
    noise = {name: torch.randn(n, *shape, generator=generator) for name, shape in state.game.draw.noise.items()}
    return state.game.draw.make(state.game.nets, noise)["image"]


def told_apart(state: State) -> float:
    """How often the discriminator scores a real sample above a made one; 0.5 where it can't tell."""
    assert state.game.contest is not None
    batch = PlaneSource(state.source.plane, SAMPLES, 1_000_003)  # type: ignore[attr-defined]
    real, fake = state.game.contest(look(state, next(batch), seed=1))
    return float((real > fake).double().mean() + (real == fake).double().mean() / 2)


def in_the_plane(variant: Variant, plane: str, seed: int, rounds: int) -> dict[str, Any]:
    """Play one variant on one plane, looking now and then."""
    with one_thread():  # for networks of this size a second one costs more than it gives
        state = plane_state(variant, plane, seed, rounds)
        curve, before = [], time.perf_counter()
        for _ in range(LOOKS):
            play(state, rounds // LOOKS)
            for net in state.game.nets.values():
                net.eval()
            samples = drawn(state)
            curve.append([state.clock.samples, *(round(v, 4) for v in score(samples, PLANES[plane]).values())])
        seconds = time.perf_counter() - before
        kept = [[round(v, 2) for v in point] for point in samples[:KEPT].tolist()] if seed == 0 else []
        return {
            "scores": score(samples, PLANES[plane]) | {"told apart": told_apart(state)},
            "curve": curve,
            "points": kept,
            "seconds": seconds,
        }


def plane_jobs(rounds: int, seeds: Sequence[int]) -> list[Job]:
    """Every variant on every plane; the first seed of all comes first."""
    return [
        Job(
            plane,
            f"{name}, seed {seed}",
            {
                "plane": plane,
                "recipe": v.recipe,
                "given": dict(v.settings),
                "D": v.kind,
                "rounds": rounds,
                "seed": seed,
            },
            SECONDS * v.cost * rounds / ROUNDS,
            partial(in_the_plane, v, plane, seed, rounds),
            v.missing,
        )
        for seed in seeds
        for plane in PLANES
        for name, v in VARIANTS.items()
    ]


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells: the planes, the stacked garments, the vanishing gradient."""
    rounds, seeds = (LOOKS, (0,)) if quick else (ROUNDS, SEEDS)
    return [*vanishing.jobs(quick), *plane_jobs(rounds, seeds), *stacked.jobs(quick)]


def plane_table(plane: str, asked: Sequence[Job], folder: Path) -> Table:
    """A row a variant: mean and standard deviation over seeds."""
    modes = len(PLANES[plane].centres)
    rows: list[list[Cell]] = []
    for name in VARIANTS:
        mine = [job for job in asked if job.stage == plane and job.label.startswith(f"{name}, seed")]
        rows.append([name, *summed([found(job, folder) for job in mine], ("modes", "quality", "kl", "told apart"))])
    columns = ["variant", "seeds", f"modes of {modes}", "high quality", "KL to uniform", "told apart", "seconds"]
    note = (
        f"After {asked[0].identity['rounds']:,} steps of the generator at batch {BATCH}; {SAMPLES:,} samples, high "
        "quality within three standard deviations of a centre. Mean ± standard deviation over seeds. Told apart: how "
        "often the discriminator scores real above made (0.5: it can't tell)."
    )
    return Table(f"The {plane}", columns, rows, note)


def plane_picture(plane: str, asked: Sequence[Job], folder: Path) -> Image.Image | None:
    """Samples of every variant, seed 0."""
    panels = []
    for name in VARIANTS:
        job = next(j for j in asked if (j.stage, j.label) == (plane, f"{name}, seed 0"))
        result = found(job, folder)
        if result is not None and "broke" not in result:
            scores = result["scores"]
            note = f"{scores['modes']:.0f} of {len(PLANES[plane].centres)}, {scores['quality']:.0%} good"
            panels.append(Panel(name, note, np.array(result["points"])))
    return scatter(panels, PLANES[plane].centres.numpy()) if panels else None


def plane_curve(plane: str, asked: Sequence[Job], folder: Path) -> str:
    """Modes found against samples seen, mean over seeds."""
    series: dict[str, list[tuple[float, float]]] = {}
    for name in CURVES:
        mine = [j for j in asked if j.stage == plane and j.label.startswith(f"{name}, seed")]
        curves = [r["curve"] for j in mine if (r := found(j, folder)) is not None and "broke" not in r]
        series[name] = [
            (step, statistics.fmean(c[i][1] for c in curves))
            for i in range(LOOKS if curves else 0)
            for step in [(i + 1) * asked[0].identity["rounds"] // LOOKS]
        ]
    return lines(series, "steps of the generator", "modes found")


def figures(asked: Sequence[Job], folder: Path) -> dict[str, tuple[bytes, str]]:
    """Bytes and caption of every figure that the stored cells allow, by file name."""
    made: dict[str, tuple[bytes, str]] = {}
    for plane in PLANES:
        mine = [job for job in asked if job.stage == plane]
        short = plane.split(" ")[0]
        picture = plane_picture(plane, mine, folder)
        if picture is not None:
            made[f"modes-{short}.png"] = (small_png(picture), f"Samples on the {plane}, seed 0.")
            curve = plane_curve(plane, mine, folder).encode()
            made[f"modes-{short}.svg"] = (curve, f"Modes found on the {plane} while training, mean over seeds.")
    return made | vanishing.figures(asked, folder)


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing, then tables and figures."""
    folder = (ROOT / "runs/benchmarks/modes") if quick else RESULTS / "modes"
    asked = jobs(quick, choice)
    complete(asked, folder, choice)
    makers: Sequence[Callable[[Sequence[Job], Path], Table]] = [
        vanishing.table,
        *map(_plane_table, PLANES),
        stacked.table,
    ]
    tables = [make(asked, folder) for make in makers]
    shown = write_figures(figures(asked, folder), figure_folder(quick))
    settings = {"rounds": LOOKS if quick else ROUNDS, "batch": BATCH, "seeds": list((0,) if quick else SEEDS)}
    return Result(settings, tables, numbers={"cells": [job.id for job in asked], "figures": shown})


def _plane_table(plane: str) -> Callable[[Sequence[Job], Path], Table]:
    return lambda asked, folder: plane_table(plane, [job for job in asked if job.stage == plane], folder)
