"""One pass over a table: the values that occur, how often, and where, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.survey import Progress
from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.number_format import NumberFormat, guess_number_format
from gansmith.data.table.source import TableSource
from gansmith.data.table.time_guess import TimeGuess, guess_time
from gansmith.errors import InputError

__all__ = ["MISSING", "MOST_DISTINCT", "ColumnProfile", "TableProfile", "profile"]

MOST_DISTINCT = 100_000
"""Different values of a column that are counted one by one."""

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "null", "NULL", "Null", "NaT", "None", "?")
"""Spellings that mean a missing value in any column."""

_SAMPLE = 20_000
_MOST_BYTES = 64 * 2**20
_LOST = 1000
_SEED = 0


@dataclass
class ColumnProfile:
    """The values of one column.

    Attributes:
        name: Its name.
        stored: Its Arrow type in a typed source.
        rows: Rows of the table.
        nulls: Rows where a typed source has no value.
        distinct: Arrow table of `value`, `count` and `first` (row); all values where `complete`, else those that
            occurred before there were too many.
        complete: Whether every value was counted.
        number: How the first values spell numbers, once there are too many to count.
        time: How they spell times.
        odd: Values that came later and are spelt otherwise, with how often they came; the first 1000 of them.
        odd_rows: First row of each.
        low: Least of the later numbers, or ticks.
        high: Largest of them.
        sample: The values in rows drawn at random.
        places: Where rows lie, for people.
    """

    name: str
    stored: str | None
    places: Callable[[Sequence[int]], list[str]]
    rows: int = 0
    nulls: int = 0
    distinct: Any = None
    complete: bool = True
    number: NumberFormat | None = None
    time: TimeGuess | None = None
    odd: Counter[str] = field(default_factory=Counter)
    odd_rows: dict[str, int] = field(default_factory=dict)
    low: float = np.inf
    high: float = -np.inf
    sample: Any = None

    def add(self, column: Any, start: int) -> None:
        """Count the values of the next rows."""
        self.rows += len(column)
        self.nulls += column.null_count
        if not self.complete:
            return self._later(column, start)
        pa = arrow()
        rows = pa.array(np.arange(start, start + len(column)))
        batch = pa.table({"value": column, "count": pa.array(np.ones(len(column), np.int64)), "first": rows})
        self.distinct = self._merged(batch.filter(arrow_compute().is_valid(column)))
        if len(self.distinct) > MOST_DISTINCT or self.distinct.nbytes > _MOST_BYTES:
            self.complete = False
            values = self.distinct["value"].combine_chunks()
            values = values.filter(arrow_compute().invert(arrow_compute().is_in(values, pa.array(MISSING))))
            self.number = guess_number_format(values)
            self.time = None if self.number is not None else guess_time(values, self.name)
        return None

    def _merged(self, batch: Any) -> Any:
        sums = [("count", "sum"), ("first", "min")]
        new = batch.group_by("value", use_threads=False).aggregate(sums)
        new = new.rename_columns(["value", "count", "first"]).select(["value", "count", "first"])
        if self.distinct is None:
            return new
        both = arrow().concat_tables([self.distinct, new]).group_by("value", use_threads=False).aggregate(sums)
        return both.rename_columns(["value", "count", "first"])

    def _later(self, column: Any, start: int) -> None:
        """Rows after too many different values: only check that they are spelt as the first ones."""
        pa, pc = arrow(), arrow_compute()
        missing = pc.fill_null(pc.is_in(column, pa.array(MISSING)), True)
        valid = pc.is_valid(column)
        text = pc.if_else(missing, "", pc.fill_null(column, ""))
        bad = np.zeros(len(column), bool)
        if self.number is not None or self.time is not None:
            values, bad = (self.number or self.time.format).read(text)  # type: ignore[union-attr]
            good = values[~bad]
            if len(good):
                self.low, self.high = min(self.low, float(good.min())), max(self.high, float(good.max()))
        told = np.flatnonzero((bad | missing.to_numpy(zero_copy_only=False)) & valid.to_numpy(zero_copy_only=False))
        for row, value in zip(told[:_LOST].tolist(), column.take(pa.array(told[:_LOST])).to_pylist(), strict=True):
            self.odd_rows.setdefault(value, start + row)
        counts = pc.value_counts(column.take(pa.array(told))).to_pylist() if len(told) else []
        for entry in counts[:_LOST]:
            if entry["values"] in self.odd or len(self.odd) < _LOST:
                self.odd[entry["values"]] += entry["counts"]
                self.odd_rows.setdefault(entry["values"], start)


@dataclass(frozen=True)
class TableProfile:
    """What one pass over a table saw.

    Attributes:
        name: The table, for messages.
        rows: Number of rows.
        columns: What each column holds.
    """

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]


class _Sample:
    """Rows drawn at random from a stream, the same ones for the same stream."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(_SEED)
        self._keys: NDArray[np.float64] = np.empty(0)
        self._rows: Any = None

    def add(self, batch: Any) -> None:
        """Look at the next rows."""
        keys = self._random.random(batch.num_rows)
        limit = self._keys.max() if len(self._keys) >= _SAMPLE else np.inf
        chosen = np.flatnonzero(keys < limit)
        pa = arrow()
        new = pa.Table.from_batches([batch.take(pa.array(chosen))])
        rows = new if self._rows is None else pa.concat_tables([self._rows, new])
        keys = np.concatenate([self._keys, keys[chosen]])
        keep = np.sort(np.argpartition(keys, _SAMPLE)[:_SAMPLE]) if len(keys) > _SAMPLE else np.arange(len(keys))
        self._keys, self._rows = keys[keep], rows.take(pa.array(keep))

    def column(self, number: int) -> Any:
        """The drawn values of a column."""
        return self._rows.column(number).combine_chunks()


def profile(source: TableSource, progress: Progress | None = None) -> TableProfile:
    """Read a table once and count its values.

    Args:
        source: The table.
        progress: Called after every batch with the number of rows so far, twice: how many there are is not known.

    Raises:
        InputError: If the table has fewer than two rows, or cannot be read.
    """
    pairs = zip(source.columns, source.stored, strict=True)
    columns = tuple(ColumnProfile(name, kind, source.places) for name, kind in pairs)
    sample, rows = _Sample(), 0
    for batch in source.batches():
        for column, values in zip(columns, batch.columns, strict=True):
            column.add(values, rows)
        sample.add(batch)
        rows += batch.num_rows
        if progress is not None:
            progress("looking at rows", rows, rows)
    if rows < 2:
        found = "names of columns, but no rows" if rows == 0 else "one row"
        raise InputError(f"{source.name}: has {found}: give a table with two rows or more")
    for number, column in enumerate(columns):
        column.sample = sample.column(number)
    return TableProfile(source.name, rows, columns)
