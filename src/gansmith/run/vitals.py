"""Signals of a game in play: means of what rounds log, and what the discriminator says when it is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gansmith.core import Log, State, look
from gansmith.types import Batch, Clock, Json, count_rows

__all__ = ["Vitals", "broken_value"]

ASKED = 32
"""Images of each kind that the discriminator is asked about at a tick: few, since asking costs time in every run, and
others every time, since what counts is the mean over many ticks.
"""

MEASURED = 8
"""Rounds between two in which gradients and updates are measured: they cost a few passes over the weights."""

ASKED_FOR = ("contest", "overfit", "gap")
"""What comes of asking the discriminator."""

STEPS = ("grad_norm", "grad_cosine", "update_ratio")
"""What a player's log says of a measured round, beside its terms."""


class Vitals:
    """What is known of a game's course since the last tick.

    Args:
        tick: Samples between two readings.
        held_out: Data to ask the discriminator about that nobody trains on; may be empty.
        seen: As much training data, for the same; no rows where it can't be compared with it.
        kept: What `kept` returned in the process that this one continues.
    """

    def __init__(self, tick: int, held_out: Batch, seen: Batch, kept: Mapping[str, Any] | None = None) -> None:
        self._tick, self._held_out, self._seen = tick, held_out, seen
        self._sums: dict[str, list[Tensor]] = {k: [torch.tensor(v) for v in vs] for k, vs in (kept or {}).items()}

    @staticmethod
    def measure(clock: Clock) -> bool:
        """Whether gradients are measured in this round, for `play`."""
        return clock.round % MEASURED == 0

    def add(self, log: Log) -> None:
        """Keep a round's numbers."""
        for name, value in log.items():
            self._sums.setdefault(name, []).append(value)

    def forget(self) -> None:
        """Begin the tick anew."""
        self._sums.clear()

    def kept(self) -> Json:
        """The numbers of a tick cut short, for a checkpoint."""
        return {name: [float(v) for v in values] for name, values in self._sums.items()}

    def read(self, state: State) -> tuple[dict[str, float], dict[str, float]]:
        """The signals at a tick: what rounds and the discriminator say, and how players step; the next tick begins."""
        device = state.backend.device
        means = {name: float(torch.stack([v.to(device) for v in vs]).mean()) for name, vs in self._sums.items()}
        self._sums.clear()
        steps = {name: means.pop(name) for name in list(means) if name.rpartition("/")[2] in STEPS}
        return means | self._asked(state), steps

    @torch.no_grad()
    def _asked(self, state: State) -> dict[str, float]:
        """What the discriminator says of held-out, training and made data.

        `contest` is how often it scores held-out data above samples made for the same condition, `overfit` how often
        training data above held-out data, `gap` the distance of the mean scores of held-out and made data in standard
        deviations. Nothing in a game without a contest, or where nothing is held out; no `overfit` without training
        data to compare.
        """
        if state.game.contest is None or not count_rows(self._held_out):
            return {}
        samples = state.clock.samples
        held_out, seen = (_some(data, samples // self._tick) for data in (self._held_out, self._seen))
        asked = {name: torch.cat([value, seen[name]]) for name, value in held_out.items()}
        with state.backend.precision():
            real, fake = (_each(scores) for scores in state.game.contest(look(state, asked, seed=samples)))
        n = len(real) * count_rows(held_out) // count_rows(asked)  # a score may be of several rows (packing)
        known, real, fake = real[n:], real[:n], fake[:n]
        spread = ((real.var(unbiased=False) + fake.var(unbiased=False)) / 2).sqrt().clamp_min(1e-12)
        found = {"contest": float(_above(real, fake).mean()), "gap": float((real.mean() - fake.mean()) / spread)}
        return found | ({"overfit": float(_above(known[:, None], real).mean())} if len(known) else {})


def broken_value(values: Mapping[str, float]) -> str:
    """What the first value is of that is infinite or no number; empty where all are numbers."""
    name = next((name for name, value in values.items() if not math.isfinite(value)), "")
    return "a score of the discriminator" if name in ASKED_FOR else name


def _some(data: Batch, turn: int) -> Batch:
    """A few rows from all over the data, others at every turn, round and round."""
    total = count_rows(data)
    few = min(ASKED, total)
    rows = (turn + torch.arange(few) * total // max(few, 1)) % max(total, 1)
    return {name: value[rows] for name, value in data.items()}


def _each(scores: Tensor) -> Tensor:
    """One score a sample, the mean over patches."""
    return scores.reshape(len(scores), -1).mean(1)


def _above(a: Tensor, b: Tensor) -> Tensor:
    """1 where a is above b, one half where they are equal, else 0."""
    return (a > b).double() + (a == b).double() / 2
