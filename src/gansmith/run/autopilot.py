"""Carries out what the doctor decides on a game in play: by dials, weights taken back, or a stop, and no other way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
    """

    def __init__(
        self,
        keep: Callable[[Snapshot], None],
        fetch: Callable[[], Snapshot | None],
        past: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._keep, self._fetch = keep, fetch
        self.past = [Treatment(**{**given, "forget": tuple(given["forget"])}) for given in past]

    def begin(self, state: State) -> None:
        """Keep the state that the run begins with."""
        self._keep(state.snapshot())

    def consider(self, state: State, diagnoses: Sequence[Diagnosis], history: History) -> Treatment | None:
        """Do what is to be done now, and say what it was; keep the state where nothing is wrong.

        Weights may go back; time does not: schedules and the budget go on, so that no run goes on for ever.
        """
        sick = history.broke or any(d.level == "sick" for d in diagnoses)
        if not sick and not any(d.name == "underway" for d in diagnoses):
            self._keep(state.snapshot())
        found = treat(diagnoses, history, ability_of(state), state.dials, self.past, state.clock.samples)
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


def ability_of(state: State) -> Ability:
    """What can be changed in a game."""
    turns = [turn for stage in state.game.stages for turn in stage.turns]
    terms = {f"{turn.player}/{name}": None for turn in turns for name in turn.terms}
    reserve = {f"{turn.player}/{name}": None for turn in turns for name in turn.reserve}
    return Ability(tuple(state.game.players), tuple(terms), tuple(reserve))
