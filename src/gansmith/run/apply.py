"""One image of any size through a translator: its form taken apart, pixels made in strips, its form put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gansmith.data.reader import Pixels
from gansmith.data.resample import convert_channels, resize
from gansmith.errors import InputError
from gansmith.run.cut import Cut, cut
from gansmith.run.hardware import memory_free
from gansmith.run.tiles import strips

if TYPE_CHECKING:
    from gansmith.run.translation_model import TranslationModel

__all__ = ["Applied", "Making", "example"]

MOST_SIDE = 2**31 - 1
"""Pixels of a side that a PNG file can have."""

LEAST = 16
"""Side of the smallest tile that is taken: smaller ones are all margin."""

HIGH: Mapping[str, float] = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
SMALL = 2**22
"""Pixels of what is made up to which nobody asks whether they fit."""

ROWS, REACH = 3, 4
"""Times that a row of tiles is there as floats while it is put together; input rows around a strip on which its alpha
can depend (cubic interpolation: 2)."""

KEEPS_GREY = ("upscale", "inpaint", "denoise")
"""Tasks that give back the image itself, so that a grey one stays grey whatever the net was trained on."""


@dataclass(frozen=True)
class _Windows:
    """An image and its mask as one array `(channels, H, W)` in [-1, 1], of which windows are made when asked for."""

    pixels: Pixels
    high: float
    hole: Pixels | None
    single: bool = False  # whether channels are pictures of their own, and none of them is alpha

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

    def smaller(self, share: float) -> _Windows:
        """The whole image, its sides so many times as long."""
        height, width = (max(1, round(side * share)) for side in self.shape[1:])
        hole = None
        if self.hole is not None:
            hole = (resize(self.hole[..., None] * np.uint8(255), height, width)[..., 0] > 0).astype(np.uint8)
        groups = np.split(self.pixels, self.pixels.shape[2], 2) if self.single else [self.pixels]
        small = [resize(np.ascontiguousarray(part), height, width, value_range=(0.0, self.high)) for part in groups]
        return _Windows(np.concatenate(small, 2), self.high, hole, self.single)


@dataclass(frozen=True)
class Making:
    """An image that is about to be made.

    Attributes:
        shape: Height, width and channels of it.
        strips: Makes it, from above to below: `(rows, W', C')` in the type of what it is made of. What it is given is
            told the share that is done.
        note: What the reader should know of how it is made; empty for nothing.
    """

    shape: tuple[int, int, int]
    strips: Callable[[Callable[[float], None] | None], Iterator[Pixels]]
    note: str = ""


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
        made, done = np.empty(0), 0
        making = self.begin(image, mask, whole=True)
        for strip in making.strips(tick):
            made = made if done else np.empty(making.shape, strip.dtype)
            made[done : done + len(strip)] = strip
            done += len(strip)
        return made

    def begin(self, image: Pixels, mask: Pixels | None, whole: bool = False) -> Making:
        """See `TranslationModel.begin`; `whole` says that all of what is made is kept in memory."""
        self.check(mask is not None)
        modalities = self.model.modalities
        pixels = _checked(image, len(modalities) or 4)
        if modalities and pixels.shape[2] != len(modalities):
            raise InputError(f"give an image with a channel for each of {', '.join(modalities)}, in this order")
        high = HIGH[pixels.dtype.name]
        hole = self._hole(pixels, mask, high)
        channels = self._channels(self.reverse)
        colour, alpha = _apart(pixels, channels)
        windows = _Windows(_as_channels(colour, channels, high), high, hole, bool(modalities))
        form = _Form(self.model.task, colour, None if mask is None and hole is not None else alpha, hole, high)
        chosen = cut(self.model, windows, self.reverse, self.tile)
        scale, net_makes = chosen.reach.scale, self._channels(not self.reverse)
        height, width = pixels.shape[0] * scale, pixels.shape[1] * scale
        shape = height, width, form.channels(net_makes)
        held = shape[0] * shape[1] * shape[2] * pixels.dtype.itemsize if whole else 0
        self._check_memory(chosen, windows, (height, width, net_makes), held)

        def made(tick: Callable[[float], None] | None) -> Iterator[Pixels]:
            done = 0
            for strip in strips(chosen.net, windows, chosen.side, chosen.overlap, chosen.reach):
                yield form.of(_pixels(strip, pixels.dtype, high), done, scale)
                done += strip.shape[1]
                if tick is not None:
                    tick(done / height)

        return Making(shape, made, chosen.note)

    def check(self, masked: bool) -> None:
        """Refuse what the model can't do, whatever the image. Raises `InputError`."""
        if self.reverse and not self.model.both_ways:
            raise InputError(f"recipe {self.model.recipe.id} learns one way only: cyclegan learns both")
        if self.model.domains:
            raise InputError(f"say which domain is wanted: --to {' or --to '.join(self.model.domains)}; --to all: each")
        if "style" in self.model.drawing.given:
            raise InputError("say in whose style: --style PICTURE")
        if "missing" in self.model.drawing.given:
            raise InputError(f"say which of {', '.join(self.model.modalities)} is missing: model.completing(NAME)")
        if self.tile is not None and self.tile < LEAST:
            raise InputError(f"--tile {self.tile}: give at least {LEAST} pixels")
        if masked and "mask" not in self.model.drawing.given:
            raise InputError(f"--mask is for models that fill holes; this one learnt: {self.model.task}")

    def _channels(self, back: bool) -> int:
        """Channels of what the net takes."""
        return self.model.codec.spec["image"].shape[0] if back else self.model.drawing.given["source"].shape[0]

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

    def _check_memory(self, chosen: Cut, image: _Windows, made: tuple[int, int, int], held: int) -> None:
        """Refuse what would not fit. Raises `InputError` with what it takes, and the tile that would do."""
        height, width, channels = made
        if max(height, width) > MOST_SIDE:
            raise InputError(f"{width}x{height} pixels would be made: a PNG file has {MOST_SIDE:,} at most on a side")
        free = memory_free() if height * width > SMALL else None

        def takes(side: int) -> float:
            rows = min(side * chosen.reach.scale, height)
            return held + chosen.peak(side) + ROWS * rows * width * channels * 4

        if free is None or takes(chosen.side) <= free:
            return
        told = f"{width}x{height} pixels would be made, which takes {_gb(takes(chosen.side))}; {_gb(free)} are free"
        side = chosen.side // 2
        while side >= LEAST and takes(side) > free:
            side //= 2
        if side >= LEAST:
            raise InputError(f"{told}: --tile {side} takes {_gb(takes(side))}")
        written = "gansmith apply, which writes row by row, takes less" if held else "cut the image into parts"
        raise InputError(f"{told}: {written}")


