"""Which tables of a folder there are, and which of their columns join them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from filecmp import cmp
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from gansmith.data.layout import is_picture
from gansmith.data.reader import natural
from gansmith.data.related.keys import read_columns, share_joined
from gansmith.data.related.relations import Related, Relations, there_twice
from gansmith.data.survey import Progress
from gansmith.data.table.arrow import arrow_compute
from gansmith.data.table.evidence import Evidence
from gansmith.data.table.identifiers import named_key
from gansmith.data.table.open import describe_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.profile import ColumnProfile
from gansmith.data.table.recognise import is_table
from gansmith.data.table.schema import CategoryColumn, IdentifierColumn, NumberColumn, Schema, TextColumn, TimeColumn
from gansmith.data.table.source import open_source
from gansmith.errors import InputError

__all__ = ["are_tables", "find_relations", "table_files"]

JOINED = 0.5
"""Share of a column's values that must be keys of another table, where the column is named after it."""

SURE = 0.99
"""The same of a column with another name, whose values are no plain numbers."""

MEANT = 0.9
"""Different values of a column, as a share of the rows, from which on it is meant to be a key if it is called one."""

_SPLITS = re.compile(r"(train|training|test|validation|valid|val|data)([-_.]?\d*)([-_.].*)?$", re.IGNORECASE)
_PLAIN = ("", "id", "key", "no", "nr", "num", "number", "code", "index", "uuid", "guid")


@dataclass(frozen=True)
class Seen:
    """A table that was looked at."""

    about: Related
    schema: Schema
    path: Path
    profiles: Mapping[str, ColumnProfile]

    @property
    def keys(self) -> list[str]:
        """Columns that tell rows apart, those called keys first."""
        found = [c.name for c in self.schema.columns if self._tells_apart(c.name)]
        named = {c.name for c in self.schema.columns if isinstance(c, IdentifierColumn)}
        return sorted(found, key=lambda name: (name not in named, self.schema.names.index(name)))

    def _tells_apart(self, name: str) -> bool:
        column, evidence = self.schema.column(name), Evidence.of(self.profiles[name])
        number = isinstance(column, NumberColumn) and column.kind == "integer" and _words(name)[-1:] != ["rows"]
        keyed = isinstance(column, IdentifierColumn | TextColumn | CategoryColumn) or number
        if named_key(name) and keyed and len(evidence.text) >= MEANT * evidence.rows:
            return True
        return keyed and not evidence.absent and evidence.unique


def table_files(folder: Path) -> list[Path]:
    """The tables of a folder, in natural order."""
    files = (p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    return sorted((p for p in files if is_table(p)), key=lambda p: natural(p.name))


def are_tables(path: str | Path) -> bool:
    """Whether a folder holds related tables: two or more, no pictures, and not the splits of one data set."""
    folder = Path(path).expanduser()
    if not folder.is_dir() or any(is_picture(p.name) for pattern in ("*", "*/*") for p in folder.glob(pattern)):
        return False
    files = table_files(folder)
    return len(files) > 1 and not all(_SPLITS.match(p.name) for p in files)


def find_relations(
    folder: str | Path, options: TableOptions | None = None, progress: Progress | None = None
) -> tuple[Relations, tuple[str, ...]]:
    """Look at every table of a folder and find out which column of which holds keys of another.

    A column joins a table where it is named after the table's key (`customer_id` for `id` of `customers`, or the same
    name) and most of its values are such keys; or where nearly all of its values are, and they are no plain numbers.

    Args:
        folder: Where the files are.
        options: What the user knows about text files.
        progress: Called with what is being done, rows done and all rows.

    Returns:
        The relations, and sentences on what was decided.

    Raises:
        InputError: There are no two tables that keys join, some table is joined to no other, or a file is there twice.
    """
    files = table_files(Path(folder).expanduser())
    if len(files) < 2:
        raise InputError(
            f"{folder}: holds {len(files)} table{'s' if not files else ''}: related tables are two or more"
        )
    for one, other in combinations(files, 2):
        if cmp(one, other, shallow=False):
            raise there_twice(one.name, other.name)
    seen = [_look(path, options, progress) for path in files]
    notes: list[str] = []
    links = [link for child in seen for parent in seen if (link := _link(child, parent, options)) is not None]
    chosen = _tree(seen, links, notes)
    lone = [t for t in seen if not any(t.about.name in (child, parent) for child, _, parent, _ in chosen)]
    if lone:
        keyless = [t.path.name for t in lone if not t.keys]
        why = [f"no column of {', '.join(keyless)} tells its rows apart"] if keyless else []
        told = f" ({'; '.join([*why, *notes])})" if why or notes else ""
        names = ", ".join(table.path.name for table in lone)
        raise InputError(
            f"{folder}: no key joins {names} to another table{told}: leave it out, or write the relations by hand "
            "(--schema; docs: several tables)"
        )
    tables = []
    for table in seen:
        mine = next((link for link in chosen if link[0] == table.about.name), None)
        key = next((key for _, _, parent, key in chosen if parent == table.about.name), None)
        about = replace(table.about, key=key or next(iter(table.keys), None))
        if mine is not None:
            about = replace(about, parent=mine[2], foreign_key=mine[1])
            about = replace(about, order=_order(table, mine[1], options, notes))
        about = replace(about, key=None if about.key == about.foreign_key else about.key)
        columns = [dict(entry) for entry in table.schema.to_json()["columns"]]  # type: ignore
        tables.append(replace(about, columns=tuple(columns)))
    return Relations.of(tuple(tables), str(folder)), tuple(notes)


def _look(path: Path, options: TableOptions | None, progress: Progress | None) -> Seen:
    profile, schema, _ = describe_table(path, None, options, progress)
    name = path.name.split(".")[0]
    return Seen(Related(name, path.name), schema, path, {c.name: c for c in profile.columns})


Link = tuple[str, str, str, str]
"""A table, its column, its parent, and the parent's key."""


def _link(child: Seen, parent: Seen, options: TableOptions | None) -> Link | None:
    """Which column of one table holds keys of another; None where none does."""
    if child is parent or not parent.keys:
        return None
    best: tuple[float, Link] | None = None
    for key in parent.keys:
        keys = read_columns(open_source(parent.path, options), [key])[key]
        for column in child.schema.columns:
            named = _named_after(column.name, parent.about.name, key)
            wordy = isinstance(column, IdentifierColumn | TextColumn | CategoryColumn) and not _numbers(keys)
            if not named and not wordy:
                continue
            foreign = read_columns(open_source(child.path, options), [column.name])[column.name]
            share = share_joined(keys, foreign)
            if share < (JOINED if named else SURE) or (column.name in child.keys and not named):
                continue
            if best is None or share > best[0]:
                best = share, (child.about.name, column.name, parent.about.name, key)
        if best is not None:
            break
    return None if best is None else best[1]


def _numbers(keys: Any) -> bool:
    """Whether keys are plain numbers, which other columns may hold by chance."""
    return bool(arrow_compute().all(arrow_compute().match_substring_regex(keys, r"^\d+$")).as_py())


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()) if word]


