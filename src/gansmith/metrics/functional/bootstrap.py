"""Percentile bootstrap intervals (Efron 1979) by counts: how far a value moves when the samples are drawn again.

A resample of n rows is a row of counts that sum to n, so a statistic that is linear (or bilinear) in the rows is
recomputed for all resamples in one matrix product. What is resampled, by metric:

- Frechet and kernel distance: the rows of both sides, independently.
- Precision, density, accuracy, nearest neighbours: the evaluated *fakes*; recall, coverage: the *reals*. The point-wise
  indicators are resampled with all balls and references held fixed: redrawing a set's rows puts duplicates at distance
  0 into it and shrinks its balls, which no fresh draw would. So this is the interval of the sampling of the evaluated
  points, given the reference set; it says nothing of the choice of the reference.

Differences of two models resample somewhat more: see `prdc_replicates`.
"""

from __future__ import annotations

from statistics import NormalDist

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional._check import check_count, check_enough

__all__ = ["bootstrap_mean", "counts", "interval", "standard_interval"]

RESAMPLES = 200
"""Enough for the ends of a 95% interval to settle within about a tenth of its width."""


def counts(n: int, resamples: int = RESAMPLES, seed: int = 0) -> Tensor:
    """How often each of n rows is drawn in each resample of n rows with replacement.

    Args:
        n: Rows, at least 1.
        resamples: B, at least 1.
        seed: Seed of the draw; the same seed gives the same counts on every machine.

    Returns:
        `(B, n)` float64; every row sums to n.

    Raises:
        InputError: `n` or `resamples` is below 1.
    """
    check_count("resamples", resamples)
    check_enough("a bootstrap", 1, n)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(n, (resamples, n), generator=generator)
    return torch.zeros(resamples, n, dtype=torch.float64).scatter_add_(
        1, drawn, torch.ones(1, 1).double().expand(resamples, n)
    )


def interval(replicates: Tensor, confidence: float = 0.95, *, around: float | None = None) -> tuple[float, float]:
    """The interval between the two outer percentiles of bootstrap replicates.

    Args:
        replicates: `(B,)`.
        confidence: Share of the replicates inside, between 0 and 1.
        around: For a statistic whose replicates are shifted (a Frechet distance is biased, and resampling adds the bias
            once more): the value to lay the replicates' spread around. The interval is moved by `around - mean`.

    Returns:
        `(low, high)`.

    Raises:
        InputError: `confidence` isn't between 0 and 1.
    """
    _check_confidence(confidence)
    tails = torch.tensor([(1 - confidence) / 2, (1 + confidence) / 2], dtype=torch.float64)
    low, high = torch.quantile(replicates.to(torch.float64), tails).tolist()
    shift = 0.0 if around is None else around - float(replicates.mean())
    return low + shift, high + shift


def standard_interval(value: float, replicates: Tensor, confidence: float = 0.95) -> tuple[float, float]:
    """The bootstrap standard interval: the value, and a normal quantile times the replicates' standard deviation.

    A standard deviation is known from 200 replicates to about 5 %, the outer percentiles that many comparisons at once
    ask for are not (Efron & Tibshirani 1993, An Introduction to the Bootstrap, sections 6.4 and 13.3). It also leaves
    out where the replicates lie, which resampling shifts in biased statistics.

    Args:
        value: The statistic of the samples themselves.
        replicates: `(B,)`, B at least 2.
        confidence: Between 0 and 1.

    Returns:
        `(low, high)`, symmetric around the value; both are the value where the replicates don't vary.

    Raises:
        InputError: `confidence` isn't between 0 and 1, or there are fewer than 2 replicates.
    """
    _check_confidence(confidence)
    if len(replicates) < 2:
        raise InputError(f"a standard interval needs at least 2 resamples, got {len(replicates)}")
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(replicates.to(torch.float64).std())
    return value - half, value + half


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence}")


def bootstrap_mean(
    values: Tensor, resamples: int = RESAMPLES, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval `(low, high)` of the mean of point-wise values `(N,)`, whatever their order.

    Raises:
        InputError: No values, `resamples` below 1, or `confidence` not between 0 and 1.
    """
    ordered = values.to(torch.float64).sort().values.cpu()
    weights = counts(len(ordered), resamples, seed)
    return interval(weights @ ordered / max(1, len(ordered)), confidence)
