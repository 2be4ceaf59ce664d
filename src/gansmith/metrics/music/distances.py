"""How far apart made and held-out windows are in a statistic, and how sure that is.

Numbers are compared by the Wasserstein-1 distance of their distributions, in the statistic's own unit: the difference
of the means where one side is the other one shifted, and more where the spread differs too. Histograms are compared by
the total variation distance of their means. Intervals are bootstrap standard intervals over windows of both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional import TooFew, counts, standard_interval
from gansmith.metrics.music.windows import Floats

__all__ = ["Gap", "histogram_gap", "number_gap"]


@dataclass(frozen=True)
class Gap:
    """A distance between two sides.

    Attributes:
        value: 0 where they agree.
        low: Lower end of its interval, at least 0.
        high: Upper end.
        real: Mean of the held-out windows: a number, or one for each bin.
        made: Mean of the made windows.
    """

    value: float
    low: float
    high: float
    real: tuple[float, ...]
    made: tuple[float, ...]


def number_gap(real: Floats, made: Floats, resamples: int = 200, confidence: float = 0.95, seed: int = 0) -> Gap:
    """The Wasserstein-1 distance between two samples of a number.

    Args:
        real: `(n,)`, held out.
        made: `(m,)`.
        resamples: Of the bootstrap.
        confidence: Of the interval, between 0 and 1.
        seed: Of the bootstrap.

    Raises:
        InputError: A side is no list of finite numbers, or has fewer than two.
    """
    a, b = (_checked(side, 1) for side in (real, made))
    values, order = torch.from_numpy(np.concatenate([a, b])).sort()
    width = values.diff()

    def distance(of_real: Tensor, of_made: Tensor) -> Tensor:
        """From shares of each value, `(B, n)` and `(B, m)`."""
        signed = torch.cat([of_real, -of_made], 1)[:, order]
        return (signed.cumsum(1)[:, :-1].abs() * width).sum(1)

    return _gap(a, b, distance, resamples, confidence, seed)


def histogram_gap(real: Floats, made: Floats, resamples: int = 200, confidence: float = 0.95, seed: int = 0) -> Gap:
    """The total variation distance between mean histograms, in 0..1.

    Args:
        real: Shares `(n, bins)`; rows without any count are left out.
        made: The same `(m, bins)`.
        resamples: Of the bootstrap.
        confidence: Of the interval, between 0 and 1.
        seed: Of the bootstrap.

    Raises:
        InputError: A side is no table of finite numbers, or has fewer than two rows that count anything.
    """
    a, b = (_checked(side[side.sum(1) > 0], 2) for side in (real, made))
    first, second = torch.from_numpy(a), torch.from_numpy(b)

    def distance(of_real: Tensor, of_made: Tensor) -> Tensor:
        return (of_real @ first - of_made @ second).abs().sum(1) / 2

    return _gap(a, b, distance, resamples, confidence, seed)


def _checked(side: Floats, axes: int) -> Floats:
    if side.ndim != axes or not np.isfinite(side).all():
        raise InputError(f"a statistic of windows must be finite and have {axes} axes, got shape {side.shape}")
    if len(side) < 2:
        raise TooFew("a statistic of music", 2, len(side))
    return np.asarray(side, np.float64)


def _gap(a: Floats, b: Floats, distance: object, resamples: int, confidence: float, seed: int) -> Gap:
    assert callable(distance)
    even = [torch.full((1, len(side)), 1 / len(side), dtype=torch.float64) for side in (a, b)]
    value = float(distance(*even))
    again = [counts(len(side), resamples, seed + i) / len(side) for i, side in enumerate((a, b))]
    low, high = standard_interval(value, distance(*again), confidence)
    means = [tuple(np.atleast_1d(side.mean(0)).tolist()) for side in (a, b)]
    return Gap(value, max(0.0, low), high, *means)
