"""Who is alone: real rows that share their combination of knowable values with nobody, and made rows that hit it.

k-anonymity (Sweeney 2002) asks how many rows share each combination of the columns that an attacker may know. A real
row that is alone can be recognised. A made row with its combination is no proof of a leak, for a good model makes what
is usual of the data; so the share of made rows that have such a combination stands beside that of unseen real rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.table.columns import Columns, stack
from gansmith.metrics.table.intervals import wilson

__all__ = ["MOST_COLUMNS", "Alone", "alone", "knowable"]

MOST_COLUMNS = 4
"""Columns of a combination: who knows more of somebody knows nearly who it is."""

MOST_CATEGORIES, WIDEST = 1000, 120
"""Different values of a category, and the span of whole numbers (ages, years, counts), that are knowable."""


@dataclass(frozen=True)
class Alone:
    """Rows that are alone with their combination of some columns.

    Attributes:
        columns: Those columns.
        rows: Training rows.
        smallest: Training rows that share the rarest combination: the table is so-many-anonymous.
        alone: Training rows that are alone with theirs.
        hits: Share of made rows with the combination of a training row that is alone.
        low: Lower end of its interval.
        high: Upper end.
        control: The same share of unseen real rows.
        control_low: Lower end of its interval.
        control_high: Upper end.
    """

    columns: tuple[str, ...]
    rows: int
    smallest: int
    alone: int
    hits: float
    low: float
    high: float
    control: float
    control_low: float
    control_high: float


def knowable(columns: Columns) -> tuple[str, ...]:
    """Columns whose values others may know exactly: categories, and whole numbers that lie near each other."""
    found = []
    for name in columns.names:
        values = columns[name][~columns.missing(name)]
        many = len(np.unique(values))
        if name in columns.categories:
            known = many <= MOST_CATEGORIES
        else:
            known = many > 0 and bool((values == np.rint(values)).all()) and np.ptp(values) <= WIDEST
        if known and many >= 2:
            found.append(name)
    return tuple(found)


def alone(
    made: Columns,
    train: Columns,
    held_out: Columns,
    columns: Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
) -> Alone | None:
    """Count who is alone, and who hits them.

    Args:
        made: Made rows, aligned with the others.
        train: Training rows.
        held_out: Real rows that were not trained on.
        columns: What others may know; None for the up to four of `knowable` that leave most rows alone, one after the
            other.
        confidence: Of the intervals.

    Returns:
        None where no column is knowable.
    """
    whole = stack(train, held_out, made)
    chosen: list[str] = []
    key = np.zeros(len(whole), np.int64)
    left = list(knowable(train) if columns is None else columns)
    while left and (columns is not None or len(chosen) < MOST_COLUMNS):
        keys = {name: _joined(key, whole, name) for name in (left if columns is None else left[:1])}
        scores = {name: _apart(found[: len(train)]) for name, found in keys.items()}
        best = max(keys, key=lambda name: scores[name])
        if columns is None and chosen and scores[best][0] <= _apart(key[: len(train)])[0] and scores[best][0]:
            break
        key = keys[best]
        chosen.append(best)
        left.remove(best)
    if not chosen:
        return None
    own, other, new = np.split(key, np.cumsum([len(train), len(held_out)]))
    counts = np.bincount(own, minlength=int(key.max()) + 1)
    shares = [(counts[side] == 1).mean() for side in (new, other)]
    ends = [wilson(float(s), len(side), confidence) for s, side in zip(shares, (new, other), strict=True)]
    (low, high), (control_low, control_high) = ends
    return Alone(
        columns=tuple(chosen),
        rows=len(train),
        smallest=int(counts[counts > 0].min()),
        alone=int((counts == 1).sum()),
        hits=float(shares[0]),
        low=low,
        high=high,
        control=float(shares[1]),
        control_low=control_low,
        control_high=control_high,
    )


def _joined(key: NDArray[np.int64], columns: Columns, name: str) -> NDArray[np.int64]:
    """A number for each combination of what the key says and a column; what is missing is a value."""
    gone = columns.missing(name)
    values = columns[name]
    _, codes = np.unique(np.where(gone, values[~gone].min() - 1, values), return_inverse=True)
    _, found = np.unique(key * (int(codes.max()) + 1) + codes, return_inverse=True)
    return np.asarray(found, np.int64)


def _apart(key: NDArray[np.int64]) -> tuple[int, float]:
    """How many rows are alone; where none is, how small groups are."""
    sizes = np.bincount(key)[key]
    return int((sizes == 1).sum()), -float(np.log(sizes).mean())
