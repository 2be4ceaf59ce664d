"""PNG files written from above to below: of a picture of any size, no more is held than the rows that come next."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import Pixels

__all__ = ["COLOUR_TYPE", "png16", "write_png"]

COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
"""Colour types of PNG by number of channels."""

ROWS = 64
"""Rows that are filtered and packed at once."""

Bytes = NDArray[np.uint8]


def write_png(
    file: IO[bytes],
    shape: tuple[int, int, int],
    strips: Iterable[Pixels],
    icc: bytes | None = None,
    exif: bytes | None = None,
) -> None:
    """Write a picture in 8 or 16 bits a channel, without loss.

    Args:
        file: Where it goes.
        shape: Height, width and channels (1 to 4) of the whole.
        strips: `(rows, W, C)` in uint8 or uint16 that make up the picture.
        icc: Its colour profile.
        exif: What the camera said, as a TIFF block without the letters `Exif` before it.
    """
    height, width, channels = shape
    packer, above, depth = zlib.compressobj(6), np.empty(0, np.uint8), 0
    for strip in strips:
        if not depth:
            depth = 8 * strip.dtype.itemsize
            file.write(b"\x89PNG\r\n\x1a\n")
            _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPE[channels], 0, 0, 0))
            if icc is not None:
                _chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
            if exif is not None:
                _chunk(file, b"eXIf", exif)
            above = np.zeros(width * channels * depth // 8, np.uint8)
        for start in range(0, len(strip), ROWS):
            rows = strip[start : start + ROWS]
            big = rows if rows.dtype == np.uint8 else rows.astype(">u2")
            lines = np.ascontiguousarray(big).view(np.uint8).reshape(len(rows), -1)
            _chunk(file, b"IDAT", packer.compress(_filtered(lines, above, channels * depth // 8).tobytes()))
            above = lines[-1]
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def png16(pixels: Pixels, icc: bytes | None = None, exif: bytes | None = None) -> bytes:
    """A PNG file of `(H, W, C)` in uint16, which Pillow can only write for grey."""
    buffer = io.BytesIO()
    height, width, channels = pixels.shape
    write_png(buffer, (height, width, channels), [pixels], icc, exif)
    return buffer.getvalue()


def _chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    if data or kind != b"IDAT":
        file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def _filtered(lines: Bytes, above: Bytes, step: int) -> Bytes:
    """Rows as differences from the pixel before, the one above, or neither: whichever leaves the smallest numbers.

    The choice for each row is the least sum of absolute differences, as the PNG specification (section 12.7) advises.

    Args:
        lines: `(rows, bytes)`.
        above: The row before the first one.
        step: Bytes of a pixel.
    """
    left = np.zeros_like(lines)
    left[:, step:] = lines[:, :-step]
    over = np.concatenate([above[None], lines[:-1]])
    tried = np.stack([lines, lines - left, lines - over])  # filters 0, 1 and 2, modulo 256
    size = np.minimum(tried, -tried).sum(2, dtype=np.int64)
    best = size.argmin(0).astype(np.uint8)
    return np.concatenate([best[:, None], tried[best, np.arange(len(lines))]], axis=1)
