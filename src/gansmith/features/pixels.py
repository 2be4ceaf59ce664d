"""Features without a network: the image itself, small. Crude: for smoke checks, not for judging a model."""

from __future__ import annotations

import hashlib

from torch import Tensor
from torch.nn import functional as F

from gansmith.errors import InputError
from gansmith.features.base import check_images

__all__ = ["Pixels"]


class Pixels:
    """Images averaged down to at most `size` x `size` and flattened.

    A distance over pixels sees mean colours and coarse layout, hardly textures, and not at all whether a thing is what
    it should be. It needs no weights, and a broken generator still stands out.

    Args:
        shape: One image, `(C, H, W)`.
        size: Largest height and width of the features' image; 16 keeps the grey width at 256.

    Raises:
        InputError: A size below 1, or a shape that is no image's.
    """

    hash = hashlib.sha256(b"").hexdigest()

    def __init__(self, shape: tuple[int, int, int], size: int = 16) -> None:
        if len(shape) != 3 or min(shape) < 1 or shape[0] > 4 or size < 1:
            raise InputError(
                f"pixel features need an image shape (C, H, W) and a size of at least 1, got {shape}, {size}"
            )
        self.shape = shape
        self._to = min(shape[1], size), min(shape[2], size)
        self.id = f"pixels-{size}"
        self.dim = shape[0] * self._to[0] * self._to[1]

    def __call__(self, images: Tensor) -> Tensor:
        """Features `(N, dim)` of images `(N, C, H, W)` in [-1, 1]; raises `InputError` for another shape."""
        check_images(images)
        if tuple(images.shape[1:]) != self.shape:
            raise InputError(f"pixel features of {self.shape} images were asked for {tuple(images.shape[1:])}")
        return F.adaptive_avg_pool2d(images.detach().float(), self._to).flatten(1)
