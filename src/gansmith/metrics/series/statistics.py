"""Distances of what many series have on average: autocorrelation, spectrum, values, correlation of channels.

Each is a function of two means over series, so that intervals come from series drawn again: the means of a resample
are a matrix product. Missing values are zeros in the series; where that matters the mask is given.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gansmith.metrics.functional.bootstrap import counts, interval
from gansmith.metrics.settings import Settings

__all__ = ["Distance", "autocorrelation", "cross_correlation", "marginals", "missing", "spectrum"]

Distance = tuple[float, tuple[float, float]]
"""A value and its interval."""

LAGS = 100
"""Most lags that are looked at."""

GRID = 100
"""Points at which distribution functions are compared."""

FLOOR = 1e-6
"""Share of the real power below which a frequency counts as empty: a ratio of two nothings says nothing."""


def _distance(real: Tensor, made: Tensor, of: Callable[[Tensor, Tensor], Tensor], settings: Settings) -> Distance:
    """A function of two means, and its interval over series drawn again.

    Args:
        real: What is averaged, `(n, p)`.
        made: `(m, p)`.
        of: From means `(b, p)` of both to values `(b,)`.
        settings: Seed, resamples, confidence.
    """
    value = float(of(real.mean(0, keepdim=True), made.mean(0, keepdim=True)))
    if settings.resamples < 1:
        return value, (value, value)
    means = [
        counts(len(x), settings.resamples, settings.seed + side).to(x.dtype) @ x / len(x)
        for side, x in enumerate((real, made))
    ]
    low, high = interval(of(*means), settings.confidence, around=value)
    return value, (max(low, 0.0), high)


def autocorrelation(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference of autocorrelations, over lags up to 100 and channels.

    The autocorrelation of a channel at lag k is the mean product of values k steps apart over that of values with
    themselves, around the mean of the real channel.

    Args:
        real: `(n, channels, steps)`.
        made: `(m, channels, steps)`.
        settings: Of the interval.
    """
    centre = real.mean((0, 2), keepdim=True)
    steps = real.shape[2]
    lags = range(min(LAGS, steps - 1) + 1)

    def products(x: Tensor) -> Tensor:
        y = (x - centre).double()
        return torch.stack([(y[:, :, : steps - k] * y[:, :, k:]).mean(2) for k in lags], 2).flatten(1)

    def of(a: Tensor, b: Tensor) -> Tensor:
        shape = (len(a), real.shape[1], len(lags))
        rho = [x.reshape(shape) / x.reshape(shape)[:, :, :1].clamp_min(1e-12) for x in (a, b)]
        return (rho[0] - rho[1])[:, :, 1:].abs().mean((1, 2))

    return _distance(products(real), products(made), of, settings)


def powers(x: Tensor) -> Tensor:
    """Periodograms `(n, channels, frequencies)` under a Hann window, without the constant; series less their means."""
    window = torch.hann_window(x.shape[2], periodic=True, dtype=torch.float64)
    y = x.double() - x.double().mean(2, keepdim=True)
    found: Tensor = torch.fft.rfft(y * window, dim=2)[:, :, 1:]
    return found.abs().square()


def spectrum(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference in decibels of mean power spectra, over frequencies and channels.

    Powers below a millionth of the channel's largest one count as that: nothing.

    Args:
        real: `(n, channels, steps)`.
        made: `(m, channels, steps)`.
        settings: Of the interval.
    """
    found = powers(real)
    floor = FLOOR * found.mean(0).amax(1, keepdim=True).clamp_min(1e-12)

    def of(a: Tensor, b: Tensor) -> Tensor:
        shape = (len(a), *found.shape[1:])
        levels = [10 * torch.log10(x.reshape(shape).clamp_min(0) + floor) for x in (a, b)]
        return (levels[0] - levels[1]).abs().mean((1, 2))

    return _distance(found.flatten(1), powers(made).flatten(1), of, settings)


def marginals(
    real: Tensor, made: Tensor, masks: tuple[Tensor | None, Tensor | None], settings: Settings
) -> tuple[Distance, Distance]:
    """Distances of the values of channels, whenever they are: Wasserstein (in real standard deviations), and KS.

    Both are taken on a grid of 100 quantiles of all values, and 100 even steps between the ends.

    Args:
        real: `(n, channels, steps)`.
        made: `(m, channels, steps)`.
        masks: 1 where a value is there, of the same shapes; None: everywhere.
        settings: Of the interval.
    """
    both = torch.cat([real.transpose(0, 1).flatten(1), made.transpose(0, 1).flatten(1)], 1).double()
    thinned = both[:, :: max(1, both.shape[1] // 20_000)]
    even = torch.linspace(0, 1, GRID, dtype=torch.float64)
    low, high = both.amin(1, keepdim=True), both.amax(1, keepdim=True)
    grid = torch.cat([torch.quantile(thinned, even, dim=1).T, low + (high - low) * even], 1).sort(1).values
    widths = grid.diff(dim=1)
    spread = real.double().std((0, 2)).clamp_min(1e-6)

    def below(x: Tensor, mask: Tensor | None) -> Tensor:
        there = torch.ones_like(x, dtype=torch.float64) if mask is None else mask.double()
        found = [(there * (x.double() <= grid[None, :, k, None])).sum(2) for k in range(grid.shape[1])]
        return torch.cat([torch.stack(found, 2), there.sum(2, keepdim=True)], 2).flatten(1)

    def functions(a: Tensor) -> Tensor:
        x = a.reshape(len(a), len(grid), grid.shape[1] + 1)
        return x[:, :, :-1] / x[:, :, -1:].clamp_min(1e-12)

    def areas(a: Tensor, b: Tensor) -> Tensor:
        apart = (functions(a) - functions(b)).abs()
        return (((apart[:, :, :-1] + apart[:, :, 1:]) / 2 * widths).sum(2) / spread).mean(1)

    def largest(a: Tensor, b: Tensor) -> Tensor:
        return (functions(a) - functions(b)).abs().amax(2).mean(1)

    sides = below(real, masks[0]), below(made, masks[1])
    return _distance(*sides, areas, settings), _distance(*sides, largest, settings)


def cross_correlation(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference of the correlations of pairs of channels at the same step.

    Args:
        real: `(n, channels, steps)`, two channels at least.
        made: `(m, channels, steps)`.
        settings: Of the interval.
    """
    channels = real.shape[1]
    rows, columns = torch.triu_indices(channels, channels, offset=1)

    def moments(x: Tensor) -> Tensor:
        y = x.double()
        return torch.cat([y.mean(2), (y @ y.transpose(1, 2) / y.shape[2]).flatten(1)], 1)

    def correlations(a: Tensor) -> Tensor:
        mean, products = a[:, :channels], a[:, channels:].reshape(len(a), channels, channels)
        covariance = products - mean[:, :, None] * mean[:, None]
        deviation = covariance.diagonal(dim1=1, dim2=2).clamp_min(1e-12).sqrt()
        return (covariance / (deviation[:, :, None] * deviation[:, None]))[:, rows, columns]

    return _distance(
        moments(real), moments(made), lambda a, b: (correlations(a) - correlations(b)).abs().mean(1), settings
    )


def missing(real: Tensor, made: Tensor, settings: Settings) -> Distance:
    """Mean absolute difference of the share of missing values, over steps and channels.

    Args:
        real: Masks `(n, channels, steps)`, 1 where a value is there.
        made: `(m, channels, steps)`.
        settings: Of the interval.
    """
    sides = real.double().flatten(1), made.double().flatten(1)
    return _distance(*sides, lambda a, b: (a - b).abs().mean(1), settings)
