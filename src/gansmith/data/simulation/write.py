"""Made events into files: rows of a CSV or Parquet file, or arrays of an `.npz`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.items import Arrays
from gansmith.data.simulation.codec import EventCodec
from gansmith.errors import InputError

__all__ = ["write_events"]

DIGITS = 8
"""Significant digits of a number in text: more than a 32-bit float holds."""


def write_events(codec: EventCodec, parts: Iterable[Arrays], path: Path) -> None:
    """Write events, a part at a time, in a form that is read again as events.

    Args:
        codec: Of the model.
        parts: Columns `(n, ...)` and conditions `(n,)`.
        path: `.csv` or `.parquet` (an event a row: conditions, then every number; a block's are `cells[3,0]`), or
            `.npz` (each column, block and condition an array).

    Raises:
        InputError: Parquet is asked for without its extra.
    """
    if path.suffix == ".npz":
        found = list(parts)
        named: dict[str, Any] = _named(
            {name: np.concatenate([part[name] for part in found]) for name in found[0]}, path
        )
        np.savez_compressed(path, **named)
    elif path.suffix == ".parquet":
        _parquet(codec, parts, path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            for i, part in enumerate(parts):
                columns = _columns(codec, part)
                if i == 0:
                    lines.writerow(columns)
                lines.writerows(zip(*map(_spelt, columns.values()), strict=True))


def _named(arrays: dict[str, NDArray[Any]], path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, where their names can be those of an `.npz`."""
    if "file" in arrays:
        raise InputError(f"{path}: a column called 'file' can't be written to an .npz: give a .csv or .parquet")
    return arrays


def _columns(codec: EventCodec, part: Arrays) -> dict[str, NDArray[Any]]:
    """Conditions, then all numbers by name."""
    given = {attribute.name: part[attribute.name] for attribute in codec.given if attribute.name in part}
    return {**given, **dict(zip(codec.names, codec.flat(part).T, strict=True))}


def _spelt(column: NDArray[Any]) -> list[str]:
    if column.dtype.kind != "f":
        return [str(value) for value in column.tolist()]
    return [f"{value:.{DIGITS}g}" for value in column.tolist()]


def _parquet(codec: EventCodec, parts: Iterable[Arrays], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(f'{path}: writing Parquet needs the extra parquet: pip install "gansmith[parquet]"') from error
    writer = None
    try:
        for part in parts:
            table = pa.table(_columns(codec, part))
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
