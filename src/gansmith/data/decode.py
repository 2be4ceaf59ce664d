"""Bytes of a picture file to raw pixels, for every format and mode that Pillow reads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from gansmith.data.deep import deep_pixels
from gansmith.data.reader import Peek, Pixels, ReadOptions, UnreadableError
from gansmith.errors import GansmithError

__all__ = ["EXTENSIONS", "MULTIPAGE", "deep_picture", "open_picture", "page_count", "peek_picture", "read_picture"]

MULTIPAGE = frozenset({".tif", ".tiff"})
EXTENSIONS = MULTIPAGE | {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".pgm", ".ppm", ".pbm"}
"""File name endings (lower case) that are taken for pictures."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
_ORIENTATION = 0x0112
_PLAIN = {"L": (1, "uint8"), "LA": (2, "uint8"), "RGB": (3, "uint8"), "RGBA": (4, "uint8")}
_DEEP = {"I;16": (1, "uint16"), "I": (1, "uint16"), "F": (1, "float32")}
_BECOMES = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA", "I;16B": "I;16", "I;16L": "I;16", "I;16N": "I;16"}


@contextmanager
def _readable() -> Iterator[None]:
    """Turn whatever a decoder throws at a broken file into `UnreadableError`, and keep its warnings quiet.

    Decoders meet hostile bytes and raise almost any exception; one bad file must not end the reading of the others.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except GansmithError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableError("not a picture in a known format (or its header is damaged)") from error
    except Image.DecompressionBombError as error:
        raise UnreadableError("more pixels than the decoder ever accepts (178,956,970): cut it into tiles") from error
    except MemoryError as error:
        raise UnreadableError("too large for the memory") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(f"damaged: {reason[:160]}") from error


def open_picture(stream: IO[bytes], options: ReadOptions) -> ImageFile.ImageFile:
    """Open a picture without decoding its pixels; the stream must stay open as long as the picture is used.

    Raises:
        UnreadableError: If it is no picture, damaged, or larger than `options.max_pixels`.
    """
    with _readable():
        image = Image.open(stream, formats=_FORMATS)
        _check_pixels(image, options)
        return image


def _check_pixels(image: Image.Image, options: ReadOptions) -> None:
    width, height = image.size
    if width * height > options.max_pixels:
        raise UnreadableError(
            f"{width}x{height} is {width * height:,} pixels, more than max_pixels={options.max_pixels:,}: "
            "raise it with --read max_pixels=N if the file is to be trusted"
        )


def page_count(image: ImageFile.ImageFile) -> int:
    """Pages of a TIFF; 1 for every other format (an animation counts as its first frame)."""
    if image.format != "TIFF":
        return 1
    with _readable():
        return int(getattr(image, "n_frames", 1))


def _turn_to(image: ImageFile.ImageFile, page: int, options: ReadOptions) -> None:
    if page != image.tell():
        image.seek(page)
        _check_pixels(image, options)


def _target(image: Image.Image) -> str:
    """The mode in which the pixels are kept: one of `_PLAIN` or `_DEEP`."""
    mode = _BECOMES.get(image.mode, image.mode)
    see_through = "transparency" in image.info
    if mode == "P":
        return "RGBA" if see_through else ("L" if _grey_palette(image) else "RGB")
    if mode == "L" and see_through:
        return "LA"
    if mode == "RGB" and see_through:
        return "RGBA"
    return mode if mode in _PLAIN or mode in _DEEP else "RGB"


def _grey_palette(image: Image.Image) -> bool:
    palette = image.getpalette("RGB") or []
    return palette[0::3] == palette[1::3] == palette[2::3]


def peek_picture(image: ImageFile.ImageFile, options: ReadOptions, page: int = 0) -> Peek:
    """Size after the EXIF orientation, channels and type, from the header alone.

    Raises:
        UnreadableError: If the header is damaged.
    """
    with _readable():
        _turn_to(image, page, options)
        width, height = image.size
        if "exif" in image.info and image.format != "TIFF" and image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
            width, height = height, width
        target = _target(image)
        channels, dtype = _PLAIN[target] if target in _PLAIN else _DEEP[target]
        return Peek(height, width, channels, dtype)


def read_picture(image: ImageFile.ImageFile, options: ReadOptions, page: int = 0) -> Pixels:
    """Decode one page.

    The EXIF orientation is applied, palettes are expanded, bits become bytes, CMYK and the like become RGB; alpha is
    kept as the last channel. 16-bit grey stays 16-bit; 16-bit colour is read as 8-bit (`deep_picture` reads it whole).

    Returns:
        `(H, W, C)` in uint8 (1 to 4 channels), uint16 or float32 (1 channel).

    Raises:
        UnreadableError: If the file is damaged, or holds numbers that no picture has.
    """
    with _readable():
        _turn_to(image, page, options)
        image.load()
        target = _target(image)
        upright = _upright(image)
        if target in _PLAIN:
            plain = upright if upright.mode == target else upright.convert(target)
            pixels: Pixels = np.array(plain, dtype=np.uint8)
        else:
            pixels = _deep(np.asarray(upright))
        return pixels[..., None] if pixels.ndim == 2 else pixels


def deep_picture(image: ImageFile.ImageFile, again: ImageFile.ImageFile) -> Pixels | None:
    """Colours of 16 bits a channel with all of their bits, upright; see `data.deep`.

    Args:
        image: A picture for which `is_deep` holds, opened and not yet decoded.
        again: The same, opened once more.

    Returns:
        `(H, W, C)` in uint16; None where only the upper halves can be read.

    Raises:
        UnreadableError: If the file is damaged.
    """
    with _readable():
        pixels = deep_pixels(image, again)
        return None if pixels is None else _turned(pixels, _orientation(image))


def _orientation(image: Image.Image) -> int:
    """From 1 to 8, as EXIF counts them; damaged EXIF data counts as none."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels of an EXIF orientation, upright."""
    if orientation not in range(2, 9):
        return pixels
    turned = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
    down, across = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(turned[:: -1 if down else 1, :: -1 if across else 1])


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; damaged EXIF data counts as none."""
    return ImageOps.exif_transpose(image) if _orientation(image) in range(2, 9) else image


def _deep(pixels: Pixels) -> Pixels:
    """16-bit integers or finite floats out of what Pillow decoded."""
    if pixels.dtype.kind == "f":
        wrong = int(pixels.size - np.isfinite(pixels).sum())
        if wrong:
            raise UnreadableError(f"{wrong:,} pixels are NaN or infinite")
        return pixels.astype(np.float32)
    low, high = int(pixels.min()), int(pixels.max())
    if low < 0 or high > 65535:
        raise UnreadableError(f"pixels from {low} to {high} do not fit 16 bits: save it as 16-bit or as float")
    return pixels.astype(np.uint16)
