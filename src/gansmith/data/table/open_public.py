"""A table read by a schema that is known without looking at the table: what a private run is allowed to know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.survey import Progress
from gansmith.data.table.arrow import arrow
from gansmith.data.table.options import TableOptions
from gansmith.data.table.parse import ParsedColumn, parse_column
from gansmith.data.table.row_hash import RowHasher
from gansmith.data.table.rule_kinds import FixedCombinationsRule
from gansmith.data.table.rules import check_rules
from gansmith.data.table.schema import Column, NumberColumn, Schema, TimeColumn
from gansmith.data.table.schema_reading import load_json
from gansmith.data.table.source import TableSource, open_source
from gansmith.data.table.table_set import TableSet
from gansmith.data.table.table_store import MemoryStore
from gansmith.errors import InputError, nearest

__all__ = ["open_public", "public_range"]


def open_public(
    data: Any, schema: str | Path, options: TableOptions | None = None, progress: Progress | None = None
) -> TableSet:
    """Read a table by a schema that says everything.

    What happens to a row depends on that row and on the schema alone: numbers and times outside the schema's range
    become its ends, and a row with a value that the schema can't hold is left out, so that no row changes what becomes
    of another.

    Args:
        data: As for `open.open_table`.
        schema: A file with kind, format, missing values, range or values of every column, as `gansmith inspect
            --schema` writes it.
        options: What the user knows about a text file or workbook.
        progress: Called after every batch.

    Raises:
        InputError: With every problem: the schema leaves something open or does not fit the names of the columns, or
            no row fits it.
    """
    source = open_source(data, options or TableOptions())
    known = _public(Schema.from_json(load_json(Path(schema)), str(schema)), source, str(schema))
    store, hasher, left = MemoryStore(known), RowHasher(known), 0
    places = {name: i for i, name in enumerate(source.columns)}
    done = 0
    for batch in source.batches():
        parsed: dict[str, ParsedColumn] = {}
        bad = np.zeros(batch.num_rows, bool)
        for column in known.learnt:
            found, odd = parse_column(batch.column(places[column.name]), column)
            parsed[column.name] = _within(found, column)
            bad |= odd
        rows = np.flatnonzero(~bad)
        left, done = left + int(bad.sum()), done + batch.num_rows
        kept = {name: column.rows(rows) for name, column in parsed.items()}
        store.add(kept, hasher(kept))
        if progress is not None:
            progress("parsing rows", done, done)
    if left == done:
        raise InputError(f"{source.name}: none of its {done:,} rows fits {schema}")
    told = (f"{left:,} of {done:,} rows do not fit the schema and are left out",) if left else ()
    return store.finish((*source.notes, *told), source.name)


def public_range(column: NumberColumn | TimeColumn) -> tuple[float, float]:
    """The least and the largest value of a column, as the schema says, in the unit of parsed values."""
    if isinstance(column, NumberColumn):
        return column.low, column.high
    ticks, _ = column.format.read(arrow().array([column.low, column.high], arrow().string()))
    low, high = ((ticks - column.start) / column.step).tolist()
    return low, high


def _public(schema: Schema, source: TableSource, where: str) -> Schema:
    """The schema in the order of the table's columns, without what was said of rows in passing."""
    names = schema.names
    problems = [
        f"{where}: {source.name} has no column {n!r}{nearest(n, source.columns)}"
        for n in names
        if n not in source.columns
    ]
    problems += [f"{where}: says nothing of column {n!r} of {source.name}" for n in source.columns if n not in names]
    problems += [
        f"{where}: rule {number} ({rule.kind}) would be read off the rows, which a private run can't: leave it out"
        for number, rule in enumerate(schema.rules, 1)
        if isinstance(rule, FixedCombinationsRule)
    ]
    if problems:
        raise InputError(*problems)
    stored = dict(zip(source.columns, source.stored, strict=True))
    columns = tuple(_silent(schema.column(name), stored[name]) for name in source.columns)
    for column in columns:
        if isinstance(column, NumberColumn | TimeColumn):
            low, high = public_range(column)
            if not (np.isfinite([low, high]).all() and low <= high):
                problems.append(f"{where}: column {column.name!r}: low and high must be finite, and low no larger")
    found = replace_columns(schema, columns)
    if not found.learnt:
        problems.append(f"{where}: no column can be learnt: its columns are keys, personal data, text or constant")
    if problems:
        raise InputError(*problems)
    check_rules(found, where)
    return found


def replace_columns(schema: Schema, columns: tuple[Column, ...]) -> Schema:
    """The schema with other columns."""
    return schema.model_copy(update={"columns": columns})


def _silent(column: Column, stored: str | None) -> Column:
    """A column without reasons and shares, which were counted in rows."""
    update: dict[str, Any] = {"reason": "", "stored": stored}
    if isinstance(column, NumberColumn | TimeColumn):
        update["specials"] = tuple(special.model_copy(update={"share": 0.0}) for special in column.specials)
    if isinstance(column, NumberColumn):
        update["heavy_tail"] = False
    return column.model_copy(update=update)


def _within(parsed: ParsedColumn, column: Any) -> ParsedColumn:
    """Usual values outside the range as its nearer end."""
    if not isinstance(column, NumberColumn | TimeColumn):
        return parsed
    usual = (parsed.missing == 0) & (parsed.special == 0)
    values: NDArray[Any] = np.where(usual, np.clip(parsed.values, *public_range(column)), parsed.values)
    return replace(parsed, values=values)
