"""Held-out items, and training items that differ from them in nothing but that they are learnt from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparable", "comparable"]

Index = NDArray[np.int64]


class Comparable(NamedTuple):
    """Numbers of items within their parts, as many of one as of the other.

    Attributes:
        held_out: Of the held-out part, rising.
        seen: Of the training part, each for the held-out item at the same place.
    """

    held_out: Index
    seen: Index


def comparable(train: Index, held_out: Index, most: int | None = None) -> Comparable:
    """Held-out items from all over their part, each with a training item from beside it.

    Data lies in an order that means something: classes one after the other, years that drift. What training items are
    compared with held-out items therefore lie about them. Of a run of held-out items without training between them (a
    block of time), the first half is given the training items before it and the second half those after, so that what
    rises or falls steadily cancels out. A run with training on one side only, such as a part that has a folder of its
    own, is given training items spread evenly over all.

    Args:
        train: Places of the training items in the order of the data, rising; one at least.
        held_out: Those of the held-out items.
        most: Pairs at most; None for all held-out items.
    """
    count, place = len(train), np.searchsorted(train, held_out)
    _, first, run, lengths = np.unique(place, return_index=True, return_inverse=True, return_counts=True)
    length, within = lengths[run], np.arange(len(place)) - first[run]
    about = np.clip(place - length // 2 + within, 0, count - 1)
    seen = np.where((place > 0) & (place < count), about, within * count // length)
    pairs = len(place) if most is None else min(most, len(place))
    chosen = np.arange(pairs) * len(place) // max(pairs, 1)
    return Comparable(chosen, seen[chosen])
