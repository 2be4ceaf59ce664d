"""Rows of one table as a model learns them: behind what they follow from, the parent's row and the row before.

A flat row holds, by these names, `customers.age` (the parent's columns), `place` and `previous.amount` (of sequences:
how many rows came before, and the last of them), then the row's own columns and `items.rows` (how many rows of each
child it has). The column that orders a sequence is learnt as its first value and the steps from then on (`steps.py`).
What comes before the row's own columns is given: rows are completed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gansmith.data.related.database import Database
from gansmith.data.related.relations import Related
from gansmith.data.related.steps import FIRST, Steps, steps_of
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recode import recoded
from gansmith.data.table.row_hash import RowHasher, table_fingerprint
from gansmith.data.table.schema import Column, LearntColumn, NumberColumn, Schema, TimeColumn
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError

__all__ = ["View", "facts_of", "flatten", "rows_of"]

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

    @cached_property
    def _steps(self) -> Steps | None:
        """How what orders rows is learnt; None where their order says nothing."""
        order = self.about.order
        return None if order is None else steps_of(order, self.about.step, self.schema)

    def follow(self, theirs: Schema, parent: Rows, before: Rows | None, place: int) -> dict[str, ParsedColumn]:
        """What made rows follow from; a value that this table's model does not know is a gap.

        Args:
            theirs: What the parent's columns are, as its model has them.
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
                found[name] = ParsedColumn.plain(np.full(count, place))
            elif name.startswith(f"{PREVIOUS}."):
                own = name.removeprefix(f"{PREVIOUS}.")
                found[name] = _nothing(column, count) if before is None else self._as(column, self.schema, before, own)
            else:
                found[name] = self._as(column, theirs, parent, name.removeprefix(f"{self.about.parent}."))
        if self._steps is not None:  # what orders rows is a step in all but the first
            for name in self._steps.goes_on if before is None else self._steps.begins:
                marked = self.schema.column(name)
                assert isinstance(marked, LearntColumn)
                found[name] = _nothing(marked, count)
        return found

    @staticmethod
    def _as(column: LearntColumn, schema: Schema, facts: Rows, name: str) -> ParsedColumn:
        """Facts by the description of the column that they are learnt as."""
        described = schema.column(name)
        assert isinstance(described, LearntColumn)
        return recoded(facts[name], described, column)

    def present(self, place: int) -> tuple[str, ...]:
        """Columns that must have a value in rows behind so many others."""
        steps = self._steps
        return () if steps is None else steps.begins if place == 0 else steps.goes_on

    def facts(self, made: Rows, before: Rows | None) -> dict[str, ParsedColumn]:
        """What others see of made rows: their own columns, the one that orders them as it is.

        Beside these, what the next row of a sequence needs.
        """
        own = {name: parsed for name, parsed in made.items() if name not in self.given}
        steps = self._steps
        if steps is None:
            return own
        passed = steps.begin(made) if before is None else steps.go_on(made, before)
        return {name: parsed for name, parsed in own.items() if name not in steps.goes_on} | dict(passed)


def facts_of(database: Database, name: str) -> tuple[tuple[LearntColumn, ...], dict[str, ParsedColumn]]:
    """What others see of the rows of a table: its learnt columns, and how many rows of each child there are."""
    member = database.members[name]
    columns, values = list(member.table.schema.learnt), dict(member.table.columns)
    for child in database.relations.children(name):
        counts = database.counts(child.name)
        columns.append(_whole(rows_of(child.name), counts))
        values[rows_of(child.name)] = ParsedColumn.plain(counts)
    return tuple(columns), values


def flatten(database: Database, name: str) -> tuple[View, TableSet]:
    """The rows of a table as its model learns them. Raises `InputError` where names can't be told apart."""
    member = database.members[name]
    about = member.about
    columns: list[Column] = []
    values: dict[str, ParsedColumn] = {}
    own, facts = facts_of(database, name)
    parts: list[tuple[Column, ParsedColumn | None]]
    if about.parent is not None and member.parent is not None:
        theirs, seen = facts_of(database, about.parent)
        for column in theirs:
            columns.append(_named(column, f"{about.parent}.{column.name}"))
            values[columns[-1].name] = seen[column.name].rows(member.parent)
    if about.order is not None:
        columns.append(_whole(PLACE, member.place))
        values[PLACE] = ParsedColumn.plain(member.place)
        for column in own:
            columns.append(_named(column, f"{PREVIOUS}.{column.name}", FIRST))
            values[columns[-1].name] = _taken(column, facts[column.name], member.before)
    given = tuple(column.name for column in columns)
    for column in own:
        if column.name == about.order and member.chains is not None:
            steps = steps_of(column.name, about.step, member.table.schema)
            parts = steps.split(column, facts[column.name], member.chains)
        else:
            parts = [(column, facts[column.name])]
        columns += [part for part, _ in parts]
        values |= {part.name: parsed for part, parsed in parts if parsed is not None}
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{about.file}: a column {twice!r} can't be told from one of another table: rename it")
    schema = Schema(columns=tuple(columns), rules=member.table.schema.rules)
    hashes = RowHasher(schema)(values)
    table = TableSet(schema, values, hashes, table_fingerprint(hashes, schema), (), member.table.source)
    return View(about, schema, given), table


def _named(column: LearntColumn, name: str, *missing: str) -> LearntColumn:
    """The column under another name, and missing in further ways."""
    return column.model_copy(update={"name": name, "missing": (*column.missing, *missing)})


def _whole(name: str, values: Index) -> NumberColumn:
    """A column of whole numbers."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    return NumberColumn(name=name, kind="integer", format=NumberFormat(), low=low, high=high)


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
