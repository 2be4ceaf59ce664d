"""Terms of the variational bound: Gaussian posteriors, samples of them, their distance to the prior."""

from __future__ import annotations

from torch import Tensor

__all__ = ["kl_to_normal", "reparametrised"]


def reparametrised(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A sample of the posterior that gradients pass through: mean + sigma * noise (Kingma & Welling 2014, 2.4).

    Args:
        mean: `(n, d)`.
        log_variance: Logarithm of the variance, `(n, d)`.
        noise: Standard normal, `(n, d)`.
    """
    return mean + (log_variance / 2).exp() * noise


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats: sum over dimensions, mean over samples (2014, appendix B).

    Args:
        mean: `(n, d)`.
        log_variance: Logarithm of the variance, `(n, d)`.
    """
    each = mean.square() + log_variance.exp() - 1 - log_variance
    return each.sum(1).mean() / 2
