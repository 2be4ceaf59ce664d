"""Filters that blur or ring: Gaussian, generalised and plateau-shaped ones in any direction, and the ideal low-pass."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["bell", "filtered", "ideal", "plateau"]


def bell(side: int, deviations: tuple[float, float], angle: float = 0.0, power: float = 1.0) -> Tensor:
    """A generalised Gaussian, exp(-q**power / 2), which sums to 1 (Wang et al. 2021, eq. 2 and 3).

    q is the squared distance to the middle, in units of the deviations along two axes at right angles.

    Args:
        side: Of the filter, odd, in pixels.
        deviations: Along the first axis and the second, in pixels, above 0.
        angle: Of the first axis against the rows, in radians.
        power: 1 is the Gaussian; above it is flatter with steeper flanks, below it pointed with long ones.

    Returns:
        `(side, side)`.
    """
    return _whole(torch.exp(-0.5 * _squared(side, deviations, angle) ** power))


def plateau(side: int, deviations: tuple[float, float], angle: float = 0.0, power: float = 1.0) -> Tensor:
    """A filter with a flat top, 1 / (1 + q**power), which sums to 1; see `bell` (Wang et al. 2021, section 3.2)."""
    return _whole(1 / (1 + _squared(side, deviations, angle) ** power))


def ideal(side: int, cutoff: float) -> Tensor:
    """The sinc filter, which passes frequencies below a cutoff and rings at edges (Wang et al. 2021, eq. 6).

    It is `cutoff * J1(cutoff * r) / (2 pi r)` at distance r from the middle, J1 the Bessel function, then made to sum
    to 1.

    Args:
        side: Of the filter, odd, in pixels.
        cutoff: In radians a pixel, above 0; pi is the highest frequency that pixels hold.
    """
    steps = torch.arange(side, dtype=torch.float64) - side // 2
    distance = torch.hypot(steps[:, None], steps[None])
    outside = distance.clamp_min(1.0)  # the middle, the only place nearer than 1, has a limit of its own
    around = cutoff * torch.special.bessel_j1(cutoff * outside) / (2 * math.pi * outside)
    return _whole(torch.where(distance > 0, around, cutoff**2 / (4 * math.pi)))


def filtered(image: Tensor, kernel: Tensor) -> Tensor:
    """An image `(c, h, w)` under a filter `(side, side)`, of the same size; it is reflected at its border.

    Where it is too small for that, its last row and column are repeated.
    """
    margin, sides = kernel.shape[-1] // 2, image.shape[-2:]
    mode = "reflect" if margin < min(sides) else "replicate"
    wide = F.pad(image[None], (margin,) * 4, mode)
    weights = kernel.to(image.dtype).expand(len(image), 1, -1, -1)
    return F.conv2d(wide, weights, groups=len(image))[0]


def _squared(side: int, deviations: tuple[float, float], angle: float) -> Tensor:
    """Squared distances to the middle in units of the deviations along the turned axes."""
    steps = torch.arange(side, dtype=torch.float64) - side // 2
    down, across = steps[:, None], steps[None]
    along = across * math.cos(angle) + down * math.sin(angle)
    beside = down * math.cos(angle) - across * math.sin(angle)
    return (along / deviations[0]) ** 2 + (beside / deviations[1]) ** 2


def _whole(values: Tensor) -> Tensor:
    return (values / values.sum()).float()
