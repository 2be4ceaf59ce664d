"""What orders a sequence, as it is learnt: how it begins, and the steps from row to row.

So a sequence never goes back. Dates that step by whole months are learnt as months, since no number of days is one: a
first month, the day of the month that the sequence keeps to, and months. In a month that is too short for that day, it
is the last one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import Column, ConstantColumn, LearntColumn, NumberColumn, Schema, TimeColumn
from gansmith.data.table.time_format import DAY

__all__ = ["ANY", "FIRST", "Chains", "MonthSteps", "PlainSteps", "Steps", "find_step", "months_of", "steps_of"]

FIRST = "(first row)"
"""What is missing in the first row of a sequence is missing so, and what is there in the first alone, in the others."""

ANY = "any"
"""The step of sequences that are learnt by the difference of values."""

FEWEST = 3
"""Steps that must be whole months: of fewer it may be chance."""

LAST = 31
"""The day of sequences that keep to the last one of every month."""

Index = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = Mapping[str, ParsedColumn]
Part = tuple[Column, ParsedColumn | None]
"""A column of flat rows with its values; None where it is the same in all."""


@dataclass(frozen=True)
class Chains:
    """Which rows follow each other.

    Attributes:
        owner: The row of the parent that each belongs to `(N,)`.
        before: The row that each follows `(N,)`; -1 where it is the first.
    """

    owner: Index
    before: Index

    @property
    def first(self) -> NDArray[np.bool_]:
        """Which rows begin a sequence `(N,)`."""
        return np.asarray(self.before < 0)

    def steps(self, values: NDArray[np.int64] | Floats) -> Floats:
        """The difference to the row before `(N,)`; 0 in first rows."""
        found: Floats = np.where(self.first, 0.0, values - values[np.maximum(self.before, 0)])
        return found


class Steps(Protocol):
    """How what orders a sequence is learnt."""

    @property
    def begins(self) -> tuple[str, ...]:
        """Columns of flat rows that have a value in the first row of a sequence, and there alone."""

    @property
    def goes_on(self) -> tuple[str, ...]:
        """Those that have one in all others."""

    def begin(self, made: Rows) -> Rows:
        """What first rows pass on: what orders them, as the table has it, and what the rest of the sequence needs."""

    def go_on(self, made: Rows, before: Rows) -> Rows:
        """The same of other rows, behind what the row before passed on."""

    def split(self, column: LearntColumn, parsed: ParsedColumn, chains: Chains) -> list[Part]:
        """The values of the column as columns of flat rows."""


@dataclass(frozen=True)
class PlainSteps:
    """A first value, and differences of values.

    Attributes:
        order: The column that orders rows.
    """

    order: str

    @property
    def begins(self) -> tuple[str, ...]:
        """The first value."""
        return (self.order,)

    @property
    def goes_on(self) -> tuple[str, ...]:
        """The step."""
        return (f"{self.order}.step",)

    def begin(self, made: Rows) -> Rows:
        """The first value."""
        return {self.order: made[self.order]}

    def go_on(self, made: Rows, before: Rows) -> Rows:
        """A step behind the value before."""
        return {self.order: ParsedColumn.plain(before[self.order].values + made[self.goes_on[0]].values)}

    def split(self, column: LearntColumn, parsed: ParsedColumn, chains: Chains) -> list[Part]:
        """The values of the column as columns of flat rows."""
        assert isinstance(column, NumberColumn | TimeColumn)
        if isinstance(column, TimeColumn):
            format = NumberFormat(digits=0 if column.kind == "date" else column.format.fraction)
        else:
            format = column.format
        start = _first_only(parsed, chains, len(column.missing) + 1)
        return [(_first_named(column), start), _stepping(self.goes_on[0], chains.steps(parsed.values), chains, format)]


@dataclass(frozen=True)
class MonthSteps:
    """A first month, a day of the month, and so many months at a time.

    Attributes:
        order: The column that orders rows.
        each: Months of a step of 1.
        origin: Days from 1970-01-01 to the day that values of the column are counted from.
        unit: What a day is in values of the column: 1 of dates; seconds of instants, all at the same time of day.
        day: The day that every sequence keeps to, in [1, 31]; None where it is learnt.
    """

    order: str
    each: int
    origin: int
    unit: float
    day: int | None = None

    @property
    def _day(self) -> str:
        return f"{self.order}.day"

    @property
    def begins(self) -> tuple[str, ...]:
        """The first month, and the day where it is not always the same."""
        return (self.order,) if self.day is not None else (self.order, self._day)

    @property
    def goes_on(self) -> tuple[str, ...]:
        """The step."""
        return (f"{self.order}.step",)

    def begin(self, made: Rows) -> Rows:
        """The day of the month of the first date: of what was drawn between two months, the nearer one."""
        values = made[self.order].values
        day = made[self._day] if self.day is None else ParsedColumn.plain(np.full(len(values), self.day))
        days = np.nan_to_num(values) / self.unit + self.origin
        month = _months(days)
        month += days - _start(month) > _start(month + 1) - days
        return {self.order: self._dates(month, day), self._day: day}

    def go_on(self, made: Rows, before: Rows) -> Rows:
        """Months later, on the same day."""
        month = _months(before[self.order].values / self.unit + self.origin)
        step = np.rint(made[self.goes_on[0]].values).astype(np.int64)
        return {self.order: self._dates(month + step * self.each, before[self._day]), self._day: before[self._day]}

    def split(self, column: LearntColumn, parsed: ParsedColumn, chains: Chains) -> list[Part]:
        """The values of the column as columns of flat rows."""
        days = parsed.values / self.unit + self.origin
        month, day = _months(days), _kept_days(days, chains)
        start = _first_only(self._numbered(_start(month)), chains, len(column.missing) + 1)
        steps = _stepping(self.goes_on[0], chains.steps(month) / self.each, chains, NumberFormat(digits=0))
        kept: Part
        if len(np.unique(day)) == 1:
            kept = ConstantColumn(kind="constant", name=self._day, value=str(day[0])), None
        else:
            low, high = float(day.min()), float(day.max())
            number = NumberColumn(
                name=self._day, kind="integer", format=NumberFormat(digits=0), low=low, high=high, missing=(FIRST,)
            )
            kept = number, _first_only(ParsedColumn.plain(day), chains, 1)
        return [(_first_named(column), start), kept, steps]

    def _dates(self, month: Index, day: ParsedColumn) -> ParsedColumn:
        """Days of months, the last one where a month has no such day, as the column counts them."""
        first, length = _start(month), _start(month + 1) - _start(month)
        wanted = np.maximum(np.rint(np.nan_to_num(day.values)).astype(np.int64), 1)
        return self._numbered(first + np.minimum(wanted, length) - 1)

    def _numbered(self, days: Index) -> ParsedColumn:
        """Days since 1970-01-01 as the column counts them."""
        return ParsedColumn.plain((days - self.origin) * np.float64(self.unit))


def steps_of(order: str, step: str | None, schema: Schema) -> Steps:
    """How what orders a sequence is learnt.

    Args:
        order: The column.
        step: As relations say it; None is `any`.
        schema: What the columns of flat rows are, or of the table.
    """
    each = months_of(step)
    column = schema.column(order)
    if each is None or not isinstance(column, TimeColumn):
        return PlainSteps(order)
    kept = f"{order}.day"
    day = schema.column(kept) if kept in schema.names else None
    always = int(day.value or LAST) if isinstance(day, ConstantColumn) else None
    return MonthSteps(order, each, _origin(column), _unit(column), always)


def months_of(step: str | None) -> int | None:
    """The months of `3 months`; None for anything else."""
    found = re.fullmatch(r"([1-9]\d{0,3}) months?", step or "")
    return int(found[1]) if found else None


def find_step(column: Column, parsed: ParsedColumn, chains: Chains) -> str | None:
    """The months in every step of a sequence, as relations say them; None where some steps are none.

    Dates, or instants that are all at the same time of day.
    """
    if not isinstance(column, TimeColumn) or not column.origin or (parsed.special > 0).any():
        return None
    zoned = re.search("%:?z", column.format.format) is not None and column.format.zone != "+00:00"
    if zoned or (parsed.values % _unit(column) != 0).any():  # elsewhere days begin at another time, or times differ
        return None
    days = parsed.values / _unit(column) + _origin(column)
    month = _months(days)
    step = chains.steps(month).astype(np.int64)
    length = _start(month + 1) - _start(month)
    if (np.minimum(_kept_days(days, chains), length) != days - _start(month) + 1).any() or (step > 0).sum() < FEWEST:
        return None
    each = int(np.gcd.reduce(step))
    return f"{each} month{'s' if each > 1 else ''}"


def _kept_days(days: Floats, chains: Chains) -> Index:
    """The day of the month that the sequence of each row keeps to, if it does `(N,)`.

    It is the latest one. Of a sequence that has nothing but last days of months, as 30 April alone, it may be a later
    one: then the first such day that another sequence keeps to.
    """
    month = _months(days)
    day = (days - _start(month)).astype(np.int64) + 1
    last = day == _start(month + 1) - _start(month)
    owners = int(chains.owner.max(initial=-1)) + 1
    latest, open_end = np.zeros(owners, np.int64), np.ones(owners, bool)
    np.maximum.at(latest, chains.owner, day)
    np.logical_and.at(open_end, chains.owner, last)
    sure = np.append(np.unique(latest[~open_end & (latest > 0)]), LAST)
    found = np.where(open_end, sure[np.searchsorted(sure, latest)], latest)
    return np.asarray(found[chains.owner])


def _origin(column: TimeColumn) -> int:
    return int(np.datetime64(column.origin, "D").astype(np.int64))


def _unit(column: TimeColumn) -> float:
    """What a day is in values of a column."""
    return 1.0 if column.unit == "days" else float(DAY)


def _months(days: Floats) -> Index:
    """Months since 1970-01 of days since 1970-01-01."""
    return np.rint(days).astype(np.int64).astype("M8[D]").astype("M8[M]").astype(np.int64)


def _start(months: Index) -> Index:
    """The first day of each month, counted from 1970-01-01."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)


def _first_named(column: LearntColumn) -> LearntColumn:
    """The column as it is in first rows alone."""
    return column.model_copy(update={"missing": (*column.missing, FIRST)})


def _first_only(parsed: ParsedColumn, chains: Chains, flag: int) -> ParsedColumn:
    """Values in first rows; missing by this flag in all others."""
    return ParsedColumn(
        np.where(chains.first, parsed.values, np.nan),
        np.where(chains.first, parsed.missing, flag).astype(np.uint8),
        np.where(chains.first, parsed.special, 0).astype(np.uint8),
    )


def _stepping(name: str, step: Floats, chains: Chains, format: NumberFormat) -> Part:
    """Steps in all but first rows."""
    first = chains.first
    some = step[~first]
    low, high = (float(some.min()), float(some.max())) if len(some) else (0.0, 0.0)
    kind = "integer" if format.digits == 0 else "decimal"
    column = NumberColumn(name=name, kind=kind, format=format, low=low, high=high, missing=(FIRST,))  # type: ignore[arg-type]
    none = np.zeros(len(step), np.uint8)
    return column, ParsedColumn(np.where(first, np.nan, step), first.astype(np.uint8), none)
