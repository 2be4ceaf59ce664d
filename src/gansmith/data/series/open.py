"""From a path to items: windows of long series, or many series as they are."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Skipped
from gansmith.data.items import Items, digests
from gansmith.data.reader import Split, natural
from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.read import Raw, read_series
from gansmith.data.series.windows import starts, windows
from gansmith.errors import InputError

__all__ = ["LENGTH", "open_series"]

LENGTH = 24
"""Steps of a window of one long series where nobody says: what papers since TimeGAN use."""

WHOLE = 512
"""Longest series that are items as they are where nobody says how long a window is."""

MANY = 20
"""Series from which on each stays whole in one of training, validation and test."""

MOST = 20_000
"""Windows from which on they are taken further apart."""

LEAST = 2
"""Steps that a series must have: one row has no course."""


@dataclass(frozen=True)
class _Item:
    """A window of a series."""

    raw: Raw
    start: int
    split: Split | None

    def name(self, steps: int) -> str:
        """Where it is found."""
        return f"{self.raw.name}, row {self.start + 1:,}" if len(self.raw.values) > steps else self.raw.name


def open_series(
    path: Path,
    options: SeriesOptions,
    length: int | None = None,
    channels: Sequence[str] | None = None,
) -> Items:
    """Read series and cut them into items.

    Args:
        path: A CSV, TSV, Parquet or `.npz` file.
        options: What the file leaves open.
        length: Steps of an item, of a model; None for what the options or the data say.
        channels: Channels of a model, which the file must have; None for its own.

    Returns:
        Items with a column for each channel, `(N, length)` with NaN where missing or after a series' end.

    Raises:
        InputError: Nothing can be read, or no series is long enough.
    """
    for name, value, least in (("length", options.length, LEAST), ("stride", options.stride, 1)):
        if value is not None and value < least:
            raise InputError(f"--read {name}={value}: must be at least {least}")
    if channels is not None and not options.columns and not path.name.lower().endswith(".npz"):
        options = SeriesOptions(**{**vars(options), "columns": tuple(channels)})
    found = read_series(path, options)
    if channels is not None and tuple(channels) != found.channels:
        raise InputError(f"{path} has the channels {', '.join(found.channels)}; the model makes {', '.join(channels)}")
    short = [Skipped(raw.name, "has one row") for raw in found.series if len(raw.values) < LEAST]
    series = [raw for raw in found.series if len(raw.values) >= LEAST]
    if not series:
        raise InputError(f"{path}: {'no series has' if len(short) > 1 else 'has no'} two rows, so there is no course")
    longest = max(len(raw.values) for raw in series)
    steps = length or options.length or (longest if len(series) >= MANY and longest <= WHOLE else LENGTH)
    whole = len(series) >= MANY and longest <= steps
    if not whole:
        short += [
            Skipped(r.name, f"has {len(r.values):,} rows, fewer than a window of {steps}")
            for r in series
            if len(r.values) < steps
        ]
        series = [raw for raw in series if len(raw.values) >= steps]
    if not series:
        raise InputError(
            f"{path}: the longest series has {longest:,} rows, fewer than a window of {steps}: "
            f"--read length={max(LEAST, longest // 10)}"
        )
    items = [_Item(raw, 0, None) for raw in series] if whole else _cut(series, steps, options.stride)
    return _gathered(path, items, steps, found.channels, (*found.skipped, *short), found.told)


def _cut(series: Sequence[Raw], steps: int, stride: int | None) -> list[_Item]:
    total = sum(len(raw.values) - steps + 1 for raw in series)
    apart = stride or max(1, -(-total // MOST))
    found = []
    for raw in series:
        if len(series) >= MANY:
            found += [_Item(raw, int(s), None) for s in starts(len(raw.values), steps, apart)]
        else:
            found += [_Item(raw, w.start, w.split) for w in windows(len(raw.values), steps, apart)]
    return found


def _gathered(
    path: Path,
    items: Sequence[_Item],
    steps: int,
    channels: tuple[str, ...],
    skipped: tuple[Skipped, ...],
    told: tuple[str, ...],
) -> Items:
    """Items with what is known of them; windows of no single class, and without any value, are left out."""
    kept = [i for i in items if _class(i, steps) is not None and not np.isnan(_part(i, steps)).all()]
    if not kept:
        raise InputError(f"{path}: no window of {steps} steps has one class and any value: --read label=none")
    values = np.full((len(kept), steps, len(channels)), np.nan)
    for row, item in enumerate(kept):
        part = _part(item, steps)
        values[row, : len(part)] = part
    _check(path, values)
    names = [str(_class(item, steps)) for item in kept]
    classes = tuple(sorted({n for n in names if n}, key=natural))
    labelled = len(classes) > 1
    given = tuple(item.split for item in kept)
    told += () if len(kept) == len(items) else (f"{len(items) - len(kept):,} windows have several classes or no value",)
    return Items(
        {name: _compact(values[:, :, i]) for i, name in enumerate(channels)},
        tuple(item.name(steps) for item in kept),
        digests(values),
        path,
        np.array([classes.index(n) for n in names], np.int64) if labelled else None,
        classes if labelled else (),
        None if any(given) else np.stack([_key(item) for item in kept]),
        given if any(given) else None,
        skipped,
        (*told, *_constant(values, channels)),
        np.arange(len(kept)) if any(given) else None,
    )


def _part(item: _Item, steps: int) -> NDArray[np.float64]:
    return item.raw.values[item.start : item.start + steps]


def _class(item: _Item, steps: int) -> str | None:
    """The class of a window; None where it changes. A missing class is a class of its own only among others."""
    if item.raw.labels is None:
        return ""
    found = Counter(item.raw.labels[item.start : item.start + steps].tolist())
    return next(iter(found)) if len(found) == 1 else None


def _key(item: _Item) -> NDArray[np.uint8]:
    data = np.ascontiguousarray(item.raw.values, "<f8").tobytes()
    return np.frombuffer(hashlib.blake2b(data, digest_size=16).digest(), np.uint8)


def _check(path: Path, values: NDArray[np.float64]) -> None:
    if np.isinf(values).any():
        raise InputError(f"{path}: holds infinite values: write them as missing (an empty field)")
    spread = np.nanmax(values, axis=(0, 1)) - np.nanmin(values, axis=(0, 1))
    if not (spread > 0).any():
        raise InputError(f"{path}: every channel is constant: there is nothing to learn")


def _constant(values: NDArray[np.float64], channels: tuple[str, ...]) -> tuple[str, ...]:
    low, high = np.nanmin(values, axis=(0, 1)), np.nanmax(values, axis=(0, 1))
    return tuple(
        f"channel {name} is {a:g} everywhere, and will be so in samples"
        for name, a, b in zip(channels, low, high, strict=True)
        if a == b
    )


def _compact(values: NDArray[np.float64]) -> NDArray[Any]:
    """As float32 where that says the same numbers."""
    small = values.astype(np.float32)
    return small if np.array_equal(small.astype(np.float64), values, equal_nan=True) else values
