"""Pairs side by side: one half of every picture of a source, as if it were a picture of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import Labels, Peek, Pixels, Reader, Split, UnreadableError

__all__ = ["HalfReader"]


class HalfReader:
    """The left or right halves of pictures; without classes.

    Args:
        whole: Reads the pictures.
        right: Which half.
    """

    def __init__(self, whole: Reader, right: bool) -> None:
        self._whole, self._right = whole, right
        self.path: Path = whole.path
        self.names: Sequence[str] = whole.names
        self.labels: Labels | None = None
        self.classes: tuple[str, ...] = ()
        self.columns: Mapping[str, NDArray[Any]] = {}
        self.notes: tuple[str, ...] = ()
        self.stamp = f"{whole.stamp} {'right' if right else 'left'} half"

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._whole)

    def split_of(self, index: int) -> Split | None:
        """The split that the source gives to a picture, or None."""
        return self._whole.split_of(index)

    def peek(self, index: int) -> Peek:
        """Size, channels and type of a half. Raises `UnreadableError` for an odd width."""
        seen = self._whole.peek(index)
        return Peek(seen.height, _half(seen.width), seen.channels, seen.dtype)

    def read(self, index: int) -> Pixels:
        """Pixels `(H, W / 2, C)`. Raises `UnreadableError`."""
        pixels = self._whole.read(index)
        half = _half(pixels.shape[1])
        return np.ascontiguousarray(pixels[:, half:] if self._right else pixels[:, :half])

    def close(self) -> None:
        """Give open files back."""
        self._whole.close()


def _half(width: int) -> int:
    if width % 2:
        raise UnreadableError(
            f"{width} pixels wide, which two halves can't share: pairs side by side have equal widths"
        )
    return width // 2
