"""Diffusion as Karras et al. 2022 ("EDM", arXiv:2206.00364) put it: a weighted denoising loss, and Heun's sampler."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor

__all__ = ["denoising", "heun", "noise_levels"]

Denoise = Callable[[Tensor, Tensor], Tensor]
"""From noisy samples `(n, ...)` and their noise levels `(n,)` to estimates of the clean ones."""


def denoising(denoised: Tensor, clean: Tensor, sigma: Tensor, data: float) -> Tensor:
    """Mean squared error, weighted by (sigma^2 + data^2) / (sigma data)^2, so that every level counts alike (table 1).

    Args:
        denoised: Estimates `(n, ...)`.
        clean: What they should be, same shape.
        sigma: Noise levels `(n,)`, above 0.
        data: Standard deviation of the data.
    """
    weight = (sigma.square() + data**2) / (sigma * data).square()
    return (weight * (denoised - clean).square().flatten(1).mean(1)).mean()


def noise_levels(steps: int, low: float = 0.002, high: float = 80.0, rho: float = 7.0) -> list[float]:
    """The levels that a sampler goes through: `steps` from `high` down to `low`, then 0 (eq. 5).

    Args:
        steps: At least 1; a single step goes from `high` straight to 0.
        low: Smallest level above 0.
        high: Level of the noise that sampling starts from.
        rho: How much the steps shrink towards `low`; 7 is the paper's.
    """
    first, last = high ** (1 / rho), low ** (1 / rho)
    return [(first + i / max(1, steps - 1) * (last - first)) ** rho for i in range(steps)] + [0.0]


def heun(denoise: Denoise, noise: Tensor, levels: list[float]) -> Tensor:
    """Solve the probability flow ODE dx/dsigma = (x - D(x; sigma)) / sigma by Heun's method (algorithm 1, no churn).

    The last step, to 0, is Euler's, where the slope is not defined. Twice as many calls as steps, less one.

    Args:
        denoise: D, called with samples and a level for each.
        noise: Standard normal, `(n, ...)`: what a sample is made of, alone.
        levels: From `noise_levels`.
    """
    x = noise * levels[0]
    for now, then in pairwise(levels):
        slope = (x - denoise(x, x.new_full((len(x),), now))) / now
        ahead = x + (then - now) * slope
        if then > 0:
            corrected = (ahead - denoise(ahead, x.new_full((len(x),), then))) / then
            ahead = x + (then - now) * (slope + corrected) / 2
        x = ahead
    return x
