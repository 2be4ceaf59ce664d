"""Series of a file as they are there, checked and on even steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Skipped
from gansmith.data.reader import some
from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.roles import Roles, find_roles
from gansmith.data.series.sheet import ARROWS, TEXTS, Sheet, read_sheet
from gansmith.data.series.stamps import evenly, seconds_of
from gansmith.errors import InputError

__all__ = ["GAP", "Found", "Raw", "read_series"]

GAP = "time_since"
"""The channel of the time since the row before."""

ARRAYS = ("series", "values", "x", "data")
CLASSES = ("label", "labels", "y", "class", "symbol")


@dataclass(frozen=True)
class Raw:
    """One series.

    Attributes:
        name: For people.
        values: `(steps, channels)` float64 with NaN where missing.
        labels: Class of each step, text `(steps,)`; None without.
    """

    name: str
    values: NDArray[np.float64]
    labels: NDArray[Any] | None = None


@dataclass(frozen=True)
class Found:
    """What a file holds.

    Attributes:
        series: All that can be read.
        channels: Their names.
        skipped: Series that can't.
        told: Sentences on what was done.
    """

    series: tuple[Raw, ...]
    channels: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    told: tuple[str, ...] = ()


def read_series(path: Path, options: SeriesOptions) -> Found:
    """Read all series of a file.

    Args:
        path: A CSV, TSV, Parquet or `.npz` file.
        options: What it leaves open.

    Raises:
        InputError: It can't be read, or holds one series whose stamps are wrong.
    """
    name = path.name.lower()
    if name.endswith(".npz"):
        return _arrays(path, options)
    if name.endswith((*TEXTS, *ARROWS)):
        if options.array is not None:
            raise InputError(f"--read array={options.array}: {path} is no .npz of arrays")
        return _rows(path, read_sheet(path), options)
    raise InputError(f"{path}: time series are read from CSV, TSV, Parquet, Feather, Arrow and .npz files")


def _rows(path: Path, sheet: Sheet, options: SeriesOptions) -> Found:
    roles = find_roles(sheet, options, str(path))
    if options.irregular == "keep" and roles.stamp is None:
        raise InputError(f"{path}: --read irregular=keep needs a column of stamps: --read stamp=COLUMN")
    values = np.stack([sheet[name] for name in roles.channels], 1)
    keys = np.zeros(len(values), np.int64)
    ids = [path.name]
    if roles.id is not None:
        found, first, keys = np.unique(sheet[roles.id], return_index=True, return_inverse=True)
        order = np.argsort(first)  # as they come in the file
        ids, keys = [_spelt(found[i]) for i in order], np.argsort(order)[keys]
    series, skipped, done = [], [], Counter[str]()
    for number, key in enumerate(ids):
        where = np.flatnonzero(keys == number) if roles.id is not None else np.arange(len(values))
        try:
            raw, told = _one(path, sheet, roles, options, values, where, key)
        except InputError as error:
            if len(ids) == 1:
                raise
            skipped.append(Skipped(key, str(error)))
            continue
        series.append(raw)
        done[told] += 1
    if not series:
        raise InputError(*(s.reason for s in skipped[:5]))
    words = [f"{told} ({count:,} series)" if len(ids) > 1 else told for told, count in done.items() if told]
    if roles.left:
        words.append(f"left out, since they are words or dates: {some(roles.left)}")
    more = (GAP,) if options.irregular == "keep" else ()
    return Found(tuple(series), (*roles.channels, *more), tuple(skipped), tuple(words))


def _one(
    path: Path,
    sheet: Sheet,
    roles: Roles,
    options: SeriesOptions,
    values: NDArray[np.float64],
    where: NDArray[np.int64],
    key: str,
) -> tuple[Raw, str]:
    labels = None if roles.label is None else np.array([_spelt(v) for v in sheet[roles.label][where]], dtype=np.str_)
    if roles.stamp is None or not len(where):
        return Raw(key, values[where], labels), ""
    own = f"{path}" if roles.id is None else f"{path}: series {key}"
    at = seconds_of(sheet[roles.stamp][where], where + 2, own)
    even = evenly(at, values[where], options.irregular)
    course = even.values if even.gaps is None else np.concatenate([even.values, even.gaps[:, None]], 1)
    return Raw(key, course, None if labels is None else labels[even.rows]), even.told


def _spelt(value: Any) -> str:
    """A key or a class as text: 3 rather than 3.0."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}" if value != int(value) else str(int(value))
    return str(value)


def _arrays(path: Path, options: SeriesOptions) -> Found:
    wrong = [name for name in ("stamp", "id", "columns") if getattr(options, name)]
    if wrong or options.irregular != SeriesOptions.irregular:
        raise InputError(f"{path}: --read {(*wrong, 'irregular')[0]} acts on tables, and an .npz has arrays")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # a damaged archive raises whatever the reader raises
        raise InputError(f"{path}: cannot be read as an .npz ({' '.join(str(error).split())[:120]})") from error
    name = _array(path, arrays, options.array)
    values = np.asarray(arrays[name], np.float64)
    values = values[:, :, None] if values.ndim == 2 else values
    named = arrays.get("channels")
    count = values.shape[2]
    channels = [f"channel_{i + 1}" for i in range(count)] if count > 1 else [name]
    if named is not None and named.shape == (count,):
        channels = [str(v) for v in named]
    labels = _classes(path, arrays, len(values), options.label)
    series = tuple(
        Raw(f"{name}[{i}]", _ended(v), None if labels is None else np.full(len(v), labels[i]))
        for i, v in enumerate(values)
    )
    return Found(series, tuple(channels))


def _ended(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A series without the steps after its end, where all is missing."""
    there = np.flatnonzero(~np.isnan(values).all(1))
    return values[: there[-1] + 1] if len(there) else values[:0]


def _array(path: Path, arrays: Mapping[str, NDArray[Any]], asked: str | None) -> str:
    fit = [n for n, a in arrays.items() if a.ndim in (2, 3) and a.dtype.kind in "fiu" and a.size]
    if asked is not None:
        if asked not in fit:
            raise InputError(f"{path}: {asked!r} is no array (series, steps[, channels]); found {', '.join(fit)}")
        return asked
    known = [name for name in ARRAYS if name in fit]
    if len(fit) != 1 and not known:
        raise InputError(f"{path}: has {len(fit)} arrays that may hold series ({', '.join(fit)}): --read array=NAME")
    return known[0] if known else fit[0]


def _classes(path: Path, arrays: Mapping[str, NDArray[Any]], n: int, asked: str | None) -> list[str] | None:
    if asked == "none":
        return None
    name = asked or next((c for c in CLASSES if c in arrays and arrays[c].shape == (n,)), None)
    if name is None:
        return None
    if name not in arrays or arrays[name].shape != (n,):
        raise InputError(f"{path}: has no array {name!r} of {n:,} classes, one a series")
    return [_spelt(v) for v in arrays[name].tolist()]
