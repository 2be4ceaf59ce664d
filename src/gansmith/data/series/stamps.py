"""Stamps of one series: checked, and values put on even steps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.data.series.options import Irregular
from gansmith.errors import InputError

__all__ = ["Even", "evenly", "seconds_of"]

ALIKE = 0.2
"""Steps that differ from the usual one by less than this share are even: months, clocks that drift."""

ON_GRID = 0.01
"""Distance from an even grid, in steps, up to which stamps lie on it."""

BRIDGED = 2.0
"""Widest hole, in steps, across which values are interpolated; wider ones are missing."""

LONGEST = 20
"""An even grid with more steps than this many times the rows would be holes with a few values in them."""


class Even(NamedTuple):
    """A series on even steps.

    Attributes:
        values: `(steps, channels)` float64, NaN where missing.
        rows: Row that each step comes from, or the one before it, `(steps,)`.
        told: What was done to it, in a few words; empty for nothing.
        gaps: Time since the row before `(steps,)`; None unless it was asked for.
    """

    values: NDArray[np.float64]
    rows: NDArray[np.int64]
    told: str
    gaps: NDArray[np.float64] | None = None


def seconds_of(stamps: NDArray[Any], rows: NDArray[np.int64], where: str) -> NDArray[np.float64]:
    """Stamps as numbers (seconds, for dates), strictly rising.

    Args:
        stamps: Numbers or dates `(n,)`.
        rows: Line of the file that each comes from, for messages.
        where: The file and series, for messages.

    Raises:
        InputError: One is missing, repeated, or earlier than the one before it.
    """
    if stamps.dtype.kind not in "Mf":
        raise InputError(f"{where}: stamps such as {str(stamps[0])!r} are neither numbers nor dates: write 2024-01-31")
    missing = np.isnat(stamps) if stamps.dtype.kind == "M" else np.isnan(stamps)
    if missing.any():
        raise InputError(f"{where}: line {rows[missing.argmax()]:,} has no stamp")
    found = (stamps - stamps[0]) / np.timedelta64(1, "s") if stamps.dtype.kind == "M" else stamps - stamps[0]
    steps = np.diff(np.asarray(found, np.float64))
    bad = steps <= 0
    if bad.any():
        at = int(bad.argmax())
        what = "repeats the stamp" if steps[at] == 0 else "is earlier than the stamp"
        mend = "keep one of the two, or name the series with --read id=COLUMN" if steps[at] == 0 else "sort by stamp"
        raise InputError(f"{where}: line {rows[at + 1]:,} {what} of line {rows[at]:,} ({stamps[at]}): {mend}")
    return np.asarray(found, np.float64)


def evenly(at: NDArray[np.float64], values: NDArray[np.float64], how: Irregular) -> Even:
    """Put a series on even steps.

    Args:
        at: Rising stamps `(n,)`, in seconds or any unit.
        values: `(n, channels)`.
        how: What becomes of uneven stamps; see `SeriesOptions`.

    Returns:
        The same rows where steps are even, or where rows are steps; otherwise a grid of the usual (median) step.
        Stamps on that grid keep their values, and what lies between is missing; stamps beside it are interpolated
        between neighbours that are at most two steps apart.
    """
    rows = np.arange(len(at))
    steps = np.diff(at)
    if how == "keep":
        gaps = np.concatenate([steps[:1], steps]) if len(steps) else np.zeros(len(at))
        return Even(values, rows, "", gaps)
    usual = float(np.median(steps)) if len(steps) else 1.0
    if how == "rows" or not len(steps) or (np.abs(steps / usual - 1) < ALIKE).all():
        return Even(values, rows, "")
    count = round(float(at[-1] - at[0]) / usual) + 1
    if count > LONGEST * len(at):
        return Even(values, rows, "stamps so uneven that rows were taken for steps")
    place = (at - at[0]) / usual
    nearest = np.rint(place).astype(np.int64)
    source = np.searchsorted(nearest, np.arange(count), side="right") - 1
    source = np.clip(source, 0, len(at) - 1)
    if (np.abs(place - nearest) < ON_GRID).all() and len(np.unique(nearest)) == len(nearest):
        filled = np.full((count, values.shape[1]), np.nan)
        filled[nearest] = values
        return Even(filled, source, f"{count - len(at):,} steps without a row are missing values")
    grid = np.arange(count, dtype=np.float64)
    after = np.clip(np.searchsorted(place, grid), 1, len(at) - 1)
    before, behind = grid - place[after - 1], place[after] - grid
    share = np.clip(before / (before + behind), 0, 1)[:, None]
    between = values[after - 1] * (1 - share) + values[after] * share
    wide = (before + behind > BRIDGED)[:, None]
    mixed = np.where(wide, np.nan, between)
    # beside a wide hole the value that is there counts for its own step; and nothing times a missing value is nothing
    mixed = np.where((share == 0) | (wide & (before <= 0.5)[:, None]), values[after - 1], mixed)
    mixed = np.where((share == 1) | (wide & (behind <= 0.5)[:, None]), values[after], mixed)
    return Even(mixed, source, f"uneven stamps were interpolated to steps of {usual:g}")
