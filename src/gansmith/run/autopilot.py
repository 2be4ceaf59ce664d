"""Carries out what the doctor decides on a game in play: by dials, weights taken back, or a stop, and no other way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from gansmith.core import Snapshot, State
from gansmith.health import Diagnosis, History
from gansmith.health.treatment import Ability, Treatment, treat

__all__ = ["Autopilot"]


class Autopilot:
    """The memory of one run's treatments.

    Args:
        keep: Told the state where nothing is wrong.
        fetch: Gives back the last state that was kept; None where there is none.
        past: Treatments of the process that this one continues, as `to_json` gave them.
        best: Kernel distance of the state that it kept last.
    """

    def __init__(
        self,
        keep: Callable[[Snapshot], None],
        fetch: Callable[[], Snapshot | None],
        past: Sequence[Mapping[str, Any]] = (),
        best: float | None = None,
    ) -> None:
        self._keep, self._fetch, self.best = keep, fetch, best
        self.past = [Treatment(**{**given, "forget": tuple(given["forget"])}) for given in past]

    def begin(self, state: State) -> None:
        """Keep the state that the run begins with."""
        self._keep(state.snapshot())

    def consider(self, state: State, diagnoses: Sequence[Diagnosis], history: History) -> Treatment | None:
        """Do what is to be done now, and say what it was; keep the state where nothing is wrong and no better is kept.

        Weights may go back; time does not: schedules and the budget go on, so that no run goes on for ever.
        """
        self._keep_if_well(state, diagnoses, history)
        found = treat(diagnoses, history, ability_of(state), state.dials, self.past, state.clock.samples)
        if found is None:
            return None
        well = self._fetch() if found.back or history.broke else None
        if well is not None:
            before = sizes_of(state)
            state.adopt(well)
            found = _fitted(found, before, sizes_of(state))
        self.past.append(found)
        for player in found.forget:
            state.optims[player].state.clear()
        state.dials.update(found.dials)
        return found

    def _keep_if_well(self, state: State, diagnoses: Sequence[Diagnosis], history: History) -> None:
        if history.broke or any(d.level == "sick" or d.name == "underway" for d in diagnoses):
            return
        looks = history.score("kernel").values
        if looks and self.best is not None and looks[-1] > self.best:
            return
        self.best = looks[-1] if looks else self.best
        self._keep(state.snapshot())


def sizes_of(state: State) -> dict[str, float]:
    """The norm of each player's weights."""
    norm = torch.nn.utils.get_total_norm
    return {who: float(norm([p.detach() for p in params.values()])) for who, params in state.params.items()}


def _fitted(found: Treatment, before: Mapping[str, float], after: Mapping[str, float]) -> Treatment:
    """Rates were chosen by steps as a share of weights that may have grown; make them fit those that one goes back to.

    Where weights shrink, a step has to shrink with them to stay the same share.
    """
    share = {f"lr/{who}": min(1.0, after[who] / max(before[who], 1e-12)) for who in after}
    return replace(found, dials={name: value * share.get(name, 1.0) for name, value in found.dials.items()})


def ability_of(state: State) -> Ability:
    """What can be changed in a game."""
    turns = [turn for stage in state.game.stages for turn in stage.turns]
    terms = {f"{turn.player}/{name}": None for turn in turns for name in turn.terms}
    reserve = {f"{turn.player}/{name}": None for turn in turns for name in turn.reserve}
    return Ability(tuple(state.game.players), tuple(terms), tuple(reserve))
