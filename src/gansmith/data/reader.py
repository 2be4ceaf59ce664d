"""What every reader of raw pictures offers, whatever the pictures are stored in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError

__all__ = [
    "COLUMNS",
    "Labels",
    "Peek",
    "Pixels",
    "ReadOptions",
    "Reader",
    "Split",
    "UnreadableError",
    "natural",
    "some",
]

Pixels = NDArray[Any]
"""Raw pixels: uint8, uint16 or float32; one picture is `(H, W, C)`, many are `(N, H, W, C)`."""

Labels = NDArray[np.int64]

Split = Literal["train", "val", "test"]

_PILLOW_CEILING = 178_956_970
"""Pillow itself refuses pictures with more pixels than this."""


class UnreadableError(InputError):
    """One item cannot be decoded; the message is the reason, without the item's name."""


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read where they leave something open, and how much a hostile file may cost.

    Attributes:
        layout: Axis order of arrays: `"nhwc"`, `"nchw"` or None to detect it (an ambiguous array is refused).
        image_column: Column of a table that holds the pictures; None finds it.
        label_column: Column of a table that holds the labels; None finds it, `"none"` ignores labels.
        attributes: Columns that are conditions, with commas between them; `"none"` for none. None (the default) takes
            all further columns of a `labels.csv`, and none of a table or an archive of arrays.
        text_column: Column that holds captions; None takes one called `text` or `caption`, `"none"` ignores them.
        text_encoder: What turns captions into vectors (see `features.text`); None takes the best that is installed.
        max_pixels: Most pixels of one picture, at most 178,956,970 (the ceiling of the decoding library). The default
            of 100 million is 10,000 x 10,000, 300 MB once decoded.
        max_entry_bytes: Most bytes of one file or archive entry once unpacked. The default is 1 GiB.
        max_ratio: Most unpacked bytes per packed byte of an archive entry above 16 MiB. The default of 200 lets
            blank scans pass (pictures are rarely packed better than 1:50) and stops archives made to fill a memory.
    """

    layout: Literal["nhwc", "nchw"] | None = None
    image_column: str | None = None
    label_column: str | None = None
    attributes: str | None = None
    text_column: str | None = None
    text_encoder: str | None = None
    max_pixels: int = 100_000_000
    max_entry_bytes: int = 2**30
    max_ratio: int = 200

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            InputError: With every problem.
        """
        problems = []
        if self.layout not in (None, "nhwc", "nchw"):
            problems.append(f"layout={self.layout!r} is not known: give 'nhwc' or 'nchw'")
        if not 1 <= self.max_pixels <= _PILLOW_CEILING:
            problems.append(f"max_pixels={self.max_pixels} must lie between 1 and {_PILLOW_CEILING}")
        for name in ("max_entry_bytes", "max_ratio"):
            if getattr(self, name) < 1:
                problems.append(f"{name}={getattr(self, name)} must be 1 or more")
        if problems:
            raise InputError(*problems)

    def only(self, acting: Collection[str], where: str) -> None:
        """Refuse what was asked for and can't act on a source; `"none"` asks for nothing.

        Args:
            acting: Names of the fields that act on it.
            where: The source, for messages.

        Raises:
            InputError: With a line for each.
        """
        asked = {n: getattr(self, n) for n in _ACTS_ON if n not in acting and getattr(self, n) not in (None, "none")}
        if asked:
            raise InputError(*(f"{where}: {n}={v} can't act here; it is for {_ACTS_ON[n]}" for n, v in asked.items()))


_COLUMNS = "tables, archives of arrays, and folders with a labels.csv"
_ACTS_ON = {
    "layout": "arrays (.npz, .npy)",
    "image_column": "tables (Parquet, Arrow)",
    "label_column": "tables (Parquet, Arrow)",
    "attributes": _COLUMNS,
    "text_column": _COLUMNS,
    "text_encoder": _COLUMNS,
}
"""What each field that is no limit is for."""

COLUMNS = ("attributes", "text_column", "text_encoder")
"""Fields on the conditions beside the pictures."""


@dataclass(frozen=True)
class Peek:
    """What can be told of an item without decoding its pixels.

    Attributes:
        height: Rows, after the EXIF orientation.
        width: Columns, after the EXIF orientation.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        dtype: `"uint8"`, `"uint16"` or `"float32"`.
    """

    height: int
    width: int
    channels: int
    dtype: str


class Reader(Protocol):
    """Raw pictures by number, in an order that depends on the source only.

    Items are decoded one at a time and on demand; nothing is kept. Readers are not safe to share among threads.
    """

    @property
    def path(self) -> Path:
        """The source as the user gave it."""

    @property
    def names(self) -> Sequence[str]:
        """A readable name of every item: `dress/1.jpg`, `stack.tif#page3`, `row 17`."""

    @property
    def labels(self) -> Labels | None:
        """Class ids `(N,)` in `[0, len(classes))`, or None where the source has no classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by id; empty without labels."""

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """Attributes by name, and captions as `text`; see `attributes.as_columns`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was noticed while listing the source, for the user to read."""

    @property
    def stamp(self) -> str:
        """A digest of the list of files, their sizes and times, and the options: the key of a cache."""

    def __len__(self) -> int:
        """Number of items, readable or not."""

    def split_of(self, index: int) -> Split | None:
        """The split that the source gives to an item, or None."""

    def peek(self, index: int) -> Peek:
        """Size, channels and type of an item. Raises `UnreadableError` with the reason."""

    def read(self, index: int) -> Pixels:
        """Decoded pixels `(H, W, C)` of an item. Raises `UnreadableError` with the reason."""

    def close(self) -> None:
        """Give open files back; the reader cannot be used afterwards."""


def natural(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key in which `img2` comes before `img10`; ties are broken by the text itself."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p], text


def some(names: Iterable[str], limit: int = 3) -> str:
    """The first few names, and how many more there are: `"a, b, c and 17 more"`."""
    listed = list(names)
    shown = ", ".join(listed[:limit])
    return shown if len(listed) <= limit else f"{shown} and {len(listed) - limit:,} more"
