"""What it costs that a run is watched: signals of every round, what the discriminator is asked, and looks at samples.

The default recipe plays the embedded images with and without signals, side by side; then the looks of a whole run are
timed, and set against its training.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from benchmarks.game import Cycle, one_thread
from benchmarks.measure import Times, median, side_by_side
from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.core import Backend, State, play
from gansmith.data.embedded import fashion_path
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.model import Model
from gansmith.run.pace import TICKS
from gansmith.run.plan import Plan, make_plan
from gansmith.run.request import Request
from gansmith.run.vitals import Vitals
from gansmith.run.watched import Watched

__all__ = ["run"]

RECIPES = ("r3gan", "dcgan", "wgan-gp")
MINUTES = (2, 10)
"""Lengths of the runs that the cost is worked out for: a short one has its ticks close together."""

LOOKS, HELD_OUT = 10, 512
BLOCK = 8
"""Rounds of a repetition: of so many one is measured."""


def plan_of(recipe: str) -> Plan:
    """A run of the embedded images."""
    return make_plan(Request(fashion_path(), recipe=recipe, budget="2m", out="runs/never"))


def state_of(plan: Plan, backend: Backend) -> State:
    """Its game on a cycle of batches in memory, under watch as a run's source is."""
    source = plan.data.source(plan.hp, plan.request.seed)
    made = [dict(backend.put(next(source))) for _ in range(16)]
    source.close()
    torch.manual_seed(0)
    return State(plan.recipe.game(plan.codec.spec, plan.hp), Watched(Cycle(made)), 0, backend, 1_000_000)


def watch(state: State, vitals: Vitals, rounds: int) -> None:
    """Play as a run does between two ticks."""
    play(state, rounds, [lambda _, log: vitals.add(log)], Vitals.measure)


def signals(plan: Plan, repetitions: int) -> dict[str, Times]:
    """Eight rounds with signals and without, of which one measures gradients and steps; and a reading at a tick."""
    backend = Backend(channels_last=True)
    bare, watched = state_of(plan, backend), state_of(plan, backend)
    vitals = Vitals(8 * plan.hp.batch, *plan.data.asked(HELD_OUT))
    cases = {"bare": partial(play, bare, BLOCK), "watched": partial(watch, watched, vitals, BLOCK)}
    found = side_by_side(cases, repetitions, BLOCK)
    return found | side_by_side({"reading": lambda: vitals.read(watched)}, repetitions)


def looks(plan: Plan, repetitions: int) -> Times:
    """A look at an untrained model and its average, as it is taken ten times a run."""
    state = state_of(plan, Backend(channels_last=True))
    with tempfile.TemporaryDirectory() as folder:
        judge = plan.modality.judge(plan.data, RunFolder(Path(folder)), Log())
    eye = judge.eye
    assert eye is not None
    for net in state.best_nets.values():
        net.eval()
    made = [
        Model.of(
            plan.recipe, plan.hp, plan.codec, state.game, nets, plan.data.frequencies, {"data": {"name": "fashion"}}
        )
        for nets in (state.best_nets, state.game.nets)
    ]
    return side_by_side({"look": lambda: eye.look(*made)}, repetitions)["look"]


def run(quick: bool) -> Result:
    """Time both, on one thread."""
    with one_thread():
        return _timed(*((2, 1) if quick else (40, 5)), RECIPES[: 1 if quick else None])


def _timed(repetitions: int, glances: int, recipes: Sequence[str]) -> Result:
    rows: list[list[Cell]] = []
    times: dict[str, Times] = {}
    for recipe in recipes:
        plan = plan_of(recipe)
        found, seen = signals(plan, repetitions), looks(plan, glances)
        times |= {f"{recipe}: {case}": t for case, t in found.items()} | {f"{recipe}: a look": seen}
        a_round, a_look = median(found["bare"].cpu) / BLOCK, median(seen.cpu)
        every_round = 100 * (found["watched"].cpu_over(found["bare"]) - 1)
        for minutes in MINUTES:
            tick = max(1, round(minutes * 60 / a_round / TICKS))
            readings = 100 * median(found["reading"].cpu) / (tick * a_round)
            share = 100 * LOOKS * a_look / (60 * minutes)
            rows.append([recipe, minutes, a_round * 1e3, every_round + readings, a_look, share])
    heads = ("recipe", "minutes", "a round, ms", "signals cost, %", "a look, s", "ten looks, % of the time")
    note = (
        "Processor time of one thread, which a busy machine spoils less than time on the wall. Signals: median of the "
        "ratios of eight rounds with and without, side by side, and a reading at each of the hundred ticks of a run."
    )
    return Result({"repetitions": repetitions}, [Table("What watching costs", heads, rows, note)], times)
