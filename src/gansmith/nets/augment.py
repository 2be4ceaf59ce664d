"""The augmentation pipeline of Karras et al. 2020 (Training Generative Adversarial Networks with Limited Data, app. B).

Every transformation happens to each image on its own, with probability p times its group's factor. Geometry is composed
into one map and colour into another, so an image is resampled at most once. Numbers are those of the paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from gansmith.nets.augment_warp import rotation, scaling, snap, translation, warp

__all__ = ["GROUPS", "Augment", "Randomness", "on_colours"]

GROUPS = ("blit", "geom", "color", "cutout")
"""Pixel blitting, general geometry, colour, cutout."""

SHIFT, SCALE = 0.125, 0.2
"""Shifts as a share of each side; scales as powers of 2."""
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0
"""Brightness where images span [-1, 1]; contrast and saturation as powers of 2."""
HOLE = 0.5
"""Side of the cutout, as a share of the image's."""


class Randomness(Protocol):
    """Random numbers for each row of the batch; `core.Draws` is one."""

    def uniform(self, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), `(rows, *shape)`."""

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, `(rows, *shape)`."""

    def integers(self, high: int, *shape: int) -> Tensor:
        """Uniform integers in [0, high), `(rows, *shape)`."""


class Augment(nn.Module):
    """Blits, geometry, colour and cutout, each with probability p; differentiable twice.

    Args:
        groups: From names in `GROUPS` to the factor on p of the group's transformations, in (0, 1].
    """

    def __init__(self, groups: Mapping[str, float]) -> None:
        super().__init__()
        self.groups = dict(groups)

    def forward(self, image: Tensor, draws: Randomness, p: float) -> Tensor:
        """Change images at random; the very same tensor comes back where p is 0.

        Args:
            image: `(n, channels, height, width)` in [-1, 1], one row for each that is drawn for. The last of two or
                four channels is transparency, whose colour is left alone.
            draws: Where the randomness comes from.
            p: Probability of each transformation, in [0, 1].
        """
        if p <= 0:
            return image
        with torch.autocast(image.device.type, enabled=False):  # resampling needs the precision
            image = image.float() if image.dtype in (torch.bfloat16, torch.float16) else image
            chance = {name: p * factor for name, factor in self.groups.items()}
            image = _moved(image, draws, chance.get("blit", 0), chance.get("geom", 0))
            if "color" in chance:
                image = on_colours(image, lambda colours: _coloured(colours, draws, chance["color"]))
            return _cut(image, draws, chance["cutout"]) if "cutout" in chance else image


