"""A window of music as a row of numbers: what Frechet and kernel distances, and the nearest windows, are taken in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from gansmith.errors import InputError
from gansmith.metrics.music import statistics
from gansmith.metrics.music.windows import Floats, Windows, shares

__all__ = ["Profile", "profile"]

_OCTAVE = 12

_LEAST = 0.1
"""Spread that a number counts with at least: what hardly ever occurs in real music must not drown all else."""


def profile(windows: Windows) -> Floats:
    """What a window has of everything that is counted in music, `(N, width)`.

    Its pitch classes in all and in each quarter note, its degrees, melodic intervals, lengths of notes, where in the
    time notes begin, the intervals between neighbouring voices, and where each voice lies.
    """
    n, steps, voices = windows.pitch.shape
    sounds, quarter = windows.sounds, windows.quarter
    onehot = np.stack([((windows.pitch % _OCTAVE) == k) & sounds for k in range(_OCTAVE)], 3).sum(2)
    beats = [onehot[:, t : t + quarter].sum(1) for t in range(0, steps, quarter)]
    count = np.maximum(sounds.sum(1), 1)
    mean = np.where(sounds, windows.pitch, 0).sum(1) / count
    spread = np.sqrt(np.where(sounds, (windows.pitch - mean[:, None]) ** 2, 0).sum(1) / count)
    both = sounds[:, :, :-1] & sounds[:, :, 1:]
    apart = (windows.pitch[:, :, :-1] - windows.pitch[:, :, 1:]) % _OCTAVE
    harmonic = [shares(np.stack([((apart == k) & both)[:, :, v].sum(1) for k in range(_OCTAVE)], 1)) for v in
                range(voices - 1)]  # fmt: skip
    numbers = (
        statistics.in_scale, statistics.chord_agreement, statistics.tonal_distance, statistics.parallels,
        statistics.crossings, statistics.leaps, statistics.polyphony, statistics.density,
    )  # fmt: skip
    parts = [
        windows.classes,
        statistics.degrees(windows),
        statistics.intervals(windows),
        statistics.durations(windows),
        *(shares(beat) for beat in beats),
        windows.begins.sum(2) / voices,
        *harmonic,
        mean / _OCTAVE,
        spread / _OCTAVE,
        np.stack([number(windows) for number in numbers], 1),
    ]
    return np.concatenate([np.asarray(part, np.float64).reshape(n, -1) for part in parts], 1)


@dataclass(frozen=True)
class Profile:
    """Profiles on their principal axes in real music, each number scaled by its spread there.

    The mean squared length of a real row is the number of axes, as kernels of features expect.

    Attributes:
        centre: Mean of the profiles of training windows, `(width,)`.
        axes: From centred profiles to features, `(width, dim)`.
    """

    centre: Floats
    axes: Floats

    @classmethod
    def fit(cls, windows: Windows, dim: int = 48) -> Profile:
        """Fitted to training windows.

        Args:
            windows: Two or more.
            dim: Axes that are kept, at most: fewer features make Frechet distances of few windows less biased.

        Raises:
            InputError: There are fewer than two windows.
        """
        if len(windows) < 2:
            raise InputError(f"profiles of music need at least 2 training windows, got {len(windows)}")
        rows = profile(windows)
        centre = rows.mean(0)
        scale = 1 / np.maximum(rows.std(0), _LEAST)
        _, sizes, axes = np.linalg.svd((rows - centre) * scale, full_matrices=False)
        kept = axes[: min(dim, int((sizes > 1e-9 * max(sizes.max(), 1e-300)).sum()))].T
        kept = kept * np.sign(kept[np.abs(kept).argmax(0), np.arange(kept.shape[1])])
        axes = scale[:, None] * kept
        length = float(np.square((rows - centre) @ axes).sum(1).mean())
        return cls(centre, axes * np.sqrt(axes.shape[1] / max(length, 1e-300)))

    def __call__(self, windows: Windows) -> Floats:
        """Features `(N, dim)` of windows."""
        return np.asarray((profile(windows) - self.centre) @ self.axes, np.float64)

    @property
    def id(self) -> str:
        """Name and width."""
        return f"music-profile-1-d{self.axes.shape[1]}"

    @property
    def hash(self) -> str:
        """Digest of what was fitted, to four digits."""
        rounded = b"".join(np.round(a, 4).astype("<f4").tobytes() for a in (self.centre, np.abs(self.axes)))
        return hashlib.sha256(rounded).hexdigest()
