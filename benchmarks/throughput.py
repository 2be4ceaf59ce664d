"""Images a second, in training and in sampling, by size, threads, precision and memory layout.

Training is the engine playing the recipe's game on batches in memory; with `data`, on the embedded images as a run
reads them. Sampling is what `gansmith sample` draws, noise and conditions included, without writing files.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from benchmarks.game import TOTAL, fashion, game, settings, spec, state, untrained
from benchmarks.measure import Times, side_by_side, turns_in
from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.core import Backend, State, play
from gansmith.data.source import ImageSource
from gansmith.run.model import Model
from gansmith.run.sample import draw

__all__ = ["run"]

FORMS: dict[str, tuple[bool, bool]] = {
    "fp32": (False, False),
    "fp32, ch. last": (False, True),
    "bf16": (True, False),
    "bf16, ch. last": (True, True),
}
"""bf16 autocast and channels_last by name."""

RUN = "fp32, ch. last"
"""What a run uses unless it is told otherwise."""


@dataclass(frozen=True)
class Job:
    """Networks and images of one row; `batch` where the size's own would take too long on two cores."""

    size: Literal["s", "m"]
    pixels: int
    channels: int
    batch: int | None = None

    @property
    def hp(self) -> Any:
        """Hyper-parameters."""
        return settings(self.size, **({"batch": self.batch} if self.batch else {}))

    @property
    def name(self) -> str:
        """For the table."""
        return f"size {self.size}, {self.pixels}x{self.pixels}x{self.channels}"


JOBS = (Job("s", 28, 1), Job("s", 64, 3), Job("m", 28, 1, batch=16), Job("m", 64, 3, batch=8))


def training(job: Job, repetitions: int, seconds: float) -> dict[str, Times]:
    """The engine in all forms, side by side."""
    hp = job.hp
    fields = spec(job.pixels, job.channels)
    states = {form: state(fields, hp, Backend(bf16=bf16, channels_last=last)) for form, (bf16, last) in FORMS.items()}
    rounds = turns_in(partial(play, states[RUN], 1), seconds, hp.penalty_every)
    return side_by_side({n: partial(play, s, rounds) for n, s in states.items()}, repetitions, rounds * hp.batch)


def with_data(repetitions: int, seconds: float) -> dict[str, Times]:
    """The demo's game on batches in memory and on the embedded images, side by side."""
    hp, (images, codec) = settings(), fashion()
    backend = Backend(channels_last=True)
    source = ImageSource.of(images, codec, batch=hp.batch, seed=0)
    try:
        states = {
            "in memory": state(codec.spec, hp, backend),
            "embedded images": State(game(codec.spec, hp), source, 0, backend, TOTAL),
        }
        rounds = turns_in(partial(play, states["in memory"], 1), seconds, hp.penalty_every)
        return side_by_side({n: partial(play, s, rounds) for n, s in states.items()}, repetitions, rounds * hp.batch)
    finally:
        source.close()


def sampling(repetitions: int, images: int) -> dict[str, Times]:
    """The demo's generator in all forms, side by side."""
    cases: dict[str, Callable[[], object]] = {}
    for form, (bf16, last) in FORMS.items():
        model = untrained()
        for net in model.nets.values():
            Backend(channels_last=last).place(net)
        cases[form] = partial(_draw, model, images, bf16)
    return side_by_side(cases, repetitions, images)


def _draw(model: Model, images: int, bf16: bool) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else nullcontext():
        for _ in draw(model, images):
            pass


def run(quick: bool) -> Result:
    """Training by job and threads, data, sampling."""
    repetitions, seconds, images = (2, 0.05, 256) if quick else (5, 0.3, 512)
    times: dict[str, Times] = {}
    train: list[list[Cell]] = []
    data: list[list[Cell]] = []
    drawn: list[list[Cell]] = []
    before = torch.get_num_threads()
    try:
        for threads in (1,) if quick else (1, 2):
            torch.set_num_threads(threads)
            for job in JOBS[:1] if quick else JOBS:
                found = training(job, repetitions, seconds)
                train.append([job.name, job.hp.batch, threads, *_row(found)])
                times |= {f"train {job.name}, {threads} threads: {form}": t for form, t in found.items()}
            found = with_data(repetitions, seconds)
            memory, embedded = found.values()
            data.append([threads, memory.rate, embedded.rate, embedded.over(memory)])
            times |= {f"data, {threads} threads: {name}": t for name, t in found.items()}
            found = sampling(repetitions, images)
            drawn.append(["size s, 28x28x1", threads, *_row(found)])
            times |= {f"sample, {threads} threads: {form}": t for form, t in found.items()}
    finally:
        torch.set_num_threads(before)
    forms = ["fp32, images/s", *(f"{form}, times" for form in list(FORMS)[1:])]
    note = "Times: speed as a multiple of fp32."
    tables = [
        Table("Training", ["networks and images", "batch", "threads", *forms], train, note),
        Table(
            "Training the demo's game with and without reading data",
            ["threads", "in memory, images/s", "embedded images, images/s", "time, ratio"],
            data,
        ),
        Table("Sampling", ["networks and images", "threads", *forms], drawn),
    ]
    return Result({"repetitions": repetitions, "seconds a repetition": seconds, "images": images}, tables, times)


def _row(found: dict[str, Any]) -> list[Cell]:
    base, *others = found.values()
    return [base.rate, *(1 / other.over(base) for other in others)]
