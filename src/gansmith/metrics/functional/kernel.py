"""Kernel distance: unbiased squared maximum mean discrepancy with a cubic kernel.

This is KID (Binkowski et al. 2018, arXiv:1801.01401) over any features: `k(x, y) = (x.y / D + 1)^3`.
Its expectation doesn't depend on the numbers of samples, and is 0 for equal distributions, so that an estimate may be
slightly negative: at a few thousand images it is the distance to trust.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_count, check_enough, row_pair
from gansmith.metrics.functional.distances import BLOCK_BYTES

__all__ = ["KernelSubsets", "kernel_distance", "kernel_replicates", "kernel_subsets"]

_DEGREE, _COEF = 3, 1.0


def _quadratic(x: Tensor, y: Tensor, left: Tensor, right: Tensor, *, diagonal: bool) -> Tensor:
    """`sum_ij left[b, i] right[b, j] k(x_i, y_j)` for each b `(B,)`, block-wise; with or without i = j."""
    total = x.new_zeros(len(left))
    step = max(1, BLOCK_BYTES // (8 * len(y)))
    for start in range(0, len(x), step):
        part = slice(start, min(start + step, len(x)))
        block = (x[part] @ y.T / x.shape[1]).add_(_COEF)
        block = block.square().mul_(block)
        if not diagonal:
            block[torch.arange(len(block)), torch.arange(part.start, part.stop)] = 0
        total += ((block @ right.T).T * left[:, part]).sum(1)
    return total


def kernel_replicates(real: Tensor, fake: Tensor, real_counts: Tensor, fake_counts: Tensor) -> Tensor:
    """Unbiased squared MMD with weighted rows: the value for weights of one, bootstrap replicates for drawn counts.

    `sum_{i!=j} w_i w_j k(x_i, x_j) / sum_{i!=j} w_i w_j` plus the same of y, minus
    `2 sum_ij w_i v_j k(x_i, y_j) / (sum_i w_i sum_j v_j)`.
    Pairs of one row with itself are left out however often it was drawn, so that replicates stay unbiased.

    Args:
        real: Features `(N, D)`.
        fake: Features `(M, D)`.
        real_counts: Weights `(B, N)`, >= 0.
        fake_counts: Weights `(B, M)`.

    Returns:
        `(B,)` float64. Memory is bounded by a block of kernel values, never N x M.
    """
    real, fake = row_pair(real, fake)
    check_enough("a kernel distance", 2, min(len(real), len(fake)))
    w, v = real_counts.to(torch.float64), fake_counts.to(torch.float64)
    w_pairs = w.sum(1).square() - w.square().sum(1)
    v_pairs = v.sum(1).square() - v.square().sum(1)
    within = (
        _quadratic(real, real, w, w, diagonal=False) / w_pairs + _quadratic(fake, fake, v, v, diagonal=False) / v_pairs
    )
    return within - 2 * _quadratic(real, fake, w, v, diagonal=True) / (w.sum(1) * v.sum(1))


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Kernel distance over all pairs of rows.

    Args:
        real: Features `(N, D)`, N >= 2.
        fake: Features `(M, D)`, M >= 2.

    Returns:
        The unbiased estimate of the squared MMD; about 0 (also slightly below) for equal distributions, no upper end.

    Raises:
        InputError: Rows that aren't finite or not of one width.
        TooFew: Fewer than 2 rows on a side.
    """
    ones = torch.ones(1, 1, dtype=torch.float64)
    return float(kernel_replicates(real, fake, ones.expand(1, len(real)), ones.expand(1, len(fake))))


@dataclass(frozen=True)
class KernelSubsets:
    """Kernel distances of random subsets.

    Attributes:
        mean: Their mean: the value as it is usually published.
        std: Their standard deviation (dividing by the number of subsets), as usually published beside it.
        stderr: Standard error of the mean over subsets, `std / sqrt(subsets)` with the unbiased std. Subsets overlap
            in one finite sample, so it says how well the subsets' mean is known, not how well the distance is.
        values: `(subsets,)` float64.
    """

    mean: float
    std: float
    stderr: float
    values: Tensor


def kernel_subsets(real: Tensor, fake: Tensor, subsets: int = 100, size: int = 1000, seed: int = 0) -> KernelSubsets:
    """Kernel distance by random subsets without replacement, the protocol of most published KIDs.

    Args:
        real: Features `(N, D)`.
        fake: Features `(M, D)`.
        subsets: How many; 100 as usually published.
        size: Rows of a subset on each side; 1,000 as usually published.
        seed: Seed of the draw.

    Returns:
        Mean, spread and the single values. The mean has the same expectation as `kernel_distance`, which uses all
        pairs once and is the less noisy of the two.

    Raises:
        InputError: Rows that aren't finite or not of one width, or counts below 1.
        TooFew: A side has fewer rows than `size`, or `size` is below 2.
    """
    check_count("subsets", subsets)
    real, fake = row_pair(real, fake)
    check_enough("a subset for the kernel distance", 2, size)
    check_enough(f"the kernel distance by subsets of {size}", size, min(len(real), len(fake)))
    generator = torch.Generator().manual_seed(seed)
    values = torch.empty(subsets, dtype=torch.float64)
    for i in range(subsets):
        pick = (
            torch.randperm(len(real), generator=generator)[:size],
            torch.randperm(len(fake), generator=generator)[:size],
        )
        values[i] = kernel_distance(real[pick[0]], fake[pick[1]])
    spread = float(values.std(correction=1)) if subsets > 1 else 0.0
    return KernelSubsets(float(values.mean()), float(values.std(correction=0)), spread / subsets**0.5, values)
