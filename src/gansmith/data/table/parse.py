"""Columns of text become arrays that a model can learn, and arrays become the same text again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, TimeColumn
from gansmith.errors import InputError

__all__ = ["ParsedColumn", "parse_column", "render_column"]

Flags = NDArray[np.uint8]


@dataclass(frozen=True)
class ParsedColumn:
    """The values of a learnt column.

    Attributes:
        values: float64 `(N,)` for numbers and times (NaN where missing): days since the origin for dates, seconds
            since it for instants, seconds for times of day and durations. int32 `(N,)` for booleans (0 no, 1 yes) and
            categories (codes into the column's values): -1 where missing.
        missing: uint8 `(N,)`: 0 where there is a value, else 1 and up for the column's spellings of a missing one.
        special: uint8 `(N,)`: 0 for a usual value, else 1 and up for the column's specials; `values` holds their
            numbers too.
    """

    values: NDArray[Any]
    missing: Flags
    special: Flags

    @classmethod
    def plain(cls, values: NDArray[np.int64] | NDArray[np.float64]) -> ParsedColumn:
        """Numbers of which none is missing or special."""
        none = np.zeros(len(values), np.uint8)
        return cls(np.asarray(values, np.float64), none, none)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.values)

    def rows(self, index: NDArray[np.int64] | slice) -> ParsedColumn:
        """Some of the rows."""
        return ParsedColumn(self.values[index], self.missing[index], self.special[index])


def parse_column(text: Any, column: LearntColumn) -> tuple[ParsedColumn, NDArray[np.bool_]]:
    """Read a batch of a column.

    Args:
        text: Arrow array of text `(N,)`, null where a typed source has no value.
        column: What the column is.

    Returns:
        The values, and which rows hold text that the column cannot hold; those count as values of 0 here.
    """
    pc = arrow_compute()
    missing = _places(text, [m for m in column.missing])
    gone = missing > 0
    lost = pc.is_null(text).to_numpy(zero_copy_only=False) & ~gone
    text = pc.fill_null(text, "")
    special = np.zeros(len(text), np.uint8)
    values: NDArray[Any]
    if isinstance(column, BooleanColumn | CategoryColumn):
        codes = pc.fill_null(pc.index_in(text, _strings(column.values)), -1).to_numpy()
        bad = (codes < 0) & ~gone | lost
        values = np.where(gone, -1, np.where(bad, 0, codes)).astype(np.int32)
        return ParsedColumn(values, missing, special), bad
    if column.specials:
        special = _places(text, [s.text for s in column.specials])
    read, bad = column.format.read(text)
    numbers = (read - column.start) / column.step if isinstance(column, TimeColumn) else read
    bad = (bad | ~np.isfinite(numbers)) & ~gone | lost
    values = np.where(gone, np.nan, np.where(bad, 0.0, numbers))
    return ParsedColumn(values, missing, np.where(gone | bad, 0, special).astype(np.uint8)), bad


def _strings(values: Any) -> Any:
    return arrow().array(list(values), arrow().string())


def _places(text: Any, words: list[str | None]) -> Flags:
    """1 and up for the word that a text is, 0 for none of them."""
    if not words:
        return np.zeros(len(text), np.uint8)
    found = arrow_compute().index_in(text, _strings(words))
    return np.asarray(arrow_compute().fill_null(found, -1).to_numpy() + 1, np.uint8)


def render_column(parsed: ParsedColumn, column: LearntColumn) -> Any:
    """Write values as the column spells them.

    Args:
        parsed: The values. Numbers are rounded to the column's digits, times to its ticks.
        column: What the column is.

    Returns:
        Arrow array of text `(N,)`; null where a value is missing and the source has null for that.

    Raises:
        InputError: For numbers that are not finite, and codes that the column does not have.
    """
    pc = arrow_compute()
    gone = parsed.missing > 0
    if isinstance(column, BooleanColumn | CategoryColumn):
        codes = np.where(gone, 0, parsed.values)
        _check(codes, 0, len(column.values) - 1, column.name, "codes")
        text = _strings(column.values).take(arrow().array(codes.astype(np.int64)))
    else:
        values = np.where(gone | (parsed.special > 0), _safe(column), parsed.values)
        if not np.isfinite(values).all():
            raise InputError(f"column {column.name!r}: some values are not finite")
        text = _spell(values, column)
        if column.specials:
            _check(parsed.special, 0, len(column.specials), column.name, "special values")
            text = _instead(text, parsed.special, [s.text for s in column.specials])
    if not gone.any():
        return text
    _check(parsed.missing, 0, len(column.missing), column.name, "spellings of missing values")
    return pc.cast(_instead(text, parsed.missing, list(column.missing)), arrow().string())


def _safe(column: NumberColumn | TimeColumn) -> float:
    """A value that can be written, where something else will stand."""
    return column.low if isinstance(column, NumberColumn) else 0.0


def _spell(values: NDArray[np.float64], column: NumberColumn | TimeColumn) -> Any:
    if isinstance(column, NumberColumn):
        return column.format.write(values)
    ticks = np.rint(values * column.step).astype(np.int64)
    return column.format.write(ticks + column.start)


def _instead(text: Any, flags: Flags, words: list[str | None]) -> Any:
    """Text with the words for the flags above 0 in its place."""
    at = arrow().array(np.where(flags > 0, flags.astype(np.int64) - 1, 0))
    return arrow_compute().if_else(arrow().array(flags > 0), _strings(words).take(at), text)


def _check(codes: NDArray[Any], low: int, high: int, name: str, what: str) -> None:
    if len(codes) and (codes.min() < low or codes.max() > high):
        raise InputError(
            f"column {name!r}: {what} must lie between {low} and {high}, not {codes.min()} to {codes.max()}"
        )
