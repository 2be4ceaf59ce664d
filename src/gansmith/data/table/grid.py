"""The values that a column can write: a rule holds of what is written, so it is checked after rounding."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import LearntColumn, NumberColumn, TimeColumn
from gansmith.data.table.time_format import DAY

__all__ = ["Grid", "Rows", "as_written", "grid_of"]

Rows = Mapping[str, ParsedColumn]
"""Parsed columns by name, all of `N` rows."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EXACT = 2.0**50
"""Up to so many steps from 0 a number is rounded by arithmetic; beyond, by writing and reading it."""

_EXACT_DIGITS = 15
"""A float has so many digits; a column that writes more has steps finer than floats have."""

_UNITS = (("f", 0), ("Si", 1), ("M", 60), ("HIK", 3600), ("dD", DAY), ("mbB", 31 * DAY), ("Yy", 366 * DAY))


def as_written(parsed: ParsedColumn, column: LearntColumn) -> ParsedColumn:
    """The values as they are when the column has been written and read again.

    Numbers are rounded to the column's digits and times to what their format says; a value that is spelt as a special
    one, or as a missing one, is that. A time that no text can say (the year 10000) moves to the end of the column's
    range.
    """
    if isinstance(column, NumberColumn | TimeColumn):
        return grid_of(column).written(parsed)
    words = [m for m in column.missing if m in column.values]
    if not words:
        return parsed
    missing = parsed.missing.copy()
    for word in words:
        missing[(missing == 0) & (parsed.values == column.values.index(str(word)))] = column.missing.index(word) + 1
    return ParsedColumn(np.where(missing > 0, -1, parsed.values).astype(np.int32), missing, parsed.special)


