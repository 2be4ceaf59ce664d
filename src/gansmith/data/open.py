"""A path becomes prepared pictures, in one call."""

from __future__ import annotations

from pathlib import Path

from gansmith.data.fit import Fit, FitOptions, Mode
from gansmith.data.image_set import ImageSet
from gansmith.data.prepare import prepare
from gansmith.data.reader import ReadOptions
from gansmith.data.sniff import open_reader
from gansmith.data.survey import Progress

__all__ = ["open_images"]


def open_images(
    path: str | Path,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    fit: Mode | Fit = "crop",
    strict: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
    options: ReadOptions | None = None,
) -> ImageSet:
    """Read a source of pictures, whatever it is stored in, and bring the pictures to one shape.

    Args:
        path: A folder, an archive or a file; see `sniff.open_reader`.
        size: Height and width in pixels, or one number for a square; None (the default) lets the pictures decide.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; None (the default) lets the pictures decide.
        fit: `crop` (the default), `pad` or `stretch`; or a trained model's `Fit`, which then decides everything.
        strict: Refuse a source of which any picture cannot be read; by default such pictures are left out and named.
        cache: Folder for prepared sets; None keeps small sets in memory and large ones in the user's cache.
        progress: Called after every item with what is being done, items done and all items.
        options: How to read what the source leaves open, and limits; None for the defaults.

    Raises:
        InputError: With every problem, one line each.
    """
    wish = fit if isinstance(fit, Fit) else FitOptions(fit, size, channels)
    reader = open_reader(path, options)
    try:
        return prepare(reader, wish, cache=cache, strict=strict, progress=progress)
    finally:
        reader.close()
