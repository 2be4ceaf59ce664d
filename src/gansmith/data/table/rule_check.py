"""What a rule can do once the columns are known; and the simplest rules, which look at one column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.grid import Floats, Mask, Rows, grid_of
from gansmith.data.table.rule_kinds import OneOfRule, PositiveRule, RangeRule, Rule
from gansmith.data.table.rule_values import Columns, change, code_of, learnt_column, number_of, numeric_column
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, NumberColumn, TimeColumn
from gansmith.errors import InputError

__all__ = ["Bounds", "Check", "OneOfCheck", "RangeCheck", "bounds_of", "ends_of"]

Bounds = Mapping[str, tuple[float, float]]
"""Least and largest value that mending may give numbers and times, by column; training and range rules set them."""


class Check(Protocol):
    """A rule, bound to the columns of a table.

    What is missing can't be compared, and what can't be compared breaks no rule: a rule holds of such a row, as a
    CHECK of SQL does. A special value (a code such as 999, a number that very many rows share) is the number that it
    is; but it is not moved by mending, since nothing near it means the same: such a row is drawn again. Where a rule
    differs from this, it says so.
    """

    @property
    def rule(self) -> Rule:
        """What was demanded."""

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule: exact for values as they are written (`grid.as_written`)."""

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """The rows with those that break the rule changed as little as possible.

        Args:
            rows: Rows as they are written; those that keep the rule stay as they are.
            luck: A random number in [0, 1) for each row `(N,)`, for rules that choose.
            pinned: Columns that must stay as they are.

        Returns:
            Rows whose values need rounding again. A row that can't be mended is left alone and still breaks the rule.
        """


@dataclass(frozen=True)
class RangeCheck:
    """A column of numbers or times between two ends; also: above 0. Mending moves a value to the nearer end.

    Attributes:
        rule: What was demanded.
        column: The column.
        low: Least value, in the unit of parsed values.
        high: Largest value.
        bounds: Where values may be moved to.
    """

    rule: RangeRule | PositiveRule
    column: NumberColumn | TimeColumn
    low: float
    high: float
    bounds: Bounds

    @classmethod
    def bind(cls, rule: RangeRule | PositiveRule, columns: Columns, bounds: Bounds) -> RangeCheck:
        """The check of a rule. Raises `InputError` if it doesn't fit the column."""
        column = numeric_column(columns, rule.column)
        return cls(rule, column, *ends_of(rule, column), bounds)

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule."""
        parsed = rows[self.column.name]
        inside = (parsed.values >= self.low) & (parsed.values <= self.high)
        return np.asarray(inside | (parsed.missing > 0))

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """Values moved to the nearer end."""
        name = self.column.name
        if name in pinned:
            return rows
        low, high = self.bounds[name]
        moved = np.clip(rows[name].values, low, high)
        return {**rows, name: change(rows[name], ~self.holds(rows), moved)}


def ends_of(rule: RangeRule | PositiveRule, column: NumberColumn | TimeColumn) -> tuple[float, float]:
    """Least and largest allowed value in the unit of parsed values, infinite where there is no bound.

    Raises:
        InputError: For bounds that the column can't hold, and a sign of dates.
    """
    if isinstance(rule, PositiveRule):
        if column.kind not in ("integer", "decimal", "duration"):
            raise InputError(f"column {column.name!r} is a {column.kind}: only numbers and durations are positive")
        return 0.0 if rule.zero else float(np.nextafter(0, 1)), np.inf
    low = -np.inf if rule.low is None else number_of(rule.low, column)
    high = np.inf if rule.high is None else number_of(rule.high, column)
    if low > high:
        raise InputError(f"the range is empty: {rule.low} lies behind {rule.high}")
    return low, high


def bounds_of(columns: Columns, rules: Sequence[Rule]) -> dict[str, tuple[float, float]]:
    """Where mending may move the numbers and times of a table; rules that don't fit their columns are left out."""
    bounds = {}
    for column in columns.values():
        if isinstance(column, NumberColumn | TimeColumn):
            bounds[column.name] = grid_of(column).low, grid_of(column).high
    for rule in rules:
        if not isinstance(rule, RangeRule | PositiveRule) or rule.column not in bounds:
            continue
        column = numeric_column(columns, rule.column)
        grid = grid_of(column)
        try:
            low, high = ends_of(rule, column)
        except InputError:
            continue
        if isinstance(rule, PositiveRule) and not rule.zero and not column.resolution:
            low = -np.inf  # no digit is the last one, so no number is the least positive one
        least, most = bounds[rule.column]
        if np.isfinite(low):
            least = max(least, float(grid.up(np.array([low]))[0]))
        if np.isfinite(high):
            most = min(most, float(grid.down(np.array([high]))[0]))
        if least <= most:
            bounds[rule.column] = least, most
    return bounds


@dataclass(frozen=True)
class OneOfCheck:
    """A column that has only some values. Mending moves a number or a time to the nearest of them.

    Attributes:
        rule: What was demanded.
        column: The column.
        allowed: Codes, or numbers, that are allowed, rising.
        bounds: Where values may be moved to.
    """

    rule: OneOfRule
    column: NumberColumn | TimeColumn | BooleanColumn | CategoryColumn
    allowed: NDArray[np.float64]
    bounds: Bounds

    @classmethod
    def bind(cls, rule: OneOfRule, columns: Columns, bounds: Bounds) -> OneOfCheck:
        """The check of a rule. Raises `InputError` with every value that the column can't have."""
        column = learnt_column(columns, rule.column)
        found: list[float] = []
        problems: list[str] = []
        for value in rule.values:
            try:
                if isinstance(column, NumberColumn | TimeColumn):
                    found.append(_written(value, column))
                else:
                    found.append(float(code_of(value, column)))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(*problems)
        return cls(rule, column, np.unique(np.array(found, np.float64)), bounds)

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule."""
        parsed = rows[self.column.name]
        return np.asarray(np.isin(parsed.values, self.allowed) | (parsed.missing > 0))

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """Numbers and times moved to the nearest value; categories stay as they are."""
        name = self.column.name
        if name in pinned or not isinstance(self.column, NumberColumn | TimeColumn):
            return rows
        low, high = self.bounds[name]
        inside = self.allowed[(self.allowed >= low) & (self.allowed <= high)]
        if not len(inside):
            return rows
        values = np.nan_to_num(rows[name].values)
        at = np.clip(np.searchsorted(inside, values), 1, max(len(inside) - 1, 1))
        left, right = inside[at - 1], inside[np.minimum(at, len(inside) - 1)]
        moved = np.where(values - left <= right - values, left, right)
        return {**rows, name: change(rows[name], ~self.holds(rows), moved)}


def _written(value: object, column: NumberColumn | TimeColumn) -> float:
    """A value on the column's grid. Raises `InputError` for one that the column can't write."""
    number = number_of(value, column)
    written = float(grid_of(column).nearest(np.array([number]))[0])
    if abs(written - number) > 1e-9 * max(1.0, abs(number)):
        raise InputError(f"column {column.name!r} can't write {value!r} with its digits: it would be {written:.12g}")
    return written
