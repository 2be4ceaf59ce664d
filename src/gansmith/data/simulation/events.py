"""Events as items, from any of the formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Skipped
from gansmith.data.items import Items, digests
from gansmith.data.reader import some
from gansmith.data.simulation.arrays import read_arrays, read_frame
from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.raw import RawEvents
from gansmith.data.simulation.text import read_text
from gansmith.data.survey import Progress
from gansmith.data.table.source import ARROW_ENDINGS, TEXT_ENDINGS, ending
from gansmith.errors import InputError, nearest

__all__ = ["ENDINGS", "MOST", "EventItems", "open_events"]

ENDINGS = (*TEXT_ENDINGS, ".npz", *ARROW_ENDINGS)
"""Files that events are read from."""

MOST = 4096
"""Numbers of an event that its networks are made for."""

SHOWN = 5
SEVERAL = 100
"""Events from which on a column of different whole numbers is taken for the number of an event."""


@dataclass(frozen=True)
class EventItems(Items):
    """Events of a simulator: `arrays` has a column for each number, `(N,)` or `(N, ...)` float64.

    Attributes:
        conditions: Names of the columns that events were simulated under; those may hold text too.
    """

    conditions: tuple[str, ...] = ()


def open_events(path: Path, options: SimulationOptions, progress: Progress | None = None) -> EventItems:
    """Read events.

    Args:
        path: A `.csv`, `.tsv` (packed by gzip or not), `.npz`, `.parquet`, `.feather` or `.arrow` file.
        options: What the user knows.
        progress: Told what is done.

    Raises:
        InputError: It is none of these, a column that is asked for isn't there or holds no numbers, or no event is
            whole. Events that lack a number are `skipped`.
    """
    kind = ending(path)
    if path.is_dir() or kind not in ENDINGS:
        raise InputError(f"{path}: events are read from one file that ends in {', '.join(ENDINGS)}")
    raw = _reader(kind)(path, options, progress)
    if not raw.places:
        raise InputError(f"{path}: it holds no events")
    conditions = tuple(dict.fromkeys((*options.conditions, *raw.conditions)))
    _check_names(path, raw, options)
    columns, odd, warnings = _columns(path, raw, conditions, options)
    good, skipped = _whole(path, columns, raw, odd)
    arrays = {name: column[good] for name, column in columns.items()}
    warnings += _identifiers(arrays, conditions, options)
    numbers = sum(int(np.prod(c.shape[1:])) for n, c in arrays.items() if n not in conditions)
    if not numbers:
        raise InputError(f"{path}: no column of numbers is left to be made (conditions: {', '.join(conditions)})")
    if numbers > MOST:
        raise InputError(f"{path}: an event has {numbers:,} numbers, and at most {MOST:,} can be made: name columns=")
    names = tuple(raw.places[i] for i in np.flatnonzero(good))
    hashes = digests(*(_bytes(column) for column in arrays.values()))
    return EventItems(
        arrays, names, hashes, path, skipped=skipped, warnings=(*raw.notes, *warnings), conditions=conditions
    )


def _reader(kind: str) -> Callable[[Path, SimulationOptions, Progress | None], RawEvents]:
    if kind in TEXT_ENDINGS:
        return read_text
    return read_arrays if kind == ".npz" else read_frame


def _check_names(path: Path, raw: RawEvents, options: SimulationOptions) -> None:
    """Raise `InputError` for every name that is no column."""
    problems = []
    for option in ("conditions", "columns", "leave", "angles", "turn"):
        for name in getattr(options, option):
            if name not in raw.columns:
                problems.append(f"{path}: {option}={name}: there is no such column{nearest(name, raw.columns)}")
    if problems:
        raise InputError(*problems)


def _columns(
    path: Path, raw: RawEvents, conditions: Sequence[str], options: SimulationOptions
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]], list[str]]:
    """The columns that are made and given, which of their values can't be read, and what was left out.

    Raises `InputError` where a column that was asked for holds no numbers.
    """
    wanted = [n for n in raw.columns if n not in options.leave and n not in conditions]
    wanted = [n for n in options.columns if n not in conditions] if options.columns else wanted
    found: dict[str, NDArray[Any]] = {}
    odd: dict[str, NDArray[np.bool_]] = {}
    texts = []
    for name in [*wanted, *conditions]:
        column = raw.columns[name]
        if column.dtype.kind != "U":
            found[name] = column.astype(np.float64)
            odd[name] = ~np.isfinite(found[name]).reshape(len(column), -1).all(1)
            continue
        if name in conditions:
            found[name], odd[name] = column, np.char.str_len(column) == 0
        elif options.columns:
            value = next(v for v in column.tolist() if v)
            raise InputError(f"{path}: column {name!r} holds text such as {value!r}: it can be a condition only")
        else:
            texts.append(name)
    told = f"{some(texts)} hold{'s' if len(texts) == 1 else ''} text and {'is' if len(texts) == 1 else 'are'} left out"
    return found, odd, [f"{told}: text can be a condition (--read conditions={texts[0]})"] if texts else []


def _whole(
    path: Path, columns: dict[str, NDArray[Any]], raw: RawEvents, odd: dict[str, NDArray[np.bool_]]
) -> tuple[NDArray[np.bool_], tuple[Skipped, ...]]:
    """Which events have all their numbers, and why the others are left out."""
    good = np.ones(len(raw.places), bool)
    reasons: dict[int, str] = {}
    for name in columns:
        good &= ~odd[name]
        for i in np.flatnonzero(odd[name]).tolist():
            reasons.setdefault(i, f"{name!r} is {raw.bad.get((i, name), 'missing or not finite')}")
    if not good.any():
        first = min(reasons, default=None)
        why = "it holds no events" if first is None else f"no event is whole: {raw.places[first]}, {reasons[first]}"
        raise InputError(f"{path}: {why}")
    left = [Skipped(raw.places[i], reasons[i]) for i in sorted(reasons)]
    return good, (*raw.skipped, *left)


def _identifiers(arrays: dict[str, NDArray[Any]], conditions: Sequence[str], options: SimulationOptions) -> list[str]:
    """Take out columns that number the events, unless they were asked for; what is to be said of that."""
    told = []
    for name in [n for n in arrays if n not in conditions and n not in options.columns and arrays[n].ndim == 1]:
        column = arrays[name]
        distinct = len(np.unique(column))
        if len(column) >= SEVERAL and distinct >= 0.99 * len(column) and (column == np.round(column)).all():
            del arrays[name]
            told.append(f"{name!r} numbers the events and is left out (to have it made, name it in --read columns=)")
    return told


def _bytes(column: NDArray[Any]) -> NDArray[Any]:
    """A column whose rows have bytes of one length."""
    return column if column.dtype.kind == "f" else column.astype("U64")
