"""Small images as the world makes them: blurred, resized, noisy, compressed, twice over (Real-ESRGAN's degradation).

Wang et al. 2021, arXiv:2107.10833, sections 3.1 to 3.3; the ranges are those of section 4.1. Each image is degraded by
itself, on the CPU, from one seed: what becomes of it is the same in whatever batch or process it is.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gansmith.data.translation.blur import bell, filtered, ideal, plateau
from gansmith.data.translation.degrade import grey

__all__ = ["FIRST", "SECOND", "Degradation", "Pass", "compressed"]

SIDES = (7, 9, 11, 13, 15, 17, 19, 21)
"""Of a filter, in pixels; one is drawn for each."""

SHAPES = ("gaussian", "generalised", "plateau")
SHAPE_SHARES = (0.70, 0.15, 0.15)
ROUND = {"gaussian": 0.45 / 0.70, "generalised": 0.12 / 0.15, "plateau": 0.12 / 0.15}
"""Share of each shape's filters that blur all directions alike."""

POWERS = {"gaussian": (1.0, 1.0), "generalised": (0.5, 4.0), "plateau": (1.0, 2.0)}
SINC_SHARE = 0.1
"""Share of the blurs of a pass that are sinc filters instead."""

SINC_LEAST = math.pi / 3
"""Lowest cutoff of a sinc filter in radians a pixel; the highest is pi, which does nothing."""

GREY_SHARE = 0.4
"""Share of noise that is the same in all colours."""

METHODS = ("area", "bilinear", "bicubic")
LEVELS = 255


@dataclass(frozen=True)
class Pass:
    """Ranges of one pass of blur, resizing, noise and JPEG; what is used is drawn evenly from each.

    Attributes:
        blur: Standard deviations of filters, in pixels.
        blurred: Share of images that are blurred at all.
        directions: Shares that are enlarged, made smaller and kept.
        scales: Least and largest scale of that.
        noise: Standard deviations of normal noise in 1/255; half of the images get it, the others shot noise.
        shot: Scales of shot (Poisson) noise; 1 is that of at most 255 counts in a pixel.
        quality: JPEG qualities.
    """

    blur: tuple[float, float]
    blurred: float
    directions: tuple[float, float, float]
    scales: tuple[float, float]
    noise: tuple[float, float]
    shot: tuple[float, float]
    quality: tuple[float, float]


FIRST = Pass((0.2, 3.0), 1.0, (0.2, 0.7, 0.1), (0.15, 1.5), (1.0, 30.0), (0.05, 3.0), (30.0, 95.0))
SECOND = Pass((0.2, 1.5), 0.8, (0.3, 0.4, 0.3), (0.3, 1.2), (1.0, 25.0), (0.05, 2.5), (30.0, 95.0))
"""Both passes of the paper."""


@dataclass(frozen=True)
class Degradation:
    """Makes small images of large ones.

    Attributes:
        factor: Pixels of a side for each that is left.
        passes: Their ranges, in order.
        ringing: Share of images that a sinc filter makes ring at the end.
    """

    factor: int
    passes: tuple[Pass, ...] = (FIRST, SECOND)
    ringing: float = 0.8

    def __call__(self, images: Tensor, seeds: Sequence[int]) -> Tensor:
        """Degrade images.

        Args:
            images: `(n, c, h, w)` in [-1, 1], sides that `factor` divides. An alpha channel (c of 2 or 4) is blurred
                and resized along, and gets no noise and no JPEG.
            seeds: One for each image.

        Returns:
            `(n, c, h / factor, w / factor)` in [-1, 1], in steps of 8 bit.
        """
        pictures = (images.detach().float().cpu() + 1) / 2
        made = [self._one(image, _Dice(seed)) for image, seed in zip(pictures, seeds, strict=True)]
        return (2 * torch.stack(made) - 1).to(images)

    def _one(self, image: Tensor, dice: _Dice) -> Tensor:
        whole = (image.shape[-2], image.shape[-1])
        small = (whole[0] // self.factor, whole[1] // self.factor)
        for at, ranges in enumerate(self.passes):
            if dice.chance(ranges.blurred):
                image = filtered(image, _filter(ranges, dice))
            image = _resized(image, _scaled(small if at else whole, ranges, dice), dice)
            image = _noisy(image, ranges, dice)
            if ranges is not self.passes[-1]:
                image = compressed(image, dice.whole(*ranges.quality))
        quality = dice.whole(*self.passes[-1].quality)
        if dice.chance(0.5):  # the last resizing before JPEG, or behind it: pictures are shared in both ways
            return compressed(self._settled(image, small, dice), quality)
        return _rounded(self._settled(compressed(image, quality), small, dice))

    def _settled(self, image: Tensor, small: tuple[int, int], dice: _Dice) -> Tensor:
        """The image at its size, and perhaps ringing."""
        image = _resized(image, small, dice)
        if dice.chance(self.ringing):
            image = filtered(image, ideal(dice.of(SIDES), dice.between(SINC_LEAST, math.pi)))
        return image.clamp(0, 1)


def compressed(image: Tensor, quality: int) -> Tensor:
    """An image `(c, h, w)` in [0, 1] after JPEG of a quality from 1 to 100; alpha stays as it is, in 8 bit."""
    pixels = (image.clamp(0, 1) * LEVELS).round().byte().numpy()
    colours, alpha = _colours(pixels.shape[0]), pixels[_colours(pixels.shape[0]) :]
    flat = pixels[0] if colours == 1 else pixels[:colours].transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(flat)).save(file, "JPEG", quality=quality)
    with Image.open(file) as read:
        again = np.asarray(read)
    again = again[None] if colours == 1 else again.transpose(2, 0, 1)
    return torch.from_numpy(np.concatenate([again, alpha])).float() / LEVELS


