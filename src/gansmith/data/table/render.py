"""Parsed columns become a whole table again, with keys and personal data made anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gansmith.data.table.arrow import arrow
from gansmith.data.table.as_text import as_type
from gansmith.data.table.identifiers import make_identifiers
from gansmith.data.table.parse import ParsedColumn, render_column
from gansmith.data.table.replacements import make_personal
from gansmith.data.table.schema import ConstantColumn, IdentifierColumn, LearntColumn, PersonalColumn, Schema
from gansmith.errors import InputError, nearest

__all__ = ["render_table"]


def render_table(
    schema: Schema, columns: Mapping[str, ParsedColumn], seed: int = 0, first: int = 0, typed: bool = True
) -> Any:
    """A table in the spelling of the source, with its columns in their order; free text is left out.

    Args:
        schema: What the columns are.
        columns: The learnt columns by name.
        seed: Decides the keys and the personal data that are made anew.
        first: Rows that were made before with this seed; keys go on behind them.
        typed: Give columns of a typed source their type; else everything is text.

    Returns:
        A pyarrow Table. `pandas.DataFrame` and CSV writers take it.

    Raises:
        InputError: If a column is missing or unknown, lengths differ, or values cannot be written; with every problem.
    """
    names = [c.name for c in schema.learnt]
    problems = [f"column {n!r} is missing" for n in names if n not in columns]
    problems += [f"there is no learnt column {n!r}{nearest(n, names)}" for n in columns if n not in names]
    lengths = {len(c) for c in columns.values()}
    if len(lengths) > 1:
        problems.append(f"columns have different numbers of rows: {', '.join(map(str, sorted(lengths)))}")
    if problems:
        raise InputError(*problems)
    count = lengths.pop() if lengths else 0
    out = {}
    for column in schema.columns:
        if isinstance(column, LearntColumn):
            text = render_column(columns[column.name], column)
        elif isinstance(column, IdentifierColumn):
            text = make_identifiers(column.pattern, count, seed, first)
        elif isinstance(column, PersonalColumn):
            text = make_personal(column.what, count, seed, first)
        elif isinstance(column, ConstantColumn):
            missing = next((m for m in column.missing if m is not None), None)
            value = missing if column.value is None else column.value
            text = arrow().array(np.full(count, value, object), arrow().string())
        else:
            continue
        out[column.name] = as_type(text, column.stored) if typed else text
    return arrow().table(out)
