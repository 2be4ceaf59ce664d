"""Stacked garments: three embedded images as the channels of one, 10 x 10 x 10 = 1,000 modes.

The counterpart of stacked digits (Metz et al. 2017, section 3.3.1) without a download. The networks are the recipe's
own; the embedded judge reads a class off each channel of a sample, and the three digits name its mode.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.cells import Job, found, summed
from benchmarks.game import fashion, plain_images
from benchmarks.table import Cell, Table
from gansmith.core import Backend, State, play
from gansmith.data.embedded import fashion_path
from gansmith.data.open import open_images
from gansmith.data.split import split_images
from gansmith.errors import RunError
from gansmith.features.judge import Judge
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.judging import embedded_judge
from gansmith.run.settings import resolve
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["jobs", "table"]

STAGE = "stacked garments"
CLASSES, CHANNELS = 10, 3
MODES = CLASSES**CHANNELS
SPEC: Spec = {"image": Field((CHANNELS, 28, 28), head="tanh")}
SAMPLES, MADE, SEEDS = 64_000, 26_000, (0, 1, 2, 3, 4)
"""Samples seen in training, samples judged (as Metz et al. 2017), seeds."""

RECIPES = ("gan", "dcgan", "lsgan", "wgan", "wgan-gp", "sngan", "dragan", "r3gan")
RATE = 250.0
"""About how many samples a second two cores train."""


class StackedSource:
    """An endless source: each sample's three channels are images drawn at random."""

    def __init__(self, images: Tensor, batch: int, seed: int) -> None:
        self.images, self.batch = images, batch
        self.generator = torch.Generator().manual_seed(seed)

    def __next__(self) -> Batch:
        """The next batch."""
        rows = torch.randint(len(self.images), (self.batch, CHANNELS), generator=self.generator)
        return {"image": self.images[rows, 0]}

    def state_dict(self) -> dict[str, Json]:
        """Nothing: a benchmark is not resumed inside a cell."""
        return {}

    def load_state_dict(self, state: Mapping[str, Json]) -> None:
        """Nothing."""


@torch.no_grad()
def modes_of(judge: Judge, images: Tensor) -> Tensor:
    """The mode of each image `(n, 3, h, w)`: a number below 1,000 whose digits are the channels' classes."""
    n = len(images)
    channels = images.float().reshape(n * CHANNELS, 1, *images.shape[2:])
    classes = torch.cat([judge(part).argmax(1) for part in torch.split(channels, 500)]).reshape(n, CHANNELS)
    weights = torch.tensor([CLASSES ** (CHANNELS - 1 - c) for c in range(CHANNELS)])
    return (classes * weights).sum(1)


def counted(modes: Tensor) -> dict[str, float]:
    """Modes found and KL(found shares || uniform) in nats, over all samples."""
    shares = torch.bincount(modes, minlength=MODES).double() / len(modes)
    there = shares[shares > 0]
    return {"modes": float(len(there)), "kl": float((there * there.log()).sum()) + math.log(MODES)}


def frozen_judge() -> Judge:
    """The classifier that comes with the package."""
    images, _ = fashion()
    judge = embedded_judge(images.fingerprint)
    assert judge is not None  # it is part of the package
    return judge.net


@torch.no_grad()
def drawn(state: State, n: int) -> Tensor:
    """Samples of the (averaged) generator."""
    assert state.game.draw is not None
    generator, parts = torch.Generator().manual_seed(0), []
    for net in state.best_nets.values():
        net.eval()
    for start in range(0, n, 250):
        rows = min(250, n - start)
        noise = {k: torch.randn(rows, *shape, generator=generator) for k, shape in state.game.draw.noise.items()}
        parts.append(state.game.draw.make(state.best_nets, noise)["image"].contiguous())
    return torch.cat(parts)


def compute(name: str, seed: int, samples: int, made: int) -> dict[str, Any]:
    """Train one recipe on stacked garments and count."""
    images, codec = fashion()
    recipe = find_recipe(name)
    hp = resolve(recipe, "s", {})
    torch.manual_seed(seed)
    source = StackedSource(plain_images(images, codec), hp.batch, seed)
    state = State(recipe.game(SPEC, hp), source, seed, Backend(channels_last=True), samples)
    before = time.perf_counter()
    while state.clock.samples < samples:
        play(state, 1)
    seconds = time.perf_counter() - before
    pictures = drawn(state, made)
    if not bool(torch.isfinite(pictures).all()):
        raise RunError("the samples are not finite")
    return {"scores": counted(modes_of(frozen_judge(), pictures)), "seconds": seconds}


def real(made: int) -> dict[str, float]:
    """The same of stacked test images: what is within reach."""
    images = open_images(fashion_path())
    _, codec = fashion()
    test = plain_images(images.subset(split_images(images).test), codec)
    source = StackedSource(test, made, 0)
    return counted(modes_of(frozen_judge(), next(source)["image"]))


def jobs(quick: bool) -> list[Job]:
    """Every recipe with every seed; the first seed of all comes first."""
    samples, made, seeds = (256, 500, (0,)) if quick else (SAMPLES, MADE, SEEDS)
    reference = Job(
        STAGE,
        "real test images",
        {"stacked": "real", "made": made},
        made / 600,
        lambda: {"scores": real(made), "seconds": 0.0},
    )
    return [
        reference,
        *(
            Job(
                STAGE,
                f"{name}, seed {seed}",
                {"stacked": name, "samples": samples, "made": made, "seed": seed},
                samples / RATE + made / 600,
                partial(compute, name, seed, samples, made),
                "" if name in recipe_names() else f"recipe {name} is not there",
            )
            for seed in seeds
            for name in (RECIPES[1:2] if quick else RECIPES)
        ),
    ]


def table(asked: Sequence[Job], folder: Path) -> Table:
    """A row a recipe: mean and deviation over seeds."""
    mine = [job for job in asked if job.stage == STAGE]
    names = dict.fromkeys(job.identity["stacked"] for job in mine)
    rows: list[list[Cell]] = []
    for name in names:
        results = [found(job, folder) for job in mine if job.identity["stacked"] == name]
        rows.append(["real test images" if name == "real" else name, *summed(results, ("modes", "kl"))])
    last = mine[-1].identity
    note = (
        f"The recipes' own networks of size s, unlabelled, after {last['samples']:,} samples; {last['made']:,} samples "
        "of the averaged generator, classes read by the embedded judge. Mean ± standard deviation over seeds."
    )
    return Table("Stacked garments", ["recipe", "seeds", f"modes of {MODES:,}", "KL to uniform", "seconds"], rows, note)
