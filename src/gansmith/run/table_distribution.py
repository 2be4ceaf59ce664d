"""Where the rows of a column are counted for a picture, and their shares there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.number_format import EXACT
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, TimeColumn
from gansmith.metrics.table.columns import Numbers

__all__ = ["COARSE", "FINE", "Detail", "Distribution", "difference", "distribution"]

TAIL, HEAVY_TAIL = 0.005, 0.025
"""Share of the real values that lies beyond either end of the axis; the latter where a heavy tail has no log axis."""

LOG_FROM = 5.0
"""How many times its median a positive column with a heavy tail reaches if it is drawn on a log axis."""

FEW = 1e7
"""Steps of a column's resolution over the axis from which on they don't matter for the bins."""

SLACK = 1e-9
FEWEST = 8
"""Bins where there are very few rows."""


class Detail(NamedTuple):
    """How finely rows are counted.

    Attributes:
        bins: Most bins of numbers and times.
        values: Most values of a category that are told apart; one more where only one would be left.
        specials: Most special values that are told apart.
    """

    bins: int
    values: int
    specials: int


FINE = Detail(28, 8, 3)
COARSE = Detail(16, 4, 1)


@dataclass(frozen=True)
class Distribution:
    """A real column in cells: first bins of its usual values, then rows for single values and what is left.

    Attributes:
        column: What the column is.
        edges: `(B + 1,)` ascending edges of the bins, in the column's units; the outer bins hold everything beyond
            them too. Empty for booleans, categories and columns without a usual value: `B` is 0 then.
        log: Whether the axis of the bins is logarithmic; all edges are positive then.
        shown: Codes of a category, or places in the column's `specials`, that have a row of their own.
        labels: `(R,)` what the rows are: those of `shown`, one for all others, the last one for missing values.
        real: `(B + R,)` shares of all real rows, a missing value counted too; they sum to 1.
        count: Number of real rows.
    """

    column: LearntColumn
    edges: Numbers
    log: bool
    shown: tuple[int, ...]
    labels: tuple[str, ...]
    real: Numbers
    count: int

    @property
    def bins(self) -> int:
        """Number of bins."""
        return max(len(self.edges) - 1, 0)

    def at(self, values: Numbers) -> Numbers:
        """Where values lie on the axis, 0 at the first edge and 1 at the last, clipped to that."""
        low, high = self.edges[0], self.edges[-1]
        values = np.clip(values, low, high)
        if self.log:
            values, low, high = np.log(values), np.log(low), np.log(high)
        return np.asarray((values - low) / (high - low))

    def shares(self, parsed: ParsedColumn) -> Numbers:
        """Shares `(B + R,)` of the rows of a column, real or made, in the same cells."""
        return _shares(self.column, self.edges, self.shown, len(self.labels), parsed)


def difference(distribution: Distribution, made: Numbers) -> float:
    """Total variation of real and made shares in the same cells, 0..1: the share of rows that would have to move."""
    return float(np.abs(distribution.real - made).sum()) / 2


def distribution(column: LearntColumn, real: ParsedColumn, detail: Detail = FINE) -> Distribution:
    """Decide on the cells of a column, and count its real rows in them.

    Args:
        column: What the column is.
        real: Its values, at least one row.
        detail: How finely.

    Returns:
        Cells that depend on the real rows only, so that pictures of many models can be set beside each other.
    """
    known = ~_gone(real)
    if isinstance(column, BooleanColumn | CategoryColumn):
        edges, log, most = np.zeros(0), False, detail.values
        names, rest = [v if v.strip() else repr(v) for v in column.values], "other values"
        counts = np.bincount(real.values[known], minlength=len(names))
    else:
        edges, log = _edges(column, real.values[known & (real.special == 0)], detail.bins)
        most = detail.specials
        names, rest = [f"= {s.text}" for s in column.specials], "other specials" if len(edges) else "other values"
        counts = np.bincount(real.special[known], minlength=len(names) + 1)[1:]
    order = np.argsort(-counts, kind="stable").tolist()
    shown = tuple(order if len(order) <= most + 1 else order[:most])
    left = len(order) - len(shown)
    labels = (*(names[i] for i in shown), f"{left:,} {rest}" if left else rest, "missing")
    shares = _shares(column, edges, shown, len(labels), real)
    return Distribution(column, edges, log, shown, labels, shares, len(real))


def _gone(parsed: ParsedColumn) -> NDArray[np.bool_]:
    """Which rows have no value."""
    lost = parsed.values < 0 if parsed.values.dtype.kind == "i" else ~np.isfinite(parsed.values)
    return np.asarray((parsed.missing > 0) | lost)


def _shares(column: LearntColumn, edges: Numbers, shown: tuple[int, ...], rows: int, parsed: ParsedColumn) -> Numbers:
    bins = max(len(edges) - 1, 0)
    others, missing = bins + rows - 2, bins + rows - 1
    if isinstance(column, BooleanColumn | CategoryColumn):
        row_of = np.full(len(column.values), others)
        row_of[list(shown)] = bins + np.arange(len(shown))
        cells = row_of[np.where(_gone(parsed), 0, parsed.values)]
    else:
        row_of = np.full(len(column.specials) + 1, others)
        row_of[[i + 1 for i in shown]] = bins + np.arange(len(shown))
        inside = np.clip(np.searchsorted(edges, parsed.values, side="right") - 1, 0, bins - 1) if bins else others
        cells = np.where(parsed.special > 0, row_of[parsed.special], inside)
    counts = np.bincount(np.where(_gone(parsed), missing, cells), minlength=bins + rows)
    return counts / len(parsed)


def _edges(column: NumberColumn | TimeColumn, usual: Numbers, bins: int) -> tuple[Numbers, bool]:
    """Edges over the bulk of the usual values, and whether they are those of a log axis."""
    if not len(usual):
        return np.zeros(0), False
    bins = min(bins, max(FEWEST, math.isqrt(4 * len(usual))))  # few rows in many bins would be noise
    # a date is spelt to the day, though its ticks are finer
    resolution = 1.0 if column.kind == "date" else column.resolution
    heavy = isinstance(column, NumberColumn) and column.heavy_tail
    low, high = (float(q) for q in np.quantile(usual, [TAIL, 1 - TAIL]))
    if heavy and float(usual.min()) > 0 and high / float(np.median(usual)) >= LOG_FROM:
        return _log_edges(low, high, resolution, bins), True
    if heavy:
        low, high = (float(q) for q in np.quantile(usual, [HEAVY_TAIL, 1 - HEAVY_TAIL]))
    return _linear_edges(low, high, float(usual.max()), resolution, bins), False


def _linear_edges(low: float, high: float, largest: float, resolution: float, bins: int) -> Numbers:
    """Equally wide bins. Of values spelt with few digits each bin holds equally many, or every other one seems low."""
    if resolution and high - low < FEW * resolution and max(abs(low), abs(high)) < EXACT * resolution:
        first, last = math.floor(low / resolution + SLACK), math.ceil(high / resolution - SLACK)
        if last - first < 2:  # one or two values: a bin on either side for what a model makes beyond them
            first, last = first - 1, last + 1
        step = -(-(last - first + 1) // bins)
        count = -(-(last - first + 1) // step)
        edges = first - 0.5 + step * np.arange(count + 1)
        if largest <= (last + SLACK) * resolution:
            edges[-1] = last + 0.5  # nothing lies beyond: the part of the last bin that would stay empty is cut off
        return np.asarray(edges * resolution)
    if high - low <= abs(low) * SLACK:
        width = abs(low) * 1e-3 or 1.0
        return np.asarray(low + width * np.array([-1.5, -0.5, 0.5, 1.5]))
    return np.linspace(low, high, bins + 1)


def _log_edges(low: float, high: float, resolution: float, bins: int) -> Numbers:
    """Bins of equal ratio; where values are spelt with few digits the edges lie between two spellings."""
    edges = np.geomspace(low, high, bins + 1)
    if resolution and high / resolution < FEW:
        places = np.maximum(np.floor(edges / resolution - 0.5 + SLACK), 0)
        places[-1] = max(math.ceil(high / resolution - 0.5 - SLACK), places[0] + 1)
        edges = (np.unique(places) + 0.5) * resolution
    return edges
