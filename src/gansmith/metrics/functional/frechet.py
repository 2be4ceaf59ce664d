"""Frechet distance between Gaussians fitted to two sets of features (Heusel et al. 2017, arXiv:1706.08500).

`FD = |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2))`, the squared 2-Wasserstein distance of two normal distributions
(Dowson and Landau 1982). With Inception features it is the FID; with any other network it must be named after it.

**It is biased.** The plain estimate is too high by an amount that falls like 1/n and grows with the width of the
features: two samples of one distribution are never at distance 0. `frechet_bias` gives the size of it; compare only
values taken at the same numbers of samples, or use the kernel distance, which is unbiased.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional._check import check_enough, row_pair
from gansmith.metrics.functional.moments import Moments

__all__ = ["frechet_bias", "frechet_distance", "frechet_from_features", "frechet_from_moments", "frechet_replicates"]


def _root(cov: Tensor) -> Tensor:
    """A factor `(D, D)` with `factor @ factor.T = cov`; eigenvalues that are rounding noise count as zero."""
    values, vectors = torch.linalg.eigh((cov + cov.T) / 2)
    noise = values.abs().amax() * len(values) * torch.finfo(values.dtype).eps
    kept: Tensor = torch.where(values > noise, values, 0.0)
    factor: Tensor = vectors * kept.sqrt()
    return factor


def frechet_distance(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """Frechet distance between two Gaussians, exact for singular covariances too.

    `Tr (C1 C2)^(1/2)` is computed as the sum of the singular values of `A^T B` with `C1 = A A^T` and `C2 = B B^T` from
    symmetric eigendecompositions: the non-symmetric matrix root with its imaginary parts and its jitter on the
    diagonal isn't needed, and singular values near zero keep all their digits.

    Args:
        mean_a: `(D,)`.
        cov_a: `(D, D)`, symmetric and positive semi-definite.
        mean_b: `(D,)`.
        cov_b: `(D, D)`.

    Returns:
        The squared distance, >= 0, in squared feature units. Symmetric in its two sides; 0 for equal Gaussians.

    Raises:
        InputError: The shapes don't fit, or a value is not finite.
    """
    shapes = [tuple(t.shape) for t in (mean_a, cov_a, mean_b, cov_b)]
    d = mean_a.shape[0] if mean_a.ndim == 1 else -1
    if shapes != [(d,), (d, d), (d,), (d, d)]:
        raise InputError(f"a Frechet distance needs (D,), (D, D), (D,), (D, D), got {shapes}")
    mean_a, cov_a, mean_b, cov_b = (t.detach().to(torch.float64) for t in (mean_a, cov_a, mean_b, cov_b))
    if not all(bool(torch.isfinite(t).all()) for t in (mean_a, cov_a, mean_b, cov_b)):
        raise InputError("a mean or covariance holds NaN or infinity")
    cross = torch.linalg.svdvals(_root(cov_a).T @ _root(cov_b)).sum()
    value = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(0.0, float(value))


def frechet_from_moments(a: Moments, b: Moments) -> float:
    """Frechet distance between two streams from their moments; raises `TooFew` below 2 rows on a side."""
    check_enough("a Frechet distance", 2, min(a.count, b.count))
    return frechet_distance(a.mean, a.covariance(), b.mean, b.covariance())


def frechet_from_features(real: Tensor, fake: Tensor) -> float:
    """Frechet distance between feature rows `(N, D)` and `(M, D)`, covariances divided by `n - 1`.

    Below `D + 1` rows a covariance is singular: the number is still exact for what it is, but mostly bias.

    Raises:
        InputError: Rows that aren't finite or not of one width.
        TooFew: Fewer than 2 rows on a side.
    """
    real, fake = row_pair(real, fake)
    return frechet_from_moments(Moments.of(real), Moments.of(fake))


def frechet_bias(cov: Tensor, n: int, m: int) -> float:
    """How large the Frechet distance of two samples of *one* Gaussian is on average: the part that is only sample size.

    First order in 1/n and 1/m. With eigenvalues `l` of the covariance the means contribute `(1/n + 1/m) sum_i l_i`, and
    the covariances, by the second-order term of the Bures metric
    `1/2 sum_ij (dC_ij)^2 / (l_i + l_j)` with `Var dC_ij = (1/n + 1/m) l_i l_j (1 + [i = j])`,
    `1/2 (1/n + 1/m) (sum_ij l_i l_j / (l_i + l_j) + sum_i l_i / 2)`. Features that aren't Gaussian differ somewhat.

    Args:
        cov: Covariance `(D, D)` of the distribution (the real features' estimate does).
        n: Samples on one side, at least 2.
        m: Samples on the other, at least 2.

    Returns:
        The expected distance, >= 0, in squared feature units.

    Raises:
        TooFew: `n` or `m` is below 2.
    """
    check_enough("a Frechet distance", 2, min(n, m))
    values = torch.linalg.eigvalsh(cov.detach().to(torch.float64)).clamp_min(0)
    pair = values[:, None] + values[None, :]
    harmonic = torch.where(pair > 0, values[:, None] * values[None, :] / pair.clamp_min(1e-300), 0.0).sum()
    return float((1 / n + 1 / m) * (values.sum() + (harmonic + values.sum() / 2) / 2))


def frechet_replicates(real: Tensor, fake: Tensor, real_counts: Tensor, fake_counts: Tensor) -> Tensor:
    """Frechet distances of resampled rows, for a bootstrap interval.

    A replicate needs fewer digits than the value itself, so its matrix root is the cheap one: a Cholesky factor and
    symmetric eigenvalues, with the exact way for singular covariances.

    Args:
        real: Features `(N, D)`.
        fake: Features `(M, D)`.
        real_counts: `(B, N)`, how often each real row is drawn in each of B resamples (see `bootstrap.counts`).
        fake_counts: `(B, M)`.

    Returns:
        `(B,)` float64. Their mean lies above the value itself, as drawing again from a sample adds the sampling bias a
        second time: read their spread, not their place (`bootstrap.interval(..., around=value)`).
    """
    real, fake = row_pair(real, fake)
    return torch.tensor(
        [_replicate(_weighted(real, w), _weighted(fake, v)) for w, v in zip(real_counts, fake_counts, strict=True)],
        dtype=torch.float64,
    )


def _weighted(x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Mean `(D,)` and unbiased covariance `(D, D)` of rows drawn `count` times."""
    drawn = count.nonzero().squeeze(1)
    x, weight = x[drawn], count[drawn].to(x.dtype)
    total = weight.sum()
    mean = weight @ x / total
    centred = (x - mean) * weight.sqrt()[:, None]
    return mean, centred.T @ centred / (total - 1)


def _replicate(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> float:
    (mean_a, cov_a), (mean_b, cov_b) = a, b
    factor, failed = torch.linalg.cholesky_ex(cov_a)
    if int(failed):
        return frechet_distance(mean_a, cov_a, mean_b, cov_b)
    cross = torch.linalg.eigvalsh(factor.T @ cov_b @ factor).clamp_min(0).sqrt().sum()
    return max(0.0, float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross))
