"""Parsed columns as the metrics see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, Schema, TimeColumn
from gansmith.metrics.table import Columns

__all__ = ["columns_of", "joined"]


def columns_of(schema: Schema, parsed: Mapping[str, ParsedColumn]) -> Columns:
    """Learnt columns as numbers (times too, in days or seconds since 1970 or midnight) and categories."""
    values, categories = {}, {}
    for column in schema.learnt:
        values[column.name] = parsed[column.name].values
        if isinstance(column, TimeColumn):
            values[column.name] = values[column.name] + column.start / column.step
        if isinstance(column, BooleanColumn | CategoryColumn):
            categories[column.name] = tuple(column.values)
    return Columns(values, categories)


def joined(parts: Sequence[Mapping[str, ParsedColumn]]) -> dict[str, ParsedColumn]:
    """Rows of several parts, one below the other."""
    return {
        name: ParsedColumn(
            *(
                np.concatenate([getattr(part[name], what) for part in parts])
                for what in ("values", "missing", "special")
            )
        )
        for name in parts[0]
    }
