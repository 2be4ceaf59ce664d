"""How a network reaches an image of any height and width by doublings from a small base."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

__all__ = ["Layout", "crop", "pad_to_multiple"]


@dataclass(frozen=True)
class Layout:
    """The resolutions that a generator climbs through and a discriminator descends.

    Attributes:
        height: Image height in pixels.
        width: Image width in pixels.
        doublings: Number of resolution changes.
    """

    height: int
    width: int
    doublings: int

    @classmethod
    def of(cls, height: int, width: int, base: int = 4) -> Layout:
        """Halve (rounding up) until the short side is less than twice `base`, so it ends in [base, 2 base)."""
        doublings, side = 0, min(height, width)
        while side >= 2 * base:
            side = -(-side // 2)
            doublings += 1
        return cls(height, width, doublings)

    def at(self, level: int) -> tuple[int, int]:
        """Height and width after `level` halvings, rounded up; level 0 is the image."""
        return -(-self.height // 2**level), -(-self.width // 2**level)

    @property
    def base(self) -> tuple[int, int]:
        """The smallest height and width."""
        return self.at(self.doublings)


def crop(x: Tensor, height: int, width: int) -> Tensor:
    """The central part of `(n, c, h, w)`; generators overshoot sizes that doubling can't reach exactly."""
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


def pad_to_multiple(x: Tensor, divisor: int) -> Tensor:
    """`(n, c, h, w)` continued below and to the right until its sides are multiples of `divisor`.

    The image is reflected at its border, row and column of the border not repeated; where it is too small for that,
    its last row and column are repeated.
    """
    below, right = (-side % divisor for side in x.shape[-2:])
    if not below and not right:
        return x
    mirrors = below < x.shape[-2] and right < x.shape[-1]
    return F.pad(x, (0, right, 0, below), "reflect" if mirrors else "replicate")
