"""Number columns sum to a constant or to another column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.grid import Floats, Mask, Rows, grid_of
from gansmith.data.table.rule_check import Bounds
from gansmith.data.table.rule_kinds import SumToRule, say_number
from gansmith.data.table.rule_values import Columns, change, learnt_column
from gansmith.data.table.schema import NumberColumn
from gansmith.errors import InputError

__all__ = ["SumCheck"]

_LOOSE = 1e-9
"""How exact a sum of numbers without a last digit is, as a share of its parts."""

_SLACK = 4 * float(np.finfo(np.float64).eps)
_FINEST = 15


@dataclass(frozen=True)
class SumCheck:
    """The parts sum to the total.

    Numbers are summed as decimals, so 0.1 and 0.2 sum to 0.3. A total with fewer digits than its parts is the rounded
    sum. Where a column has no last digit, sums agree to nine digits.

    Attributes:
        rule: What was demanded.
        parts: The columns that are summed.
        total: The column of the sum; None for a constant.
        bounds: Where values may be moved to.
    """

    rule: SumToRule
    parts: tuple[NumberColumn, ...]
    total: NumberColumn | None
    bounds: Bounds

    @classmethod
    def bind(cls, rule: SumToRule, columns: Columns, bounds: Bounds) -> SumCheck:
        """The check of a rule. Raises `InputError` if a column holds no numbers, or the total has too many digits."""
        found = []
        for name in rule.uses:
            column = learnt_column(columns, name)
            if not isinstance(column, NumberColumn):
                raise InputError(f"column {name!r} is a {column.kind}, and only numbers can be summed")
            found.append(column)
        parts = tuple(found[: len(rule.columns)])
        check = cls(rule, parts, found[-1] if isinstance(rule.total, str) else None, bounds)
        if isinstance(rule.total, float) and check._step and not rule.within:
            units = rule.total / check._step
            if abs(units - np.rint(units)) > 1e-6:
                told = (
                    "are whole numbers" if check._step == 1 else f"have {say_number(check._step)} as their last digit"
                )
                raise InputError(f"no sum is {say_number(rule.total)}: the columns {told}")
        return check

    @property
    def _step(self) -> float:
        """The last digit of the finest part; 0 where one has none."""
        steps = [column.resolution for column in self.parts]
        return 0.0 if 0.0 in steps or min(steps) < 10.0**-_FINEST else min(steps)

    def _totals(self, rows: Rows) -> Floats:
        if self.total is not None:
            return np.asarray(rows[self.total.name].values, np.float64)
        return np.full(len(rows[self.parts[0].name]), self.rule.total, np.float64)

    def _values(self, rows: Rows) -> Floats:
        """The parts `(N, parts)`."""
        return np.stack([rows[column.name].values for column in self.parts], 1).astype(np.float64)

    def _gone(self, rows: Rows) -> Mask:
        """Rows in which something can't be summed or compared."""
        columns = [*self.parts, *([self.total] if self.total is not None else [])]
        return np.asarray(np.any([rows[c.name].missing > 0 for c in columns], axis=0))

    def _off(self, parts: Floats, totals: Floats) -> Floats:
        """By how much each sum is too small beyond what is allowed `(N,)`; 0 where it is right."""
        size = np.abs(parts).sum(1) + np.abs(totals)
        step = self._step
        coarse = step if self.total is None else self.total.resolution
        # a total with fewer digits is the rounded sum: half of its last digit is left open
        allowed = max(self.rule.within, coarse / 2 if coarse > step * 1.5 else 0.0)
        if not step or not coarse:
            missing, slack = totals - parts.sum(1), _LOOSE * size
        else:
            missing = totals - np.rint(parts / step).sum(1) * step
            slack = min(step, coarse) * 1e-6 + _SLACK * size
        return np.where(np.abs(missing) <= allowed + slack, 0.0, missing)

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule."""
        gone = self._gone(rows)
        parts = np.where(gone[:, None], 0.0, self._values(rows))
        totals = np.where(gone, 0.0, self._totals(rows))
        return np.asarray((self._off(parts, totals) == 0) | gone)

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """The difference spread over the parts in proportion to them; the total follows where they can't reach it."""
        bad = ~self.holds(rows)
        if not bad.any():
            return rows
        parts, totals = self._values(rows)[bad], self._totals(rows)[bad]
        free = np.array([column.name not in pinned for column in self.parts])
        found = self._spread(parts, totals, free)
        if self.total is not None and self.total.name not in pinned:
            low, high = self.bounds[self.total.name]
            reached = np.clip(grid_of(self.total).nearest(found.sum(1)), low, high)
            totals = np.where(self._off(found, totals) == 0, totals, reached)
        good = self._off(found, totals) == 0
        where = np.flatnonzero(bad)[good]
        out = dict(rows)
        columns = list(zip(self.parts, found[good].T, strict=True))
        if self.total is not None:
            columns.append((self.total, totals[good]))
        for column, values in columns:
            whole = np.array(rows[column.name].values)
            changed = np.zeros(len(whole), bool)
            changed[where] = whole[where] != values
            whole[where] = values
            out[column.name] = change(rows[column.name], changed, whole)
        return out

    def _spread(self, parts: Floats, totals: Floats, free: NDArray[np.bool_]) -> Floats:
        """Parts on their grids that sum to the totals, as far as their bounds let them."""
        low, high = (np.array([self.bounds[c.name][end] for c in self.parts]) for end in (0, 1))
        found = _share_out(parts, totals, low, high, free)
        ideal = found.copy()
        steps = np.array([column.resolution for column in self.parts])
        order = np.unique(steps[free & (steps > 0)])[::-1]
        left = free.copy()
        for step in order:  # coarse columns first: what their rounding leaves goes to finer ones
            group = free & (steps == step)
            left &= ~group
            for at in np.flatnonzero(group):
                changed = found[:, at] != parts[:, at]
                found[changed, at] = grid_of(self.parts[at]).nearest(found[changed, at])
            if left.any():
                found = _share_out(found, totals, low, high, left)
                ideal[:, left] = found[:, left]
        if not (free & (steps == 0)).any():
            for step in (*order[::-1], *order[-1:]):  # what the finest columns have no room for goes to coarser ones
                self._last_digits(found, ideal, totals, np.flatnonzero(free & (steps == step)), (low, high))
        return found

    def _last_digits(
        self, found: Floats, ideal: Floats, totals: Floats, group: NDArray[np.int64], ends: tuple[Floats, Floats]
    ) -> None:
        """Give what rounding left over to columns of one step, a last digit each, in place.

        Those whose rounding lost most come first.
        """
        step = self.parts[group[0]].resolution
        for _ in range(2 * len(group)):
            units = np.rint((totals - found.sum(1)) / step)
            if not units.any():
                return
            sign = np.sign(units)
            values = found[:, group]
            moved = values + sign[:, None] * step
            room = (moved <= ends[1][group] + step / 4) & (moved >= ends[0][group] - step / 4)
            lost = np.where(room, sign[:, None] * (ideal[:, group] - values) / step, -np.inf)
            rank = np.argsort(np.argsort(-lost, axis=1, kind="stable"), axis=1)
            take = room & (rank < np.abs(units)[:, None])
            for place, at in enumerate(group):
                rows = take[:, place]
                found[rows, at] = grid_of(self.parts[at]).nearest(moved[rows, place])


def _share_out(parts: Floats, totals: Floats, low: Floats, high: Floats, free: NDArray[np.bool_]) -> Floats:
    """Parts that sum to the totals: the difference is shared in proportion, among those that have room for it.

    Args:
        parts: `(N, parts)`.
        totals: `(N,)`.
        low: Least value of each part `(parts,)`.
        high: Largest value.
        free: Which parts may change `(parts,)`.
    """
    found = parts.copy()
    for proportional in (*[True] * parts.shape[1], *[False] * parts.shape[1]):
        missing = totals - found.sum(1)
        up = missing[:, None] > 0
        room = free & (found >= low) & (found <= high) & np.where(up, found < high, found > low)
        weights = np.where(room, np.abs(found) if proportional else 1.0, 0.0)
        whole = weights.sum(1, keepdims=True)
        step = np.divide(missing[:, None] * weights, whole, out=np.zeros_like(found), where=whole > 0)
        moved = found + step
        found = np.where(step != 0, np.where(up, np.minimum(moved, high), np.maximum(moved, low)), found)
    return found