def _named_after(column: str, table: str, key: str) -> bool:
    """Whether a column's name says that it holds a table's keys."""
    mine, theirs, whole = "".join(_words(column)), "".join(_words(key)), "".join(_words(table))
    if mine == theirs:
        return mine not in _PLAIN
    stems = {whole, whole.removesuffix("s"), whole.removesuffix("es"), re.sub("ies$", "y", whole)}
    ends = {theirs, *_PLAIN}
    return any(mine == stem + end for stem in stems for end in ends)


def _tree(seen: Sequence[Seen], links: Sequence[Link], notes: list[str]) -> list[Link]:
    """One parent for each table: of several the one that itself has a parent, then the one of most rows."""
    rows = {table.about.name: next(iter(table.profiles.values())).rows for table in seen}
    children = {child for child, *_ in links}
    pairs = {(child, parent) for child, _, parent, _ in links}
    chosen = []
    for table in seen:
        mine = [link for link in links if link[0] == table.about.name]
        both = [link for link in mine if (link[2], link[0]) in pairs]  # one row each: the larger table is the parent
        mine = [link for link in mine if link not in both or _first(rows, link[2], link[0])]
        mine.sort(key=lambda link: (link[2] not in children, -rows[link[2]]))
        chosen += mine[:1]
        for child, column, parent, key in mine[1:]:
            notes.append(
                f"{child}.{column} holds keys of {parent}.{key}, but a table has one parent, here {mine[0][2]}: the "
                f"column is learnt as it is, and {parent} is not"
            )
    return chosen


def _first(rows: Mapping[str, int], parent: str, child: str) -> bool:
    return (rows[parent], parent) > (rows[child], child)


def _order(table: Seen, foreign: str, options: TableOptions | None, notes: list[str]) -> str | None:
    """The column by which rows of one parent follow each other: a date, or numbers that always rise."""
    times = [c.name for c in table.schema.columns if isinstance(c, TimeColumn) and c.kind in ("date", "datetime")]
    whole = [c.name for c in table.schema.columns if isinstance(c, NumberColumn) and c.kind == "integer"]
    gone = [name for name in times if Evidence.of(table.profiles[name]).absent]
    if gone:
        notes.append(f"{table.about.name}.{gone[0]} is missing in some rows, so that it can't order them")
    names = [name for name in (*times, *whole) if not Evidence.of(table.profiles[name]).absent and name != foreign]
    if not names:
        return None
    source = open_source(table.path, options)
    owner = read_columns(source, [foreign])[foreign].dictionary_encode().indices.to_numpy(zero_copy_only=False)
    for name in names:
        if name in times:
            return name
        text = read_columns(source, [name])[name]
        column = table.schema.column(name)
        assert isinstance(column, NumberColumn)
        values, bad = column.format.read(text.cast("string"))
        order = np.argsort(owner, kind="stable")
        same = owner[order][1:] == owner[order][:-1]
        steps = np.diff(values[order])[same]
        if not bad.any() and len(steps) and (steps > 0).all():
            return name
    return None
