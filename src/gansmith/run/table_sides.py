"""Real and made columns before they are drawn: checked, thinned out, and how strongly they belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import CategoryColumn, Column, NumberColumn, Schema, TimeColumn
from gansmith.errors import InputError, nearest
from gansmith.metrics.table import Columns, associations
from gansmith.metrics.table.columns import Numbers
from gansmith.run.table_columns import columns_of

__all__ = ["MANY", "check_sides", "many_valued", "metric_columns", "strengths"]

MANY = 50
"""Values of a category beyond which its association with others is mostly chance."""

ROWS, COMPARED = 2_000, 120
"""Rows and columns that are measured to find out which columns to draw."""


def check_sides(schema: Schema, **sides: Mapping[str, ParsedColumn]) -> None:
    """Raise `InputError` with every problem unless sides have rows, all learnt columns, and columns of one length."""
    problems = []
    for side, columns in sides.items():
        lacking = [c.name for c in schema.learnt if c.name not in columns]
        problems += [f"{side} rows lack column {name!r}{nearest(name, columns)}" for name in lacking]
        lengths = sorted({len(columns[c.name]) for c in schema.learnt if c.name in columns})
        if len(lengths) > 1:
            problems.append(f"columns of {side} rows differ in length: {', '.join(map(str, lengths))}")
        elif lengths == [0]:
            problems.append(f"there are no {side} rows")
    if not schema.learnt:
        problems.append("the schema has no column that is learnt")
    if problems:
        raise InputError(*problems)


def many_valued(column: Column) -> bool:
    """Whether a column is a category with so many values that it seems to go with everything."""
    return isinstance(column, CategoryColumn) and len(column.values) > MANY


def metric_columns(schema: Schema, names: Collection[str], parsed: Mapping[str, ParsedColumn], most: int) -> Columns:
    """Some columns of at most `most` rows, evenly spread over all of them, as the metrics see them.

    Missing values stay missing. So become special values that are codes (-1 for "unknown"): they are no quantities.
    """
    chosen = Schema(columns=tuple(column for column in schema.learnt if column.name in names))
    rows = {}
    for column in chosen.learnt:
        side = parsed[column.name]
        side = side.rows(np.linspace(0, len(side) - 1, min(most, len(side))).astype(np.int64))
        if isinstance(column, NumberColumn | TimeColumn):
            coded = np.array([False, *(s.role == "code" for s in column.specials)])
            gone = coded[side.special] | ~np.isfinite(side.values)
            side = ParsedColumn(np.where(gone, np.nan, side.values), side.missing, side.special)
        rows[column.name] = side
    return columns_of(chosen, rows)


def strengths(schema: Schema, parsed: Mapping[str, ParsedColumn]) -> tuple[tuple[str, ...], Numbers]:
    """How strongly learnt columns belong together, with or without a direction, from some of the rows.

    Args:
        schema: What the columns are.
        parsed: The learnt columns by name.

    Returns:
        Names of columns `(P,)`, all of them or, of more than 120, as many evenly spread over the table; and the
        association of every pair `(P, P)` in 0..1, 0 where it is not defined and on the diagonal.
    """
    learnt = schema.learnt
    places = np.unique(np.linspace(0, len(learnt) - 1, min(COMPARED, len(learnt))).astype(int))
    table = metric_columns(schema, {learnt[i].name for i in places}, parsed, ROWS)
    found = np.nan_to_num(np.abs(associations(table, table).real))
    np.fill_diagonal(found, 0.0)
    return table.names, found
