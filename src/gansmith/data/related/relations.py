"""Which tables there are and how keys join them: one tree, as a file that a person can read and correct."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gansmith.data.related.steps import ANY, months_of
from gansmith.data.table.schema_reading import load_json, save_json
from gansmith.errors import InputError, nearest
from gansmith.types import Json

__all__ = ["Related", "Relations", "there_twice"]

FORMAT, VERSION = "gansmith-relations", 1
_KEYS = ("format", "version", "tables")


@dataclass(frozen=True)
class Related:
    """A table among others.

    Attributes:
        name: What it is called, here and in the model.
        file: Its file, beside the others.
        key: The column whose values tell its rows apart; needed where other tables refer to it.
        parent: The table that each of its rows belongs to a row of; None for the root.
        foreign_key: Its column that holds the parent's keys.
        order: A column of numbers or times by which the rows of one parent follow each other: they are then learnt as a
            sequence; None where their order says nothing.
        step: Of a sequence by dates, the whole months between rows, as `1 month` or `3 months`, or `any` for days; None
            finds it.
        columns: What its columns are, as in the schema of a table; None finds it.
        rules: What each of its rows keeps, as in the schema of a table; of the root only.
    """

    name: str
    file: str
    key: str | None = None
    parent: str | None = None
    foreign_key: str | None = None
    order: str | None = None
    step: str | None = None
    columns: tuple[Mapping[str, Any], ...] | None = None
    rules: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def joins(self) -> tuple[str, ...]:
        """Its columns that hold keys."""
        return tuple(column for column in (self.key, self.foreign_key) if column is not None)

    @property
    def sequence(self) -> str:
        """What its rows follow each other by, for people; empty where their order says nothing."""
        months = months_of(self.step) is not None
        return f"{self.order or ''}{f' (steps of {self.step})' if months else ''}"

    def to_json(self) -> dict[str, Json]:
        """The entry without what it does not say."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in found.items() if v not in (None, ())}


