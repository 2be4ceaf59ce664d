"""What it costs that a run is watched: signals of every round, what the discriminator is asked, and looks at samples.

The default recipe plays the embedded images with and without signals, side by side; then the looks of a whole run are
timed, and set against its training.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import torch

from benchmarks.game import Cycle
from benchmarks.measure import Times, median, side_by_side, turns_in
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


def plan_of(recipe: str) -> Plan:
    """A run of the embedded images."""
    return make_plan(Request(fashion_path(), recipe=recipe, budget="2m", out="runs/never"))


def state_of(plan: Plan, backend: Backend) -> State:
    """Its game on a cycle of batches in memory, under watch as a run's source is."""
    source = plan.source()
    made = [dict(backend.put(next(source))) for _ in range(16)]
    source.close()
    torch.manual_seed(0)
    return State(plan.recipe.game(plan.codec.spec, plan.hp), Watched(Cycle(made)), 0, backend, 1_000_000)


def watch(state: State, vitals: Vitals, rounds: int, tick: int) -> None:
    """Play as a run does."""
    for _ in range(rounds):
        play(state, 1, [lambda _, log: vitals.add(log)], Vitals.measure)
        if state.clock.round % tick == 0:
            vitals.read(state)


def signals(plan: Plan, minutes: float, repetitions: int, seconds: float) -> tuple[dict[str, Times], int]:
    """Rounds with and without signals, and the rounds of a tick."""
    backend = Backend(channels_last=True)
    bare, watched = state_of(plan, backend), state_of(plan, backend)
    rounds = turns_in(partial(play, bare, 1), seconds, 8)
    before = side_by_side({"bare": partial(play, bare, rounds)}, 1, rounds)["bare"].each
    tick = max(1, round(minutes * 60 / before / TICKS))
    vitals = Vitals(tick * plan.hp.batch, plan.data.some("val", HELD_OUT), plan.data.some("train", HELD_OUT))
    rounds = max(rounds, tick) // tick * tick
    cases = {"bare": partial(play, bare, rounds), "watched": partial(watch, watched, vitals, rounds, tick)}
    return side_by_side(cases, repetitions, rounds), tick


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
    """Time both."""
    repetitions, seconds = (2, 0.2) if quick else (5, 1.5)
    rows: list[list[Cell]] = []
    times: dict[str, Times] = {}
    for recipe in RECIPES[: 1 if quick else None]:
        plan = plan_of(recipe)
        seen = looks(plan, repetitions)
        times[f"{recipe}: a look"] = seen
        for minutes in MINUTES:
            found, tick = signals(plan, minutes, repetitions, seconds)
            times |= {f"{recipe}, {minutes} min: {case}": t for case, t in found.items()}
            share = LOOKS * median(seen.wall) / (60 * minutes)
            over = found["watched"].over(found["bare"]) - 1
            rows.append([recipe, minutes, found["bare"].each * 1e3, tick, 100 * over, seen.each, 100 * share])
    heads = (
        "recipe",
        "minutes",
        "a round, ms",
        "rounds a tick",
        "signals cost, %",
        "a look, s",
        "ten looks, % of the time",
    )
    note = "Signals: median of the ratios of neighbouring repetitions, with and without."
    table = Table("What watching costs", heads, rows, note)
    return Result({"repetitions": repetitions, "seconds a repetition": seconds}, [table], times)
