"""Tables between files and what is measured: rows that were read, rows that anybody made, rows for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow
from gansmith.data.table.parse import parse_column, render_column
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, Schema
from gansmith.data.table.source import open_source
from gansmith.data.table.table_set import TableSet
from gansmith.errors import RunError
from gansmith.metrics.table import Columns

__all__ = ["columns_of", "kinds", "read_columns", "write_rows"]


def kinds(schema: Schema) -> dict[str, dict[str, Any]]:
    """What other programs have to know of each learnt column: `number` or `category`, spellings of missing values."""
    return {
        column.name: {
            "kind": "category" if isinstance(column, BooleanColumn | CategoryColumn) else "number",
            "missing": [text for text in column.missing if text is not None],
        }
        for column in schema.learnt
    }


def _columns(schema: Schema, values: Mapping[str, NDArray[Any]]) -> Columns:
    categories = {c.name: tuple(c.values) for c in schema.learnt if isinstance(c, BooleanColumn | CategoryColumn)}
    return Columns({c.name: values[c.name] for c in schema.learnt}, categories)


def columns_of(table: TableSet) -> Columns:
    """The learnt columns of a table as the measures take them."""
    return _columns(table.schema, {name: column.values for name, column in table.columns.items()})


def write_rows(table: TableSet, path: Path) -> None:
    """The learnt columns as CSV, spelt as the source spells them."""
    import pyarrow.csv as csv

    made = {c.name: render_column(table.columns[c.name], c) for c in table.schema.learnt}
    csv.write_csv(arrow().table(made), path)


def read_columns(path: Path, schema: Schema) -> tuple[Columns, float]:
    """Rows that somebody made, as a schema reads them.

    Args:
        path: A CSV with the learnt columns of the schema; others are left alone.
        schema: Of the real rows.

    Returns:
        The columns, and the share of cells that the schema cannot hold; those count as missing.

    Raises:
        RunError: A column is missing, or there are no rows.
    """
    source = open_source(path)
    lacking = [c.name for c in schema.learnt if c.name not in source.columns]
    if lacking:
        raise RunError(f"the made rows lack column {', '.join(map(repr, lacking[:5]))}")
    places = {name: i for i, name in enumerate(source.columns)}
    parts: dict[str, list[NDArray[Any]]] = {c.name: [] for c in schema.learnt}
    bad = cells = 0
    for batch in source.batches():
        for column in schema.learnt:
            parsed, odd = parse_column(batch.column(places[column.name]), column)
            coded = isinstance(column, BooleanColumn | CategoryColumn)
            parts[column.name].append(np.where(odd, -1 if coded else np.nan, parsed.values))
            bad, cells = bad + int(odd.sum()), cells + len(odd)
    if not cells:
        raise RunError("there are no made rows")
    return _columns(schema, {name: np.concatenate(found) for name, found in parts.items()}), bad / cells
