"""How strongly columns belong together, as matrices for maps: of real rows, of made rows, and how much they differ.

Three kinds of strength, each defined for numbers, categories and both together:

- `mixed`: Pearson's correlation of numbers (-1..1), Cramer's V of categories, the correlation ratio eta of a number
  given a category (both 0..1, no direction).
- `information`: mutual information over the geometric mean of the two entropies, 0..1; sees any kind of dependence.
- `theil`: Theil's uncertainty coefficient U(row | column), 0..1: the share of the row column's entropy that knowing
  the other takes away. Not symmetric: a town tells the country, a country doesn't tell the town.

The last two cut numbers into bins at quantiles of the real rows, the same bins for both tables; there a missing value
counts as a value of its own. All are estimates with a bias upward at few rows and many categories, on both sides alike
if the tables are equally long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError
from gansmith.metrics.table.columns import Columns, Numbers
from gansmith.metrics.table.correlations import Correlations
from gansmith.metrics.table.trends import cramers_v, joint_counts

__all__ = ["Associations", "Strength", "associations", "binned"]

Strength = Literal["mixed", "information", "theil"]
NAN = float("nan")


@dataclass(frozen=True)
class Associations:
    """Two matrices over the same columns.

    Attributes:
        names: The columns `(P,)`.
        real: `(P, P)` of the real rows; NaN where it is not defined (a constant column).
        made: `(P, P)` of the made rows.
        kind: What was measured.
    """

    names: tuple[str, ...]
    real: Numbers
    made: Numbers
    kind: Strength

    @property
    def difference(self) -> Numbers:
        """`made - real` `(P, P)`; NaN where either is."""
        return self.made - self.real

    @property
    def mean_difference(self) -> float:
        """Mean absolute difference off the diagonal, over the pairs that are defined; NaN if none is."""
        off = np.abs(self.difference[~np.eye(len(self.names), dtype=bool)])
        off = off[~np.isnan(off)]
        return float(off.mean()) if len(off) else NAN

    def strength(self, above: float) -> float:
        """How strongly columns of made rows belong together as a share of real rows: 1 is alike, 0 is not at all.

        The slope of the made on the real strengths, a line through the origin, over pairs whose real strength is
        larger than `above` in absolute value; NaN without such pairs. Differences that cancel out, as chance makes
        them, leave it at 1.
        """
        clear = (np.abs(self.real) > above) & ~np.isnan(self.made) & ~np.eye(len(self.names), dtype=bool)
        real, made = self.real[clear], self.made[clear]
        return float((real * made).sum() / (real * real).sum()) if len(real) else NAN


def binned(columns: Columns, edges: dict[str, Numbers]) -> dict[str, tuple[NDArray[Any], int]]:
    """Non-negative codes of every column and how many there are: numbers by their inner `edges`, missing comes last."""
    found = {}
    for name in columns.names:
        values, gone = columns[name], columns.missing(name)
        size = len(columns.categories[name]) if name in columns.categories else len(edges[name]) + 1
        codes = values if name in columns.categories else np.searchsorted(edges[name], values, side="right")
        found[name] = np.where(gone, size, codes).astype(np.int64), size + 1
    return found


def quantile_edges(columns: Columns, bins: int) -> dict[str, Numbers]:
    """Inner edges of bins with about equally many values, by column of numbers; equal edges are one."""
    found = {}
    for name in columns.numbers:
        present = columns[name][~columns.missing(name)]
        inner = np.quantile(present, np.arange(1, bins) / bins) if len(present) else np.zeros(0)
        found[name] = np.unique(inner)
    return found


def _mixed(columns: Columns, numbers: Correlations, first: str, second: str) -> tuple[float, float]:
    a, b = columns[first], columns[second]
    kinds = (first in columns.categories, second in columns.categories)
    if kinds == (False, False):
        found = numbers.of(first, second)
    elif kinds == (True, True):
        both = (a >= 0) & (b >= 0)
        width = len(columns.categories[second]) + 1
        cells, (counts,) = joint_counts(width, (a[both], b[both]))
        found = cramers_v(cells, counts, width)
    else:
        found = numbers.ratio(first, second) if kinds[0] else numbers.ratio(second, first)
    return found, found


def _entropy(counts: Numbers) -> float:
    shares = counts[counts > 0] / counts.sum()
    return -float((shares * np.log(shares)).sum())


def _shared(codes: dict[str, tuple[NDArray[Any], int]], first: str, second: str, kind: Strength) -> tuple[float, float]:
    """Strength of (first, second) and of (second, first) by mutual information."""
    (a, _), (b, width) = codes[first], codes[second]
    own = [_entropy(np.bincount(part).astype(np.float64)) for part in (a, b)]
    _, (counts,) = joint_counts(width, (a, b))
    mutual = max(0.0, own[0] + own[1] - _entropy(counts))
    if kind == "information":
        return (min(1.0, mutual / (own[0] * own[1]) ** 0.5),) * 2 if min(own) > 0 else (NAN, NAN)
    first_given, second_given = (min(1.0, mutual / h) if h > 0 else NAN for h in own)
    return first_given, second_given


def _matrix(columns: Columns, kind: Strength, edges: dict[str, Numbers]) -> Numbers:
    names, codes = columns.names, {} if kind == "mixed" else binned(columns, edges)
    found, numbers = np.eye(len(names)), Correlations(columns)
    for i, first in enumerate(names):
        for j in range(i):
            pair = (
                _mixed(columns, numbers, first, names[j]) if kind == "mixed" else _shared(codes, first, names[j], kind)
            )
            found[i, j], found[j, i] = pair
    return found


def associations(real: Columns, made: Columns, kind: Strength = "mixed", *, bins: int = 10) -> Associations:
    """Matrices of how strongly columns belong together.

    Args:
        real: Real rows, aligned with `made`.
        made: Made rows.
        kind: `"mixed"`, `"information"` or `"theil"`.
        bins: Bins of a number for the latter two, at least 2.

    Returns:
        Both matrices; the diagonal is 1.

    Raises:
        InputError: An unknown kind, or fewer than 2 bins.
    """
    if kind not in ("mixed", "information", "theil"):
        raise InputError(f"no kind of association is called {kind!r}; known: information, mixed, theil")
    if bins < 2:
        raise InputError(f"bins must be at least 2, got {bins}")
    edges = {} if kind == "mixed" else quantile_edges(real, bins)
    return Associations(real.names, _matrix(real, kind, edges), _matrix(made, kind, edges), kind)
