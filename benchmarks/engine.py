"""What the engine costs over a loop written by hand that does the same arithmetic.

Both play the demo's game with the same nets, optimisers, schedules and average on batches in memory. Fed the same
noise, they must reach the same weights; this is checked before anything is timed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from benchmarks.game import TOTAL, Cycle, batches, game, settings, spec, state
from benchmarks.measure import Times, side_by_side, turns_in
from benchmarks.plain import Plain
from benchmarks.record import Result
from benchmarks.table import Table
from gansmith.core import Backend, Draws, mix, play
from gansmith.types import Spec

__all__ = ["difference", "run"]

BACKEND = Backend(channels_last=True)
CHECKED = 9
CLOSE = 1e-5

CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "demo, batch 16": (28, {"batch": 16}),
    "demo, batch 32": (28, {"batch": 32}),
    "demo, batch 64": (28, {"batch": 64}),
    "tiny nets": (8, {"batch": 4, "width": 1, "z_dim": 4}),
}
"""Pixels and changed settings by name."""


def pair(fields: Spec, hp: Any, same_noise: bool = False) -> tuple[Any, Plain]:
    """The engine's state and the hand-written loop, with equal weights and batches."""
    engine = state(fields, hp, BACKEND)
    nets = game(fields, hp)
    for net in nets.nets.values():
        BACKEND.place(net)

    def drawn(rounds: int, slot: int, rows: int) -> torch.Tensor:
        return Draws(mix(0, rounds, str(slot)), rows).normal(hp.z_dim)

    source = Cycle([dict(BACKEND.put(batch)) for batch in batches(fields, hp.batch)])
    return engine, Plain(nets, hp, source, TOTAL, drawn if same_noise else None)  # type: ignore[arg-type]


def difference(fields: Spec, hp: Any, rounds: int = CHECKED) -> float:
    """The largest difference of any weight, averaged ones included, after some rounds with the same noise."""
    engine, plain = pair(fields, hp, same_noise=True)
    play(engine, rounds)
    plain.play(rounds)
    mine = (engine.game.nets["G"], engine.game.nets["D"], engine.ema["G"])
    theirs = (plain.G, plain.D, plain.mean)
    pairs = [p for a, b in zip(mine, theirs, strict=True) for p in zip(a.parameters(), b.parameters(), strict=True)]
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def compare(fields: Spec, hp: Any, repetitions: int, seconds: float) -> dict[str, Times]:
    """Both, side by side."""
    engine, plain = pair(fields, hp)
    rounds = turns_in(plain.round, seconds, hp.penalty_every)
    cases = {"engine": partial(play, engine, rounds), "by hand": partial(plain.play, rounds)}
    return side_by_side(cases, repetitions, rounds)


def run(quick: bool) -> Result:
    """Check that both do the same, then time them."""
    repetitions, seconds = (3, 0.1) if quick else (25, 0.2)
    rows: list[list[str | float | None]] = []
    times: dict[str, Times] = {}
    apart: dict[str, float] = {}
    threads = torch.get_num_threads()
    try:
        for name, (pixels, given) in CASES.items():
            fields, hp = spec(pixels), settings(**given)
            torch.set_num_threads(1)
            apart[name] = difference(fields, hp)
            if apart[name] > CLOSE:
                raise AssertionError(f"{name}: the weights differ by {apart[name]:.1e} after {CHECKED} rounds")
            for count in (1,) if quick else (1, 2):
                torch.set_num_threads(count)
                found = compare(fields, hp, repetitions, seconds)
                times |= {f"{name}, {count} threads: {case}": t for case, t in found.items()}
                rows.append([name, count, *_row(found["engine"], found["by hand"])])
    finally:
        torch.set_num_threads(threads)
    each = ["by hand, ms a round", "engine, ms a round"]
    columns = ["game", "threads", *each, "overhead, %", "of cpu time, %", "us a round"]
    note = (
        "Overhead: median of the ratios of neighbouring repetitions. Weights after "
        f"{CHECKED} rounds with the same noise differ by at most {max(apart.values()):.1e}."
    )
    table = Table("The engine over a loop by hand", columns, rows, note)
    used = {"repetitions": repetitions, "seconds a repetition": seconds, "recipe": "r3gan", "channels_last": True}
    return Result(used | {"games": {k: {"pixels": p, **g} for k, (p, g) in CASES.items()}}, [table], times, apart)


def _row(engine: Times, plain: Times) -> list[str | float | None]:
    over, cpu_over = engine.over(plain), engine.cpu_over(plain)
    return [
        plain.each * 1e3,
        engine.each * 1e3,
        (over - 1) * 100,
        (cpu_over - 1) * 100,
        (over - 1) * plain.each * 1e6,
    ]
