"""Events in arrays (`.npz`) and in column files (Parquet, Feather, Arrow)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.raw import RawEvents
from gansmith.data.simulation.text import numbers_of
from gansmith.data.survey import Progress
from gansmith.data.table.options import TableOptions
from gansmith.data.table.source import open_source
from gansmith.errors import InputError

__all__ = ["EVENTS", "GIVEN", "read_arrays", "read_frame"]

EVENTS, GIVEN = "events", "conditions"
NAMES = {EVENTS: "columns", GIVEN: "condition_names"}
"""Members that hold tables of events and conditions, and those that name their columns."""


def read_arrays(path: Path, options: SimulationOptions, progress: Progress | None = None) -> RawEvents:
    """Read the columns of a `.npz`: each member `(N,)` is a column, each `(N, ...)` a block.

    `events` `(N, d)` holds d columns, named by the member `columns` or x1, x2, ...; `conditions` `(N,)` or `(N, k)`
    holds what they were simulated under, named by `condition_names` or c1, c2, ...

    Raises:
        InputError: It can't be read, its members differ in length, or one holds no numbers.
    """
    members = _members(path)
    lengths = {name: len(array) for name, array in members.items() if name not in NAMES.values()}
    if not lengths:
        raise InputError(f"{path}: holds no arrays of events")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {n:,}" for name, n in lengths.items())
        raise InputError(f"{path}: its arrays have different numbers of events: {told}")
    columns: dict[str, NDArray[Any]] = {}
    conditions: tuple[str, ...] = ()
    for name, array in members.items():
        if name in NAMES.values():
            continue
        if array.dtype.kind not in "fiub" and not (array.dtype.kind == "U" and array.ndim == 1):
            raise InputError(f"{path}: {name!r} holds {array.dtype}, and no numbers")
        single = name == GIVEN and array.ndim == 1
        if name in NAMES and (array.ndim == 2 or single):
            own = _named(path, name, array[:, None] if single else array, members.get(NAMES[name]))
            conditions = tuple(own) if name == GIVEN else conditions
        else:
            own = {name: array}
        again = sorted(own.keys() & columns.keys())
        if again:
            raise InputError(f"{path}: there are several columns {again[0]!r}: give each a name of its own")
        columns |= own
    n = next(iter(lengths.values()))
    if progress is not None:
        progress("reading events", n, n)
    return RawEvents(columns, tuple(f"event {i:,}" for i in range(n)), conditions=conditions)


def _members(path: Path) -> dict[str, NDArray[Any]]:
    if path.is_file() and not zipfile.is_zipfile(path):
        raise InputError(f"{path}: cannot be read (it is no .npz file, or was cut off)")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        told = "it holds Python objects, which are not read" if "pickle" in str(error) else " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read ({told[:160]})") from None
    flat = [name for name, array in found.items() if array.ndim == 0]
    if flat:
        raise InputError(f"{path}: {flat[0]!r} is a single value, and not one for each event")
    return found


def _named(path: Path, name: str, array: NDArray[Any], names: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    """The columns of a table."""
    letter = "x" if name == EVENTS else "c"
    called = [f"{letter}{i + 1}" for i in range(array.shape[1])] if names is None else [str(n) for n in names]
    if len(called) != array.shape[1] or len(set(called)) != len(called):
        raise InputError(f"{path}: {NAMES[name]!r} must have a name of its own for each of {array.shape[1]} columns")
    return {one: array[:, i] for i, one in enumerate(called)}


def read_frame(path: Path, options: SimulationOptions, progress: Progress | None = None) -> RawEvents:
    """Read the columns of a Parquet, Feather or Arrow file.

    Raises:
        InputError: It can't be read, or pyarrow is not installed.
    """
    source = open_source(path, TableOptions())
    parts: list[list[str]] = [[] for _ in source.columns]
    n = 0
    for batch in source.batches():
        for column, values in zip(parts, batch.columns, strict=True):
            column += [value or "" for value in values.to_pylist()]
        n += batch.num_rows
        if progress is not None:
            progress("reading events", n, max(n, getattr(source, "rows", None) or n))
    bad: dict[tuple[int, str], str] = {}
    columns = {name: _column(part, name, bad) for name, part in zip(source.columns, parts, strict=True)}
    return RawEvents(columns, tuple(f"row {i + 1:,}" for i in range(n)), bad)


def _column(values: list[str], name: str, bad: dict[tuple[int, str], str]) -> NDArray[Any]:
    """A column as numbers, or as text; true and false are 1 and 0."""
    texts = np.array(values, np.str_)
    if set(values) <= {"true", "false", ""}:
        return np.where(texts == "", np.nan, texts == "true")
    return numbers_of(texts, name, bad)
