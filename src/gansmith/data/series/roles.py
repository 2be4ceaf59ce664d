"""Which column of a sheet says what: the series, the step, the class, or a channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.sheet import Sheet
from gansmith.errors import InputError, nearest

__all__ = ["Roles", "find_roles", "looks_like_series"]

STAMPS = ("timestamp", "stamp", "time", "datetime", "date", "step", "t")
IDS = ("id", "series", "series_id", "unit")
LABELS = ("label", "class")
FEWEST = 20
"""Rows below which a file is not taken for series unless somebody says so."""


@dataclass(frozen=True)
class Roles:
    """Names of columns.

    Attributes:
        channels: Numbers that are learnt.
        stamp: When a row is; None: rows are one step apart.
        id: Which series a row belongs to; None: they are one series.
        label: Its class; None without classes.
        left: Columns that are none of these.
    """

    channels: tuple[str, ...]
    stamp: str | None
    id: str | None
    label: str | None
    left: tuple[str, ...]


def find_roles(sheet: Sheet, options: SeriesOptions, where: str) -> Roles:
    """The role of every column. Raises `InputError` where a column that is asked for isn't there, or none is left."""
    asked = [*filter(None, (options.stamp, options.id)), *options.columns]
    asked += [options.label] if options.label not in (None, "none") else []
    for name in asked:
        if name not in sheet:
            raise InputError(f"{where}: no column is called {name!r}{nearest(name, sheet)}")
    text = [name for name in options.columns if sheet[name].dtype.kind != "f"]
    if text:
        raise InputError(f"{where}: column {text[0]!r} holds words or dates, and channels are numbers")
    key = options.id or _named(sheet, IDS, options)
    label = None if options.label == "none" else options.label or _named(sheet, LABELS, options)
    stamp = options.stamp or _stamp(sheet, options, (key, label))
    roles = {key, label, stamp}
    channels = options.columns or tuple(n for n, c in sheet.items() if n not in roles and c.dtype.kind == "f")
    channels = tuple(name for name in channels if not np.isnan(sheet[name]).all())
    if not channels:
        raise InputError(f"{where}: no column of numbers is left to be a channel")
    return Roles(channels, stamp, key, label, tuple(n for n in sheet if n not in {*roles, *channels}))


def _named(sheet: Sheet, names: tuple[str, ...], options: SeriesOptions) -> str | None:
    own = (options.stamp, options.id, options.label, *options.columns)
    return next((c for name in names for c in sheet if c.lower() == name and c not in own), None)


def _stamp(sheet: Sheet, options: SeriesOptions, taken: tuple[str | None, ...]) -> str | None:
    """The first column of dates, else one of numbers with a name of stamps."""
    free = [name for name in sheet if name not in (*taken, *options.columns)]
    dates = [name for name in free if sheet[name].dtype.kind == "M"]
    named = [name for name in free if name.lower() in STAMPS and sheet[name].dtype.kind == "f"]
    return next(iter([*dates, *named]), None)


def looks_like_series(sheet: Sheet) -> str | None:
    """Why the first rows of a file are taken for series: a sorted stamp, and else numbers; None where they are not."""
    try:
        roles = find_roles(sheet, SeriesOptions(), "")
    except InputError:
        return None
    if roles.stamp is None or roles.left or len(sheet[roles.stamp]) < FEWEST:
        return None
    stamps = sheet[roles.stamp]
    if stamps.dtype.kind != "M" and roles.id is None and roles.stamp.lower() == "t":
        return None  # a lone letter is too little to go by
    if roles.id is None and roles.label is not None:
        return None  # a table of rows with a class
    same = np.ones(len(stamps) - 1, bool) if roles.id is None else sheet[roles.id][1:] == sheet[roles.id][:-1]
    if not same.any() or not _rising(stamps)[same].all():
        return None
    each = f" in each {roles.id}" if roles.id else ""
    return f"taken for time series, since {roles.stamp} rises from row to row{each} and the rest are numbers"


def _rising(stamps: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.asarray(stamps[1:] > stamps[:-1])  # type: ignore[operator]
