"""Made series into files: rows of a CSV or Parquet file, or arrays of an `.npz`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gansmith.data.items import Arrays
from gansmith.data.reader import Labels
from gansmith.data.series.codec import SeriesCodec
from gansmith.errors import InputError

__all__ = ["write_series"]

Part = tuple[Arrays, Labels | None]


def write_series(codec: SeriesCodec, parts: Iterable[Part], path: Path) -> None:
    """Write series, a part at a time, in a form that is read again as series.

    Args:
        codec: Of the model.
        parts: Columns `(n, length)` of each channel, with NaN where missing, and class ids.
        path: `.csv` or `.parquet` (a row a step, with `id`, `step` and `label`), or `.npz` (`series`
            `(n, length, channels)`, `label`, `channels`). Steps after the last value of a series are no rows.

    Raises:
        InputError: Parquet is asked for without its extra.
    """
    if path.suffix == ".npz":
        _npz(codec, parts, path)
    elif path.suffix == ".parquet":
        _parquet(codec, parts, path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(_header(codec))
            for key, step, label, values in _rows(codec, parts):
                spelt = [c.spell(v) for c, v in zip(codec.channels, values, strict=True)]
                lines.writerow([key, step, *label, *spelt])


def _header(codec: SeriesCodec) -> list[str]:
    """Names of the columns; a channel's own name wins."""
    own = ["id", "step", *(["label"] if codec.classes else [])]
    return [*(f"{name}_" if name in codec.names else name for name in own), *codec.names]


def _rows(codec: SeriesCodec, parts: Iterable[Part]) -> Iterator[tuple[int, int, list[str], Any]]:
    """Id, step, class and values of every row."""
    key = 0
    for arrays, labels in parts:
        values = np.stack([arrays[name] for name in codec.names], 2)
        for i, series in enumerate(values):
            there = np.flatnonzero(~np.isnan(series).all(1))
            label = [codec.classes[labels[i]]] if labels is not None else [""] if codec.classes else []
            for step in range(int(there[-1]) + 1 if len(there) else 1):
                yield key, step, label, series[step]
            key += 1


def _npz(codec: SeriesCodec, parts: Iterable[Part], path: Path) -> None:
    values, labels = [], []
    for arrays, ids in parts:
        values.append(np.stack([arrays[name] for name in codec.names], 2))
        labels += [] if ids is None else [codec.classes[i] for i in ids]
    found: dict[str, Any] = {"series": np.concatenate(values), "channels": np.array(codec.names)}
    if labels:
        found["label"] = np.array(labels)
    np.savez_compressed(path, **found)


def _parquet(codec: SeriesCodec, parts: Iterable[Part], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(f'{path}: writing Parquet needs the extra parquet: pip install "gansmith[parquet]"') from error
    rows = list(_rows(codec, parts))
    columns: list[Any] = [[row[0] for row in rows], [row[1] for row in rows]]
    columns += [[row[2][0] for row in rows]] if codec.classes else []
    for i in range(len(codec.names)):
        columns.append([None if np.isnan(row[3][i]) else float(row[3][i]) for row in rows])
    pq.write_table(pa.table(dict(zip(_header(codec), columns, strict=True))), path)
