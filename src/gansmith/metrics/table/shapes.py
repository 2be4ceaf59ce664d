"""Column by column: is each distribution like the real one, are its values covered, are its bounds kept?

The scores are the complements that SDMetrics reports (Kolmogorov-Smirnov for numbers, total variation for categories)
and its coverage and adherence measures; values here equal its values of version 0.32. All lie in 0..1, higher is
better, and are NaN where a side has no values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.table.columns import Columns, Numbers

__all__ = [
    "ColumnScore",
    "adherence",
    "category_coverage",
    "column_scores",
    "known",
    "ks_complement",
    "mean_known",
    "missing_similarity",
    "range_coverage",
    "tv_complement",
]


@dataclass(frozen=True)
class ColumnScore:
    """How one made column is beside the real one; every value in 0..1, or NaN where it can't be told.

    Attributes:
        name: The column.
        kind: `"numbers"` or `"categories"`.
        shape: Complement of the distance of the two distributions, missing values left out.
        missing: Complement of the difference of the shares of missing values.
        coverage: How much of the real range, or of the real categories, is reached.
        adherence: Share of made values within the real range, or among the real categories.
    """

    name: str
    kind: str
    shape: float
    missing: float
    coverage: float
    adherence: float


def known(columns: Columns, name: str) -> NDArray[Any]:
    """The values of a column that aren't missing."""
    return columns[name][~columns.missing(name)]


def mean_known(values: Iterable[float]) -> float:
    """Mean of the values that aren't NaN; NaN if there are none."""
    kept = [value for value in values if value == value]
    return sum(kept) / len(kept) if kept else float("nan")


def ks_complement(real: Numbers, made: Numbers) -> float:
    """One minus the largest gap between two empirical distribution functions; arrays `(N,)`, `(M,)` without NaN."""
    if not len(real) or not len(made):
        return float("nan")
    a, b = (np.sort(np.round(side, 14)) for side in (real, made))
    at = np.concatenate([a, b])
    gap = np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)
    return 1.0 - float(np.abs(gap).max())


def tv_complement(real: NDArray[Any], made: NDArray[Any]) -> float:
    """One minus half the summed differences of the categories' shares; non-negative codes `(N,)`, `(M,)`."""
    if not len(real) or not len(made):
        return float("nan")
    size = int(max(real.max(), made.max())) + 1
    shares = (np.bincount(side, minlength=size) / len(side) for side in (real, made))
    return 1.0 - float(np.abs(next(shares) - next(shares)).sum()) / 2


def missing_similarity(real: NDArray[np.bool_], made: NDArray[np.bool_]) -> float:
    """One minus the difference of the shares of missing values; masks `(N,)`, `(M,)`."""
    return 1.0 - abs(float(real.mean()) - float(made.mean()))


def range_coverage(real: Numbers, made: Numbers) -> float:
    """Share of the real range that the made values span; NaN where the real ones are constant."""
    if not len(real) or not len(made) or real.min() == real.max():
        return float("nan")
    width = real.max() - real.min()
    below = max((made.min() - real.min()) / width, 0.0)
    above = max((real.max() - made.max()) / width, 0.0)
    return float(max(1 - below - above, 0.0))


def category_coverage(real: NDArray[Any], made: NDArray[Any]) -> float:
    """Share of the real categories that occur among the made ones; non-negative codes."""
    if not len(real):
        return float("nan")
    seen = np.unique(real)
    return float(np.isin(seen, made).mean())


def adherence(real: Columns, made: Columns, name: str) -> float:
    """Share of made values that lie in the real range, or are a real category.

    Missing made values count as out of bounds where the real column has none, and are left out otherwise.
    """
    values = known(made, name)
    total = len(values) if real.missing(name).any() else len(made)
    seen = known(real, name)
    if not total or not len(seen):
        return float("nan")
    categories = name in real.categories
    inside = np.isin(values, seen) if categories else (values >= seen.min()) & (values <= seen.max())
    return float(inside.sum()) / total


def column_scores(real: Columns, made: Columns) -> tuple[ColumnScore, ...]:
    """The scores of every column.

    Args:
        real: Real rows, aligned with `made`.
        made: Made rows.

    Returns:
        One entry a column, in order. The mean of `shape` over the columns that have one is SDMetrics' "column shapes".
    """
    found = []
    for name in real.names:
        category = name in real.categories
        a, b = known(real, name), known(made, name)
        found.append(
            ColumnScore(
                name=name,
                kind="categories" if category else "numbers",
                shape=tv_complement(a, b) if category else ks_complement(a, b),
                missing=missing_similarity(real.missing(name), made.missing(name)),
                coverage=category_coverage(a, b) if category else range_coverage(a, b),
                adherence=adherence(real, made, name),
            )
        )
    return tuple(found)
