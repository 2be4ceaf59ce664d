"""Carries out what the doctor decides on a game in play: by dials, weights taken back, or a stop, and no other way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from gansmith.core import Snapshot, State
from gansmith.health import Diagnosis, History
from gansmith.health.treatment import TOO_FAR, Ability, Treatment, treat

__all__ = ["Autopilot"]


class Autopilot:
    """The memory of one run's treatments.

    Args:
        keep: Told the state where nothing is wrong.
        fetch: Gives back the last state that was kept; None where there is none.
        past: Treatments of the process that this one continues, as `to_json` gave them.
        best: Kernel distance of the state that it kept last.
        sizes: The usual size of each player's weights at the start of the run; None where it is only beginning.
    """

    def __init__(
        self,
        keep: Callable[[Snapshot], None],
        fetch: Callable[[], Snapshot | None],
        past: Sequence[Mapping[str, Any]] = (),
        best: float | None = None,
        sizes: Mapping[str, float] | None = None,
    ) -> None:
        self._keep, self._fetch, self.best, self.sizes = keep, fetch, best, dict(sizes or {})
        self.past = [Treatment(**{**given, "forget": tuple(given["forget"])}) for given in past]

    def begin(self, state: State) -> None:
        """Keep the state that the run begins with, and the size of its weights."""
        self.sizes = {who: _size(state, who) for who in state.game.players}
        self._keep(state.snapshot())

    def consider(self, state: State, diagnoses: Sequence[Diagnosis], history: History) -> Treatment | None:
        """Do what is to be done now, and say what it was; keep the state where nothing is wrong and no better is kept.

        Weights may go back; time does not: schedules and the budget go on, so that no run goes on for ever.
        """
        self._keep_if_well(state, diagnoses, history)
        ability = ability_of(state, self.sizes)
        found = treat(diagnoses, history, ability, state.dials, self.past, state.clock.samples)
        if found is None:
            return None
        self.past.append(found)
        well = self._fetch() if found.back or history.broke else None
        if well is not None:
            state.adopt(well)
        for player in found.forget:
            state.optims[player].state.clear()
        state.dials.update(found.dials)
        return found

    def _keep_if_well(self, state: State, diagnoses: Sequence[Diagnosis], history: History) -> None:
        if history.broke or any(d.level == "sick" or d.name == "underway" for d in diagnoses):
            return
        reach = ability_of(state, self.sizes).reach
        if any(size * state.dial(f"lr/{who}") > TOO_FAR for who, size in reach.items()):
            return  # what such steps have made of the weights is nothing to go back to
        looks = history.score("kernel").values
        if looks and self.best is not None and looks[-1] > self.best:
            return
        self.best = looks[-1] if looks else self.best
        self._keep(state.snapshot())


def ability_of(state: State, sizes: Mapping[str, float]) -> Ability:
    """What can be changed in a game, and how far its players reach, given the size of their weights at the start."""
    turns = [turn for stage in state.game.stages for turn in stage.turns]
    terms = {f"{turn.player}/{name}": None for turn in turns for name in turn.terms}
    reserve = {f"{turn.player}/{name}": None for turn in turns for name in turn.reserve}
    reach = {who: _rate(state, who) / max(size, 1e-12) for who, size in sizes.items()}
    return Ability(tuple(state.game.players), tuple(terms), tuple(reserve), reach)


def _rate(state: State, who: str) -> float:
    """A player's learning rate at this point of the run, with its dial at 1."""
    schedule = state.game.players[who].schedule.get("lr")
    return max(state.base_lr[who]) if schedule is None else float(schedule(state.clock))


def _size(state: State, who: str) -> float:
    """The usual size of a player's weights: the median of their magnitudes, zeros left out."""
    weights = torch.cat([p.detach().flatten().abs().float().cpu() for p in state.params[who].values()])
    return float(weights[weights > 0].median()) if bool(weights.any()) else 0.0