class Grid:
    """The numbers that a column of numbers or times can write, in the unit of its parsed values.

    Args:
        column: What the column is.
    """

    def __init__(self, column: NumberColumn | TimeColumn) -> None:
        self.column = column
        self._read = self._number_reader() if isinstance(column, NumberColumn) else _through_text(self._time_text)
        ends = [column.low, column.high] if isinstance(column, NumberColumn) else self.read([column.low, column.high])
        self.low, self.high = float(ends[0]), float(ends[1])
        self._specials = self.read([s.text for s in column.specials])
        self._missing = self._missing_numbers()

    def read(self, text: list[str]) -> Floats:
        """Numbers of spellings `(N,)`; NaN for what the column does not read."""
        if not text:
            return np.zeros(0)
        column = self.column
        numbers, bad = column.format.read(arrow().array(text, arrow().string()))
        if isinstance(column, TimeColumn):
            numbers = (numbers - column.start) / column.step
        return np.where(bad, np.nan, numbers)

    def spell(self, values: Floats) -> list[str]:
        """Finite numbers `(N,)` as the column writes them."""
        return [str(text) for text in self._write(values).to_pylist()]

    @property
    def numbers(self) -> tuple[float, float]:
        """Least and largest number that the column has, special values among them."""
        return float(min([self.low, *self._specials])), float(max([self.high, *self._specials]))

    def nearest(self, values: Floats) -> Floats:
        """What is read again when finite numbers `(N,)` are written; a format of times cuts rather than rounds."""
        return self._read(values) + 0.0  # no minus before a zero

    def down(self, values: Floats) -> Floats:
        """The largest number that can be written and is not above each value `(N,)`."""
        # a time is cut, so it lies above only where it was within half a tick of the next one
        steps = [self.column.resolution] if isinstance(self.column, TimeColumn) else self._steps(values)
        found = self.nearest(values)
        for step in steps:
            found = np.where(found > values, self.nearest(found - step), found)
        return found

    def up(self, values: Floats) -> Floats:
        """The least number that can be written and is not below each value `(N,)`."""
        found = self.nearest(values)
        for step in self._steps(values):
            found = np.where(found < values, self.nearest(found + step), found)
        return found

    def below(self, values: Floats) -> Floats:
        """The largest number that can be written and is less than each value `(N,)`."""
        return self.down(np.nextafter(values, -np.inf))

    def above(self, values: Floats) -> Floats:
        """The least number that can be written and is larger than each value `(N,)`."""
        return self.up(np.nextafter(values, np.inf))

    def written(self, parsed: ParsedColumn) -> ParsedColumn:
        """As `as_written`."""
        gone, special = parsed.missing > 0, parsed.special
        values = np.where(gone, self.low, parsed.values).astype(np.float64)
        values = self.nearest(values)
        for place, number in enumerate(self._specials, start=1):
            values[~gone & (special == place)] = number
        flags, missing = np.zeros(len(values), np.uint8), parsed.missing
        for place, number in enumerate(self._specials, start=1):
            flags[values == number] = place
        for place, number in self._missing:
            taken = ~gone & (values == number) & (flags == 0)
            missing = np.where(taken, place, missing).astype(np.uint8)
        gone = missing > 0
        return ParsedColumn(np.where(gone, np.nan, values), missing, np.where(gone, 0, flags).astype(np.uint8))

    def _missing_numbers(self) -> list[tuple[int, float]]:
        """Spellings of a missing value that are also how a number is written, with their places."""
        words = [(i, m) for i, m in enumerate(self.column.missing, start=1) if m]
        numbers = self.read([m for _, m in words])
        found = []
        for (place, word), number in zip(words, numbers, strict=True):
            if np.isfinite(number) and self._write(np.array([number])).to_pylist() == [word]:
                found.append((place, float(number)))
        return found

    def _write(self, values: Floats) -> Any:
        column = self.column
        if isinstance(column, NumberColumn):
            return column.format.write(values)
        return column.format.write(np.rint(values * column.step).astype(np.int64) + column.start)

    def _number_reader(self) -> Callable[[Floats], Floats]:
        assert isinstance(self.column, NumberColumn)
        format = self.column.format
        by_text = _through_text(lambda values: self.read(self._write(values).to_pylist()))
        if format.style == "shortest" and format.digits is None:
            return lambda values: values
        if format.style == "scientific" or (format.digits or 0) > _EXACT_DIGITS:
            return by_text
        scale = 10.0 ** (format.digits or 0)

        def rounded(values: Floats) -> Floats:
            large = np.abs(values) * scale >= _EXACT
            found = np.rint(np.where(large, 0.0, values) * scale) / scale
            if large.any():
                found[large] = by_text(values[large])
            return found

        return rounded

    def _time_text(self, values: Floats) -> Floats:
        read = self.read(self._write(values).to_pylist())
        return np.where(np.isnan(read), np.where(values > self.high, self.high, self.low), read)

    def _steps(self, values: Floats) -> Sequence[float | Floats]:
        """How far the next number that can be written may be, least first: one that is too short leads nowhere."""
        column = self.column
        if isinstance(column, TimeColumn):
            return _unit(column)
        if column.format.style != "scientific":
            step = column.resolution
            return (step,) if (column.format.digits or 0) <= _EXACT_DIGITS else (step, 2 * step, 10 * step)
        with np.errstate(divide="ignore"):
            size = np.floor(np.log10(np.abs(values)))
        step = 10.0 ** np.clip(size - (column.format.digits or 0), -300, 300)
        return step / 10, step, step * 10  # near a power of ten the logarithm may be on either side


@lru_cache(maxsize=512)
def grid_of(column: NumberColumn | TimeColumn) -> Grid:
    """The grid of a column, made once."""
    return Grid(column)


def _through_text(write_and_read: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """The same for many values, of which each different one is written once."""

    def read(values: Floats) -> Floats:
        if not len(values):
            return values
        different, places = np.unique(values, return_inverse=True)
        return write_and_read(different)[places]

    return read


def _unit(column: TimeColumn) -> tuple[float, float]:
    """The smallest part of a time that its format writes, in the column's unit: least and most, since months differ."""
    codes = re.findall(r"%(?:-|:|\d)?([A-Za-z])", column.format.format)
    seconds = next(size for names, size in _UNITS if set(names) & set(codes))
    size = seconds if seconds else 1.0 / column.format.rate
    least = {31 * DAY: 28 * DAY, 366 * DAY: 365 * DAY}.get(seconds, size)
    unit = DAY if column.unit == "days" else 1
    return least / unit, size / unit
