"""One image of any size through a translator: its form taken apart, its pixels made in tiles, its form put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gansmith.data.reader import Pixels
from gansmith.data.resample import convert_channels, resize
from gansmith.errors import InputError
from gansmith.run.hardware import device_of
from gansmith.run.tiles import Reach, reach_of, strips

if TYPE_CHECKING:
    from gansmith.run.translation_model import TranslationModel

__all__ = ["MOST_PIXELS", "Applied"]

MOST_PIXELS = 2**28
"""Pixels that are made at most: 268 million, 16,384 x 16,384, 805 MB of RGB in memory."""

EXACT, PARTS, OVERLAP, WHOLE = 256, 512, 64, 1024**2
"""Tile of nets with a receptive field; tile and overlap of the others, and pixels up to which they see an image whole:
their statistics are then those of the image."""

LEAST = 16
"""Side of the smallest tile that is taken: smaller ones are all margin."""

HIGH: Mapping[str, float] = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
KEEPS_GREY = ("upscale", "inpaint", "denoise")
"""Tasks that give back the image itself, so that a grey one stays grey whatever the net was trained on."""


@dataclass(frozen=True)
class _Windows:
    """An image and its mask as one array `(channels, H, W)` in [-1, 1], of which windows are made when asked for."""

    pixels: Pixels
    high: float
    hole: Pixels | None

    @property
    def shape(self) -> tuple[int, int, int]:
        height, width, channels = self.pixels.shape
        return channels + (self.hole is not None), height, width

    def __getitem__(self, window: Any) -> Tensor:
        _, rows, columns = window
        part = self.pixels[rows, columns].transpose(2, 0, 1).astype(np.float32) / (self.high / 2) - 1
        if self.hole is None:
            return torch.from_numpy(part)
        hole = self.hole[rows, columns].astype(np.float32)[None]
        return torch.from_numpy(np.concatenate([part * (1 - hole), hole]))


@dataclass(frozen=True)
class Applied:
    """How a model is applied.

    Attributes:
        model: What translates.
        reverse: Whether the other way.
        tile: Side of the parts; None chooses by the net.
    """

    model: TranslationModel
    reverse: bool = False
    tile: int | None = None

    def to(self, image: Pixels, mask: Pixels | None, tick: Callable[[float], None] | None = None) -> Pixels:
        """See `TranslationModel.apply`."""
        self.check(mask is not None)
        pixels = _checked(image)
        high = HIGH[pixels.dtype.name]
        hole = self._hole(pixels, mask, high)
        channels = self._channels(self.reverse)
        colour, alpha = _apart(pixels, channels)
        known = _as_channels(colour, channels, high)
        reach = reach_of(self.model.net(self.reverse))
        self._check_memory(pixels, reach.scale)
        made = self._strips(_Windows(known, high, hole), reach, pixels.dtype, high, tick)
        if self.model.task in KEEPS_GREY and colour.shape[2] < 3 and made.shape[2] >= 3:
            made = _as_channels(made, 1 + (made.shape[2] == 4), high)
        if colour.shape[2] in (1, 3) and made.shape[2] in (2, 4) and self.model.task in KEEPS_GREY:
            made = made[..., :-1]
        if hole is not None and colour.shape[2] == made.shape[2]:
            made = np.where(hole[..., None] > 0, made, colour)  # what is not missing stays to the bit
        if alpha is None or (mask is None and hole is not None):
            return np.ascontiguousarray(made)
        larger = resize(alpha, made.shape[0], made.shape[1], value_range=(0.0, high)) if reach.scale > 1 else alpha
        return np.concatenate([made, larger], 2)

    def check(self, masked: bool) -> None:
        """Refuse what the model can't do, whatever the image. Raises `InputError`."""
        if self.reverse and not self.model.both_ways:
            raise InputError(f"recipe {self.model.recipe.id} learns one way only: cyclegan learns both")
        if self.tile is not None and self.tile < LEAST:
            raise InputError(f"--tile {self.tile}: give at least {LEAST} pixels")
        if masked and "mask" not in self.model.drawing.given:
            raise InputError(f"--mask is for models that fill holes; this one learnt: {self.model.task}")

    def _channels(self, back: bool) -> int:
        """Channels of what the net takes."""
        if back:
            return self.model.codec.spec["image"].shape[0]
        return self.model.drawing.given["source"].shape[0]

    def _hole(self, pixels: Pixels, mask: Pixels | None, high: float) -> Pixels | None:
        """0/1 `(H, W)`, 1 where something is missing; None for models that fill nothing."""
        if "mask" not in self.model.drawing.given:
            return None
        if mask is None:
            if pixels.shape[2] not in (2, 4) or pixels[..., -1].min() == high:
                raise InputError("nothing says what is missing: give --mask, or an image that is transparent there")
            return (pixels[..., -1] < high / 2).astype(np.uint8)
        flat = _checked(mask)
        if flat.shape[:2] != pixels.shape[:2]:
            sizes = [f"{p.shape[1]}x{p.shape[0]}" for p in (flat, pixels)]
            raise InputError(f"the mask has {sizes[0]} pixels, the image {sizes[1]}: they have to have one size")
        hole: Pixels = (flat[..., :3].mean(2) > HIGH[flat.dtype.name] / 2).astype(np.uint8)
        return hole

    def _check_memory(self, pixels: Pixels, scale: int) -> None:
        height, width = pixels.shape[0] * scale, pixels.shape[1] * scale
        if height * width > MOST_PIXELS:
            size = height * width * pixels.dtype.itemsize * self.model.codec.spec["image"].shape[0] / 2**30
            raise InputError(
                f"{width}x{height} pixels would be made, {size:.1f} GiB: more than {MOST_PIXELS:,} pixels; cut the "
                "image into parts"
            )

    def _strips(
        self, image: _Windows, reach: Reach, dtype: Any, high: float, tick: Callable[[float], None] | None
    ) -> Pixels:
        """The whole output as pixels; at a time only a row of tiles of it is there as numbers."""
        model, back = self.model, self.reverse
        device, channels = device_of(model.nets), image.shape[0] - (image.hole is not None)

        def net(part: Tensor) -> Tensor:
            part = part.to(device)
            given = {"image" if back else "source": part[:, :channels]}
            given |= {"mask": part[:, channels:]} if image.hole is not None else {}
            return model.make(given, back)

        overlap = None if reach.margin is not None else OVERLAP
        made, done = None, 0
        for strip in strips(net, image, self._side(image, reach), overlap, reach):
            if made is None:
                height, width = image.shape[1] * reach.scale, image.shape[2] * reach.scale
                made = np.empty((height, width, strip.shape[0]), dtype)
            made[done : done + strip.shape[1]] = _pixels(strip, dtype, high)
            done += strip.shape[1]
            if tick is not None:
                tick(done / made.shape[0])
        assert made is not None
        return made

    def _side(self, image: _Windows, reach: Reach) -> int:
        if self.tile is not None:
            return self.tile
        if reach.margin is not None:
            return EXACT
        height, width = image.shape[1:]
        return max(height, width) if height * width <= WHOLE else PARTS


