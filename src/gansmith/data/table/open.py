"""A path or a frame becomes a parsed table, in one call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gansmith.data.survey import Progress
from gansmith.data.table.find import find_schema
from gansmith.data.table.options import TableOptions
from gansmith.data.table.parse import ParsedColumn, parse_column
from gansmith.data.table.profile import TableProfile, profile
from gansmith.data.table.row_hash import RowHasher
from gansmith.data.table.rule_kinds import Rule
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.rules import check_rules
from gansmith.data.table.schema import Schema, read_entries
from gansmith.data.table.schema_reading import load_json
from gansmith.data.table.settle import settle_schema
from gansmith.data.table.source import TableSource, open_source
from gansmith.data.table.table_set import TableSet
from gansmith.data.table.table_store import DiskStore, MemoryStore, load_table, row_bytes, table_cache
from gansmith.errors import InputError

__all__ = ["IN_MEMORY", "describe_table", "open_table"]

IN_MEMORY = 512 * 2**20
"""Bytes of a parsed table that stay in memory; a larger one is written to the cache and mapped."""

_SHOWN = 3
_MOST = 20

Given = Schema | Mapping[str, Any] | str | Path


def open_table(
    data: Any,
    schema: Given | None = None,
    options: TableOptions | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> TableSet:
    """Read a table: find out what its columns are, and parse its rows.

    The table is read twice, a batch at a time: once to look, once to parse.

    Args:
        data: A path to a CSV, TSV, Parquet, Feather, Arrow or Excel file; a pandas DataFrame; or any object with
            `__arrow_c_stream__`, such as a polars DataFrame or a pyarrow Table.
        schema: What the columns are and which rules hold, as a schema, its JSON or a file of that; None finds it. JSON
            may leave out everything but names and kinds.
        options: What the user knows about a text file or workbook.
        cache: Folder for parsed tables; None keeps small ones in memory and large ones in the user's cache.
        progress: Called after every batch with what is being done, rows done and all rows.

    Raises:
        InputError: With every problem, one line each.
    """
    options = options or TableOptions()
    source = open_source(data, options)
    wish, rules, where = _wish(schema)
    key = None if source.stamp is None else _key(source.stamp, wish)
    if key is not None and (found := load_table(cache or table_cache(), key)) is not None:
        return replace(found, schema=_ruled(found.schema, rules, where))
    seen = profile(source, progress)
    settled, warnings = _settle(seen, wish, where, options)
    ruled = _ruled(settled, rules, where)
    if not settled.learnt:
        raise InputError(
            f"{source.name}: no column can be learnt: its columns are keys, personal data, text or constant"
        )
    large = seen.rows * row_bytes(settled) > IN_MEMORY
    if key is not None and (large or cache is not None):
        store: DiskStore | MemoryStore = DiskStore(settled, cache or table_cache(), key, seen.rows)
    else:
        store = MemoryStore(settled)
    try:
        _parse(source, settled, store, seen.rows, progress)
        return replace(_told(store.finish((*source.notes, *warnings), source.name)), schema=ruled)
    finally:
        store.discard()


def describe_table(
    data: Any, schema: Given | None = None, options: TableOptions | None = None, progress: Progress | None = None
) -> tuple[TableProfile, Schema, tuple[str, ...]]:
    """Read a table once and say what its columns are, without parsing its rows.

    Args:
        data: As for `open_table`.
        schema: As for `open_table`.
        options: As for `open_table`.
        progress: Called after every batch.

    Returns:
        The values that were seen, the schema, and warnings.

    Raises:
        InputError: As `open_table` does.
    """
    options = options or TableOptions()
    source = open_source(data, options)
    wish, rules, where = _wish(schema)
    seen = profile(source, progress)
    settled, warnings = _settle(seen, wish, where, options)
    return seen, _ruled(settled, rules, where), (*source.notes, *warnings)


def _wish(schema: Given | None) -> tuple[list[dict[str, Any]] | None, tuple[Rule, ...], str]:
    """The columns and rules that a user gave, and where."""
    if schema is None:
        return None, (), ""
    data: Any = schema
    where = "schema"
    if isinstance(schema, Schema):
        data = schema.to_json()
    elif not isinstance(schema, Mapping):
        data, where = load_json(Path(schema)), str(schema)
    entries = read_entries(data, where)
    return entries, read_rules(data.get("rules", []), where), where


def _ruled(schema: Schema, rules: tuple[Rule, ...], where: str) -> Schema:
    """The schema with rules, which a parsed table in the cache does not have. Raises `InputError` if they don't fit."""
    ruled = schema.model_copy(update={"rules": rules})
    check_rules(ruled, where)
    return ruled


def _key(stamp: str, wish: list[dict[str, Any]] | None) -> str:
    return hashlib.blake2b(json.dumps([stamp, wish]).encode(), digest_size=16).hexdigest()


def _settle(
    seen: TableProfile, wish: list[dict[str, Any]] | None, where: str, options: TableOptions
) -> tuple[Schema, tuple[str, ...]]:
    if wish is None:
        return find_schema(seen, options.missing)
    return settle_schema(wish, seen, where), ()


def _parse(
    source: TableSource, schema: Schema, store: DiskStore | MemoryStore, rows: int, progress: Progress | None
) -> None:
    """Parse every row into the store. Raises `InputError` with values that the schema cannot hold."""
    hasher, places = RowHasher(schema), {name: i for i, name in enumerate(source.columns)}
    bad: dict[str, tuple[int, list[tuple[int, str]]]] = {}
    start = 0
    for batch in source.batches():
        parsed: dict[str, ParsedColumn] = {}
        for column in schema.learnt:
            text = batch.column(places[column.name])
            parsed[column.name], odd = parse_column(text, column)
            if odd.any():
                count, examples = bad.get(column.name, (0, []))
                at = np.flatnonzero(odd)[: _SHOWN - len(examples)].tolist()
                bad[column.name] = (count + int(odd.sum()), examples + [(start + i, text[i].as_py()) for i in at])
        if not bad:
            store.add(parsed, hasher(parsed))
        start += batch.num_rows
        if progress is not None:
            progress("parsing rows", start, rows)
    if bad:
        raise InputError(*(_misfit(source, schema, name, *what) for name, what in list(bad.items())[:_MOST]))


def _misfit(source: TableSource, schema: Schema, name: str, count: int, examples: list[tuple[int, str]]) -> str:
    places = source.places([row for row, _ in examples])
    told = ", ".join(f"{str(value)[:30]!r} in {place}" for (_, value), place in zip(examples, places, strict=True))
    kind = schema.column(name).kind
    return f"{source.name}: column {name!r}: {count:,} values are no {kind} as the schema has it ({told})"


def _told(found: TableSet) -> TableSet:
    """The set with a warning on rows that are there more than once."""
    twice = found.duplicates
    if not twice or any("are there already" in w for w in found.warnings):
        return found
    told = (
        f"{twice:,} row{'' if twice == 1 else 's'} are there already in learnt values (kept; equal rows share a split)"
    )
    return TableSet(found.schema, found.columns, found.hashes, found.fingerprint, (*found.warnings, told), found.source)
