"""Rows of related tables, real or made, that belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gansmith.data.related.database import Database
from gansmith.data.related.relations import Relations
from gansmith.data.related.view import facts_of
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recode import recoded
from gansmith.data.table.schema import Schema

__all__ = ["RelatedRows", "cut", "real_rows", "stacked"]

Index = NDArray[np.int64]
_ARRAYS = ("values", "missing", "special")


@dataclass(frozen=True)
class RelatedRows:
    """Rows of one table.

    Attributes:
        facts: Its learnt columns, and how many rows of each child each row has.
        parent: The parent's row of each row, counted among those that are there `(n,)`; None in the root.
        before: The row that each row follows, likewise; -1 for the first of a sequence and where there is none.
    """

    facts: Mapping[str, ParsedColumn]
    parent: Index | None
    before: Index

    def __len__(self) -> int:
        """Rows."""
        return len(self.before)

    def told(self, before: Schema, after: Schema) -> RelatedRows:
        """The same rows by other descriptions of the columns; those that have none are left out."""
        both = zip(before.learnt, after.learnt, strict=True)
        return replace(self, facts={new.name: recoded(self.facts[old.name], old, new) for old, new in both})

    def take(self, rows: Index, parent: Index | None) -> RelatedRows:
        """Some rows, which now belong to other numbers of the parent."""
        place = np.full(len(self) + 1, -1, np.int64)  # its last entry is that of no row
        place[rows] = np.arange(len(rows))
        facts = {name: parsed.rows(rows) for name, parsed in self.facts.items()}
        return RelatedRows(facts, parent, place[self.before[rows]])


def cut(relations: Relations, tables: Mapping[str, RelatedRows], rows: Index) -> dict[str, RelatedRows]:
    """Some rows of the root, with all that belongs to them."""
    kept = {relations.root.name: rows}
    found = {}
    for about in relations.tables:
        table, parent = tables[about.name], None
        if about.parent is not None and table.parent is not None:
            place = np.full(len(tables[about.parent]), -1, np.int64)
            place[kept[about.parent]] = np.arange(len(kept[about.parent]))
            kept[about.name] = np.flatnonzero(place[table.parent] >= 0)
            parent = place[table.parent[kept[about.name]]]
        found[about.name] = table.take(kept[about.name], parent)
    return found


def stacked(relations: Relations, parts: Sequence[Mapping[str, RelatedRows]]) -> dict[str, RelatedRows]:
    """Rows of several groups of families as one group."""
    starts = {name: np.cumsum([0, *(len(part[name]) for part in parts)]) for name in relations.names}
    found = {}
    for about in relations.tables:
        mine = [part[about.name] for part in parts]
        facts = {column: _below([rows.facts[column] for rows in mine]) for column in mine[0].facts}
        own = zip(mine, starts[about.name], strict=False)
        before = np.concatenate([np.where(rows.before < 0, -1, rows.before + at) for rows, at in own])
        parent = None
        if about.parent is not None:
            theirs = zip(mine, starts[about.parent], strict=False)
            parent = np.concatenate([rows.parent + at for rows, at in theirs if rows.parent is not None])
        found[about.name] = RelatedRows(facts, parent, before)
    return found


def _below(parts: Sequence[ParsedColumn]) -> ParsedColumn:
    return ParsedColumn(*(np.concatenate([getattr(part, what) for part in parts]) for what in _ARRAYS))


def real_rows(database: Database, part: int) -> dict[str, RelatedRows]:
    """The real rows of training (0), validation (1) or test (2)."""
    found = {}
    for name, member in database.members.items():
        found[name] = RelatedRows(facts_of(database, name)[1], member.parent, member.before)
    root = database.members[database.relations.root.name]
    return cut(database.relations, found, np.flatnonzero(root.part == part))
