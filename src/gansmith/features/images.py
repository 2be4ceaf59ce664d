"""Images as a pretrained network wants them: three channels, the 256 levels of a saved file, its own resolution."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gansmith.features.base import check_images

__all__ = ["resize_antialias", "resize_tf1", "to_levels", "to_rgb"]


def to_rgb(images: Tensor) -> Tensor:
    """Any of 1 to 4 channels as colour.

    Grey is repeated. A second or fourth channel is opacity (-1 clear, 1 solid): the picture is laid on white, as
    whatever colour hides under clear pixels is nobody's to see.

    Args:
        images: `(N, C, H, W)` in [-1, 1].

    Returns:
        `(N, 3, H, W)` in [-1, 1].

    Raises:
        InputError: They aren't images (see `check_images`).
    """
    check_images(images)
    if images.shape[1] in (2, 4):
        colour, opacity = images[:, :-1], ((images[:, -1:] + 1) / 2).clamp(0, 1)
        images = colour * opacity + (1 - opacity)
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images


def to_levels(images: Tensor) -> Tensor:
    """From [-1, 1] to the whole numbers 0..255 (as floats) that a saved image holds; what is outside is cut off.

    Generated images are measured as they would be saved: otherwise the real ones' 256 levels give them away.
    """
    return ((images + 1) * 127.5).round().clamp(0, 255)


def resize_antialias(images: Tensor, size: int) -> Tensor:
    """Bilinear with antialiasing to `(N, C, size, size)`, pixel centres aligned (Parmar et al. 2022 on why)."""
    if images.shape[-2:] == (size, size):
        return images
    return F.interpolate(images, (size, size), mode="bilinear", align_corners=False, antialias=True)


def resize_tf1(images: Tensor, size: int) -> Tensor:
    """Bilinear the way TensorFlow 1 did it: source position `i * in / out` from the top left corner, no antialiasing.

    It shifts the image by up to half a pixel and aliases when it shrinks; the published FID has it inside.

    Args:
        images: `(N, C, H, W)`.
        size: S.

    Returns:
        `(N, C, S, S)`.
    """
    for axis in (-2, -1):
        length = images.shape[axis]
        place = torch.arange(size, dtype=torch.float32, device=images.device) * (length / size)
        low = place.floor().long().clamp(max=length - 1)
        high = (low + 1).clamp(max=length - 1)
        part = (place - low).to(images.dtype)
        part = part[:, None] if axis == -2 else part
        images = images.index_select(axis, low) * (1 - part) + images.index_select(axis, high) * part
    return images
