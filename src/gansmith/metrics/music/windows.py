"""Windows of voices, and what every statistic of them reads: what sounds, what moves, and in which scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError

__all__ = ["SCALE", "Bools", "Floats", "Ints", "Windows"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SCALE = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
"""The pitch classes of a major scale above its first note; a natural minor scale has those of its relative major."""


@dataclass(frozen=True)
class Windows:
    """Windows of music as voices.

    Attributes:
        pitch: MIDI pitches `(N, steps, voices)`, highest voice first; negative where a voice is silent.
        again: Where a voice strikes the pitch once more that it has already, `(N, steps, voices)`.
        quarter: Time steps in a quarter note.
    """

    pitch: Ints
    again: Bools
    quarter: int

    def __post_init__(self) -> None:
        """Refuse what are no windows. Raises `InputError`."""
        if self.pitch.ndim != 3 or 0 in self.pitch.shape or self.again.shape != self.pitch.shape or self.quarter < 1:
            raise InputError(
                f"windows are pitches (N, steps, voices) and as many marks of notes struck again, not "
                f"{self.pitch.shape} and {self.again.shape}"
            )

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.pitch)

    @cached_property
    def sounds(self) -> Bools:
        """Where a voice sounds, `(N, steps, voices)`."""
        return self.pitch >= 0

    @cached_property
    def begins(self) -> Bools:
        """Where a note begins, `(N, steps, voices)`; at the first step all that sound do."""
        new = np.ones(self.pitch.shape, bool)
        new[:, 1:] = (self.pitch[:, 1:] != self.pitch[:, :-1]) | self.again[:, 1:]
        return new & self.sounds

    @cached_property
    def motion(self) -> Ints:
        """Semitones that a voice moves from each step to the next, `(N, steps - 1, voices)`; 0 from and to silence."""
        both = self.sounds[:, 1:] & self.sounds[:, :-1]
        return np.where(both, self.pitch[:, 1:] - self.pitch[:, :-1], 0)

    @cached_property
    def classes(self) -> Floats:
        """Share of each pitch class in a window's sounding time, `(N, 12)`; zeros where nothing sounds."""
        counts = np.stack([((self.pitch % 12 == k) & self.sounds).sum((1, 2)) for k in range(12)], 1)
        return shares(counts)

    @cached_property
    def scales(self) -> Floats:
        """Share of a window's sounding time in each of the twelve major scales, by their first note, `(N, 12)`."""
        return np.asarray(self.classes @ np.stack([np.roll(SCALE, k) for k in range(12)], 1), np.float64)


def shares(counts: NDArray[Any]) -> Floats:
    """Rows divided by their sums; a row of zeros stays one."""
    return np.asarray(counts / np.maximum(counts.sum(-1, keepdims=True), 1), np.float64)
