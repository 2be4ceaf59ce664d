"""Gradient penalties: how steep the discriminator may be around data, samples, or between them.

Where a score belongs to several samples (packing), their gradients count as one, and the mean is over scores.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["around", "between", "gradient", "one_centred", "zero_centred"]


def gradient(out: Tensor, wrt: Tensor) -> Tensor:
    """Gradient of the summed output with respect to a leaf, itself differentiable; shape of `wrt`."""
    (slope,) = torch.autograd.grad(out.sum(), wrt, create_graph=True)
    return slope


def zero_centred(out: Tensor, wrt: Tensor) -> Tensor:
    """Half the mean squared gradient norm, 1/2 E |dD/dx|^2 (Mescheder et al. 2018, eq. 9).

    R1 where `wrt` is real data, R2 where it is made. The weight of the term is the paper's gamma.

    Args:
        out: Scores `(n, ...)`.
        wrt: The leaf that they were computed from, `(n, ...)`.
    """
    return _rows(out, wrt).square().sum(1).mean() / 2


def one_centred(out: Tensor, wrt: Tensor) -> Tensor:
    """Mean squared distance of the gradient norm to 1, E (|dD/dx| - 1)^2 (Gulrajani et al. 2017, eq. 3).

    WGAN-GP where `wrt` lies between real and made samples (see `between`), DRAGAN where it lies around real ones (see
    `around`; Kodali et al. 2017, eq. 1 with k = 1); the usual weight is 10 for both.
    """
    norm: Tensor = torch.linalg.vector_norm(_rows(out, wrt), dim=1)
    return (norm - 1).square().mean()


def _rows(out: Tensor, wrt: Tensor) -> Tensor:
    """Gradients, one row for each score: of its sample, or of all samples of its pack."""
    slope = gradient(out, wrt)
    pack = len(wrt) // len(out)
    return slope[: pack * len(out)].reshape(len(out), -1)


def between(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The point a + t (b - a) on each segment; `t` is `(n,)` or `(n, 1)` in [0, 1], `a` and `b` `(n, ...)`."""
    return torch.lerp(a, b, t.reshape(len(a), *[1] * (a.ndim - 1)))


def around(x: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Points near samples, x + t s noise with s half the sample's standard deviation (Kodali et al. 2017, section 2.3).

    The authors' code takes the deviation over the batch; the sample's own keeps samples apart.

    Args:
        x: Samples `(n, ...)`.
        noise: Uniform in [0, 1), same shape.
        t: How far to go, `(n,)` or `(n, 1)` in [0, 1].
    """
    each = (-1, *[1] * (x.ndim - 1))
    spread = x.flatten(1).std(1, unbiased=False).reshape(each) / 2
    return x + t.reshape(each) * spread * noise
