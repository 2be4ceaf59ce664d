"""A trained model of several tables: it makes families, rows of the root with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.core import mix
from gansmith.data.related.made_keys import made_keys
from gansmith.data.related.relations import Relations
from gansmith.data.related.rows import RelatedRows, cut
from gansmith.data.related.view import View, rows_of
from gansmith.data.table.arrow import arrow
from gansmith.data.table.as_text import as_type
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.render import render_table
from gansmith.data.table.schema import Column, IdentifierColumn, LearntColumn, NumberColumn, Schema
from gansmith.data.table.schema_reading import FORMAT, VERSION
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.run.files import read_json, replacing_folder, write_json
from gansmith.run.private_words import protected_words
from gansmith.run.sample import whole
from gansmith.run.table_columns import joined
from gansmith.run.table_model import TableModel, framed, numbered
from gansmith.run.table_where import Where, limits_of

__all__ = ["FAMILIES", "RELATIONS", "RelatedModel", "holds_tables", "published", "schema_of"]

RELATIONS = "relations.json"
"""The file that tells a model of several tables from one of one."""

FAMILIES, ROWS = 1024, 2**18
"""The most rows of the root whose descendants are made at once, and the most rows that these may then have."""

Index = NDArray[np.int64]


def schema_of(relations: Relations, name: str) -> Schema:
    """What the columns of a table are, as its file has them. Raises `InputError` where that is not said."""
    about = relations.table(name)
    columns: Any = [dict(column) for column in about.columns or ()]
    return Schema.from_json({"format": FORMAT, "version": VERSION, "columns": columns}, f"table {name!r}")


def published(relations: Relations, models: Mapping[str, TableModel]) -> Relations:
    """Relations that say of learnt columns what the models know of them, and no more."""
    tables = []
    for about in relations.tables:
        schema = models[about.name].schema
        columns = [
            column if not isinstance(column, LearntColumn) else _own(schema.column(column.name), column)
            for column in schema_of(relations, about.name).columns
        ]
        told: Any = Schema(columns=tuple(columns), rules=schema.rules).to_json()
        tables.append(replace(about, columns=tuple(told["columns"]), rules=tuple(told.get("rules", ()))))
    return Relations(tuple(tables))


def _own(known: Column, column: LearntColumn) -> Column:
    """A column of flat rows as its table has it: what orders rows has a value in all."""
    assert isinstance(known, LearntColumn)
    return known.model_copy(update={"missing": tuple(word for word in known.missing if word in column.missing)})


def holds_tables(path: str | Path) -> Path | None:
    """The folder of a model of several tables, given that or its run folder; None for anything else."""
    folders = (Path(path), Path(path) / "model")
    return next((f for f in folders if (f / RELATIONS).is_file() and (f / "provenance.json").is_file()), None)


@dataclass(frozen=True)
class RelatedModel:
    """A generator of related tables.

    Attributes:
        relations: How keys join the tables, with their columns.
        models: What makes the rows of each table, by its name.
        provenance: Data, versions, command.
    """

    relations: Relations
    models: Mapping[str, TableModel]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path, recipe: str | None = None) -> RelatedModel:
        """Read a model folder, or the model of a run folder.

        Args:
            path: Model folder or run folder.
            recipe: Recipe file of models whose recipe is not installed.

        Raises:
            InputError: The folder holds no model of several tables, or a damaged one.
        """
        folder = holds_tables(path)
        if folder is None:
            raise InputError(f"{path} holds no model of several tables: its folder has {RELATIONS} and provenance.json")
        relations = Relations.load(folder / RELATIONS)
        models = {name: TableModel.load(folder / name, recipe) for name in relations.names}
        return cls(relations, models, read_json(folder / "provenance.json"))

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""
        with replacing_folder(folder) as temporary:
            self.relations.save(temporary / RELATIONS)
            for name, model in self.models.items():
                model.save(temporary / name)
            write_json(temporary / "provenance.json", dict(self.provenance))
            (temporary / "README.md").write_text(self.card(), encoding="utf-8")

    @property
    def root(self) -> str:
        """The table that all others belong to."""
        return self.relations.root.name

    @property
    def least(self) -> int:
        """Rows of the root that share every value that is known of what belongs to them, at least."""
        return self.models[self.root].codec.least

    def described(self, name: str) -> Schema:
        """What others see of made rows of a table: its learnt columns, and how many rows of each child there are."""
        known = self.models[name].schema
        own = [c.name for c in schema_of(self.relations, name).learnt]
        counts = [rows_of(child.name) for child in self.relations.children(name)]
        return Schema(columns=tuple(known.column(column) for column in (*own, *counts)))

    @cached_property
    def group(self) -> int:
        """Rows of the root whose descendants are made at once, a power of two, so that blocks hold whole groups.

        Family i depends on the seed and i alone because it is always made with the same others; memory is bounded, and
        few long sequences are not made with a thousand that nobody asked for.
        """
        most = dict.fromkeys(self.relations.names, 1.0)
        for about in self.relations.tables[1:]:
            column = self.models[str(about.parent)].schema.column(rows_of(about.name))
            assert isinstance(column, NumberColumn)
            most[about.name] = most[str(about.parent)] * max(column.high, 1.0)
        return 1 << max(min(FAMILIES, int(ROWS / sum(most.values()))), 1).bit_length() - 1

    def view(self, name: str) -> View:
        """How rows of a table are seen by its model."""
        codec = self.models[name].codec
        return View(self.relations.table(name), codec.schema, codec.given)

    def families(
        self, n: int, where: Where | None = None, seed: int = 0, start: int = 0
    ) -> Iterator[dict[str, RelatedRows]]:
        """All rows of `n` rows of the root, from number `start` on, a group of rows of the root at a time.

        Args:
            n: Rows of the root.
            where: What they must be, as in `TableModel.sample`; `{"orders.rows": (5, 10)}` asks for so many children.
            seed: A family depends on it and its number alone.
            start: Number of the first one.

        Raises:
            InputError: A column is unknown or not learnt, or no row can be so.
        """
        count, root = whole(n, "n", 1, MOST_SAMPLES), whole(seed, "seed", 0, MOST_SEED)
        name, size = self.root, self.group
        limits_of(self.models[name].codec, where)
        first, last = start // size, -(-(start + count) // size)
        blocks = self.models[name].columns((last - first) * size, where, root, first * size)
        number = first
        for block in blocks:
            for at in range(0, len(next(iter(block.values()))), size):
                rows = {column: parsed.rows(slice(at, at + size)) for column, parsed in block.items()}
                made = self._family(rows, mix(root, "family", number))
                begin = max(start - number * size, 0)
                end = min(start + count - number * size, size)
                yield cut(self.relations, made, np.arange(begin, end))
                number += 1

    def _family(self, rows: Mapping[str, ParsedColumn], seed: int) -> dict[str, RelatedRows]:
        """Everything that belongs to rows of the root."""
        root = self.relations.root.name
        count = len(next(iter(rows.values())))
        made = {root: RelatedRows(self.view(root).facts(rows, None), None, np.full(count, -1, np.int64))}
        for about in self.relations.tables[1:]:
            parents = made[str(about.parent)].facts
            counts = np.maximum(np.rint(parents[rows_of(about.name)].values), 0).astype(np.int64)
            chain = self._chain if about.order is not None else self._flat
            made[about.name] = chain(about.name, parents, counts, mix(seed, about.name))
        return made

    def _flat(self, name: str, parents: Mapping[str, ParsedColumn], counts: Index, seed: int) -> RelatedRows:
        """Rows whose order says nothing, all at once."""
        view, owner = self.view(name), np.repeat(np.arange(len(counts)), counts)
        theirs = {column: parsed.rows(owner) for column, parsed in parents.items()}
        known = view.follow(self._parents(name), theirs, None, 0)
        made = self.models[name].follow(known, seed=seed) if len(owner) else self._no_rows(name)
        return RelatedRows(view.facts(made, None), owner, np.full(len(owner), -1, np.int64))

    def _chain(self, name: str, parents: Mapping[str, ParsedColumn], counts: Index, seed: int) -> RelatedRows:
        """Rows that follow each other: the first of every sequence, then the second, ..."""
        view, model = self.view(name), self.models[name]
        parts: list[dict[str, ParsedColumn]] = [view.facts(self._no_rows(name), None)]
        owners: list[Index] = [np.zeros(0, np.int64)]
        before: dict[str, ParsedColumn] | None = None
        for place in range(int(counts.max(initial=0))):
            owner = np.flatnonzero(counts > place)
            if before is not None:
                going_on = counts[owners[-1]] > place
                before = {column: parsed.rows(np.flatnonzero(going_on)) for column, parsed in before.items()}
            theirs = {column: parsed.rows(owner) for column, parsed in parents.items()}
            given = view.follow(self._parents(name), theirs, before, place)
            made = model.follow(given, view.present(place), mix(seed, place))
            before = view.facts(made, before)
            parts.append(before)
            owners.append(owner)
        owner, place_of = np.concatenate(owners), np.repeat(np.arange(len(owners)), [len(o) for o in owners])
        order = np.lexsort((place_of, owner))
        facts = {column: parsed.rows(order) for column, parsed in joined(parts).items()}
        owner = owner[order]
        same = np.append(False, owner[1:] == owner[:-1])[: len(owner)]
        return RelatedRows(facts, owner, np.where(same, np.arange(len(owner)) - 1, -1))

    def _parents(self, name: str) -> Schema:
        """What the columns of the parent's flat rows are."""
        return self.models[str(self.relations.table(name).parent)].schema

    def _no_rows(self, name: str) -> dict[str, ParsedColumn]:
        """Columns of no rows."""
        codec = self.models[name].codec
        none = np.zeros((0, len(codec.spec["tokens"].tokens)), np.int64)
        found = {column: tokens.decode(none[:, codec.places[column]]) for column, tokens in codec.columns.items()}
        return found

    def stream(
        self, n: int, where: Where | None = None, seed: int = 0, text: Collection[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """The same as `sample`, some families at a time, as pyarrow tables; of those in `text` every column is text."""
        done = dict.fromkeys(self.relations.names, 0)
        for made in self.families(n, where, seed):
            keys: dict[str, Any] = {}
            found = {}
            for about in self.relations.tables:
                schema, rows, first = schema_of(self.relations, about.name), made[about.name], done[about.name]
                joins = {}
                if about.key is not None:
                    column = schema.column(about.key)
                    assert isinstance(column, IdentifierColumn)
                    keys[about.name] = made_keys(column.pattern, len(rows), mix(seed, about.name, "keys"), first)
                    joins[about.key] = keys[about.name]
                if about.foreign_key is not None:
                    joins[about.foreign_key] = keys[str(about.parent)].take(arrow().array(rows.parent))
                table = _rendered(schema, rows, joins, mix(seed, about.name), first)
                found[about.name] = table if about.name in text else _typed(table, schema)
                done[about.name] += len(rows)
            yield found

    def sample(self, n: int, where: Where | None = None, seed: int = 0) -> dict[str, Any]:
        """Make `n` rows of the root, and all rows that belong to them.

        Args:
            n: Rows of the root.
            where: What they must be, as in `TableModel.sample`.
            seed: Family i depends on the seed and i alone.

        Returns:
            A pandas DataFrame a table, by its name, or pyarrow Tables where pandas is not installed. Every foreign key
            is a key of its parent.

        Raises:
            InputError: A column is unknown or not learnt, or no row can be so.
        """
        parts = list(self.stream(n, where, seed))
        return {name: framed([part[name] for part in parts]) for name in self.relations.names}

    def card(self) -> str:
        """The model card: what it is, what it was made from, how to use it."""
        tables = [
            f"- `{t.name}`" + ("" if t.parent is None else f", rows of `{t.parent}` by `{t.foreign_key}`")
            + (f", in sequence by {t.sequence}" if t.sequence else "")
            for t in self.relations.tables
        ]  # fmt: skip
        lines = [
            "---",
            "library_name: gansmith",
            "tags: [gan, tabular, relational, synthetic-data]",
            "---",
            f"# Tables like {self.provenance.get('data', {}).get('name', 'some tables')}",
            "",
            *([protected_words(self.least, f"rows of {self.root}"), ""] if self.least > 1 else []),
            *tables,
            "",
            "```python",
            "from gansmith import RelatedModel",
            "",
            "tables = RelatedModel.load('path/to/this/folder').sample(1000, seed=0)",
            "```",
            "",
            "Each folder holds the model of one table; `relations.json` says how keys join them. Training data, "
            "settings and versions: `provenance.json`; scores: `metrics.json`.",
        ]
        return "\n".join(lines) + "\n"


def _rendered(schema: Schema, rows: RelatedRows, joins: Mapping[str, Any], seed: int, first: int) -> Any:
    """Rows as text, with the keys that join them."""
    rest = Schema(columns=tuple(column for column in schema.columns if column.name not in joins))
    own = {column.name: rows.facts[column.name] for column in rest.learnt}
    table = render_table(rest, own, seed, first, typed=False)
    found = {
        name: joins[name] if name in joins else table[name]
        for name in schema.names
        if name in joins or name in table.column_names
    }
    return arrow().table(found)


def _typed(table: Any, schema: Schema) -> Any:
    """Columns of text in the types of their source."""
    for i, name in enumerate(table.column_names):
        table = table.set_column(i, name, as_type(table[name], schema.column(name).stored))
    return numbered(table, schema)
