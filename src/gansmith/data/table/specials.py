"""Values of a number column that stand apart from the bulk: codes such as -1 and 999, zero-inflation, heavy tails."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Apart", "heavy_tail", "values_apart"]

_NINES = [float(10**n - 1) for n in range(2, 9)]
_CODES = frozenset([0.0, -1.0, -9.0, *(y for x in _NINES for y in (x, -x, x - 1, x / 9 * 8))])
"""Numbers that often stand for something else: 99, 999, -99, 98, 998, 88, 888 and so on."""

_MOST = 6
_TAIL = 8.0

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Apart(NamedTuple):
    """A value apart: its place among the values, what makes it special, and its share of the rows."""

    at: int
    role: Literal["code", "spike"]
    share: float


def values_apart(values: Floats, counts: Counts, rows: int) -> list[Apart]:
    """Find the values that are not part of the distribution of the others.

    A `code` is the least or the largest value, occurs five times or more, and lies far from its neighbour: at least
    15 % of the range of the others (from the 1st to the 99th percentile), which must have 10 different values or more.
    If it is no usual code (0, -1, 99, 999, ...) it must also occur more than twice as often as they usually do. A
    `spike` is 0, or the least or largest value, in 5 % of the rows or more and at least three times as often as any
    other of 20 or more.

    Args:
        values: Different numbers.
        counts: How often each occurs.
        rows: Rows in all, missing ones too.
    """
    order = np.argsort(values)
    x, n = values[order], counts[order]
    alive = np.ones(len(x), bool)
    found: list[Apart] = []
    while len(found) < _MOST:
        best = _code(x, n, alive, rows) or _spike(x, n, alive, rows)
        if best is None:
            break
        found.append(best._replace(at=int(order[best.at])))
        alive[best.at] = False
    return found


def _code(x: Floats, n: Counts, alive: NDArray[np.bool_], rows: int) -> Apart | None:
    left = np.flatnonzero(alive)
    if len(left) <= 10:
        return None
    for at, rest in ((left[0], left[1:]), (left[-1], left[:-1])):
        low, high = quantiles(x[rest], n[rest], (0.01, 0.99))
        gap = float(np.abs(x[rest] - x[at]).min())
        coded = float(x[at]) in _CODES
        often = n[at] >= 5 and (coded or n[at] >= max(0.002 * rows, 2 * float(np.median(n[rest])) + 1))
        if often and high > low and gap >= 0.15 * (high - low) and gap > _spacing(x[rest]):
            return Apart(int(at), "code", float(n[at] / rows))
    return None


def _spacing(x: Floats) -> float:
    """Four times the usual distance between neighbours."""
    return 4 * float(np.median(np.diff(x)))


def _spike(x: Floats, n: Counts, alive: NDArray[np.bool_], rows: int) -> Apart | None:
    left = np.flatnonzero(alive)
    if len(left) <= 20:
        return None
    zero = left[x[left] == 0]
    for at in (*zero, left[0], left[-1]):
        others = n[left[left != at]]
        if n[at] >= 0.05 * rows and n[at] >= 3 * others.max() and n[at] >= 10:
            return Apart(int(at), "spike", float(n[at] / rows))
    return None


def heavy_tail(values: Floats, counts: Counts) -> bool:
    """Whether the last 0.1 % of either side lies more than 8 times the middle half's width from the median.

    A normal distribution reaches 2.3 times, an exponential one 5.6 times.
    """
    if counts.sum() < 100:
        return False
    low, q1, middle, q3, high = quantiles(values, counts, (0.001, 0.25, 0.5, 0.75, 0.999))
    return q3 > q1 and max(high - middle, middle - low) > _TAIL * (q3 - q1)


def quantiles(values: Floats, counts: Counts, shares: tuple[float, ...]) -> list[float]:
    """Quantiles of values that occur several times."""
    order = np.argsort(values)
    below = np.cumsum(counts[order])
    at = np.searchsorted(below, np.array(shares) * below[-1])
    return [float(v) for v in values[order][np.minimum(at, len(values) - 1)]]
