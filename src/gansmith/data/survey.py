"""What the pictures of a source have in common, and the fit that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gansmith.data.fit import Fit, FitOptions
from gansmith.data.reader import Peek, Pixels, Reader, UnreadableError
from gansmith.data.resample import is_grey, is_opaque
from gansmith.errors import InputError

__all__ = ["AUTO_SIZE", "KEEP_SIZE", "Progress", "Survey", "settle", "survey"]

AUTO_SIZE = 64
"""Largest automatic size: trains in minutes to hours on a CPU."""

KEEP_SIZE = 128
"""Pictures that all have the same size are kept as they are up to this many pixels a side."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, the number of items done, and the number of all."""


@dataclass
class Survey:
    """Counts over the readable pictures of a source.

    Attributes:
        sizes: Pictures by (height, width).
        channels: Pictures by number of channels.
        dtypes: Pictures by type of pixel.
        grey: Whether every picture looked at is grey, whatever its channels.
        transparent: Whether some picture looked at has alpha that is not fully opaque.
        float_low: Least value of the pictures in floats.
        float_high: Largest value of the pictures in floats.
    """

    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    channels: Counter[int] = field(default_factory=Counter)
    dtypes: Counter[str] = field(default_factory=Counter)
    grey: bool = True
    transparent: bool = False
    float_low: float = np.inf
    float_high: float = -np.inf

    def add(self, peek: Peek) -> None:
        """Count what a header says."""
        self.sizes[peek.height, peek.width] += 1
        self.channels[peek.channels] += 1
        self.dtypes[peek.dtype] += 1

    def wants(self, peek: Peek, options: FitOptions) -> bool:
        """Whether pixels of such a picture can still change what is settled."""
        if peek.dtype == "float32":
            return True
        if options.channels is not None:
            return False
        return (peek.channels in (2, 4) and not self.transparent) or (peek.channels >= 3 and self.grey)

    def look(self, pixels: Pixels) -> None:
        """Learn from decoded pixels what a header cannot say."""
        if pixels.dtype.kind == "f":
            self.float_low = min(self.float_low, float(pixels.min()))
            self.float_high = max(self.float_high, float(pixels.max()))
            white = 1.0 if self.float_high <= 1.0 else self.float_high
        else:
            white = float(np.iinfo(pixels.dtype).max)
        self.transparent = self.transparent or not is_opaque(pixels, white)
        self.grey = self.grey and is_grey(pixels)


def survey(reader: Reader, options: FitOptions, progress: Progress | None = None) -> Survey:
    """Look at every header, and at pixels only as far as the settling needs them.

    Pictures that cannot be read are left out. Typically a handful of pictures are decoded: until one is seen that is
    coloured and, where there is alpha, one that is transparent. Floats are all decoded, for their range.

    Args:
        reader: The source.
        options: What is already decided needs no look.
        progress: Called after every item.
    """
    found = Survey()
    for index in range(len(reader)):
        try:
            peek = reader.peek(index)
            if found.wants(peek, options):
                found.look(reader.read(index))
            found.add(peek)
        except UnreadableError:
            continue
        finally:
            if progress is not None:
                progress("looking at pictures", index + 1, len(reader))
    return found


def settle(found: Survey, options: FitOptions, where: str) -> Fit:
    """Choose what the options leave open.

    Size: pictures that all have one size keep it, up to 128 pixels a side; otherwise a square of the median short
    side, rounded down to a multiple of 8, at least 8 and at most 64. Channels: grey if every picture is grey, even
    when stored as RGB; RGB otherwise; with alpha if every picture has alpha and some of it is not opaque. Depth:
    16-bit or float if every picture is, else 8-bit. Range of floats: the first of [0, 1], [-1, 1] and [0, 255] that
    holds all values, else from the least to the largest.

    Args:
        found: What `survey` saw.
        options: The user's wishes, which win.
        where: The source, for messages.

    Raises:
        InputError: If there was no readable picture.
    """
    if not found.sizes:
        raise InputError(f"{where}: not one picture could be read")
    height, width = options.pair() or _automatic_size(found)
    low, high = _float_range(found)
    return Fit(
        height=height,
        width=width,
        channels=options.channels or _automatic_channels(found),
        bits={"uint16": 16, "float32": 32}.get(next(iter(found.dtypes)), 8) if len(found.dtypes) == 1 else 8,
        mode=options.mode,
        fill=options.fill,
        float_low=low,
        float_high=high,
    )


def _automatic_size(found: Survey) -> tuple[int, int]:
    if len(found.sizes) == 1:
        (size,) = found.sizes
        if max(size) <= KEEP_SIZE:
            return size
    shorts = np.repeat([min(s) for s in found.sizes], list(found.sizes.values()))
    side = int(np.median(shorts)) // 8 * 8
    side = min(AUTO_SIZE, max(8, side))
    return side, side


def _automatic_channels(found: Survey) -> int:
    grey = found.grey
    alpha = set(found.channels) <= {2, 4} and found.transparent
    return (1 if grey else 3) + alpha


def _float_range(found: Survey) -> tuple[float, float]:
    if found.float_low > found.float_high:
        return 0.0, 1.0
    for low, high in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if low <= found.float_low and found.float_high <= high:
            return low, high
    return found.float_low, found.float_high if found.float_high > found.float_low else found.float_low + 1.0
