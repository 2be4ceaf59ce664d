"""Gradient penalties: how steep the discriminator may be around data, samples, or between them."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["between", "gradient", "one_centred", "zero_centred"]


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
    return gradient(out, wrt).square().flatten(1).sum(1).mean() / 2


def one_centred(out: Tensor, wrt: Tensor) -> Tensor:
    """Mean squared distance of the gradient norm to 1, E (|dD/dx| - 1)^2 (Gulrajani et al. 2017, eq. 3).

    WGAN-GP where `wrt` lies between real and made samples (see `between`); the usual weight is 10.
    """
    norm: Tensor = torch.linalg.vector_norm(gradient(out, wrt).flatten(1), dim=1)
    return (norm - 1).square().mean()


def between(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The point a + t (b - a) on each segment; `t` is `(n,)` or `(n, 1)` in [0, 1], `a` and `b` `(n, ...)`."""
    return torch.lerp(a, b, t.reshape(len(a), *[1] * (a.ndim - 1)))