class _Dice:
    """Random numbers of one image."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.generator))

    def whole(self, low: float, high: float) -> int:
        return round(self.between(low, high))

    def chance(self, share: float) -> bool:
        return self.between(0, 1) < share

    def of(self, choices: Sequence[int]) -> int:
        return choices[int(self.between(0, len(choices)))]

    def place(self, shares: Sequence[float]) -> int:
        """0, 1 and so on, each as often as its share says."""
        at, point = 0, self.between(0, sum(shares))
        while at < len(shares) - 1 and point >= sum(shares[: at + 1]):
            at += 1
        return at


def _filter(ranges: Pass, dice: _Dice) -> Tensor:
    """A filter of a pass: a sinc filter, or one of three shapes, round or stretched in a direction."""
    side = dice.of(SIDES)
    if dice.chance(SINC_SHARE):
        return ideal(side, dice.between(SINC_LEAST, math.pi))
    shape = SHAPES[dice.place(SHAPE_SHARES)]
    first, angle = dice.between(*ranges.blur), 0.0
    second = first
    if not dice.chance(ROUND[shape]):
        second, angle = dice.between(*ranges.blur), dice.between(-math.pi, math.pi)
    make = plateau if shape == "plateau" else bell
    return make(side, (first, second), angle, dice.between(*POWERS[shape]))


def _scaled(size: tuple[int, int], ranges: Pass, dice: _Dice) -> tuple[int, int]:
    """A size enlarged, made smaller, or kept."""
    least, most = ranges.scales
    bounds = ((1.0, most), (least, 1.0), (1.0, 1.0))[dice.place(ranges.directions)]
    scale = dice.between(*bounds)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(image: Tensor, size: tuple[int, int], dice: _Dice) -> Tensor:
    """An image at another size by one of three methods; none of them smooths before it, so details may alias."""
    method = METHODS[dice.of(range(len(METHODS)))]
    corners = None if method == "area" else False
    return F.interpolate(image[None], size, mode=method, align_corners=corners)[0]


def _noisy(image: Tensor, ranges: Pass, dice: _Dice) -> Tensor:
    """An image with normal or shot noise in its colours."""
    image = image.clamp(0, 1)
    count = _colours(len(image))
    colours, alpha = image[:count], image[count:]
    alike = dice.chance(GREY_SHARE)
    if dice.chance(0.5):
        shape = colours[:1] if alike else colours
        noise = torch.randn(shape.shape, generator=dice.generator) * (dice.between(*ranges.noise) / LEVELS)
    else:
        light = grey(colours[None])[0] if alike and count == 3 else colours
        counts = torch.poisson((light * LEVELS).round(), generator=dice.generator)
        noise = (counts / LEVELS - (light * LEVELS).round() / LEVELS) * dice.between(*ranges.shot)
    return torch.cat([(colours + noise).clamp(0, 1), alpha])


def _rounded(image: Tensor) -> Tensor:
    return (image * LEVELS).round() / LEVELS


def _colours(channels: int) -> int:
    """How many of an image's channels are colours: the last of 2 or 4 is alpha."""
    return channels - (channels % 2 == 0)
