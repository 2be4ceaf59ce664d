"""Distances of distributions by their samples, as losses."""

from __future__ import annotations

from torch import Tensor

__all__ = ["sliced_wasserstein"]


def sliced_wasserstein(real: Tensor, made: Tensor, directions: Tensor) -> Tensor:
    """Mean Wasserstein-1 distance of projections (Rabin et al. 2012): sorted values against sorted values.

    Not a mean over samples: a game that uses it is batch-coupled.

    Args:
        real: `(n, d)`.
        made: `(n, d)`.
        directions: `(k, d)`, of any length: a longer one counts more.
    """
    a, b = ((x @ directions.T).sort(dim=0).values for x in (real, made))
    return (a - b).abs().mean()
