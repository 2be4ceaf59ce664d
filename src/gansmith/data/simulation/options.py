"""What a user knows of a simulator's events that a file does not say."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gansmith.data.item_options import ItemOptions
from gansmith.errors import InputError

__all__ = ["SimulationOptions"]


@dataclass(frozen=True)
class SimulationOptions(ItemOptions):
    """Options of `--read` for events.

    Attributes:
        conditions: Columns that events are simulated under (energy, angle): given to the model, not made by it.
        columns: Columns (or blocks) that are made; none named: all that are no conditions.
        leave: Columns that are left out: numbers of runs and events.
        angles: Columns that are angles in radians, made periodic; one that fills [-pi, pi] is recognised.
        turn: Angles that may all be turned by one same amount, since the physics does not change: their differences
            are learnt, and made events are turned at random.
        derived: Quantities that follow from columns: `mass=sqrt(e**2 - p**2); total=sum(cells)`, or a `.json` or
            `.yaml` file of them. They are measured, and a recipe may show them to its critic.
        judged: More of the same that no recipe ever sees: they are only measured.
        seconds: Seconds that the simulator takes for an event; the report then says how much faster the model is.
    """

    conditions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    angles: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    derived: str | None = None
    judged: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InputError: A column is named for two opposite things, or the seconds are no positive number.
        """
        for name in (*self.conditions, *self.leave):
            others = {"columns": self.columns, "angles": self.angles, "turn": self.turn}
            also = [other for other, names in others.items() if name in names]
            if name in self.conditions and name in self.leave:
                also.append("leave")
            if also:
                first = "conditions" if name in self.conditions else "leave"
                raise InputError(f"{first}={name}: {name!r} is named by {also[0]}= too: it can be only one of them")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise InputError(f"seconds={self.seconds:g}: give the simulator's seconds for one event, above 0")
