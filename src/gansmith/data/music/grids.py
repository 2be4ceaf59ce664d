"""Pieces as tables of pitches, one column a voice and one row a time step: in .npz, .npy, .json and .csv files."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gansmith.data.layout import SPLIT_NAMES
from gansmith.data.music.voices import MOST_VOICES, REST
from gansmith.data.npy_rows import MemberRows
from gansmith.data.reader import Split, UnreadableError
from gansmith.errors import InputError

__all__ = ["ENDINGS", "Table", "read_tables"]

ENDINGS = (".npz", ".npy", ".json", ".csv")

_HEAD = ("piece", "song", "file", "id")
"""Names of a column of a CSV file that says which piece a row is of."""


class Table(NamedTuple):
    """A piece in a file of grids.

    Attributes:
        name: Its name.
        rows: What stands for it there: an array `(steps, voices)`, or a list of lists.
        split: The split that the file gives to it.
    """

    name: str
    rows: Any
    split: Split | None = None

    def pitches(self) -> NDArray[np.uint8]:
        """Its pitches `(steps, voices)`, with `REST` for what is negative, empty or no number.

        Raises:
            UnreadableError: It is no grid of pitches; the message is the reason.
        """
        rows = self.rows
        if isinstance(rows, list):
            rows = _filled(rows)
        if rows.ndim == 1:
            rows = rows[:, None]
        if rows.ndim != 2 or 0 in rows.shape:
            raise UnreadableError(f"has the shape {rows.shape}; a grid has rows of time steps and columns of voices")
        if rows.shape[1] > MOST_VOICES:
            raise UnreadableError(f"has {rows.shape[1]} columns; at most {MOST_VOICES} voices are read")
        if rows.dtype.kind not in "iuf":
            raise UnreadableError(f"holds {rows.dtype}, not pitches")
        silent = ~np.isfinite(rows) | (rows < 0) if rows.dtype.kind == "f" else rows < 0
        sounding = rows[~silent]
        wrong = sounding[(sounding > 127) | (sounding % 1 != 0)]
        if len(wrong):
            row, column = (int(i[0]) for i in np.nonzero(np.isin(rows, wrong)))
            raise UnreadableError(f"row {row + 1}, column {column + 1} is {wrong[0]:g}: no MIDI pitch from 0 to 127")
        out = np.full(rows.shape, REST, np.uint8)
        out[~silent] = sounding.astype(np.uint8)
        return out


def read_tables(path: Path) -> Iterator[Table]:
    """The pieces of a file of grids.

    Read are, in `.npz`: an array a piece, arrays `(pieces, steps, voices)`, and arrays of pieces one after the other
    beside their lengths, called as the array with `_len` behind; in `.json`: a list of pieces, or such lists by the
    name of a split or piece; in `.csv`: a piece, or several where a column is called `piece`. Arrays and lists named
    like splits are given splits.

    Raises:
        InputError: The file can't be read.
    """
    try:
        match path.suffix.lower():
            case ".npz":
                yield from _from_arrays(_archive(path), path)
            case ".npy":
                with path.open("rb") as file:
                    yield from _from_arrays({path.stem: npy.read_array(file, allow_pickle=False)}, path)
            case ".json":
                yield from _from_json(json.loads(path.read_text(encoding="utf-8")), path)
            case _:
                yield from _from_csv(path)
    except InputError:
        raise
    except (OSError, ValueError, RecursionError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as a grid: {str(error)[:160]}") from error


def _archive(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        return {name: MemberRows(archive, name, path).whole() for name in names}


def _from_arrays(arrays: dict[str, NDArray[Any]], path: Path) -> Iterator[Table]:
    for name, array in arrays.items():
        if name.endswith("_len") and name.removesuffix("_len") in arrays:
            continue
        split = SPLIT_NAMES.get(name.lower())
        lengths = arrays.get(f"{name}_len")
        if lengths is not None:
            if lengths.dtype.kind not in "iu" or lengths.ndim != 1 or (lengths < 0).any():
                raise InputError(f"{path}: array {name}_len must be whole numbers: how long each piece is")
            if int(lengths.sum()) != len(array):
                raise InputError(
                    f"{path}: the lengths in {name}_len add up to {int(lengths.sum()):,}, but {name} has "
                    f"{len(array):,} rows: mend the lengths"
                )
            pieces = np.split(array, np.cumsum(lengths)[:-1])
            yield from (Table(f"{name}[{i}]", piece, split) for i, piece in enumerate(pieces))
        elif array.ndim == 3:
            yield from (Table(f"{name}[{i}]", piece, split) for i, piece in enumerate(array))
        else:
            yield Table(name, array, split)


def _from_json(data: Any, path: Path) -> Iterator[Table]:
    sets = data if isinstance(data, dict) else {path.stem: data}
    for name, found in sets.items():
        if not isinstance(found, list):
            raise InputError(f"{path}: {name!r} is no list of pieces")
        split = SPLIT_NAMES.get(name.lower())
        if _depth(found) <= 2:
            yield Table(name, found, split)
        else:
            yield from (Table(f"{name}[{i}]", piece, split) for i, piece in enumerate(found))


def _depth(value: Any) -> int:
    return 1 + max(map(_depth, value[:8]), default=0) if isinstance(value, list) else 0


def _filled(rows: list[Any]) -> NDArray[Any]:
    """Rows of a list as an array; what a row lacks at its end is silent."""
    wide = [row if isinstance(row, list) else [row] for row in rows]
    if not wide:
        raise UnreadableError("has no rows")
    width = max(len(row) for row in wide)
    out = np.full((len(wide), width), np.nan)
    for i, row in enumerate(wide):
        for j, value in enumerate(row):
            if value is not None and not (isinstance(value, int | float) and not isinstance(value, bool)):
                raise UnreadableError(f"row {i + 1}, column {j + 1} is {str(value)[:40]!r}, no pitch")
            out[i, j] = np.nan if value is None else value
    return out


def _from_csv(path: Path) -> Iterator[Table]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    if not rows:
        raise InputError(f"{path}: is empty")
    first, at = 1, None
    if not all(_is_pitch(cell) for cell in rows[0]):
        head, rows, first = [cell.strip().lower() for cell in rows[0]], rows[1:], 2
        at = next((i for i, name in enumerate(head) if name in _HEAD), None)
    pieces: dict[str, list[list[float | None]]] = {}
    for number, row in enumerate(rows, first):
        name = path.stem if at is None else row[at] if at < len(row) else ""
        cells = [cell.strip() for i, cell in enumerate(row) if i != at]
        wrong = next((i for i, cell in enumerate(cells) if not _is_pitch(cell)), None)
        if wrong is not None:
            raise InputError(f"{path}: line {number}, column {wrong + 1} is {cells[wrong][:40]!r}, no MIDI pitch")
        pieces.setdefault(name, []).append([float(cell) if cell else None for cell in cells])
    yield from (Table(name, found) for name, found in pieces.items())


def _is_pitch(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
