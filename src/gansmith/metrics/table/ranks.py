"""Numbers as ranks among training rows, so that a few far values don't outweigh all others."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gansmith.metrics.table.columns import Columns, Numbers

__all__ = ["Ranks"]

SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class Ranks:
    """From numbers to the share of training rows below, half of the equal ones counted, in [0, 1].

    Args:
        train: Training rows; missing values are left out.
    """

    def __init__(self, train: Columns) -> None:
        self._sorted = {name: np.sort(train[name][~train.missing(name)]) for name in train.numbers}

    def __call__(self, columns: Columns) -> Columns:
        """The same columns with ranks in the place of numbers; missing ones stay missing."""
        values = dict(columns.values)
        for name, known in self._sorted.items():
            values[name] = _ranks(columns[name], known)
        return Columns(values, columns.categories)


def _ranks(values: Numbers, known: Numbers) -> Numbers:
    if not len(known):
        return np.full_like(values, np.nan)
    below, upto = (np.searchsorted(known, values, side=side) for side in SIDES)
    found: Numbers = np.where(np.isnan(values), np.nan, (below + upto) / (2 * len(known)))
    return found
