"""When things happen in a run, in samples; a time is turned into samples once, by measuring."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist

from gansmith.core import State, play

__all__ = ["Pace", "StageSpeed", "measure_speeds", "samples_in"]

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


@dataclass(frozen=True)
class StageSpeed:
    """How fast a stage of a game is on this machine.

    Attributes:
        name: Of the stage.
        rounds: Its length; None to the end of the run.
        seconds: Of a round.
        samples: Real samples that a round draws.
    """

    name: str
    rounds: int | None
    seconds: float
    samples: float


def measure_speeds(
    make: Callable[[], State], seconds: float | None = None, fewest: int | None = None
) -> tuple[StageSpeed, ...]:
    """The speed of every stage, over a few seconds of a game that is thrown away afterwards.

    Args:
        make: Makes the game's state anew.
        seconds: About how long, over all stages; None for `SECONDS`.
        fewest: Rounds of each stage at least; None for the first of `ROUNDS`.
    """
    length, least = SECONDS if seconds is None else seconds, ROUNDS[0] if fewest is None else fewest
    state = make()
    try:
        stages, found = state.game.stages, []
        for number, stage in enumerate(stages):
            state.clock.stage, state.clock.stage_round = number, 0
            each, samples = _of_a_round(state, length / len(stages), least)
            rounds = stage.rounds if number + 1 < len(stages) else None
            found.append(StageSpeed(stage.name, rounds, _from_first(state, each), _from_first(state, samples)))
        return tuple(found)
    finally:
        getattr(state.source, "close", lambda: None)()


def _of_a_round(state: State, seconds: float, fewest: int) -> tuple[float, float]:
    """Seconds and samples of a round, over about so many seconds; the game stays in its stage."""
    at = state.clock.stage

    def timed(rounds: int) -> tuple[float, float]:
        before, start = state.clock.samples, time.perf_counter()
        for _ in range(rounds):
            play(state, 1)
            state.clock.stage = at
        return (time.perf_counter() - start) / rounds, (state.clock.samples - before) / rounds

    a_round = timed(WARM_UP)[0]
    return timed(int(_from_first(state, min(max(seconds / a_round, fewest), ROUNDS[1]))))


def samples_in(seconds: float, speeds: Sequence[StageSpeed]) -> int:
    """Samples that are drawn in a time, stage after stage."""
    samples = 0.0
    for speed in speeds:
        fit = seconds / speed.seconds
        rounds = fit if speed.rounds is None else min(speed.rounds, fit)
        samples, seconds = samples + rounds * speed.samples, seconds - rounds * speed.seconds
    return int(samples)


def _from_first(state: State, value: float) -> float:
    """The value of process 0, in all processes."""
    if state.backend.world == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64, device=state.backend.device)
    dist.broadcast(shared, 0)
    return float(shared)
