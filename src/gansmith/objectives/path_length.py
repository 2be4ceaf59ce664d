"""Path-length regularisation (Karras et al. 2020, section 3.2): equal steps in style change images equally much."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["path_lengths", "path_penalty"]


def path_lengths(image: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """How far each image moves for a step in its styles, in a random direction of images: |J^T y| (2020, eq. 4).

    Where every layer has a style of its own, the root of the mean over layers of their squared lengths.

    Args:
        image: `(n, channels, height, width)`, made from `styles`.
        styles: `(n, layers, dim)`.
        noise: Standard normal numbers in the shape of the images; divided by the root of height times width here.

    Returns:
        Lengths `(n,)`, themselves differentiable.
    """
    direction = noise / (image.shape[2] * image.shape[3]) ** 0.5
    (slope,) = torch.autograd.grad((image * direction).sum(), styles, create_graph=True)
    return slope.square().sum(2).mean(1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """Mean squared distance of path lengths `(n,)` from their running mean, a scalar (2020, eq. 4)."""
    return (lengths - mean).square().mean()