def on_colours(image: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Change the colour channels of images, and leave transparency (the last of two or four channels) as it is."""
    if image.shape[1] not in (2, 4):
        return change(image)
    return torch.cat([change(image[:, :-1]), image[:, -1:]], 1)


def _moved(image: Tensor, draws: Randomness, blit: float, geom: float) -> Tensor:
    """Blits and geometry with these chances: whole pixels stay whole where only blits were drawn."""
    height, width = image.shape[-2:]
    inverse = torch.eye(3).to(image).expand(len(image), 3, 3)
    blitted = warped = torch.zeros(len(image), dtype=torch.bool, device=image.device)
    if blit:
        by_blit, blitted = _blit(draws, blit, height, width)
        inverse = inverse @ by_blit.to(image)
    if geom:
        by_geometry, warped = _geometry(draws, geom, height, width)
        inverse = inverse @ by_geometry.to(image)
    image = _on(blitted & ~warped, image, lambda part, rows: snap(part, inverse[rows]))
    return _on(warped, image, lambda part, rows: warp(part, inverse[rows]))


def _blit(draws: Randomness, p: float, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Mirroring, quarter turns and whole shifts: maps from output to input `(n, 3, 3)`, and which rows have any."""
    u = draws.uniform(7)
    chosen = u[:, :3] < p
    mirror = 1 - 2 * (chosen[:, 0] & (u[:, 3] < 0.5)).to(u)
    turns = torch.where(chosen[:, 1], (u[:, 4] * 4).floor(), 0.0)
    # where one side is odd and the other even, a quarter turn lands between pixels: half a pixel puts it back
    half = (turns % 2) * ((height - width) % 2) / 2
    x, y = (
        torch.where(chosen[:, 2], ((2 * u[:, i] - 1) * SHIFT * side).round(), 0.0)
        for i, side in ((5, width), (6, height))
    )
    turn = translation(half, half) @ rotation(turns * (math.pi / 2))
    return scaling(mirror, torch.ones_like(mirror)) @ turn @ translation(-x, -y), chosen.any(1)


def _geometry(draws: Randomness, p: float, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Scale, turn, stretch, turn, shift: maps from output to input `(n, 3, 3)`, and which rows have any.

    The two turns are so likely that p is the chance of at least one.
    """
    u, normal = draws.uniform(7), draws.normal(4)
    turn = 1 - math.sqrt(1 - p)
    chosen = u[:, :5] < u.new_tensor([p, turn, p, turn, p])
    size, stretch = (torch.where(chosen[:, i], 2 ** (SCALE * normal[:, j]), 1.0) for i, j in ((0, 0), (2, 1)))
    before, after = (torch.where(chosen[:, i], (2 * u[:, j] - 1) * math.pi, 0.0) for i, j in ((1, 5), (3, 6)))
    x, y = (torch.where(chosen[:, 4], SHIFT * side * normal[:, i], 0.0) for i, side in ((2, width), (3, height)))
    inverse = scaling(1 / size, 1 / size) @ rotation(before) @ scaling(1 / stretch, stretch) @ rotation(after)
    return inverse @ translation(-x, -y), chosen.any(1)


def _coloured(image: Tensor, draws: Randomness, p: float) -> Tensor:
    """Brightness, contrast, luma flip, hue and saturation; grey images have no hue and no saturation."""
    n, channels = image.shape[:2]
    u, normal = draws.uniform(7).to(image), draws.normal(3).to(image)
    chosen = u[:, :5] < p
    one = torch.eye(channels).to(image)
    luma = torch.full_like(one, 1 / channels)  # projects on the grey axis
    bright = torch.where(chosen[:, 0], BRIGHTNESS * normal[:, 0], 0.0)
    contrast, saturation = (
        torch.where(chosen[:, i], 2 ** (power * normal[:, j]), 1.0)[:, None, None]
        for i, j, power in ((1, 1, CONTRAST), (4, 2, SATURATION))
    )
    flip = torch.where(chosen[:, 2] & (u[:, 5] < 0.5), 2.0, 0.0)[:, None, None]
    matrix = (one - flip * luma) * contrast
    if channels == 3:
        angle = torch.where(chosen[:, 3], (2 * u[:, 6] - 1) * math.pi, 0.0)[:, None, None]
        across = one.roll(1, 0) - one.roll(-1, 0)  # the cross product with (1, 1, 1)
        hue = luma + (one - luma) * angle.cos() + across * (angle.sin() / math.sqrt(3))
        matrix = (luma + (one - luma) * saturation) @ hue @ matrix
    shift = matrix @ bright[:, None, None].expand(n, channels, 1)

    def change(part: Tensor, rows: Tensor) -> Tensor:
        return (matrix[rows] @ part.flatten(2) + shift[rows]).view(part.shape)

    return _on(chosen.any(1), image, change)


def _cut(image: Tensor, draws: Randomness, p: float) -> Tensor:
    """A hole of half each side around a random point, filled with the middle grey."""
    u = draws.uniform(3).to(image)
    y, x = (
        ((torch.arange(side).to(image) + 0.5) / side - u[:, i, None]).abs() >= HOLE / 2
        for i, side in ((1, image.shape[2]), (2, image.shape[3]))
    )
    keep = (u[:, 0] >= p)[:, None, None] | y[:, :, None] | x[:, None, :]
    return image * keep[:, None]


def _on(chosen: Tensor, image: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Images with the chosen rows changed; the others stay as they are, to the last bit, and cost nothing."""
    rows = chosen.nonzero().squeeze(1)
    if len(rows) == 0:
        return image
    if len(rows) == len(image):
        return change(image, rows)
    return image.index_copy(0, rows, change(image.index_select(0, rows), rows))
