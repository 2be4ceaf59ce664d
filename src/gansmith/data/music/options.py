"""What a user knows better of music than its reading does."""

from __future__ import annotations

from dataclasses import dataclass

from gansmith.data.item_options import ItemOptions
from gansmith.data.music.voices import MOST_VOICES
from gansmith.errors import InputError

__all__ = ["MusicOptions", "meter_of"]


@dataclass(frozen=True)
class MusicOptions(ItemOptions):
    """How pieces become windows.

    Attributes:
        bars: Bars of a window. The default of 2 is about a phrase, and trains in minutes on a CPU.
        steps: Time steps in a quarter note; the default of 4 are sixteenths.
        voices: Voices of a window; None (the default) takes what most pieces have.
        meter: Such as `"3/4"`; pieces in another are left out. None takes the one of most pieces; grids are in `4/4`.
        hop: Bars from one window to the next; None takes `bars`, so that windows share nothing.
        tempo: Quarter notes a minute of grids, which don't say it.
    """

    bars: int = 2
    steps: int = 4
    voices: int | None = None
    meter: str | None = None
    hop: int | None = None
    tempo: float = 100.0

    def __post_init__(self) -> None:
        """Refuse values that can't be meant.

        Raises:
            InputError: With every problem.
        """
        problems = [
            f"{name}={value} must lie between 1 and {most}"
            for name, value, most in (
                ("bars", self.bars, 64),
                ("steps", self.steps, 24),
                ("voices", self.voices, MOST_VOICES),
                ("hop", self.hop, 64),
            )
            if value is not None and not 1 <= value <= most
        ]
        if not 10 <= self.tempo <= 1000:
            problems.append(f"tempo={self.tempo:g} must lie between 10 and 1000 quarter notes a minute")
        if problems:
            raise InputError(*problems)
        if self.meter is not None:
            meter_of(self.meter)


def meter_of(text: str) -> tuple[int, int]:
    """A meter as its two numbers. Raises `InputError` where the text is none."""
    beats, _, unit = text.partition("/")
    if not (beats.isdecimal() and unit.isdecimal() and 1 <= int(beats) <= 64 and int(unit) in (1, 2, 4, 8, 16, 32)):
        raise InputError(f"meter={text} is no meter: give one such as 4/4, 3/4 or 6/8")
    return int(beats), int(unit)
