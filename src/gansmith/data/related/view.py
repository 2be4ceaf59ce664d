"""Rows of one table as a model learns them: behind what they follow from, the parent's row and the row before.

A flat row holds, by these names, `customers.age` (the parent's columns), `place` and `previous.amount` (of sequences:
how many rows came before, and the last of them), then the row's own columns and `items.rows` (how many rows of each
child it has). The column that orders a sequence is learnt as its first value and the steps from then on, so that it
never goes back. What comes before the row's own columns is given: rows are completed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.related.database import Database
from gansmith.data.related.relations import Related
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.row_hash import RowHasher, table_fingerprint
from gansmith.data.table.schema import LearntColumn, NumberColumn, Schema, TimeColumn
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError

__all__ = ["View", "facts_of", "flatten", "rows_of"]

FIRST = "(first row)"
"""What is missing in the first row of a sequence is missing so."""

PLACE, PREVIOUS = "place", "previous"

Index = NDArray[np.int64]
Rows = Mapping[str, ParsedColumn]


def rows_of(child: str) -> str:
    """The column that says how many rows of a child a row has."""
    return f"{child}.rows"


@dataclass(frozen=True)
class View:
    """How rows of a table are seen by its model.

    Attributes:
        about: The table among the others.
        schema: The columns of flat rows.
        given: Those that rows follow from.
    """

    about: Related
    schema: Schema
    given: tuple[str, ...]

    @property
    def _step(self) -> str:
        return f"{self.about.order}.step"

    def follow(self, parent: Rows, before: Rows | None, place: int) -> dict[str, ParsedColumn]:
        """What made rows follow from.

        Args:
            parent: Facts of the parent's row of each row, by the parent's names.
            before: Facts of the row before each row; None for first rows.
            place: How many rows came before.
        """
        count = len(next(iter(parent.values())))
        found: dict[str, ParsedColumn] = {}
        for name in self.given:
            column = self.schema.column(name)
            assert isinstance(column, LearntColumn)
            if name == PLACE:
                found[name] = _numbers(np.full(count, place))
            elif name.startswith(f"{PREVIOUS}."):
                own = name.removeprefix(f"{PREVIOUS}.")
                found[name] = _nothing(column, count) if before is None else before[own]
            else:
                found[name] = parent[name.removeprefix(f"{self.about.parent}.")]
        if self.about.order is not None:  # what orders rows is a step in all but the first
            marked = self.schema.column(self._step if before is None else self.about.order)
            assert isinstance(marked, LearntColumn)
            found[marked.name] = _nothing(marked, count)
        return found

    def present(self, place: int) -> tuple[str, ...]:
        """Columns that must have a value in rows behind so many others."""
        return () if self.about.order is None else (self.about.order if place == 0 else self._step,)

    def facts(self, made: Rows, before: Rows | None) -> dict[str, ParsedColumn]:
        """What others see of made rows: their own columns, the one that orders them as it is."""
        own = {name: parsed for name, parsed in made.items() if name not in self.given}
        order = self.about.order
        if order is None:
            return own
        step = own.pop(self._step)
        if before is not None:
            own[order] = _numbers(before[order].values + step.values)
        return own


def facts_of(database: Database, name: str) -> tuple[tuple[LearntColumn, ...], dict[str, ParsedColumn]]:
    """What others see of the rows of a table: its learnt columns, and how many rows of each child there are."""
    member = database.members[name]
    columns, values = list(member.table.schema.learnt), dict(member.table.columns)
    for child in database.relations.children(name):
        counts = database.counts(child.name)
        columns.append(_whole(rows_of(child.name), counts))
        values[rows_of(child.name)] = _numbers(counts)
    return tuple(columns), values


def flatten(database: Database, name: str) -> tuple[View, TableSet]:
    """The rows of a table as its model learns them. Raises `InputError` where names can't be told apart."""
    member = database.members[name]
    about = member.about
    columns: list[LearntColumn] = []
    values: dict[str, ParsedColumn] = {}
    own, facts = facts_of(database, name)
    if about.parent is not None and member.parent is not None:
        theirs, seen = facts_of(database, about.parent)
        for column in theirs:
            columns.append(_named(column, f"{about.parent}.{column.name}"))
            values[columns[-1].name] = seen[column.name].rows(member.parent)
    if about.order is not None:
        columns.append(_whole(PLACE, member.place))
        values[PLACE] = _numbers(member.place)
        for column in own:
            columns.append(_named(column, f"{PREVIOUS}.{column.name}", FIRST))
            values[columns[-1].name] = _taken(column, facts[column.name], member.before)
    given = tuple(column.name for column in columns)
    for column in own:
        if column.name == about.order:
            parts = _ordered(column, facts[column.name], member.before)
        else:
            parts = [(column, facts[column.name])]
        columns += [part for part, _ in parts]
        values |= {part.name: parsed for part, parsed in parts}
    if len(values) < len(columns):
        names = [column.name for column in columns]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{about.file}: a column {twice!r} can't be told from one of another table: rename it")
    schema = Schema(columns=tuple(columns), rules=member.table.schema.rules)
    hashes = RowHasher(schema)(values)
    table = TableSet(schema, values, hashes, table_fingerprint(hashes, schema), (), member.table.source)
    return View(about, schema, given), table


