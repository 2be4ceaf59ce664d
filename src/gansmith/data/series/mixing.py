"""What lies close together is drawn apart: levels of windows, courses about them, and channels that go as one.

Prices of fifteen years differ by hundreds, within a month by some per cent, and a day's highest and lowest by less:
networks that are shown values as they are learn the years and never see the days. Whitened wholly, though, all are as
large, and the years, which make most of a window, are learnt no better than the noise of a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.types import Json

__all__ = ["Mixing"]

Floats = NDArray[np.float64]

LEAST = 1e-8
"""Least variance that is told from none, where channels have 1: numbers are in single precision."""

POWER = -0.25
"""Of the covariance: half the way to whitening, which is -1/2. A variance becomes its root, and keeps its rank."""

ENOUGH = 10
"""Items a channel from which on correlations of channels are known well enough to be undone."""


@dataclass(frozen=True)
class Mixing:
    """Two symmetric transforms, half the way to whitening (ZCA; Kessy et al. 2018, arXiv:1512.00809).

    A window is its level, each channel's mean over time, and its course, what is left. `level` and `course` multiply
    their channels; the sum of both is what networks learn, and as courses have no mean it can be taken apart again.

    Attributes:
        centre: Mean level, `channels` numbers.
        level: `(channels, channels)`.
        course: `(channels, channels)`.
    """

    centre: tuple[float, ...]
    level: tuple[tuple[float, ...], ...]
    course: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, windows: NDArray[Any]) -> Mixing:
        """The transforms of windows `(n, channels, steps)` without missing values, in channels of unit variance."""
        level, course = _apart(windows)
        centre = level.mean(0)
        enough = len(windows) >= ENOUGH * windows.shape[1]
        steps = course.transpose(0, 2, 1).reshape(-1, windows.shape[1])
        return cls(
            tuple(centre[:, 0].tolist()), _together(level[..., 0] - centre[:, 0], enough), _together(steps, enough)
        )

    def apply(self, windows: NDArray[Any]) -> Floats:
        """From windows `(n, channels, steps)` to what networks learn, of the same shape."""
        level, course = _apart(windows)
        return np.asarray(self.level) @ (level - self._centre) + np.asarray(self.course) @ course

    def undo(self, mixed: NDArray[Any]) -> Floats:
        """The windows again."""
        level, course = _apart(mixed)
        return np.linalg.solve(self.level, level) + self._centre + np.linalg.solve(self.course, course)

    def to_json(self) -> dict[str, Json]:
        """What `from_json` reads."""
        return {
            "centre": list(self.centre),
            "level": list(map(list, self.level)),
            "course": list(map(list, self.course)),
        }

    @classmethod
    def from_json(cls, data: Json) -> Mixing:
        """The transforms that a description has; a damaged one raises `KeyError`, `TypeError` or `ValueError`."""
        told: Any = data
        square = {name: tuple(tuple(map(float, row)) for row in told[name]) for name in ("level", "course")}
        return cls(tuple(map(float, told["centre"])), **square)

    @property
    def _centre(self) -> Floats:
        return np.asarray(self.centre)[:, None]


def _apart(windows: NDArray[Any]) -> tuple[Floats, Floats]:
    """Levels `(n, channels, 1)`, and courses about them."""
    x = windows.astype(np.float64)
    level = x.mean(2, keepdims=True)
    return level, x - level


def _together(x: Floats, correlated: bool) -> tuple[tuple[float, ...], ...]:
    """The covariance of rows to its power, times the root of 1/2, so that level and course together are about 1."""
    covariance = x.T @ x / len(x)
    values, vectors = np.linalg.eigh(covariance if correlated else np.diag(np.diag(covariance)))
    root = (vectors * (np.maximum(values, LEAST) ** POWER / np.sqrt(2))) @ vectors.T
    return tuple(map(tuple, root.tolist()))
