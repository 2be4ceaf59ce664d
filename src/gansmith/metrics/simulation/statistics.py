"""Distances of two tables of events, with intervals from events drawn again."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gansmith.metrics.functional.bootstrap import counts, interval
from gansmith.metrics.settings import Settings

__all__ = ["Distance", "Peaks", "distances", "peaks", "rank_correlation", "shorth", "undefined"]

Distance = tuple[float, tuple[float, float]]
"""A value and its interval."""

Peaks = list[tuple[float, float, float, float]]
"""Of each quantity: where the real and the made peak lie, and how wide both are."""

GRID = 200
"""Points at quantiles of all values, and as many even steps, at which distribution functions are compared."""


def _ended(value: float, again: Tensor, settings: Settings) -> Distance:
    low, high = interval(again, settings.confidence, around=value)
    return value, (max(low, 0.0), high)


def _of_means(real: Tensor, made: Tensor, of: Callable[[Tensor, Tensor], Tensor], settings: Settings) -> Distance:
    """A function of two means over events `(n, p)` and `(m, p)`, from `(b, p)` to `(b,)`, and its interval."""
    value = float(of(real.mean(0, keepdim=True), made.mean(0, keepdim=True)))
    if settings.resamples < 1:
        return value, (value, value)
    means = [counts(len(x), settings.resamples, settings.seed + i) @ x / len(x) for i, x in enumerate((real, made))]
    return _ended(value, of(*means), settings)


def distances(real: Tensor, made: Tensor, settings: Settings) -> tuple[Distance, Distance, list[tuple[float, float]]]:
    """Wasserstein-1 distance in real standard deviations, and Kolmogorov-Smirnov's, each a mean over columns.

    Both are areas between, and largest differences of, distribution functions on a grid of 200 quantiles and 200 even
    steps. Values that are not finite are left out; there must be finite ones in each column.

    Args:
        real: `(n, d)` float64.
        made: `(m, d)`.
        settings: Of the intervals.

    Returns:
        Both distances, and both for each column alone.
    """
    found = [_functions(real[:, i], made[:, i], settings) for i in range(real.shape[1])]
    alone = [(float(area[0]), float(largest[0])) for area, largest in found]
    ends = []
    for part in range(2):
        mean = torch.stack([pair[part] for pair in found]).mean(0)
        value = float(mean[0])
        ends.append(_ended(value, mean[1:], settings) if len(mean) > 1 else (value, (value, value)))
    return ends[0], ends[1], alone


def _functions(real: Tensor, made: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """Area between and largest difference of two columns' functions: the values, then those of all resamples."""
    sides = [x[torch.isfinite(x)] for x in (real, made)]
    both = torch.cat(sides).sort().values
    even = torch.linspace(0, 1, GRID, dtype=torch.float64)
    quantiles = both[(even * (len(both) - 1)).round().long()]
    grid = torch.cat([quantiles, both[0] + (both[-1] - both[0]) * even]).sort().values
    functions = []
    for side, x in enumerate(sides):
        below = (x[:, None] <= grid).double()
        rows = below.mean(0, keepdim=True)
        if settings.resamples >= 1:
            again = counts(len(x), settings.resamples, settings.seed + side) @ below / len(x)
            rows = torch.cat([rows, again])
        functions.append(rows)
    apart = (functions[0] - functions[1]).abs()
    area = ((apart[:, :-1] + apart[:, 1:]) / 2 * grid.diff()).sum(1) / sides[0].std(correction=0).clamp_min(1e-12)
    return area, apart.amax(1)


def shorth(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and length of the shortest interval that holds half of the values: a peak and its width.

    The mean is the estimator of Andrews et al. (1972, Robust Estimates of Location); tails don't move either.

    Args:
        values: `(..., n)`, n at least 2, ascending in the last dimension.
    """
    n = values.shape[-1]
    half = n // 2
    lengths = values[..., half:] - values[..., : n - half]
    width, at = lengths.min(-1)
    sums = torch.cat([torch.zeros_like(values[..., :1]), values.cumsum(-1)], -1)
    totals = sums.gather(-1, (at + half + 1)[..., None]) - sums.gather(-1, at[..., None])
    return totals[..., 0] / (half + 1), width


def peaks(real: Tensor, made: Tensor, settings: Settings) -> tuple[Distance, Distance, Peaks]:
    """Shift of peaks in real widths, and |log ratio| of widths, each a mean over quantities (see `shorth`).

    Args:
        real: Quantities `(n, k)` float64; what is not finite is left out: two must be, of each and on both sides.
        made: `(m, k)`.
        settings: Of the intervals.

    Returns:
        Both, and the peaks themselves.
    """
    shifts, ratios, found = [], [], []
    for i in range(real.shape[1]):
        sides = [_peaks(x[:, i], settings, side) for side, x in enumerate((real, made))]
        (a, wide), (b, other) = sides
        least = 1e-9 + 1e-9 * a.abs()
        shifts.append((a - b).abs() / wide.maximum(least))
        ratios.append((other.maximum(least) / wide.maximum(least)).log().abs())
        found.append((float(a[0]), float(b[0]), float(wide[0]), float(other[0])))
    both = []
    for values in (torch.stack(shifts).mean(0), torch.stack(ratios).mean(0)):
        value = float(values[0])
        both.append(_ended(value, values[1:], settings) if len(values) > 1 else (value, (value, value)))
    return both[0], both[1], found


def _peaks(column: Tensor, settings: Settings, side: int) -> tuple[Tensor, Tensor]:
    """Peak and width of a column, then those of its resamples."""
    x = column[torch.isfinite(column)]
    rows = [x.sort().values[None]]
    generator = torch.Generator().manual_seed(settings.seed + side)
    for _ in range(settings.resamples):
        rows.append(x[torch.randint(len(x), (len(x),), generator=generator)].sort().values[None])
    return shorth(torch.cat(rows))


def undefined(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference, over quantities, of the share of events where one is not finite."""
    sides = [(~torch.isfinite(x)).double() for x in (real, made)]
    return _of_means(sides[0], sides[1], lambda a, b: (a - b).abs().mean(1), settings)


def rank_correlation(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference of rank correlations (Spearman 1904) over pairs of columns.

    Ranks are shares of real values below, on both sides: a shifted column changes its own distribution, and not how it
    hangs together with others.

    Args:
        real: `(n, d)` float64, two columns at least.
        made: `(m, d)`.
        settings: Of the interval.
    """
    columns = real.shape[1]
    rows, others = torch.triu_indices(columns, columns, offset=1)
    ordered = real.T.contiguous().sort(1).values

    def moments(x: Tensor) -> Tensor:
        values = x.T.contiguous()
        ends = torch.searchsorted(ordered, values), torch.searchsorted(ordered, values, right=True)
        y = ((ends[0] + ends[1]).double() / (2 * len(real)) - 0.5).T
        return torch.cat([y, y.square(), y[:, rows] * y[:, others]], 1)

    def correlations(a: Tensor) -> Tensor:
        mean, square, product = a[:, :columns], a[:, columns : 2 * columns], a[:, 2 * columns :]
        deviation = (square - mean.square()).clamp_min(1e-12).sqrt()
        covariance = product - mean[:, rows] * mean[:, others]
        return covariance / (deviation[:, rows] * deviation[:, others])

    sides = moments(real), moments(made)
    return _of_means(*sides, lambda a, b: (correlations(a) - correlations(b)).abs().mean(1), settings)
