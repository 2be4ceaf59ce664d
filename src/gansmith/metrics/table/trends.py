"""Pair by pair: do two columns go together as they do in real rows? With the columns' shapes, the quality score.

The rules are those of SDMetrics' quality report, version 0.32, so that values can be set beside its values:

- Two columns of numbers: one minus half the difference of their correlations (Pearson, rows with both values).
- Any other pair: one minus the total variation between the two contingency tables, a missing category being a category.
  Numbers beside categories are cut into ten bins of equal width *over each side's own range*, a missing number falling
  into the last; so a shift of a whole column is no matter of its pairs.
- Only pairs that belong together in the real rows count: |correlation| above 0.5, Cramer's V above 0.3. A pair whose
  correlation is not defined on a side (a constant column) doesn't count either.
- The score of the table is the mean of two means: of the columns' shapes and of the pairs that count.

That report draws 50,000 rows at random of larger tables for contingencies; here all rows are taken.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.table.columns import Columns, Numbers
from gansmith.metrics.table.correlations import Correlations
from gansmith.metrics.table.shapes import ColumnScore, column_scores, mean_known

__all__ = ["PairScore", "Quality", "cramers_v", "joint_counts", "pair_scores", "quality"]

BINS = 10
NAN = float("nan")


@dataclass(frozen=True)
class PairScore:
    """How two columns go together, real and made.

    Attributes:
        first: A column.
        second: The other one.
        kind: `"correlation"` or `"contingency"`.
        score: 0..1, higher is better; NaN where it is not defined.
        strength: How much they belong together in the real rows: a correlation in -1..1, or Cramer's V in 0..1.
        counted: Whether the pair counts in the mean.
    """

    first: str
    second: str
    kind: str
    score: float
    strength: float
    counted: bool


@dataclass(frozen=True)
class Quality:
    """The quality score and what it is made of.

    Attributes:
        score: Mean of `shapes` and `trends` (of the one that is defined, if the other is not), 0..1.
        shapes: Mean over the columns.
        trends: Mean over the pairs that count; NaN if none does.
        columns: Column by column.
        pairs: Pair by pair.
    """

    score: float
    shapes: float
    trends: float
    columns: tuple[ColumnScore, ...]
    pairs: tuple[PairScore, ...]


def joint_counts(width: int, *sides: tuple[NDArray[Any], NDArray[Any]]) -> tuple[NDArray[np.int64], list[Numbers]]:
    """How often each pair of codes occurs on each side.

    Args:
        width: Number of codes of the second column.
        *sides: `(first, second)` non-negative codes of one side.

    Returns:
        The cells `first * width + second` `(C,)` that may occur, and each side's counts of them `(C,)`. Memory grows
        with the rows, not with the product of the numbers of codes.
    """
    cells = [first.astype(np.int64) * width + second for first, second in sides]
    most = max(int(part.max(initial=0)) for part in cells) + 1
    if most <= 10**6:
        return np.arange(most), [np.bincount(part, minlength=most).astype(np.float64) for part in cells]
    names, place = np.unique(np.concatenate(cells), return_inverse=True)
    ends = np.cumsum([len(part) for part in cells])[:-1]
    return names, [np.bincount(p, minlength=len(names)).astype(np.float64) for p in np.split(place, ends)]


def cramers_v(cells: NDArray[np.int64], counts: Numbers, width: int) -> float:
    """Cramer's V of counted cells as `joint_counts` gives them, 0..1, uncorrected; NaN if a side has one code only."""
    cells, counts = cells[counts > 0], counts[counts > 0]
    row, column = cells // width, cells % width
    rows, columns = np.unique(row, return_inverse=True)[1], np.unique(column, return_inverse=True)[1]
    least = min(int(rows.max(initial=0)), int(columns.max(initial=0)))
    if least < 1:
        return NAN
    expected = np.bincount(rows, counts)[rows] * np.bincount(columns, counts)[columns]
    return float(np.sqrt(max(0.0, float((counts * counts / expected).sum()) - 1) / least))


def _codes(columns: Columns, name: str) -> tuple[NDArray[Any], int]:
    """Non-negative codes of a column and how many there are; missing is a category, or falls into the last bin."""
    values = columns[name]
    if name in columns.categories:
        size = len(columns.categories[name])
        return np.where(values < 0, size, values), size + 1
    edges = np.histogram_bin_edges(values[~np.isnan(values)], bins=BINS)
    return np.digitize(values, edges), BINS + 2


def _correlation_pair(both: list[Correlations], first: str, second: str, above: float) -> PairScore:
    strength, other = (side.of(first, second) for side in both)
    score = 1 - abs(strength - other) / 2
    counted = score == score and (abs(strength) > above or above <= 0)
    return PairScore(first, second, "correlation", score, strength, counted)


def _contingency_pair(sides: list[dict[str, tuple[NDArray[Any], int]]], first: str, second: str) -> PairScore:
    width = max(codes[second][1] for codes in sides)
    cells, (real, made) = joint_counts(width, *((codes[first][0], codes[second][0]) for codes in sides))
    score = 1 - float(np.abs(real / real.sum() - made / made.sum()).sum()) / 2
    return PairScore(first, second, "contingency", score, cramers_v(cells, real, width), False)


def pair_scores(
    real: Columns,
    made: Columns,
    *,
    correlation_above: float = 0.5,
    association_above: float = 0.3,
    only: Collection[tuple[str, str]] | None = None,
) -> tuple[PairScore, ...]:
    """The score of every pair of columns.

    Args:
        real: Real rows, aligned with `made`.
        made: Made rows.
        correlation_above: |correlation| of real rows from which on a pair of numbers counts; 0 for all.
        association_above: Cramer's V of real rows from which on another pair counts; 0 for all.
        only: Pairs to take, in the columns' order; None for all.

    Returns:
        Pair by pair, in order. The mean of `score` where `counted` is SDMetrics' "column pair trends".
    """
    sides = [{name: _codes(side, name) for name in real.names} for side in (real, made)]
    both = [Correlations(side) for side in (real, made)]
    found = []
    for first, second in combinations(real.names, 2):
        if only is not None and (first, second) not in only:
            continue
        if first not in real.categories and second not in real.categories:
            found.append(_correlation_pair(both, first, second, correlation_above))
            continue
        pair = _contingency_pair(sides, first, second)
        counted = association_above <= 0 or pair.strength > association_above
        found.append(PairScore(pair.first, pair.second, pair.kind, pair.score, pair.strength, counted))
    return tuple(found)


def quality(
    real: Columns,
    made: Columns,
    *,
    correlation_above: float = 0.5,
    association_above: float = 0.3,
    only: Collection[tuple[str, str]] | None = None,
) -> Quality:
    """The quality score of made rows beside real rows; arguments as `pair_scores`."""
    columns = column_scores(real, made)
    pairs = pair_scores(real, made, correlation_above=correlation_above, association_above=association_above, only=only)
    shapes = mean_known(column.shape for column in columns)
    trends = mean_known(pair.score for pair in pairs if pair.counted)
    return Quality(mean_known([shapes, trends]), shapes, trends, columns, pairs)
