"""How numbers go with numbers and with categories, all pairs at once: a thousand columns have half a million."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.table.columns import Columns, Numbers

__all__ = ["Correlations", "correlation", "correlation_ratio"]

NAN = float("nan")


def correlation(a: Numbers, b: Numbers) -> float:
    """Pearson's correlation of the rows that have both values; NaN for fewer than 2, or a constant side."""
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if len(a) < 2 or a.min() == a.max() or b.min() == b.max():
        return NAN
    return float(np.clip((_unit(a) * _unit(b)).sum(), -1, 1))


def correlation_ratio(codes: NDArray[Any], values: Numbers) -> float:
    """Eta: the root of the share of a number's variance that lies between categories, 0..1; missing rows left out."""
    both = (codes >= 0) & ~np.isnan(values)
    codes, values = codes[both], values[both]
    if not len(values) or values.min() == values.max() or codes.min() == codes.max():
        return NAN
    counts, sums = np.bincount(codes), np.bincount(codes, _unit(values))
    between = float((sums[counts > 0] ** 2 / counts[counts > 0]).sum())
    return float(np.sqrt(np.clip(between, 0, 1)))


class Correlations:
    """Both of a table's columns. Those without missing values share one product of matrices, once one is asked for.

    Args:
        columns: The table.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        whole = [n for n in columns.numbers if len(columns[n]) > 1 and not np.isnan(columns[n]).any()]
        self._at = {name: place for place, name in enumerate(whole)}
        self._ratios: dict[str, Numbers] = {}

    @cached_property
    def _unit(self) -> Numbers:
        """Whole numbers about their mean with a length of 1, `(rows, numbers)`; NaN where they are constant."""
        return _unit(np.stack([self._columns[name] for name in self._at], 1))

    @cached_property
    def _pairs(self) -> Numbers:
        """All their correlations, `(numbers, numbers)`."""
        return np.asarray(np.clip(self._unit.T @ self._unit, -1, 1))

    def of(self, first: str, second: str) -> float:
        """`correlation` of two columns of numbers."""
        if first in self._at and second in self._at:
            return float(self._pairs[self._at[first], self._at[second]])
        return correlation(self._columns[first], self._columns[second])

    def ratio(self, category: str, number: str) -> float:
        """`correlation_ratio` of a column of numbers given one of categories."""
        codes = self._columns[category]
        if number not in self._at or codes.min() < 0:
            return correlation_ratio(codes, self._columns[number])
        if category not in self._ratios:
            self._ratios[category] = self._between(codes)
        return float(self._ratios[category][self._at[number]])

    def _between(self, codes: NDArray[Any]) -> Numbers:
        """Eta of every whole number given a category, `(numbers,)`."""
        order = np.argsort(codes, kind="stable")
        _, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
        if len(starts) < 2:
            return np.full(len(self._at), NAN)
        sums = np.add.reduceat(self._unit[order], starts, 0)
        return np.asarray(np.sqrt(np.clip((sums**2 / counts[:, None]).sum(0), 0, 1)))


def _unit(values: Numbers) -> Numbers:
    """Values about their mean with a length of 1, along the rows; NaN where they are constant.

    Divided by the largest one first: squares of 1e200 would be too large for a float.
    """
    varies, largest = values.min(0) < values.max(0), np.abs(values).max(0)
    small = np.divide(values, largest, out=np.full_like(values, NAN), where=varies)
    centred = small - small.mean(0)
    return np.asarray(centred / np.sqrt((centred**2).sum(0)))
