"""How fast each recipe trains on each data set, when the machine is its own.

A budget of time is turned into samples by these rates. They are measured once and quietly; the long trainings that
follow may then share the machine with anything, or be interrupted: a cell is what a quiet machine makes in its minutes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Job, found, store
from gansmith.core import State, play
from gansmith.recipes._recipe import Size
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.pace import OVERHEAD
from gansmith.run.request import Request
from gansmith.run.settings import resolve

__all__ = ["Rate", "same_defaults"]

STAGE = "rates"
WINDOWS, SECONDS, WARM_UP = 3, 6.0, 8
"""The median of so many stretches of so many seconds, after so many rounds: rare terms are in each stretch."""
FEWEST = 16
BESIDE = 12.0


def same_defaults(recipe: str, size: Size, result: Mapping[str, Any]) -> bool:
    """Whether a stored cell was trained with the defaults of today; settings that are new since then don't count."""
    if recipe not in recipe_names():
        return True
    now, then = resolve(find_recipe(recipe), size, {}).model_dump(mode="json"), result["settings"]
    return all(name in now and now[name] == value for name, value in then.items())


class Rate:
    """What a recipe's speed is on one data set.

    Args:
        data: Name of the data set.
        recipe: Its id.
        size: Of its networks.
        path: Where the data is.
        why: Why it can't be measured; empty where it can.
        folder: Of the results.
    """

    def __init__(self, data: str, recipe: str, size: Size, path: Path, why: str, folder: Path) -> None:
        self.recipe, self.size, self.path, self.folder = recipe, size, path, folder
        seconds = WINDOWS * SECONDS
        identity = {"rate of": recipe, "data": data, "size": size, "windows": WINDOWS, "seconds": SECONDS}
        label = f"rate of {recipe} on {data}"
        self.job = Job(
            STAGE, label, identity, seconds + BESIDE, self._measure, why, partial(same_defaults, recipe, size)
        )

    def request(self) -> Request:
        """What is trained."""
        return Request(self.path, self.recipe, size=self.size, budget="1m", out=self.folder / "never")

    def known(self) -> Mapping[str, Any] | None:
        """The stored measurement; None before it is made."""
        return found(self.job, self.folder)

    def samples(self, minutes: float) -> int:
        """What is trained in so many minutes by the command line; measured now where it is not known yet."""
        result = self.known()
        if result is None:
            store(self.job, self.folder, self._measure())
            result = self.known()
        assert result is not None
        return int(result["samples per second"] * minutes * 60 * OVERHEAD)

    def _measure(self) -> dict[str, Any]:
        from gansmith.run.hardware import backend, set_threads
        from gansmith.run.plan import make_plan

        threads = set_threads(None)
        plan = make_plan(self.request())
        hp = plan.hp
        source = plan.data.source(plan.hp, plan.request.seed)
        state = State(plan.recipe.game(plan.codec.spec, hp), source, 0, backend("auto", "auto", None), 0)
        try:
            play(state, WARM_UP)
            rates = [_stretch(state) for _ in range(WINDOWS)]
        finally:
            source.close()
        kept = {"samples per second": statistics.median(rates), "stretches": rates, "threads": threads}
        return kept | {"settings": hp.model_dump(mode="json")}


def _stretch(state: State) -> float:
    before, start, rounds = state.clock.samples, time.perf_counter(), 0
    while rounds < FEWEST or time.perf_counter() - start < SECONDS:
        play(state, 1)
        rounds += 1
    return (state.clock.samples - before) / (time.perf_counter() - start)
