"""Windows of a series, and which of training, validation and test each belongs to, so that none overlaps another's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import Split

__all__ = ["Window", "blocks", "windows"]

BLOCKS = 20
"""Blocks of time that a long series is told apart into, where it is long enough."""


class Window(NamedTuple):
    """A window: its first step, and the split of its block of time."""

    start: int
    split: Split


def blocks(steps: int, length: int) -> Iterator[tuple[int, int, Split]]:
    """Spans `(start, stop, split)` of a series: of every ten blocks of time one validates and one tests.

    Neighbouring spans have a gap between them of up to half a window, since what lies side by side is alike.

    Args:
        steps: Of the series.
        length: Of a window.
    """
    block = max(-(-steps // BLOCKS), length)
    gap = min(length // 2, (block - length) // 2)
    edges = [(0, "train"), (4, "val"), (5, "train"), (9, "test")]
    places = [(ten + edge, split) for ten in range(0, -(-steps // block), 10) for edge, split in edges]
    for number, (edge, split) in enumerate(places):
        start = edge * block
        stop = min(places[number + 1][0] * block if number + 1 < len(places) else steps, steps)
        stop = steps if steps - stop < length else stop
        if start < steps:
            yield start + (gap if start else 0), stop, split  # type: ignore[misc]
        if stop == steps:
            return


def windows(steps: int, length: int, stride: int) -> list[Window]:
    """All windows of one long series, in order of time; those of one split never share a step with another's."""
    found = []
    for start, stop, split in blocks(steps, length):
        found += [Window(int(s), split) for s in np.arange(start, stop - length + 1, stride)]
    return found


def starts(steps: int, length: int, stride: int) -> NDArray[np.int64]:
    """First steps of all windows of a series that stays whole in one split."""
    return np.arange(0, steps - length + 1, stride, dtype=np.int64)
