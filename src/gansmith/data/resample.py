"""Pixel arithmetic: other sizes, other channels, other depths. Arrays in, arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gansmith.data.reader import Pixels

__all__ = ["Box", "convert_channels", "convert_depth", "is_grey", "is_opaque", "resize"]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels; fractions are allowed."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Rec. 601 weights of red, green and blue, as JPEG has them."""


def resize(
    pixels: Pixels, height: int, width: int, box: Box | None = None, value_range: tuple[float, float] = (0.0, 1.0)
) -> Pixels:
    """Scale `(H, W, C)` to `(height, width, C)`; Lanczos where an axis shrinks, bicubic where both grow.

    Both filters widen when shrinking, so nothing aliases. Colours are weighted by alpha, so that what is invisible
    does not bleed into edges. Overshoot is clipped. Near the border of a box, the pixels outside count as neighbours.

    Args:
        pixels: uint8, uint16 or float32, 1 to 4 channels.
        height: Rows wanted.
        width: Columns wanted.
        box: The part of the picture to use; None is all of it.
        value_range: The floats that are black and white; without effect on integers.
    """
    rows, columns, channels = pixels.shape
    left, top, right, bottom = box or (0.0, 0.0, float(columns), float(rows))
    if (rows, columns) == (height, width) == (bottom - top, right - left):
        return pixels
    shrinks = right - left > width or bottom - top > height
    how = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
    part = (left, top, right, bottom)
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        out: Pixels = np.array(image.resize((width, height), how, box=part))
        return out[..., None] if channels == 1 else out
    return _resize_deep(pixels, height, width, part, how, value_range)


def _resize_deep(
    pixels: Pixels, height: int, width: int, box: Box, how: Image.Resampling, value_range: tuple[float, float]
) -> Pixels:
    """16-bit and float pictures, channel by channel in float32, with colours weighted by alpha meanwhile."""
    low, high = (0.0, 65535.0) if pixels.dtype == np.uint16 else value_range
    planes = pixels.astype(np.float32)
    alpha = planes.shape[2] in (2, 4)
    if alpha:
        planes[..., :-1] = (planes[..., :-1] - low) * ((planes[..., -1:] - low) / (high - low))
    scaled = [
        np.asarray(Image.fromarray(np.ascontiguousarray(planes[..., c])).resize((width, height), how, box=box))
        for c in range(planes.shape[2])
    ]
    out = np.stack(scaled, axis=2)
    if alpha:
        share = np.clip((out[..., -1:] - low) / (high - low), 0.0, 1.0)
        colour = np.divide(out[..., :-1], share, out=np.zeros_like(out[..., :-1]), where=share > 1e-4)
        out[..., :-1] = colour + low
    out = np.clip(out, low, high)
    return _whole_like(out, pixels.dtype)


def convert_depth(pixels: Pixels, bits: int, low: float, high: float) -> Pixels:
    """To 8-bit, 16-bit or float (`bits` 32); `low` and `high` are the floats that mean black and white."""
    if bits == 32:
        if pixels.dtype.kind == "f":
            return pixels.astype(np.float32, copy=False)
        top = float(np.iinfo(pixels.dtype).max)
        return (pixels.astype(np.float32) * np.float32((high - low) / top) + np.float32(low)).astype(np.float32)
    wanted: Any = np.uint8 if bits == 8 else np.uint16
    top = 255.0 if bits == 8 else 65535.0
    if pixels.dtype == wanted:
        return pixels
    if pixels.dtype.kind == "f":
        share = (pixels.astype(np.float64) - low) / (high - low)
        return _whole_like(np.clip(share, 0.0, 1.0) * top, np.dtype(wanted))
    if bits == 16:
        return pixels.astype(np.uint16) * np.uint16(257)
    return _whole_like(pixels.astype(np.float32) / np.float32(257), np.dtype(np.uint8))


def convert_channels(pixels: Pixels, channels: int, low: float, high: float) -> Pixels:
    """To 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels.

    Alpha that is not wanted is laid over white (`high`); alpha that is missing is opaque. Grey is Rec. 601 luma.
    `low` and `high` are the values of black and white in the type of `pixels`.
    """
    have = pixels.shape[2]
    if have == channels:
        return pixels
    colour, alpha = (pixels[..., :-1], pixels[..., -1:]) if have in (2, 4) else (pixels, None)
    if channels in (1, 3) and alpha is not None:
        colour, alpha = _over_white(colour, alpha, low, high), None
    if channels in (1, 2) and colour.shape[2] == 3:
        colour = _whole_like(colour.astype(np.float32) @ _LUMA, pixels.dtype)[..., None]
    if channels in (3, 4) and colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if channels in (2, 4):
        opaque = np.full((*pixels.shape[:2], 1), high, dtype=pixels.dtype) if alpha is None else alpha
        colour = np.concatenate([colour, opaque], axis=2)
    return np.ascontiguousarray(colour)


def _over_white(colour: Pixels, alpha: Pixels, low: float, high: float) -> Pixels:
    share = (alpha.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return _whole_like(colour * share + np.float32(high) * (1 - share), colour.dtype)


def _whole_like(values: NDArray[Any], dtype: np.dtype[Any]) -> Pixels:
    if dtype.kind == "f":
        return np.asarray(values, dtype=dtype)
    return np.asarray(np.clip(np.rint(values), 0, np.iinfo(dtype).max), dtype=dtype)


def is_grey(pixels: Pixels) -> bool:
    """Whether red, green and blue are the same everywhere (grey pictures are)."""
    if pixels.shape[2] < 3:
        return True
    red = pixels[..., 0]
    return bool(np.array_equal(red, pixels[..., 1]) and np.array_equal(red, pixels[..., 2]))


def is_opaque(pixels: Pixels, high: float) -> bool:
    """Whether there is no alpha, or every alpha is `high` (the value of white) or more."""
    return pixels.shape[2] in (1, 3) or bool((pixels[..., -1] >= high).all())
