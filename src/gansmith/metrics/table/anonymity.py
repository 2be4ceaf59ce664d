"""Rare combinations of identifying columns: how few people share one, and whether made rows give rare ones away.

A combination of values (age band, town, job) that few training records share points at somebody. Made rows that hold
it are no proof of a leak, for a good model makes rare combinations by the rules of the data too. So the share of the
training records' rare combinations that occur among the made rows stands beside the same share for combinations that
are rare among held-out records: those the generator could only guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError
from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.association import binned, quantile_edges
from gansmith.metrics.table.columns import Columns, check_names
from gansmith.metrics.table.intervals import wilson

__all__ = ["Rare", "find_identifiers", "group_sizes", "rare_combinations"]

BINS = 10


@dataclass(frozen=True)
class Rare:
    """Rare combinations of the identifying columns.

    Attributes:
        identifiers: The columns, given or found.
        k: A combination is rare if fewer than k records share it.
        smallest: Rows that share the rarest combination of the made rows (the made table is `smallest`-anonymous).
        revealed: Share of the training part's rare combinations that occur among the made rows.
        low: Lower end of its interval.
        high: Upper end.
        control: The same share for held-out records.
        control_low: Lower end of its interval.
        control_high: Upper end.
        made_rare: Share of made rows that hold a rare combination of the training part.
        count: Rare combinations of the training part (of as many records as are held out).
    """

    identifiers: tuple[str, ...]
    k: int
    smallest: int
    revealed: float
    low: float
    high: float
    control: float
    control_low: float
    control_high: float
    made_rare: float
    count: int


def _keys(tables: Sequence[Columns], names: Sequence[str], model: Columns) -> list[NDArray[np.int64]]:
    """A number for each combination of values, numbers cut at tenths of the model's rows; the same over all tables."""
    edges = quantile_edges(model.only(names), BINS)
    codes = [binned(table.only(names), edges) for table in tables]
    key = np.zeros(sum(len(table) for table in tables), np.int64)
    for name in names:
        column = np.concatenate([part[name][0] for part in codes])
        _, key = np.unique(key * codes[0][name][1] + column, return_inverse=True)
    return [part.astype(np.int64) for part in np.split(key, np.cumsum([len(table) for table in tables])[:-1])]


def group_sizes(columns: Columns, identifiers: Sequence[str]) -> NDArray[np.int64]:
    """How many rows share each row's combination `(N,)`, itself included; numbers are cut into tenths.

    Raises:
        InputError: An unknown column, or none.
    """
    check_names(identifiers, columns)
    if not identifiers:
        raise InputError("a combination needs at least one column")
    (key,) = _keys([columns], identifiers, columns)
    found: NDArray[np.int64] = np.bincount(key)[key]
    return found


def find_identifiers(columns: Columns, *, most: int = 3, leave_out: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that together single out the most rows, chosen one after the other.

    Args:
        columns: Real rows.
        most: Columns at most; fewer if one more singles out nobody further.
        leave_out: Columns that an attacker would not know.
    """
    found: list[str] = []
    alone = 0
    while len(found) < most:
        left = [name for name in columns.names if name not in found and name not in leave_out]
        sizes = {name: group_sizes(columns, [*found, name]) for name in left}
        # few rows singled out yet: what counts is how small the groups are
        score = {name: (int((size == 1).sum()), -float(np.log(size).mean())) for name, size in sizes.items()}
        if not left:
            break
        best = max(left, key=lambda name: score[name])
        if found and score[best][0] <= alone and alone:
            break
        alone = score[best][0]
        found.append(best)
    return tuple(found)


def rare_combinations(
    made: Columns,
    train: Columns,
    held_out: Columns,
    identifiers: Sequence[str] | None = None,
    *,
    k: int = 5,
    confidence: float = 0.95,
    seed: int = 0,
) -> Rare:
    """How many rare combinations of training records occur among made rows, beside those of held-out records.

    Args:
        made: Made rows, aligned with the others.
        train: Training records; as many are drawn as are held out, if there are more.
        held_out: Real rows that were not trained on; as many are drawn as there are training records, if more.
        identifiers: Columns that an attacker may know; None for those that `find_identifiers` finds.
        k: A combination is rare if fewer than k records of its part share it.
        confidence: Of the intervals.
        seed: Of the draw.

    Raises:
        InputError: An unknown column, or `k` below 2.
        TooFew: Fewer than 2 records on a side.
    """
    if k < 2:
        raise InputError(f"k must be at least 2, got {k}")
    names = tuple(identifiers) if identifiers is not None else find_identifiers(train)
    check_names(names, train)
    if not names:
        raise InputError("rare combinations need at least one column")
    size = min(len(train), len(held_out))
    check_enough("rare combinations (records)", 2, size)
    rng = np.random.default_rng(seed)
    parts = [side.take(rng.permutation(len(side))[:size]) for side in (train, held_out)]
    own, other, new = _keys([*parts, made], names, train)
    shares = []
    counts = []
    for mine in (own, other):
        combination, count = np.unique(mine, return_counts=True)
        rare = combination[count < k]
        counts.append(rare)
        shares.append(float(np.isin(rare, new).mean()) if len(rare) else 0.0)
    ends = [wilson(s, max(1, len(rare)), confidence) for s, rare in zip(shares, counts, strict=True)]
    return Rare(
        identifiers=names,
        k=k,
        smallest=int(np.unique(new, return_counts=True)[1].min()),
        revealed=shares[0],
        low=ends[0][0],
        high=ends[0][1],
        control=shares[1],
        control_low=ends[1][0],
        control_high=ends[1][1],
        made_rare=float(np.isin(new, counts[0]).mean()),
        count=len(counts[0]),
    )
