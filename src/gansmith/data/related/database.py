"""Related tables that were read: their rows, and which belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.related.keys import check_keys, key_hashes, read_columns, take_parents
from gansmith.data.related.relations import Related, Relations, there_twice
from gansmith.data.related.steps import ANY, Chains, find_step, months_of
from gansmith.data.split import Splits, split_rows
from gansmith.data.survey import Progress
from gansmith.data.table.open import describe_table, open_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.schema import KINDS, NumberColumn, Schema, TimeColumn
from gansmith.data.table.schema_reading import FORMAT, VERSION
from gansmith.data.table.source import TableSource, open_source
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError, nearest
from gansmith.types import Json

__all__ = ["Database", "Member", "open_database"]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Member:
    """One of several tables.

    Attributes:
        about: What it is among the others.
        table: Its rows.
        parent: The parent's row of each row `(N,)`; None in the root.
        before: The row that it follows among those of its parent `(N,)`; -1 where it is the first, or where their order
            says nothing.
        place: How many rows it follows so `(N,)`.
        part: 0 where a row trains, 1 where it validates, 2 where it tests `(N,)`: as the root's row that it belongs to.
    """

    about: Related
    table: TableSet
    parent: Index | None
    before: Index
    place: Index
    part: NDArray[np.int8]

    @property
    def chains(self) -> Chains | None:
        """Which rows follow each other; None where their order says nothing."""
        ordered = self.about.order is not None and self.parent is not None
        return Chains(self.parent, self.before) if ordered else None  # type: ignore[arg-type]

    @property
    def splits(self) -> Splits:
        """Rows of training, validation and test."""
        train, val, test = (np.flatnonzero(self.part == part).astype(np.int64) for part in range(3))
        return Splits(train, val, test)


@dataclass(frozen=True)
class Database:
    """Related tables.

    Attributes:
        relations: How keys join them, with complete columns.
        members: The tables by name, each parent before its children.
        warnings: Sentences on what the user should know.
    """

    relations: Relations
    members: Mapping[str, Member]
    warnings: tuple[str, ...]

    def counts(self, child: str) -> Index:
        """How many rows of a child each row of its parent has `(N,)`."""
        about = self.relations.table(child)
        assert about.parent is not None
        parents = self.members[child].parent
        assert parents is not None
        return np.bincount(parents, minlength=len(self.members[about.parent].table)).astype(np.int64)

    def roots(self, name: str) -> Index:
        """The row of the root that each row of a table belongs to `(N,)`."""
        member = self.members[name]
        if member.parent is None:
            return np.arange(len(member.table))
        return np.asarray(self.roots(str(member.about.parent))[member.parent])


def open_database(
    folder: str | Path, relations: Relations, options: TableOptions | None = None, progress: Progress | None = None
) -> Database:
    """Read related tables, check their keys, and say which rows belong together.

    Rows are told apart into training, validation and test by the root: a row goes where the row of the root goes that
    it belongs to, and that one goes by its key alone.

    Args:
        folder: Where the files are.
        relations: How keys join them.
        options: What the user knows about text files.
        progress: Called with what is being done, rows done and all rows.

    Raises:
        InputError: Files can't be read; keys are missing, there twice, or without a parent; an order that is none; too
            few rows; a table that is there twice.
    """
    options = options or TableOptions()
    members: dict[str, Member] = {}
    keys: dict[str, Any] = {}
    abouts: list[Related] = []
    warnings: list[str] = []
    for about in relations.tables:
        path = Path(folder) / about.file
        source = open_source(path, options)
        joins = read_columns(source, about.joins)
        if about.key is not None:
            check_keys(joins[about.key], source, about.key)
            keys[about.name] = joins[about.key]
        parent = None
        if about.parent is not None and about.foreign_key is not None:
            place = about.foreign_key, about.parent
            parent = take_parents(keys[about.parent], joins[about.foreign_key], source, *place)
        table = open_table(path, _wish(path, about, options), options, progress=progress)
        _check_own(about, table, members.values())
        part = _split(keys[about.name], about) if parent is None else members[str(about.parent)].part[parent]
        member = Member(about, table, parent, *_chain(about, table, parent, source), part)
        member = replace(member, about=_told(member))
        members[about.name] = member
        abouts.append(member.about)
        warnings += [f"{about.file}: {told}" for told in table.warnings if "are there already" not in told]
    return Database(Relations(tuple(abouts)), members, tuple(warnings))


def _check_own(about: Related, table: TableSet, others: Iterable[Member]) -> None:
    """Refuse a table that holds the rows of another. Raises `InputError` with both files."""
    for other in others:
        if other.table.fingerprint == table.fingerprint:
            raise there_twice(other.about.file, about.file)


def _told(member: Member) -> Related:
    """The table with all that is known of its columns. Raises `InputError` for a step that its rows do not keep."""
    about, schema = member.about, member.table.schema.to_json()
    columns: Any = schema["columns"]
    rules: Any = schema.get("rules", ())
    return replace(about, step=_step(member), columns=tuple(columns), rules=tuple(rules))


def _step(member: Member) -> str | None:
    """The months that rows of a sequence are apart, where they are; else what was asked for."""
    about, chains = member.about, member.chains
    if about.order is None or chains is None or about.step == ANY:
        return about.step
    found = find_step(member.table.schema.column(about.order), member.table.columns[about.order], chains)
    asked = months_of(about.step)
    if asked is None:
        return found
    if (months_of(found) or 1) % asked or found is None:
        raise InputError(
            f"{about.file}: step {about.step!r}: rows are not so many whole months apart by {about.order!r} "
            f"({f'but {found}' if found else 'on one day of the month'}): leave step out, or say {ANY!r}"
        )
    return about.step


def _wish(path: Path, about: Related, options: TableOptions) -> dict[str, Json]:
    """The schema of a table, in which columns that join tables are keys."""
    columns = about.columns
    if columns is None:
        columns = tuple(describe_table(path, None, options)[1].to_json()["columns"])  # type: ignore[arg-type]
    known = KINDS["identifier"].model_fields
    entries: list[Json] = []
    for column in columns:
        entry = dict(column)
        if entry.get("name") in about.joins:
            kept = entry.items() if entry.get("kind") == "identifier" else [("name", entry["name"])]
            entry = {**{k: v for k, v in kept if k in known}, "kind": "identifier"}
        entries.append(entry)
    return {"format": FORMAT, "version": VERSION, "columns": entries, "rules": [dict(rule) for rule in about.rules]}


def _split(keys: Any, about: Related) -> NDArray[np.int8]:
    """Where each row of the root goes."""
    splits = split_rows(key_hashes(keys), things=f"rows of {about.file}")
    part = np.zeros(len(keys), np.int8)
    part[splits.val], part[splits.test] = 1, 2
    return part


def _chain(about: Related, table: TableSet, parent: Index | None, source: TableSource) -> tuple[Index, Index]:
    """Which row each row follows, and how many."""
    count = len(table)
    before, place = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    if about.order is None or parent is None:
        return before, place
    values = _order(about.order, table.schema, table, source)
    order = np.lexsort((values, parent))
    same = np.append(False, parent[order][1:] == parent[order][:-1])
    before[order] = np.where(same, np.roll(order, 1), -1)
    starts = np.maximum.accumulate(np.where(same, 0, np.arange(count)))
    place[order] = np.arange(count) - starts
    return before, place


def _order(name: str, schema: Schema, table: TableSet, source: TableSource) -> NDArray[np.float64]:
    """What rows are ordered by. Raises `InputError` if that is no order."""
    if name not in schema.names:
        raise InputError(f"{source.name}: has no column {name!r} to order rows by{nearest(name, schema.names)}")
    column = schema.column(name)
    if not isinstance(column, NumberColumn | TimeColumn):
        raise InputError(f"{source.name}: order {name!r} is a column of kind {column.kind}: give numbers or times")
    gone = np.flatnonzero(table.columns[name].missing > 0)
    if len(gone):
        shown = ", ".join(source.places(gone[:3].tolist()))
        raise InputError(f"{source.name}: order {name!r} is missing in {len(gone):,} rows ({shown}): choose another")
    return np.asarray(table.columns[name].values, np.float64)
