"""One column is at most a multiple of another one and a constant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gansmith.data.table.grid import Floats, Grid, Mask, Rows, grid_of
from gansmith.data.table.rule_check import Bounds
from gansmith.data.table.rule_kinds import InequalityRule
from gansmith.data.table.rule_values import Columns, change, numeric_column, seconds_of, ticks_of
from gansmith.data.table.schema import NumberColumn, TimeColumn
from gansmith.errors import InputError

__all__ = ["InequalityCheck"]

_FAR = 2.0**62
_INSTANTS = ("date", "datetime")
_SLACK = 4 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class InequalityCheck:
    """`left <= factor * right + offset`, or `<`.

    Sums and products are compared as decimals: 0.2 is at most 0.3 - 0.1, though floats say 0.2 and 0.19999999999999998.
    Times are compared in whole ticks, exactly, whatever their formats and origins; a date is its first instant, and an
    instant without a zone is one of UTC.

    Attributes:
        rule: What was demanded.
        left: The column on the left.
        right: The column on the right.
        factor: What the right side's values are multiplied by to be values of the left side's unit.
        offset: What is added then, in the left side's unit.
        seconds: The offset of two times, in seconds.
        bounds: Where values may be moved to.
    """

    rule: InequalityRule
    left: NumberColumn | TimeColumn
    right: NumberColumn | TimeColumn
    factor: float
    offset: float
    seconds: float
    bounds: Bounds

    @classmethod
    def bind(cls, rule: InequalityRule, columns: Columns, bounds: Bounds) -> InequalityCheck:
        """The check of a rule. Raises `InputError` if the columns can't be compared."""
        left, right = numeric_column(columns, rule.left), numeric_column(columns, rule.right)
        offset = seconds_of(rule.offset, left)
        if isinstance(left, NumberColumn) and isinstance(right, NumberColumn):
            return cls(rule, left, right, rule.factor, offset, 0.0, bounds)
        kinds = left.kind, right.kind
        alike = kinds[0] == kinds[1] or set(kinds) <= set(_INSTANTS)
        if isinstance(left, NumberColumn) or isinstance(right, NumberColumn) or not alike:
            raise InputError(
                f"{left.name!r} is a {left.kind} and {right.name!r} a {right.kind}: they can't be compared"
            )
        if rule.factor != 1 and left.kind != "duration":
            raise InputError(f"a {left.kind} can't be multiplied by {rule.factor:g}: of times, durations can")
        rate = max(left.format.rate, right.format.rate)
        if any(_farthest(c) * rate >= _FAR for c in (left, right)):
            raise InputError(f"{left.name!r} and {right.name!r} lie too far apart in digits and years to be compared")
        one, two = (86_400 if c.unit == "days" else 1 for c in (left, right))
        starts = [c.start / c.format.rate for c in (left, right)]
        moved = (starts[1] * rule.factor - starts[0] + offset) / one
        return cls(rule, left, right, rule.factor * two / one, moved, offset, bounds)

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule."""
        one, two = rows[self.left.name], rows[self.right.name]
        gone = (one.missing > 0) | (two.missing > 0)
        a, b = np.where(gone, 0.0, one.values), np.where(gone, 0.0, two.values)
        if isinstance(self.left, TimeColumn) and isinstance(self.right, TimeColumn):
            good = self._times(a, b, self.left, self.right)
        elif self.rule.strict:
            good = a < self.factor * b + self.offset - self._slack(a, b)
        else:
            good = a <= self.factor * b + self.offset + self._slack(a, b)
        return np.asarray(good | gone)

    def _times(self, a: Floats, b: Floats, left: TimeColumn, right: TimeColumn) -> Mask:
        rate = max(left.format.rate, right.format.rate)
        one = ticks_of(a, left) * (rate // left.format.rate)
        two = ticks_of(b, right) * (rate // right.format.rate)
        scaled = two if self.rule.factor == 1 else np.round(two * self.rule.factor, 3)
        apart, most = one - scaled, round(self.seconds * rate, 3)
        return np.asarray(apart < most if self.rule.strict else apart <= most)

    def _slack(self, a: Floats, b: Floats) -> Floats:
        """What rounding in the sum can have changed, in the left side's unit; nothing where there was no sum."""
        if isinstance(self.left, TimeColumn) and isinstance(self.right, TimeColumn):
            return np.full(len(a), 0.25 * min(1 / self.left.step, abs(self.factor) / self.right.step))
        if self.factor == 1 and self.offset == 0:
            return np.zeros(len(a))
        return np.asarray(_SLACK * (np.abs(a) + np.abs(self.factor * b) + abs(self.offset)))

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """Both values moved to the border, each by its share of the way: more where the column is wider."""
        names = self.left.name, self.right.name
        bad = ~self.holds(rows)
        fixed = [name in pinned for name in names]
        if all(fixed) or not bad.any():
            return rows
        a, b = rows[names[0]].values[bad], rows[names[1]].values[bad]
        wide = [self.bounds[name][1] - self.bounds[name][0] for name in names]
        pull = np.array([wide[0] * (not fixed[0]), abs(self.factor) * wide[1] * (not fixed[1])]) ** 2
        if not pull.any():
            return rows
        a, b, good = self._moved(a, b, float(pull[0] / pull.sum()), fixed[0], fixed[1])
        moved = np.flatnonzero(bad)[good]
        out = dict(rows)
        for name, values in zip(names, (a[good], b[good]), strict=True):
            whole = np.array(rows[name].values)
            whole[moved] = values
            changed = np.zeros(len(whole), bool)
            changed[moved] = values != rows[name].values[moved]
            out[name] = change(rows[name], changed, whole)
        return out

    def _moved(self, a: Floats, b: Floats, share: float, stay: bool, other: bool) -> tuple[Floats, Floats, Mask]:
        """Values that keep the rule, and for which rows there are any; `share` of the way is the left side's."""
        one, two = grid_of(self.left), grid_of(self.right)
        low, high = self.bounds[self.right.name]
        least = self.bounds[self.left.name][0]
        over = a - (self.factor * b + self.offset)
        goal = b if other else np.clip(two.nearest(b + (1 - share) * over / self.factor), low, high)
        left = a if stay else np.minimum(a, self._most(one, a, goal))
        short = (left < least) | stay
        left = np.where(short & (not stay), least, left)
        need = self._right(two, left)
        goal = np.where(short & (not other), np.clip(need, low, high), goal)
        limit = self.factor * goal + self.offset
        slack = self._slack(left, goal)
        good = left < limit - slack if self.rule.strict else left <= limit + slack
        return left, goal, np.asarray(good)

    def _most(self, grid: Grid, a: Floats, b: Floats) -> Floats:
        """The largest left value that goes with right ones."""
        limit, slack = self.factor * b + self.offset, self._slack(a, b)
        return grid.below(limit - slack) if self.rule.strict else grid.down(limit + slack)

    def _right(self, grid: Grid, a: Floats) -> Floats:
        """The nearest right value that goes with left ones."""
        b = (a - self.offset) / self.factor
        slack = self._slack(a, b) / abs(self.factor)
        if self.factor > 0:
            return grid.above(b + slack) if self.rule.strict else grid.up(b - slack)
        return grid.below(b - slack) if self.rule.strict else grid.down(b + slack)


def _farthest(column: TimeColumn) -> float:
    """Seconds from 0 of the farthest usual value."""
    unit = 86_400 if column.unit == "days" else 1
    start = column.start / column.format.rate
    return max(abs(start + end * unit) for end in grid_of(column).numbers)