def _ordered(column: LearntColumn, parsed: ParsedColumn, before: Index) -> list[tuple[LearntColumn, ParsedColumn]]:
    """What orders a sequence: its first value, and the steps behind it."""
    assert isinstance(column, NumberColumn | TimeColumn)
    first = before < 0
    step = np.where(first, 0.0, parsed.values - parsed.values[np.maximum(before, 0)])
    if isinstance(column, TimeColumn):
        digits = 0 if column.kind == "date" else column.format.fraction
        format = NumberFormat(digits=digits)
    else:
        format = column.format
    steps = step[~first]
    low, high = (float(steps.min()), float(steps.max())) if len(steps) else (0.0, 0.0)
    whole = format.digits == 0
    spread = NumberColumn(
        name=f"{column.name}.step",
        kind="integer" if whole else "decimal",
        format=format,
        low=low,
        high=high,
        missing=(FIRST,),
    )
    start = ParsedColumn(
        np.where(first, parsed.values, np.nan),
        np.where(first, parsed.missing, len(column.missing) + 1).astype(np.uint8),
        np.where(first, parsed.special, 0).astype(np.uint8),
    )
    none = np.zeros(len(before), np.uint8)
    moved = ParsedColumn(np.where(first, np.nan, step), first.astype(np.uint8), none)
    return [(_named(column, column.name, FIRST), start), (spread, moved)]


def _named(column: LearntColumn, name: str, *missing: str) -> LearntColumn:
    """The column under another name, and missing in further ways."""
    return column.model_copy(update={"name": name, "missing": (*column.missing, *missing)})


def _whole(name: str, values: Index) -> NumberColumn:
    """A column of whole numbers."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    return NumberColumn(name=name, kind="integer", format=NumberFormat(), low=low, high=high)


def _numbers(values: NDArray[np.int64] | NDArray[np.float64]) -> ParsedColumn:
    none = np.zeros(len(values), np.uint8)
    return ParsedColumn(np.asarray(values, np.float64), none, none)


def _nothing(column: LearntColumn, count: int) -> ParsedColumn:
    """Values of the row before first rows."""
    numbers = isinstance(column, NumberColumn | TimeColumn)
    values = np.full(count, np.nan) if numbers else np.full(count, -1, np.int32)
    none = np.zeros(count, np.uint8)
    return ParsedColumn(values, none + np.uint8(len(column.missing)), none)


def _taken(column: LearntColumn, parsed: ParsedColumn, rows: Index) -> ParsedColumn:
    """Values of other rows; -1 is none."""
    first = rows < 0
    taken = parsed.rows(np.maximum(rows, 0))
    gone = np.nan if isinstance(column, NumberColumn | TimeColumn) else -1
    return ParsedColumn(
        np.where(first, gone, taken.values).astype(parsed.values.dtype),
        np.where(first, len(column.missing) + 1, taken.missing).astype(np.uint8),
        np.where(first, 0, taken.special).astype(np.uint8),
    )
