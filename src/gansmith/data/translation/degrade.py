"""What tasks take away from an image to make the source that it is learnt from."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["HELD_OUT_LEVEL", "MOST_LEVEL", "grey", "noisy"]

MOST_LEVEL, HELD_OUT_LEVEL = 55.0, 25.0
"""Standard deviations in 1/255: training draws evenly from 0 to 55, as for blind denoising (Zhang et al. 2017,
arXiv:1608.03981, section 4.1), and held-out images get the middle one of their three."""

LUMA = (0.299, 0.587, 0.114)
"""Brightness of red, green and blue (ITU-R BT.601)."""


def grey(image: Tensor) -> Tensor:
    """Brightness `(n, 1, h, w)` of colours `(n, 3 or 4, h, w)`; alpha is left out."""
    weights = torch.tensor(LUMA, dtype=image.dtype, device=image.device)[:, None, None]
    return (image[:, :3] * weights).sum(1, keepdim=True)


def noisy(image: Tensor, seeds: list[int], level: float | None = None) -> Tensor:
    """Images `(n, c, h, w)` in [-1, 1] with normal noise, cut off where it leaves the range.

    Args:
        image: What noise is added to.
        seeds: Of each image's noise.
        level: Its standard deviation in 1/255; None draws one for each image, from 0 to 55.
    """
    made = []
    for picture, seed in zip(image, seeds, strict=True):
        generator = torch.Generator().manual_seed(seed)
        scale = float(torch.rand((), generator=generator)) * MOST_LEVEL if level is None else level
        made.append(picture + torch.randn(picture.shape, generator=generator) * (2 * scale / 255))
    return torch.stack(made).clamp(-1, 1)
