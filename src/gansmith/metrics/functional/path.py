"""Perceptual path length: how evenly images change along a way through the latent space.

Karras, Laine and Aila 2019 (arXiv:1812.04948, section 4.1): the mean of `d(G(at t), G(at t + e)) / e^2` over random
ways, d being a squared perceptual distance. As the authors do, the lowest and the highest hundredth are left out: a
way across a gap between two modes is as long as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.metrics.functional._check import check_enough

__all__ = ["PathLength", "path_length"]


@dataclass(frozen=True)
class PathLength:
    """The mean of steps without the outliers.

    Attributes:
        mean: Of `kept`.
        kept: `(K,)` float64, ascending.
        low: Smallest step kept.
        high: Largest.
    """

    mean: float
    kept: Tensor
    low: float
    high: float


def path_length(steps: Tensor, trim: float = 0.01) -> PathLength:
    """Mean of squared steps (each divided by the squared length of its way) without the outer ones.

    Args:
        steps: `(N,)`, finite, >= 0.
        trim: Share left out at each end, 0 up to below 0.5; 0.01 as the authors. The limits are steps themselves, the
            percentiles rounded outwards, and are kept: of up to 100 steps none is left out.

    Returns:
        The mean and what it is a mean of.

    Raises:
        InputError: Steps that are no vector of finite numbers from 0 up, or `trim` out of range.
        TooFew: No steps.
    """
    if not 0 <= trim < 0.5:
        raise InputError(f"trim must be from 0 to below 0.5, got {trim}")
    steps = steps.detach().to(torch.float64)
    if steps.ndim != 1 or not bool(torch.isfinite(steps).all()) or bool((steps < 0).any()):
        raise InputError("steps of a path must be a vector of finite numbers from 0 up")
    check_enough("a path length", 1, len(steps))
    ordered = steps.sort().values
    low = ordered[int(trim * (len(ordered) - 1))]
    high = ordered[len(ordered) - 1 - int(trim * (len(ordered) - 1))]
    kept = ordered[(ordered >= low) & (ordered <= high)]
    return PathLength(float(kept.mean()), kept, float(low), float(high))
