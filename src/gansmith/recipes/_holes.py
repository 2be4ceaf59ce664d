"""Random holes in images: free-form strokes, boxes, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gansmith.core import Draws

__all__ = ["Form", "Holes", "boxes", "strokes"]

Form = Literal["strokes", "boxes", "both"]
"""Strokes of a brush, boxes, or both over each other."""

STEPS = (4, 12)
"""Least and most straight parts of a stroke."""

TURN, WOBBLE = 2 * math.pi / 5, 2 * math.pi / 15
"""Parts of a stroke leave its course by this angle, more or less, to one side and the other by turns."""

WIDTHS = (0.12, 0.4)
"""Least and most width of a brush in units of the largest hole: 12 to 40 of 256 pixels, where that is 0.4."""


@dataclass(frozen=True)
class Holes:
    """What holes look like.

    Attributes:
        form: Strokes, boxes or both.
        count: So many boxes; one to so many strokes.
        largest: Largest side of a box as a share of the image's; strokes are up to 2/5 of that wide.
    """

    form: Form = "strokes"
    count: int = 3
    largest: float = 0.4

    def __call__(self, draws: Draws, image: Tensor) -> Tensor:
        """Holes `(n, 1, h, w)` for images `(n, c, h, w)`: 1 inside, 0 elsewhere; at least a pixel of each."""
        kinds = {"strokes": (strokes,), "boxes": (boxes,), "both": (strokes, boxes)}[self.form]
        return torch.stack([kind(draws, image, self.count, self.largest) for kind in kinds]).amax(0)


def boxes(draws: Draws, image: Tensor, count: int, largest: float) -> Tensor:
    """Holes `(n, 1, height, width)` of `count` boxes at random places, of random sides; 1 inside, at least a pixel.

    Args:
        draws: Where the randomness comes from.
        image: `(n, c, height, width)`.
        count: Boxes for each image; they may lie over each other.
        largest: Their largest side, as a share of the image's.
    """
    height, width = image.shape[-2:]
    u = draws.uniform(count, 4, 1)
    inside = []
    for middle, half, side in ((u[:, :, 0], u[:, :, 1], height), (u[:, :, 2], u[:, :, 3], width)):
        at = torch.arange(side, device=u.device)
        inside.append((at - (middle * side).floor()).abs() <= half * largest * side / 2)
    hole = inside[0][:, :, :, None] & inside[1][:, :, None, :]
    return hole.any(1, keepdim=True).to(u.dtype)


def strokes(draws: Draws, image: Tensor, count: int, largest: float) -> Tensor:
    """Holes `(n, 1, height, width)` of one to `count` zigzags of a brush (Yu et al. 2019, section 3.4, algorithm 1).

    Lengths, angles and widths are those of the authors' experiments, in shares of the image: parts of normally
    distributed length, 1/8 of the diagonal more or less 1/16; here each stroke's course has a direction of its own.

    Args:
        draws: Where the randomness comes from.
        image: `(n, c, height, width)`.
        count: Most strokes of an image.
        largest: Sets lengths and widths; the authors' are those of 0.4.
    """
    sides = image.shape[-2:]
    few, start, brush = draws.uniform(1), draws.uniform(count, 2), draws.uniform(count, 3)
    wobble, length = draws.uniform(count, STEPS[1]), draws.normal(count, STEPS[1])
    used = torch.arange(count, device=few.device) < (few * count).floor() + 1
    parts = STEPS[0] + (brush[..., 0] * (STEPS[1] - STEPS[0] + 1)).floor()
    half = (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * brush[..., 1]) * largest * min(sides) / 2
    half = half.clamp_min(0.75)  # beyond half a pixel's diagonal: a stroke covers the pixel that it begins on
    mean = math.hypot(*sides) / 8 * largest / 0.4
    length = (mean * (1 + length / 2)).clamp(0, 2 * mean)
    side = 1 - 2 * (torch.arange(STEPS[1], device=few.device) % 2)
    course = 2 * math.pi * brush[..., 2:] + side * (TURN + WOBBLE * (2 * wobble - 1))
    most = start.new_tensor([sides[0] - 1, sides[1] - 1])
    place, hole = start * most, torch.zeros_like(image[:, 0], dtype=torch.bool)
    for at in range(STEPS[1]):
        step = torch.stack([course[..., at].sin(), course[..., at].cos()], -1) * length[..., at, None]
        end = torch.minimum((place + step).clamp_min(0), most)
        near = _squared(place, end, sides) <= (half * half)[..., None, None]
        hole = hole | (near & (used & (at < parts))[..., None, None]).any(1)
        place = end
    return hole[:, None].to(start.dtype)


def _squared(start: Tensor, end: Tensor, sides: tuple[int, int] | torch.Size) -> Tensor:
    """Squared distances `(n, k, height, width)` of pixels to lines from `start` to `end` `(n, k, 2)`, row first."""
    down = torch.arange(sides[0], device=start.device)[:, None] - start[..., 0, None, None]
    across = torch.arange(sides[1], device=start.device) - start[..., 1, None, None]
    way = (end - start)[..., None, None]
    y, x = way[:, :, 0], way[:, :, 1]
    along = ((down * y + across * x) / (y * y + x * x).clamp_min(1e-12)).clamp(0, 1)
    down, across = down - along * y, across - along * x
    return down * down + across * across
