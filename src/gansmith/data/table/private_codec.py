"""A codec whose every number is public or was found in noisy counts.

Categories, ranges and formats come from the schema. The intervals of numbers come from counts with Gaussian noise: the
range is halved, and each half again, as long as the noisy count says that many rows lie in it (after Zhang et al. 2016,
PrivTree). So intervals are fine where rows are many, and a value that very many rows share gets a token of its own.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open_public import public_range
from gansmith.data.table.rules import RuleBook
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, Schema, TimeColumn
from gansmith.data.table.table_set import TableSet
from gansmith.data.table.tokens import MOST_CHOICES, CategoryTokens, ColumnTokens, NumberTokens

__all__ = ["count_levels", "private_codec"]

MOST_LEVELS = 20
"""A range is halved so often at most: to a millionth of it."""

BINS = 64
"""An interval with fewer than this part of all rows is not halved again."""

SURE = 3.0
"""Nor one that may be empty: whose count is below so many standard deviations of the noise."""

Floats = NDArray[np.float64]
Numbers = NumberColumn | TimeColumn


def count_levels(schema: Schema) -> int:
    """How many counts a row takes part in, one for each halving of each range: their noise grows with its root."""
    return sum(_levels(column) for column in schema.learnt if isinstance(column, Numbers))


def private_codec(table: TableSet, noise: float, secret: int) -> TableCodec:
    """A codec of rows that were read by a public schema (`open_public`).

    Args:
        table: Training rows; their number is taken as public.
        noise: Standard deviation of the noise of all counts together, over what one row changes of them (the root of
            `count_levels`). Releasing them is one Gaussian mechanism of that noise.
        secret: Decides the noise.
    """
    spread = noise * math.sqrt(count_levels(table.schema))
    tokens: dict[str, ColumnTokens] = {}
    for number, column in enumerate(table.schema.learnt):
        if isinstance(column, Numbers):
            key = hashlib.blake2b(f"{secret}/counts/{number}".encode(), digest_size=16).digest()
            rng = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
            parsed = table.columns[column.name]
            usual = parsed.values[(parsed.missing == 0) & (parsed.special == 0)].astype(np.float64)
            tokens[column.name] = _numbers(column, usual, len(table), spread, rng)
        else:
            tokens[column.name] = _categories(column)
    return TableCodec(table.schema, tokens, RuleBook.from_json({"combinations": []}, table.schema))


def _categories(column: BooleanColumn | CategoryColumn) -> CategoryTokens:
    values, missing = len(column.values), len(column.missing)
    order = tuple(range(values)) if values + missing > MOST_CHOICES else ()
    return CategoryTokens(values=values, missing=missing, order=order)


def _step(column: LearntColumn) -> float:
    """The distance of two values; 0 where there is none."""
    if isinstance(column, TimeColumn) and column.kind == "date":
        return 1.0
    return column.resolution if isinstance(column, Numbers) else 0.0


def _cells(column: Numbers) -> int:
    """Values in the range, or as many parts as it is cut into at most."""
    (low, high), step = public_range(column), _step(column)
    if low == high:
        return 1
    return round((high - low) / step) + 1 if step else 2**MOST_LEVELS


def _levels(column: Numbers) -> int:
    return min(MOST_LEVELS, math.ceil(math.log2(_cells(column))))


def _numbers(column: Numbers, values: Floats, rows: int, spread: float, rng: np.random.Generator) -> NumberTokens:
    """Atoms and intervals of a column."""
    (low, high), step, cells = public_range(column), _step(column), _cells(column)
    width = step or (high - low) / cells or 1.0
    at = np.clip(np.floor((values - low) / width + (0.5 if _rounds(column) else 0.0)), 0, cells - 1)
    leaves = _halved(at.astype(np.int64), cells, _levels(column), max(rows / BINS, SURE * spread), spread, rng)
    atoms, edges = [], []
    for first, behind in leaves:
        if step and behind - first == 1:
            atoms.append(low + first * width)
        else:
            half = width / 2 if _rounds(column) else 0.0
            start = low + first * width - (half if first else 0.0)
            stop = low + behind * width - half if behind < cells or not _rounds(column) else high
            edges.append((start, stop))
    return NumberTokens(
        missing=len(column.missing),
        specials=_specials(column),
        atoms=tuple(atoms),
        edges=tuple(edges),
        whole=column.resolution,
    )


def _rounds(column: Numbers) -> bool:
    """Whether values between two that can be spelt are spelt as the nearer one; times are cut off."""
    return isinstance(column, NumberColumn) and column.resolution > 0


def _halved(
    at: NDArray[np.int64], cells: int, levels: int, least: float, spread: float, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Intervals of cells, rising: from the first, to behind the last.

    Args:
        at: The cell of each value, `(N,)`.
        cells: How many there are.
        levels: How often the whole is halved at most.
        least: Noisy count from which on an interval is halved.
        spread: Standard deviation of the noise of each count.
        rng: Makes the noise.
    """
    done: list[tuple[int, int]] = []
    open_ = [(0, cells)] if cells > 1 else []
    done += [] if open_ else [(0, cells)]
    ordered = np.sort(at)
    for _ in range(levels):
        halves = []
        for first, behind in open_:
            middle = (first + behind + 1) // 2
            halves += [(first, middle), (middle, behind)]
        if not halves:
            break
        ends = np.searchsorted(ordered, np.array(halves))
        counts = ends[:, 1] - ends[:, 0] + spread * rng.standard_normal(len(halves))
        again = [c >= least and b - a > 1 for (a, b), c in zip(halves, counts, strict=True)]
        done += [half for half, more in zip(halves, again, strict=True) if not more]
        open_ = [half for half, more in zip(halves, again, strict=True) if more]
    return sorted(done + open_)


def _specials(column: Numbers) -> tuple[float, ...]:
    """The special values as numbers."""
    if not column.specials:
        return ()
    read, _ = column.format.read(arrow().array([special.text for special in column.specials], arrow().string()))
    values = (read - column.start) / column.step if isinstance(column, TimeColumn) else read
    return tuple(np.asarray(values, np.float64).tolist())
