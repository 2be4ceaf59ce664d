"""Mean and covariance of a stream: any split of it, merged in any order, gives one answer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional._check import check_enough, rows

__all__ = ["Moments"]


@dataclass(frozen=True)
class Moments:
    """Count, mean and scatter of feature rows, in float64.

    Pieces are joined by the pairwise update of Chan, Golub and LeVeque (1979), which, unlike sums of squares, doesn't
    lose digits when the mean is large beside the spread:
    `S = S_a + S_b + d d^T n_a n_b / n` with `d = mean_b - mean_a`.

    Attributes:
        count: Rows seen.
        mean: `(D,)`.
        scatter: `(D, D)`, the sum over rows of `(x - mean)(x - mean)^T`.
    """

    count: int
    mean: Tensor
    scatter: Tensor

    @classmethod
    def of(cls, x: Tensor) -> Moments:
        """The moments of feature rows `(N, D)`; raises `InputError` if they are empty or not finite."""
        x = rows(x)
        mean = x.mean(0)
        centred = x - mean
        return cls(len(x), mean, centred.T @ centred)

    def merged(self, other: Moments) -> Moments:
        """The moments of both streams together; raises `InputError` if the widths differ."""
        if self.mean.shape != other.mean.shape:
            raise InputError(f"moments of width {len(self.mean)} and {len(other.mean)} can't be merged")
        count = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / count)
        scatter = self.scatter + other.scatter + torch.outer(delta, delta) * (self.count * other.count / count)
        return Moments(count, mean, scatter)

    def covariance(self) -> Tensor:
        """The unbiased covariance `(D, D)` (divided by `count - 1`); raises `TooFew` below 2 rows."""
        check_enough("a covariance", 2, self.count)
        return self.scatter / (self.count - 1)
