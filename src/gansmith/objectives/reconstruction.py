"""Reconstruction losses: how far a rebuilt sample is from the one that was encoded, summed over its numbers.

All are negated log-likelihoods in nats, up to a constant where the docstring says so: sums over a sample's numbers,
means over samples. That is the scale at which they add up with a Kullback-Leibler term to a bound on the likelihood.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

__all__ = ["bernoulli", "gaussian", "squared"]


def squared(made: Tensor, target: Tensor) -> Tensor:
    """Half the squared distance: a Gaussian of unit variance around `made`, without its constant.

    Args:
        made: What was rebuilt, `(n, ...)`.
        target: What was encoded, same shape.
    """
    return (made - target).square().flatten(1).sum(1).mean() / 2


def gaussian(made: Tensor, target: Tensor, log_sigma: Tensor) -> Tensor:
    """Negated log-density of a Gaussian around `made` with one standard deviation for all numbers of a sample.

    `d/2 log(2 pi) + d log(sigma) + |target - made|^2 / (2 sigma^2)`. With a learnt sigma (Rybkin et al. 2021,
    sigma-VAE) the data decides how much a wrong pixel weighs against the prior; at the optimum sigma is the root mean
    squared error.

    Args:
        made: Means, `(n, ...)`.
        target: What was encoded, same shape.
        log_sigma: Logarithm of the standard deviation, a scalar.
    """
    numbers = made[0].numel()
    return squared(made, target) * (-2 * log_sigma).exp() + numbers * (log_sigma + math.log(2 * math.pi) / 2)


def bernoulli(logits: Tensor, target: Tensor) -> Tensor:
    """Negated log-likelihood of independent coins (Kingma & Welling 2014, appendix C.1).

    For a target between 0 and 1 it is the cross-entropy, which is no likelihood but has its minimum at the target.

    Args:
        logits: Log-odds of 1, `(n, ...)`.
        target: In [0, 1], same shape.
    """
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return each.flatten(1).sum(1).mean()
