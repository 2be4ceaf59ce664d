"""Pictures for people to look at: grids, and files on the disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gansmith.data.png import COLOUR_TYPE, png16
from gansmith.data.reader import Pixels
from gansmith.data.resample import convert_channels, convert_depth
from gansmith.errors import InputError

__all__ = ["CELL", "grid", "png_bytes", "write_image"]

CELL = 56
"""Pixels that the shorter side of a picture gets at least, so that small ones can be seen."""

_MARGIN = 6


def grid(
    images: Pixels,
    columns: int,
    pad: int = 2,
    scale: int | None = None,
    labels: Sequence[str] | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
) -> Image.Image:
    """Lay pictures out in rows, on white.

    Alpha is laid over white, 16-bit and floats are shown in 8-bit. Pictures are enlarged by whole factors without
    smoothing, so that every pixel can be seen as it is.

    Args:
        images: `(N, H, W, C)` or `(N, H, W)`; uint8, uint16 or float; 1 to 4 channels.
        columns: Pictures in a row; the last row may be shorter.
        pad: Pixels between pictures and around them.
        scale: Factor of enlargement; None makes the shorter side at least 56 pixels.
        labels: A text for each row, drawn at its left; None for none.
        value_range: The floats that are black and white; without effect on integers.

    Returns:
        An RGB picture.

    Raises:
        InputError: If the shape, the counts or the factor cannot be drawn.
    """
    pixels = images[..., None] if images.ndim == 3 else images
    rows = -(-len(pixels) // max(1, columns))
    problems = _problems(pixels, columns, pad, scale)
    if labels is not None and len(labels) != rows:
        problems.append(f"grid: {len(labels)} labels for {rows} rows")
    if problems:
        raise InputError(*problems)
    height, width = pixels.shape[1:3]
    factor = scale or max(1, -(-CELL // min(height, width)))
    cell_h, cell_w = height * factor + pad, width * factor + pad
    gutter = _gutter(labels)
    sheet = np.full((rows * cell_h + pad, columns * cell_w + pad + gutter, 3), 255, dtype=np.uint8)
    for number, picture in enumerate(pixels):
        row, column = divmod(number, columns)
        shown = _rgb(picture, value_range).repeat(factor, axis=0).repeat(factor, axis=1)
        top, left = pad + row * cell_h, gutter + pad + column * cell_w
        sheet[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    canvas = Image.fromarray(sheet)
    if labels is not None:
        _draw_labels(canvas, labels, pad, cell_h)
    return canvas


def _problems(pixels: Pixels, columns: int, pad: int, scale: int | None) -> list[str]:
    out = []
    if pixels.ndim != 4 or 0 in pixels.shape or not 1 <= pixels.shape[-1] <= 4:
        out.append(f"grid: cannot draw pictures of shape {pixels.shape}: expected (N, H, W, C) with 1 to 4 channels")
    if columns < 1:
        out.append(f"grid: columns={columns} must be 1 or more")
    if pad < 0:
        out.append(f"grid: pad={pad} must be 0 or more")
    if scale is not None and scale < 1:
        out.append(f"grid: scale={scale} must be 1 or more")
    return out


def _rgb(picture: Pixels, value_range: tuple[float, float]) -> Pixels:
    """8-bit RGB for a screen; NaN is black."""
    if picture.dtype.kind == "f":
        picture = np.nan_to_num(picture.astype(np.float32), nan=value_range[0])
    return convert_channels(convert_depth(picture, 8, *value_range), 3, 0.0, 255.0)


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default()


def _gutter(labels: Sequence[str] | None) -> int:
    """Room for the longest text at the left, with margins."""
    if not labels:
        return 0
    return round(max(_font().getlength(_drawable(text)) for text in labels)) + 2 * _MARGIN


def _drawable(text: str) -> str:
    short = text if len(text) <= 24 else text[:23] + "."
    font = _font()
    if isinstance(font, ImageFont.FreeTypeFont):
        return short
    return short.encode("latin-1", "replace").decode("latin-1")


def _draw_labels(canvas: Image.Image, labels: Sequence[str], pad: int, cell: int) -> None:
    draw = ImageDraw.Draw(canvas)
    for row, text in enumerate(labels):
        middle = pad + row * cell + (cell - pad) // 2
        draw.text((_MARGIN, middle - 6), _drawable(text), fill=(40, 40, 40), font=_font())


def write_image(image: Pixels, path: Path, value_range: tuple[float, float] = (0.0, 1.0)) -> None:
    """Write one picture as PNG: uint8 and uint16 without loss, 1 to 4 channels; floats in 16-bit.

    Args:
        image: `(H, W, C)` or `(H, W)`.
        path: The file; folders are made if missing, an existing file is replaced.
        value_range: The floats that are black and white; without effect on integers.

    Raises:
        InputError: If the picture has another shape, or the file cannot be written.
    """
    pixels = image[..., None] if image.ndim == 2 else image
    if pixels.ndim != 3 or 0 in pixels.shape or pixels.shape[2] not in COLOUR_TYPE:
        raise InputError(f"{path}: cannot write a picture of shape {image.shape}: expected (H, W, C), 1 to 4 channels")
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: pictures are written as PNG: give a name that ends in .png")
    if pixels.dtype.kind == "f":
        pixels = convert_depth(np.nan_to_num(pixels, nan=value_range[0]), 16, *value_range)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(pixels))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def png_bytes(pixels: Pixels, icc: bytes | None = None, exif: bytes | None = None) -> bytes:
    """A PNG file of `(H, W, C)` in uint8 or uint16, 1 to 4 channels.

    Args:
        pixels: The picture.
        icc: Its colour profile.
        exif: What the camera said, as a TIFF block without the letters `Exif` before it.
    """
    if pixels.dtype == np.uint16:
        return png16(pixels, icc, exif)
    said = {} if icc is None else {"icc_profile": icc}
    said |= {} if exif is None else {"exif": exif}
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", **said)
    return buffer.getvalue()
