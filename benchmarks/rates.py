"""How fast each recipe trains on each data set, when the machine is its own.

A budget of time is turned into samples by these rates. They are measured once and quietly; the long trainings that
follow may then share the machine with anything, or be interrupted: a cell is what a quiet machine makes in its minutes.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Job, found, store
from gansmith.core import State
from gansmith.recipes._recipe import Size
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.pace import OVERHEAD, StageSpeed, measure_speeds, samples_in
from gansmith.run.request import Request
from gansmith.run.settings import resolve

__all__ = ["Rate", "same_defaults"]

STAGE = "rates"
WINDOWS, SECONDS, FEWEST = 3, 6.0, 16
"""The median of so many stretches of so many seconds, of so many rounds of each stage at least: rare terms are in."""
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
        return samples_in(minutes * 60 * OVERHEAD, _stages(result))

    def _measure(self) -> dict[str, Any]:
        from gansmith.run.hardware import backend, set_threads
        from gansmith.run.plan import make_plan

        threads, plan = set_threads(None), make_plan(self.request())
        arithmetic = backend("auto", plan.request.precision, None)

        def made() -> State:
            game, seed = plan.modality.game(plan, 0), plan.modality.seed(plan, 0)
            return State(game, plan.data.source(plan.hp, seed), seed, arithmetic, 0)

        windows = [measure_speeds(made, SECONDS, FEWEST) for _ in range(WINDOWS)]
        stages = [
            vars(seen[0]) | {"seconds": statistics.median(speed.seconds for speed in seen)}
            for seen in zip(*windows, strict=True)
        ]
        rates = [window[-1].samples / window[-1].seconds for window in windows]
        kept = {"samples per second": statistics.median(rates), "stretches": rates, "stages": stages}
        return {**kept, "threads": threads, "settings": plan.hp.model_dump(mode="json")}


def _stages(result: Mapping[str, Any]) -> list[StageSpeed]:
    """The speeds of a measurement; older ones, of games of a single stage, say its samples a second alone."""
    if "stages" not in result:
        return [StageSpeed("main", None, 1.0, result["samples per second"])]
    return [StageSpeed(**speed) for speed in result["stages"]]