def _checked(image: Pixels) -> Pixels:
    """`(H, W, C)` in one of the three types."""
    pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    if pixels.ndim != 3 or 0 in pixels.shape or pixels.shape[2] > 4 or pixels.dtype.name not in HIGH:
        raise InputError(
            f"an image is (H, W) or (H, W, C) with 1 to 4 channels in uint8, uint16 or float32, got {pixels.dtype} "
            f"{pixels.shape}"
        )
    return pixels


def _apart(pixels: Pixels, channels: int) -> tuple[Pixels, Pixels | None]:
    """Colour, and the alpha that a net of so many channels does not know."""
    if pixels.shape[2] in (2, 4) and channels in (1, 3):
        return pixels[..., :-1], pixels[..., -1:]
    return pixels, None


def _as_channels(pixels: Pixels, channels: int, high: float) -> Pixels:
    return pixels if pixels.shape[2] == channels else convert_channels(pixels, channels, 0.0, high)


def _pixels(strip: Tensor, dtype: Any, high: float) -> Pixels:
    """A strip `(c, h, w)` in [-1, 1] as pixels `(h, w, c)`."""
    values = ((strip.clamp(-1, 1) + 1) * (high / 2)).permute(1, 2, 0)
    return (values if dtype == np.float32 else values.round()).numpy().astype(dtype)
