"""Tables as matrices for learners: fitted on training rows once, then the same for real and made rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.table.columns import Columns, Numbers

__all__ = ["MOST_CATEGORIES", "Encoder"]

MOST_CATEGORIES = 250
"""Categories of a column that trees tell apart; the rarer rest is one more."""

MOST_DENSE = 50
"""Categories of a column that get an entry of their own in the dense matrix."""


class Encoder:
    """What a learner sees of a table.

    Args:
        train: The rows that scales, fill values and the known categories come from; never the rows of the test.
        names: Columns to encode; None for all.
    """

    def __init__(self, train: Columns, names: tuple[str, ...] | None = None) -> None:
        self.names = train.names if names is None else names
        self._place: dict[str, NDArray[Any]] = {}
        self._scale: dict[str, tuple[float, float, float, bool]] = {}
        for name in self.names:
            gone = train.missing(name)
            if name in train.categories:
                counts = np.bincount(train[name][~gone], minlength=len(train.categories[name]))
                order = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
                place = np.full(len(counts) + 1, -1, np.int64)  # unknown to the training rows: as missing
                place[order] = np.minimum(np.arange(len(order)), MOST_CATEGORIES)
                self._place[name] = place
            else:
                values = train[name][~gone]
                middle = float(np.median(values)) if len(values) else 0.0
                mean, spread = (float(values.mean()), float(values.std())) if len(values) else (0.0, 1.0)
                self._scale[name] = middle, mean, spread or 1.0, bool(gone.any())

    @property
    def categorical(self) -> list[bool]:
        """Which columns of `codes` are categories."""
        return [name in self._place for name in self.names]

    def places(self, dense: bool) -> dict[str, slice]:
        """Which entries of `dense`, or of `codes`, each column has."""
        widths = [self._width(name) if dense else 1 for name in self.names]
        ends = np.cumsum([0, *widths]).tolist()
        return {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(self.names)}

    def _width(self, name: str) -> int:
        if name in self._place:
            return min(int(self._place[name].max(initial=-1)) + 1, MOST_DENSE + 1)
        return 2 if self._scale[name][3] else 1

    def _codes(self, columns: Columns, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._place[name][columns[name]]
        return found

    def codes(self, columns: Columns) -> Numbers:
        """`(N, P)` for trees: numbers as they are, categories as codes by frequency; NaN where missing or unknown."""
        found = np.empty((len(columns), len(self.names)))
        for j, name in enumerate(self.names):
            if name in self._place:
                code = self._codes(columns, name)
                found[:, j] = np.where(code < 0, np.nan, code)
            else:
                found[:, j] = columns[name]
        return found

    def dense(self, columns: Columns) -> Numbers:
        """`(N, D)` for linear models and networks, no value missing.

        Numbers are standardised (at most 10 deviations from the mean) with the median in place of missing ones, and a
        0/1 entry says which were missing, if training rows had any. Categories are one-hot, all zero where unknown.
        """
        parts: list[Numbers] = []
        for name in self.names:
            if name in self._place:
                code = np.minimum(self._codes(columns, name), MOST_DENSE)
                parts.append((code[:, None] == np.arange(self._width(name))[None, :]).astype(np.float64))
                continue
            middle, mean, spread, had_missing = self._scale[name]
            gone = columns.missing(name)
            values = np.where(gone, middle, columns[name])
            parts.append(np.clip((values - mean) / spread, -10, 10)[:, None])
            if had_missing:
                parts.append(gone[:, None].astype(np.float64))
        return np.concatenate(parts, 1)
