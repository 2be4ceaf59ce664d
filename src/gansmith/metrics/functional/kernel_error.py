"""How sure a kernel distance is: the variance of the unbiased squared MMD in closed form, estimated without bias.

The estimate is a two-sample U-statistic, `A + B - 2 C` with the means `A` of `k(x, x')` and `B` of `k(y, y')` over
pairs of different rows and `C` of `k(x, y)`. Its variance follows from Hoeffding's decomposition, second order
included (Bounliphone et al. 2016, arXiv:1511.04581, give the first order; Sutherland and Deka 2019, arXiv:1906.02104,
the whole for N = M). With `p(.) = E k(., X)` and `q(.) = E k(., Y)`:

    Var A      = 4 (N - 2) / (N (N - 1)) Var p(X) + 2 / (N (N - 1)) Var k(X, X')         B alike with q, Y and M
    Var C      = ((M - 1) Var q(X) + (N - 1) Var p(Y) + Var k(X, Y)) / (N M)
    Cov(A, C)  = 2 / N Cov(p(X), q(X))         Cov(B, C) = 2 / M Cov(q(Y), p(Y))         Cov(A, B) = 0

Every mean in it is estimated over tuples of *different* rows, so the whole is unbiased, and may come out slightly
negative where the truth is next to 0. The second order is what is left for equal distributions, where the first is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_enough, row_pair

__all__ = ["LEAST_ROWS", "kernel_variance"]

BLOCK = 2**20
"""Bytes of one block of kernel values: ten passes are made over it, so it should fit a core's cache."""

LEAST_ROWS = 4
"""Squares of means are estimated over four different rows."""


@dataclass(frozen=True)
class _Sums:
    """Sums over a kernel matrix: by row, by column, and of squares."""

    rows: Tensor
    columns: Tensor
    squares: float

    @property
    def all(self) -> float:
        return float(self.rows.sum())


def _sums(x: Tensor, y: Tensor, origin: Tensor, *, diagonal: bool) -> _Sums:
    """Of the kernel seen from `origin`, `k(x,y) - k(x,o) - k(o,y) + k(o,o)`: the MMD is the same, digits are kept."""

    def cubic(product: Tensor) -> Tensor:
        product = (product / x.shape[1]).add_(1)
        return product.square().mul_(product)

    left, right, both = cubic(x @ origin), cubic(y @ origin), cubic((origin @ origin)[None])
    rows, columns, squares = x.new_empty(len(x)), y.new_zeros(len(y)), 0.0
    step = max(1, BLOCK // (8 * len(y)))
    for start in range(0, len(x), step):
        part = slice(start, min(start + step, len(x)))
        block = cubic(x[part] @ y.T).sub_(left[part, None]).sub_(right[None]).add_(both)
        if not diagonal:
            block[torch.arange(len(block)), torch.arange(part.start, part.stop)] = 0
        rows[part] = block.sum(1)
        columns += block.sum(0)
        squares += float(block.square().sum())
    return _Sums(rows, columns, squares)


def _within(own: _Sums, n: int) -> tuple[float, float]:
    """`(Var p(X), Var k(X, X'))` of a matrix of one sample's pairs."""
    pairs, triples = n * (n - 1), n * (n - 1) * (n - 2)
    lines = float(own.rows.square().sum())
    square_of_mean = (own.all**2 - 4 * lines + 2 * own.squares) / (triples * (n - 3))
    return (lines - own.squares) / triples - square_of_mean, own.squares / pairs - square_of_mean


def _covariance(own: _Sums, across: Tensor, n: int, m: int) -> float:
    """`Cov(p(X), q(X))`; `across` are the sums `(N,)` of k(x_i, y) over the other sample."""
    joint = float(own.rows @ across)
    apart = own.all * float(across.sum()) - 2 * joint
    return joint / (n * (n - 1) * m) - apart / (n * (n - 1) * (n - 2) * m)


def _across(cross: _Sums, n: int, m: int) -> float:
    """Variance of the mean of `k(x, y)` over all pairs."""
    by_row, by_column = float(cross.rows.square().sum()), float(cross.columns.square().sum())
    square_of_mean = (cross.all**2 - by_row - by_column + cross.squares) / (n * (n - 1) * m * (m - 1))
    q_of_x = (by_row - cross.squares) / (n * m * (m - 1)) - square_of_mean
    p_of_y = (by_column - cross.squares) / (m * n * (n - 1)) - square_of_mean
    single = cross.squares / (n * m) - square_of_mean
    return ((m - 1) * q_of_x + (n - 1) * p_of_y + single) / (n * m)


def kernel_variance(real: Tensor, fake: Tensor) -> float:
    """Variance of `kernel_distance(real, fake)` over fresh draws of both sides.

    Args:
        real: Features `(N, D)`, N >= 4.
        fake: Features `(M, D)`, M >= 4.

    Returns:
        An unbiased estimate; its square root is the distance's standard error. Slightly below 0 where the truth is
        nearly 0.

    Raises:
        InputError: Rows that aren't finite or not of one width.
        TooFew: Fewer than 4 rows on a side.
    """
    real, fake = row_pair(real, fake)
    n, m = len(real), len(fake)
    check_enough("the variance of a kernel distance", LEAST_ROWS, min(n, m))
    origin = (real.mean(0) + fake.mean(0)) / 2
    xx, yy = (_sums(z, z, origin, diagonal=False) for z in (real, fake))
    xy = _sums(real, fake, origin, diagonal=True)
    total = 4 * _across(xy, n, m)
    for own, across, size, other in ((xx, xy.rows, n, m), (yy, xy.columns, m, n)):
        first, second = _within(own, size)
        total += (4 * (size - 2) * first + 2 * second) / (size * (size - 1))
        total -= 4 * 2 / size * _covariance(own, across, size, other)
    return total
