"""Colour pictures of 16 bits a channel, of which Pillow keeps the upper eight: decoded once for each half.

Pillow's unpackers of 16-bit colour take one byte of each pair: `RGB;16B` the first, `RGB;16L` the second. A file
decoded with both gives both bytes. Where the decoder can't be told to (another format, a mode that it does not know),
the picture stays as Pillow reads it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import ImageFile

from gansmith.data.reader import Pixels

__all__ = ["deep_pixels", "is_deep"]

HALVES: Mapping[str, tuple[str, str]] = {
    "RGB": ("RGB;16B", "RGB;16L"),
    "RGBA": ("RGBA;16B", "RGBA;16L"),
    "LA": ("RGBA", "RGBA"),  # four bytes as they are: both of grey, both of alpha
}
"""By colours, the unpackers that take the first and the second byte of each pair."""

BIG = {"16B": True, "16L": False, "16N": sys.byteorder == "big"}
"""By the end of the unpacker that Pillow chose, whether the first byte is the upper one."""


def is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether a picture that was opened, and not yet decoded, has colours or alpha of 16 bits a channel."""
    coloured = image.format in ("PNG", "TIFF") and image.mode in ("RGB", "RGBA", "LA")
    return coloured and any(";16" in _unpacker(tile) for tile in image.tile)


def deep_pixels(image: ImageFile.ImageFile, again: ImageFile.ImageFile) -> Pixels | None:
    """All 16 bits of a picture that `is_deep` says has them.

    Args:
        image: The picture, opened and not yet decoded.
        again: The same, opened once more.

    Returns:
        `(H, W, C)` in uint16, 2 to 4 channels, as they lie in the file; None where its decoder has no second half.
    """
    chosen = {_unpacker(tile).partition(";") for tile in image.tile}
    colours, _, order = next(iter(chosen))
    apart = getattr(image, "_planar_configuration", 1) != 1 or "transparency" in image.info
    if len(chosen) > 1 or colours not in HALVES or order not in BIG or apart:
        return None
    for half, unpacker in zip((image, again), HALVES[colours], strict=True):
        half.tile = [tile._replace(args=_with(tile.args, unpacker)) for tile in half.tile]
    first, second = (np.array(half).astype(np.uint16) for half in (image, again))
    if colours == "LA":
        first, second = first[..., 0::2], first[..., 1::2]
    return (first << 8 | second) if BIG[order] else (second << 8 | first)


def _unpacker(tile: Any) -> str:
    return str(tile.args if isinstance(tile.args, str) else tile.args[0])


def _with(args: Any, unpacker: str) -> Any:
    """A decoder's arguments with another unpacker."""
    return unpacker if isinstance(args, str) else (unpacker, *args[1:])
