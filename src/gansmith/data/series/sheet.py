"""Columns of a file of series: numbers, stamps or text. CSV needs nothing beside NumPy; Parquet needs its extra."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table_files import open_table
from gansmith.errors import InputError

__all__ = ["ARROWS", "TEXTS", "Sheet", "read_sheet"]

TEXTS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
ARROWS = (".parquet", ".feather", ".arrow")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})

Sheet = Mapping[str, NDArray[Any]]
"""Columns by name, `(rows,)` each: float64 with NaN, datetime64 with NaT, or text with empty for missing."""


def read_sheet(path: Path, most: int | None = None) -> Sheet:
    """Read a CSV, TSV or Parquet file.

    Args:
        path: The file.
        most: Rows to read at most; None for all.

    Raises:
        InputError: It can't be read, a row has other columns than the header, or two columns share a name.
    """
    if path.name.lower().endswith(ARROWS):
        return _arrow(path, most)
    try:
        with _opened(path) as file:
            delimiter = "\t" if ".tsv" in path.name.lower() else _delimiter(file.readline())
            file.seek(0)
            return _text(path, csv.reader(file, delimiter=delimiter), most)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text (byte {error.start:,}): save it as UTF-8") from error
    except (OSError, EOFError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _opened(path: Path) -> TextIO:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _delimiter(line: str) -> str:
    """The sign of `,;` and tab that the header has most often."""
    return max(",;\t", key=line.count)


def _text(path: Path, lines: Iterator[list[str]], most: int | None) -> Sheet:
    header = [name.strip() for name in next(lines, [])]
    if not any(header):
        raise InputError(f"{path}: is empty: the first line should name the columns")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise InputError(f"{path}: two columns are called {doubled[0]!r}: rename one")
    rows = []
    for number, row in enumerate(islice(lines, most), start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise InputError(f"{path}: line {number:,} has {len(row)} values, the header has {len(header)} columns")
        rows.append(row)
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return {name: _typed(column) for name, column in zip(header, columns, strict=True)}


def _typed(column: Sequence[str]) -> NDArray[Any]:
    """Numbers, else dates, else text."""
    text = np.array([value.strip() for value in column], dtype=np.str_)
    missing = np.array([value.lower() in MISSING for value in text.tolist()], dtype=bool)
    for empty, kind in (("nan", "float64"), ("NaT", "datetime64[us]")):
        try:
            return np.where(missing, empty, text).astype(kind)
        except ValueError:
            continue
    return np.where(missing, "", text)


def _arrow(path: Path, most: int | None) -> Sheet:
    table = open_table(path)
    if "image" in table.kinds.values():
        raise InputError(f"{path}: holds bytes or pictures, and no series")
    found = {}
    for name in table.types:
        values: list[Any] = []
        for chunk in range(len(table.sizes)):
            part = table.chunk(chunk, name)
            values += (part if most is None else part.slice(0, most)).to_pylist()
            if most is not None and len(values) >= most:
                break
        found[name] = _typed(["" if value is None else str(value) for value in values[:most]])
    return found
