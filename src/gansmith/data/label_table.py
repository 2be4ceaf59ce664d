"""`labels.csv`: a table that gives every picture its class, attributes and caption, and if it likes its split."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from gansmith.data.attributes import RESERVED, Columns, as_columns, choose
from gansmith.data.reader import ReadOptions, Split, natural, some
from gansmith.errors import InputError, nearest

__all__ = ["LabelTable", "read_label_table"]

_SPLITS: dict[str, Split | None] = {
    "": None,
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_MOST = 20
"""Problems listed one by one; the rest is counted."""


@dataclass(frozen=True)
class LabelTable:
    """What the table says, in the order of the files that were asked for.

    Attributes:
        labels: Class id of every file; None where the table has no column `label`.
        classes: Class names by id, in natural order.
        splits: Split of every file, None where the table gives none.
        columns: Attributes by name, and captions as `text`, one value a file.
        notes: Sentences on columns that were left out.
    """

    labels: tuple[int, ...] | None
    classes: tuple[str, ...]
    splits: tuple[Split | None, ...]
    columns: Columns = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_label_table(text: str, files: Sequence[str], where: str, options: ReadOptions | None = None) -> LabelTable:
    """Read a table with a header `file,label` and match it with the files.

    Further columns are the `split`, a caption (`text`), and attributes. `label` may be missing where there are others.

    Args:
        text: The table as comma-separated values.
        files: Relative paths of all pictures; each must have exactly one row.
        where: The source, for messages.
        options: Which columns are attributes and captions; None for the defaults.

    Raises:
        InputError: Naming every wrong row: a missing column, an unknown or repeated file, no label, an unknown
            split, a column that was asked for and isn't there, and the files that have no row.
    """
    options = options or ReadOptions()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True))
    header = [name for name in rows[0] if name] if rows else []
    offered = [name for name in header if name not in RESERVED]
    attributes, captions = choose(offered, options.attributes, options.text_column, offered, f"{where}: labels.csv")
    needed = ("file",) if attributes or captions else ("file", "label")
    missing = [name for name in needed if name not in header]
    labelled = "label" in header
    if missing:
        raise InputError(
            f"{where}: labels.csv needs a first line 'file,label' and rows beneath; missing: {', '.join(missing)}"
        )
    known = set(files)
    seen: dict[str, int] = {}
    found: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for line, row in enumerate(rows, start=2):
        problem = _row_problem(row, known, seen, labelled)
        if problem:
            problems.append(f"{where}: labels.csv line {line}: {problem}")
            continue
        seen[_file(row)] = line
        found[_file(row)] = row
    without = [f for f in files if f not in seen]
    if without:
        problems.append(f"{where}: labels.csv has no row for {len(without):,} pictures: {some(without)}")
    if problems:
        extra = [f"{where}: labels.csv has {len(problems) - _MOST:,} more problems"] if len(problems) > _MOST else []
        raise InputError(*problems[:_MOST], *extra)
    labels = [(found[f]["label"] or "").strip() for f in files] if labelled else []
    classes = tuple(sorted(set(labels), key=natural))
    ids = {name: i for i, name in enumerate(classes)}
    columns, notes = as_columns(
        {name: [found[f][name] for f in files] for name in attributes},
        [found[f][captions] for f in files] if captions else None,
        files,
        options.attributes is not None,
        f"{where}: labels.csv",
    )
    return LabelTable(
        tuple(ids[label] for label in labels) if labelled else None,
        classes,
        tuple(_SPLITS[_split(found[f])] for f in files),
        columns,
        tuple(notes),
    )


def _file(row: dict[str, str]) -> str:
    return (row["file"] or "").strip().replace("\\", "/").removeprefix("./")


def _split(row: dict[str, str]) -> str:
    return (row.get("split") or "").strip().lower()


def _row_problem(row: dict[str, str], known: set[str], seen: dict[str, int], labelled: bool) -> str:
    file = _file(row)
    if not file:
        return "no file name"
    if file not in known:
        return f"no picture {file!r}"
    if file in seen:
        return f"{file!r} is listed twice (first in line {seen[file]})"
    if labelled and not (row["label"] or "").strip():
        return f"{file!r} has no label"
    if _split(row) not in _SPLITS:
        return f"unknown split {_split(row)!r}{nearest(_split(row), [s for s in _SPLITS if s])}"
    return ""
