"""When things happen in a run, in samples; a time is turned into samples once, by measuring."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.distributed as dist

from gansmith.core import State, play

__all__ = ["Pace", "measure_rate"]

WARM_UP, SECONDS, ROUNDS = 3, 4.0, (8, 200)
TICKS = 100
OVERHEAD = 0.92
"""Share of a time budget that is left for training beside evaluations, pictures and checkpoints."""


@dataclass(frozen=True)
class Pace:
    """The rhythm of a run.

    Attributes:
        total: Samples of the whole run.
        tick: Samples between two lines of the log. Evaluations and checkpoints fall on ticks, so that a resumed run
            logs what an uninterrupted one does.
        evaluate: Samples between two evaluations.
        checkpoint: Samples between two checkpoints.
    """

    total: int
    tick: int
    evaluate: int
    checkpoint: int

    @classmethod
    def of(cls, total: int, batch: int) -> Pace:
        """100 ticks, 10 evaluations and 20 checkpoints a run; no tick is shorter than a batch."""
        tick = max(batch, -(-total // TICKS))
        return cls(total, tick, 10 * tick, 5 * tick)


def measure_rate(make: Callable[[], State]) -> float:
    """Samples a second, over a few seconds of a game that is thrown away afterwards.

    Args:
        make: Makes the game's state anew.
    """
    state = make()
    try:
        start = time.perf_counter()
        play(state, WARM_UP)
        a_round = (time.perf_counter() - start) / WARM_UP
        rounds = int(_from_first(state, min(max(SECONDS / a_round, ROUNDS[0]), ROUNDS[1])))
        before, start = state.clock.samples, time.perf_counter()
        play(state, rounds)
        return _from_first(state, (state.clock.samples - before) / (time.perf_counter() - start))
    finally:
        getattr(state.source, "close", lambda: None)()


def _from_first(state: State, value: float) -> float:
    """The value of process 0, in all processes."""
    if state.backend.world == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64, device=state.backend.device)
    dist.broadcast(shared, 0)
    return float(shared)
