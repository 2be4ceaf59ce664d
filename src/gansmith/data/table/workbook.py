"""Sheets of Excel workbooks. The only user of openpyxl."""

from __future__ import annotations

import datetime
import warnings
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from gansmith.data.table.arrow import arrow
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError, nearest

__all__ = ["read_sheet"]

_ROWS = 10_000


def read_sheet(
    path: Path, options: TableOptions
) -> tuple[tuple[str, ...], Callable[[], Iterator[Any]], tuple[str, ...]]:
    """Names of the columns of a sheet, a function that reads its rows as batches of text, and notes.

    Args:
        path: The workbook.
        options: Which sheet; whether its first row names the columns (the default).

    Raises:
        InputError: If openpyxl is missing, the workbook is damaged, or there is no such sheet.
    """
    first = next(_rows(path, options), None)
    if first is None:
        raise InputError(f"{path}: is empty")
    while len(first) > 1 and first[-1] is None:
        first = first[:-1]
    header = options.header is not False
    names = tuple(_spell(c) or "" for c in first) if header else tuple(f"column_{i + 1}" for i in range(len(first)))

    def batches() -> Iterator[Any]:
        pa = arrow()
        rows = _rows(path, options)
        if header:
            next(rows, None)
        held: list[list[str | None]] = []
        for number, row in enumerate(chain(rows, [None])):
            if row is not None and any(c is not None for c in row):
                if any(c is not None for c in row[len(names) :]):
                    raise InputError(f"{path}: row {number + 1 + header:,} has more values than the first row")
                held.append([_spell(c) for c in (*row, *(None,) * len(names))[: len(names)]])
            if held and (row is None or len(held) == _ROWS):
                columns = [pa.array(list(c), pa.string()) for c in zip(*held, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, names=[str(i) for i in range(len(names))])
                held = []

    return names, batches, ()


def _rows(path: Path, options: TableOptions) -> Iterator[tuple[Any, ...]]:
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(f'{path}: Excel files need openpyxl: pip install "gansmith[excel]"') from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on styles and extensions that carry no values
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: cannot be read as an Excel workbook ({str(error)[:160]})") from error
    try:
        if options.sheet is not None and options.sheet not in book.sheetnames:
            raise InputError(f"{path}: there is no sheet {options.sheet!r}{nearest(options.sheet, book.sheetnames)}")
        sheet = book[options.sheet] if options.sheet is not None else book.worksheets[0]
        yield from sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _spell(cell: Any) -> str | None:
    """A cell as text; dates in ISO form."""
    if cell is None:
        return None
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