@dataclass(frozen=True)
class Relations:
    """The tables, each parent before its children.

    Attributes:
        tables: All of them; the first is the root.
    """

    tables: tuple[Related, ...]

    @classmethod
    def of(cls, tables: tuple[Related, ...], where: str = "relations") -> Relations:
        """Tables in any order, checked. Raises `InputError` with every problem."""
        problems = [*_names(tables, where), *_parents(tables, where)]
        if problems:
            raise InputError(*problems)
        roots = [table.name for table in tables if table.parent is None]
        ordered = {name: None for name in roots}
        while grown := [t.name for t in tables if t.name not in ordered and t.parent in ordered]:
            ordered |= dict.fromkeys(grown)
        rest = [table.name for table in tables if table.name not in ordered]
        if rest:
            raise InputError(
                f"{where}: {', '.join(rest)} have each other for parents: one of them must be without a parent"
            )
        if len(roots) > 1:
            raise InputError(
                f"{where}: {' and '.join(roots)} have no parent, and exactly one table must be without one: say which "
                "column joins them to the others (parent, foreign_key), or leave them out"
            )
        by_name = {table.name: table for table in tables}
        return cls(tuple(by_name[name] for name in ordered))

    @property
    def root(self) -> Related:
        """The table that all others belong to."""
        return self.tables[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all tables."""
        return tuple(table.name for table in self.tables)

    def table(self, name: str) -> Related:
        """A table by its name. Raises `InputError` with the nearest name."""
        for found in self.tables:
            if found.name == name:
                return found
        raise InputError(f"there is no table {name!r}{nearest(name, self.names)}")

    def children(self, name: str) -> tuple[Related, ...]:
        """The tables whose rows belong to rows of one."""
        return tuple(table for table in self.tables if table.parent == name)

    def to_json(self) -> dict[str, Json]:
        """The relations for machines."""
        return {"format": FORMAT, "version": VERSION, "tables": [table.to_json() for table in self.tables]}

    @classmethod
    def from_json(cls, data: Any, where: str = "relations") -> Relations:
        """Relations out of `to_json`. Raises `InputError` with every problem."""
        if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("tables"), list):
            raise InputError(f"{where}: says nothing of related tables: it needs format {FORMAT!r}, version and tables")
        if data.get("version") != VERSION:
            raise InputError(f"{where}: has version {data.get('version')!r}, and this program reads version {VERSION}")
        problems = [f"{where}: unknown key {key!r}{nearest(str(key), _KEYS)}" for key in data if key not in _KEYS]
        known = [f.name for f in fields(Related)]
        tables = []
        for number, entry in enumerate(data["tables"], start=1):
            wrong = _wrong(entry, known)
            problems += [f"{where}: table {number}: {problem}" for problem in wrong]
            if not wrong:
                lists = {name: tuple(entry[name]) for name in ("columns", "rules") if name in entry}
                tables.append(Related(**{**entry, **lists}))
        if problems:
            raise InputError(*problems)
        return cls.of(tuple(tables), where)

    @classmethod
    def load(cls, path: Path) -> Relations:
        """Read a file. Raises `InputError` with every problem."""
        return cls.from_json(load_json(path), str(path))

    def save(self, path: Path) -> None:
        """Write a file. Raises `InputError`."""
        save_json(self.to_json(), path)


def _wrong(entry: Any, known: list[str]) -> list[str]:
    """What keeps an entry from being a table."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in ("name", "file")):
        return ["needs a name and a file"]
    found = [f"unknown key {key!r}{nearest(str(key), known)}" for key in entry if key not in known]
    for name in ("columns", "rules"):
        value = entry.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            found.append(f"{name} must be a list of objects")
    for name in ("key", "parent", "foreign_key", "order", "step"):
        if not isinstance(entry.get(name, ""), str):
            found.append(f"{name} must be a name in quotes")
    return found


def _names(tables: tuple[Related, ...], where: str) -> list[str]:
    """What is wrong with the tables one by one."""
    counts = Counter(table.name for table in tables)
    found = [f"{where}: {count} tables are called {name!r}" for name, count in counts.items() if count > 1]
    if len(tables) < 2:
        found.append(f"{where}: {len(tables)} table{'s' if not tables else ''}: related tables are two or more")
    for table in tables:
        at = f"{where}: table {table.name!r}"
        if "/" in table.name or "\\" in table.name or table.name.startswith("."):
            found.append(f"{at}: a name can't hold a slash or begin with a dot")
        if (table.parent is None) != (table.foreign_key is None):
            found.append(f"{at}: parent and foreign_key go together: give both or none")
        if table.parent is None and table.order is not None:
            found.append(f"{at}: rows without a parent are no sequence: remove order")
        if table.step is not None and table.order is None:
            found.append(f"{at}: a step is that of an order: give order, too, or remove step")
        if table.step not in (None, ANY) and months_of(table.step) is None:
            found.append(f"{at}: step {table.step!r} must be a number of months, as '3 months', or {ANY!r}")
        if table.parent is not None and table.rules:
            found.append(f"{at}: rules are kept in the table without a parent only: remove them")
        if table.key is not None and table.key == table.foreign_key:
            found.append(f"{at}: {table.key!r} can't be its key and its parent's")
    return found


def _parents(tables: tuple[Related, ...], where: str) -> list[str]:
    """What is wrong between tables."""
    by_name = {table.name: table for table in tables}
    found = []
    for table in tables:
        at = f"{where}: table {table.name!r}"
        if table.parent is None:
            continue
        if table.parent == table.name:
            found.append(f"{at}: is its own parent: rows can't belong to rows of the same table")
        elif table.parent not in by_name:
            found.append(f"{at}: there is no parent {table.parent!r}{nearest(table.parent, by_name)}")
        elif by_name[table.parent].key is None:
            found.append(f"{at}: its parent {table.parent!r} has no key")
    return found


def there_twice(one: str, other: str) -> InputError:
    """What to say of two files that hold the same table: its rows would be learnt as rows of two."""
    return InputError(f"{one} and {other} hold the same rows: take one of them out of the folder")