@dataclass(frozen=True)
class _Form:
    """What an image had beside what the net is given, and what becomes of it."""

    task: str
    colour: Pixels
    alpha: Pixels | None
    hole: Pixels | None
    high: float

    def channels(self, made: int) -> int:
        """Channels of the result of a net that makes so many."""
        return self._kept(made) + (self.alpha is not None)

    def _kept(self, made: int) -> int:
        """Channels of what the net made that are kept: a grey image stays grey, one without alpha stays so."""
        if self.task in KEEPS_GREY:
            given = self.colour.shape[2]
            made = 1 + (made == 4) if given < 3 and made >= 3 else made
            return made - 1 if given in (1, 3) and made in (2, 4) else made
        return made

    def of(self, strip: Pixels, top: int, scale: int) -> Pixels:
        """A strip of the result, from one that the net made which begins at row `top`."""
        kept, rows = self._kept(strip.shape[2]), slice(top, top + len(strip))
        if self.task in KEEPS_GREY and self.colour.shape[2] < 3 <= strip.shape[2]:
            strip = _as_channels(strip, 1 + (strip.shape[2] == 4), self.high)
        strip = strip[..., :kept]
        if self.hole is not None and self.colour.shape[2] == strip.shape[2]:
            strip = np.where(self.hole[rows, :, None] > 0, strip, self.colour[rows])  # the rest stays to the bit
        if self.alpha is None:
            return np.ascontiguousarray(strip)
        return np.concatenate([strip, self._alpha(rows, strip.shape[1], scale)], 2)

    def _alpha(self, rows: slice, width: int, scale: int) -> Pixels:
        """Rows of the alpha of what is made."""
        assert self.alpha is not None
        if scale == 1:
            return self.alpha[rows]
        top, bottom = max(0, rows.start // scale - REACH), min(len(self.alpha), -(-rows.stop // scale) + REACH)
        part = self.alpha[top:bottom]
        larger = resize(part, len(part) * scale, width, value_range=(0.0, self.high))
        return larger[rows.start - top * scale : rows.stop - top * scale]


def example(image: Pixels, channels: int, short: int) -> Tensor:
    """An image that says how others shall look, `(1, channels, h, w)` in [-1, 1].

    Args:
        image: As `TranslationModel.apply` takes it; alpha that is not asked for is left out.
        channels: That are asked for.
        short: Pixels that its shorter side is brought to.

    Raises:
        InputError: It is no image.
    """
    pixels = _checked(image)
    high = HIGH[pixels.dtype.name]
    colour = _as_channels(_apart(pixels, channels)[0], channels, high)
    share = short / min(colour.shape[:2])
    height, width = (max(short, round(side * share)) for side in colour.shape[:2])
    return _Windows(resize(colour, height, width, value_range=(0.0, high)), high, None)[:, :, :][None]


def _checked(image: Pixels, most: int = 4) -> Pixels:
    """`(H, W, C)` of so many channels at most, in one of the three types."""
    pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    if pixels.ndim != 3 or 0 in pixels.shape or pixels.shape[2] > most or pixels.dtype.name not in HIGH:
        raise InputError(
            f"an image is (H, W) or (H, W, C) with 1 to {most} channels in uint8, uint16 or float32, got "
            f"{pixels.dtype} {pixels.shape}"
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


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
