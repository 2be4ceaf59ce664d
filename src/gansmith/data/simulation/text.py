"""Events in delimited text, read without further packages."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Skipped
from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.raw import RawEvents
from gansmith.data.survey import Progress
from gansmith.data.table.dialect import HEAD, Dialect, find_dialect
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError

__all__ = ["columns_of", "numbers_of", "read_text"]

PART = 20_000
"""Lines that are turned into numbers at once."""

MISSING = frozenset({"", "na", "nan", "n/a", "null", "none"})
LONGEST = 40


def read_text(path: Path, options: SimulationOptions, progress: Progress | None = None) -> RawEvents:
    """Read the columns of a CSV or TSV file, packed by gzip or not.

    Raises:
        InputError: It can't be read, or is no table.
    """
    dialect = _dialect(path)
    twice = [name for name in dialect.columns if dialect.columns.count(name) > 1]
    if twice:
        raise InputError(f"{path}: there are several columns {twice[0]!r}: give each a name of its own")
    wanted = [i for i, name in enumerate(dialect.columns) if name not in options.leave]
    if options.columns:
        wanted = [i for i in wanted if dialect.columns[i] in (*options.columns, *options.conditions)]
    parts: list[list[NDArray[Any]]] = [[] for _ in wanted]
    places: list[str] = []
    skipped: list[Skipped] = []
    for rows in _parts(path, dialect, skipped, progress):
        places += [f"line {line:,}" for line, _ in rows]
        for column, i in zip(parts, wanted, strict=True):
            column.append(np.array([row[i].strip() for _, row in rows], dtype=np.str_))
    bad: dict[tuple[int, str], str] = {}
    found = {dialect.columns[i]: np.empty(0) for i in range(len(dialect.columns))}
    for column, i in zip(parts, wanted, strict=True):
        name = dialect.columns[i]
        texts = np.concatenate(column) if column else np.empty(0, np.str_)
        found[name] = numbers_of(texts, name, bad)
        column.clear()
    return RawEvents(found, tuple(places), bad, tuple(skipped), notes=dialect.notes)


def numbers_of(texts: NDArray[np.str_], name: str, bad: dict[tuple[int, str], str]) -> NDArray[Any]:
    """A column as numbers; as text where fewer than half of its values are numbers. What is none is told in `bad`."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        pass
    found, odd = np.full(len(texts), np.nan), {}
    for i, text in enumerate(texts.tolist()):
        try:
            found[i] = float(text)
        except ValueError:
            if text.lower() not in MISSING:
                odd[i, name] = f"{text[:LONGEST]!r}, which is no number"
    known = sum(text.lower() not in MISSING for text in texts.tolist())
    if 2 * len(odd) > known or not known:
        return texts
    bad.update(odd)
    return found


def _dialect(path: Path) -> Dialect:
    file, below = _opened(path)
    with below, file:
        try:
            head = file.read(HEAD + 1)
        except (OSError, EOFError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
    return find_dialect(head[:HEAD], len(head) <= HEAD, str(path), TableOptions())


def _opened(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """The text's bytes, and the file below them, whose place says how much is done."""
    try:
        below = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    packed = below.read(2) == b"\x1f\x8b"
    below.seek(0)
    return (cast(IO[bytes], gzip.open(below, "rb")) if packed else below), below


def _parts(
    path: Path, dialect: Dialect, skipped: list[Skipped], progress: Progress | None
) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows with the line on which they end, a part at a time; those of another length are skipped."""
    size, wide = max(path.stat().st_size, 1), len(dialect.columns)
    file, below = _opened(path)
    with below, file:
        text = io.TextIOWrapper(file, dialect.encoding, newline="")
        reader = csv.reader(text, delimiter=dialect.delimiter)
        rows = ((reader.line_num, row) for row in reader if row)
        try:
            if dialect.header:
                next(rows, None)
            while part := list(islice(rows, PART)):
                for line, row in part:
                    if len(row) != wide:
                        skipped.append(Skipped(f"line {line:,}", f"has {len(row)} values, and the columns are {wide}"))
                yield [(line, row) for line, row in part if len(row) == wide]
                if progress is not None:
                    progress("reading events", min(below.tell(), size), size)
        except UnicodeError:
            raise InputError(f"{path}: near line {reader.line_num:,} the text is not {dialect.encoding}") from None
        except (OSError, EOFError, csv.Error) as error:
            raise InputError(f"{path}: cannot be read near line {reader.line_num:,} ({error})") from None


def columns_of(path: Path) -> tuple[str, ...]:
    """Names of the columns. Raises `InputError` where it can't be read, or is no table."""
    return tuple(_dialect(path).columns)
