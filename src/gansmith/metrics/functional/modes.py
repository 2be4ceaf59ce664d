"""Modes of data: its classes, or clusters where it has none; how often samples fall into each, and how far they spread.

Counting samples by mode is the oldest test of a GAN's variety (Metz et al. 2017, Srivastava et al. 2017). Unlike recall
it says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_count, check_enough, rows
from gansmith.metrics.functional.distances import nearest

__all__ = ["Modes", "clusters", "spread"]

STEPS = 50
"""Most steps of k-means; it ends when nothing moves."""

PAIRS = 1_000
"""Rows that a spread is measured on: half a million pairs."""


@dataclass(frozen=True)
class Modes:
    """Points that stand for modes.

    Attributes:
        points: `(P, D)` float64: real rows whose class is known, or the centres of clusters.
        mode: Mode of each point `(P,)`, from 0.
        count: Number of modes; some may have no point.
    """

    points: Tensor
    mode: Tensor
    count: int

    def shares(self, samples: Tensor) -> Tensor:
        """Share of samples in each mode, `(count,)`: a sample is of its nearest point's mode.

        Args:
            samples: Features `(N, D)`. Compare with the shares of real rows that are not among the points, so that
                modes that lie close to each other are confused alike in both.

        Raises:
            InputError: Rows that aren't finite or not of the points' width.
            TooFew: No rows.
        """
        samples = rows(samples, "sample features")
        check_enough("shares of modes", 1, len(samples))
        chosen = self.mode[nearest(samples, self.points)[1].squeeze(1)]
        return torch.bincount(chosen, minlength=self.count).double() / len(samples)


def clusters(features: Tensor, k: int, seed: int = 0) -> Modes:
    """Cluster centres by Lloyd's k-means, begun by k-means++ (Arthur and Vassilvitskii 2007).

    Args:
        features: `(N, D)`.
        k: Clusters.
        seed: Of the first centres.

    Returns:
        One point for each cluster. Of equal rows fewer clusters than `k` may come.

    Raises:
        InputError: Rows that aren't finite, or `k` below 1.
        TooFew: Fewer than `k` rows.
    """
    check_count("k", k)
    points = rows(features, "features")
    check_enough(f"{k} clusters", k, len(points))
    centres = _first(points, k, torch.Generator().manual_seed(seed))
    for _ in range(STEPS):
        mode = nearest(points, centres)[1].squeeze(1)
        sums = torch.zeros_like(centres).index_add_(0, mode, points)
        counts = torch.bincount(mode, minlength=len(centres)).double()[:, None]
        moved = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    return Modes(centres, torch.arange(len(centres)), len(centres))


def _first(points: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """Rows far from each other: each is drawn with the square of its distance to the nearest chosen one as weight."""
    chosen = points[torch.randint(len(points), (1,), generator=generator)]
    square = (points - chosen).square().sum(1)
    while len(chosen) < k and bool(square.any()):
        new = points[torch.multinomial(square.cpu(), 1, generator=generator).to(points.device)]
        chosen = torch.cat([chosen, new])
        square = torch.minimum(square, (points - new).square().sum(1))
    return chosen


def spread(features: Tensor) -> float:
    """Mean distance between two of the rows, in the features' own unit: 0 where all of them are one.

    Args:
        features: `(N, D)`; of more than 1,000 rows the first ones are taken.

    Raises:
        InputError: Rows that aren't finite.
        TooFew: Fewer than 2 rows.
    """
    points = rows(features, "features")[:PAIRS]
    check_enough("a spread", 2, len(points))
    return float(torch.pdist(points).mean())
