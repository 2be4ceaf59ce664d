"""How sounds are read where the files leave it open."""

from __future__ import annotations

from dataclasses import dataclass

from gansmith.data.item_options import ItemOptions
from gansmith.errors import InputError

__all__ = ["LOWEST_RATE", "MOST_RATE", "AudioOptions"]

LOWEST_RATE, MOST_RATE = 1_000, 192_000


@dataclass(frozen=True)
class AudioOptions(ItemOptions):
    """What clips the sounds of a source become.

    Attributes:
        rate: Samples a second that all sounds are brought to; None takes the most frequent rate of the files, at most
            16,000, which holds speech and trains in minutes on a few cores.
        seconds: Length of a clip; None takes the length that 19 of 20 sounds fit into, at most 1 second. Shorter sounds
            are padded with silence, longer ones are cut into several clips.
        channels: `"mono"` mixes all channels into one; `"stereo"` keeps two, and doubles what has one.
        trim: Decibels below a sound's loudest moment at which its beginning and end count as silence and are cut off;
            0 cuts nothing.
        level: `"peak"` makes every sound equally loud at its loudest sample; `"recorded"` leaves loudness as it is.
        max_minutes: Longest file that is read.
    """

    rate: int | None = None
    seconds: float | None = None
    channels: str = "mono"
    trim: float = 50.0
    level: str = "peak"
    max_minutes: float = 60.0

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.rate is not None and not LOWEST_RATE <= self.rate <= MOST_RATE:
            problems.append(f"rate={self.rate} must lie between {LOWEST_RATE:,} and {MOST_RATE:,} samples a second")
        if self.seconds is not None and not 0.02 <= self.seconds <= 600:
            problems.append(f"seconds={self.seconds:g} must lie between 0.02 and 600")
        if self.channels not in ("mono", "stereo"):
            problems.append(f"channels={self.channels!r} is not known: give 'mono' or 'stereo'")
        if not 0 <= self.trim <= 96:
            problems.append(f"trim={self.trim:g} must lie between 0 and 96 decibels (0 cuts no silence off)")
        if self.level not in ("peak", "recorded"):
            problems.append(f"level={self.level!r} is not known: give 'peak' or 'recorded'")
        if not self.max_minutes > 0:
            problems.append(f"max_minutes={self.max_minutes:g} must be above 0")
        if problems:
            raise InputError(*problems)
