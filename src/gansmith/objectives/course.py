"""Losses of courses: what is lost, and how far mean and spread of made ones are from those of real ones."""

from __future__ import annotations

from torch import Tensor

__all__ = ["moments_apart", "root_mean_square"]

LEAST = 1e-6
"""Added below a square root, whose slope has no end at 0 (Yoon et al.'s program adds as much to the variance)."""


def root_mean_square(difference: Tensor) -> Tensor:
    """Square root of the mean square over all numbers: of the batch, so it is no mean over samples.

    Args:
        difference: Of any shape.
    """
    return (difference.square().mean() + LEAST**2).sqrt()


def moments_apart(made: Tensor, real: Tensor) -> Tensor:
    """Distance of means, and of standard deviations, of every number of a sample over the batch; means of both.

    A term of TimeGAN's generator (Yoon et al. 2019, the authors' program). It couples the samples of a batch.

    Args:
        made: `(n, steps, channels)`.
        real: Of the same shape.
    """
    means = (made.mean(0) - real.mean(0)).abs().mean()
    spreads = [(x.var(0, unbiased=False) + LEAST).sqrt() for x in (made, real)]
    return means + (spreads[0] - spreads[1]).abs().mean()
