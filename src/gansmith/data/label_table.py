"""`labels.csv`: a table that gives every picture its class, and if it likes its split."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from gansmith.data.reader import Split, natural, some
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
    """Labels in the order of the files that were asked for.

    Attributes:
        labels: Class id of every file.
        classes: Class names by id, in natural order.
        splits: Split of every file, None where the table gives none.
    """

    labels: tuple[int, ...]
    classes: tuple[str, ...]
    splits: tuple[Split | None, ...]


def read_label_table(text: str, files: Sequence[str], where: str) -> LabelTable:
    """Read a table with a header `file,label` (and optionally `split`) and match it with the files.

    Args:
        text: The table as comma-separated values.
        files: Relative paths of all pictures; each must have exactly one row.
        where: The source, for messages.

    Raises:
        InputError: Naming every wrong row: a missing column, an unknown or repeated file, no label, an unknown
            split, and the files that have no row.
    """
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True))
    header = set(rows[0]) if rows else set()
    missing = [name for name in ("file", "label") if name not in header]
    if missing:
        raise InputError(
            f"{where}: labels.csv needs a first line 'file,label' and rows beneath; missing: {', '.join(missing)}"
        )
    known = set(files)
    seen: dict[str, int] = {}
    found: dict[str, tuple[str, Split | None]] = {}
    problems: list[str] = []
    for line, row in enumerate(rows, start=2):
        problem = _row_problem(row, known, seen)
        if problem:
            problems.append(f"{where}: labels.csv line {line}: {problem}")
            continue
        seen[_file(row)] = line
        found[_file(row)] = ((row["label"] or "").strip(), _SPLITS[_split(row)])
    without = [f for f in files if f not in seen]
    if without:
        problems.append(f"{where}: labels.csv has no row for {len(without):,} pictures: {some(without)}")
    if problems:
        extra = [f"{where}: labels.csv has {len(problems) - _MOST:,} more problems"] if len(problems) > _MOST else []
        raise InputError(*problems[:_MOST], *extra)
    classes = tuple(sorted({label for label, _ in found.values()}, key=natural))
    ids = {name: i for i, name in enumerate(classes)}
    return LabelTable(tuple(ids[found[f][0]] for f in files), classes, tuple(found[f][1] for f in files))


def _file(row: dict[str, str]) -> str:
    return (row["file"] or "").strip().replace("\\", "/").removeprefix("./")


def _split(row: dict[str, str]) -> str:
    return (row.get("split") or "").strip().lower()


def _row_problem(row: dict[str, str], known: set[str], seen: dict[str, int]) -> str:
    file = _file(row)
    if not file:
        return "no file name"
    if file not in known:
        return f"no picture {file!r}"
    if file in seen:
        return f"{file!r} is listed twice (first in line {seen[file]})"
    if not (row["label"] or "").strip():
        return f"{file!r} has no label"
    if _split(row) not in _SPLITS:
        return f"unknown split {_split(row)!r}{nearest(_split(row), [s for s in _SPLITS if s])}"
    return ""
