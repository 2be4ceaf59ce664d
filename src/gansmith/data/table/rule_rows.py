"""Rules that compare whole rows: no two alike, or only combinations that training rows have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow
from gansmith.data.table.grid import Floats, Mask, Rows, as_written
from gansmith.data.table.parse import parse_column, render_column
from gansmith.data.table.rule_kinds import FixedCombinationsRule, UniqueRule
from gansmith.data.table.rule_values import Columns, keys_of, learnt_column, put
from gansmith.data.table.schema import LearntColumn
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["CombinationsCheck", "UniqueCheck"]

MOST = 200_000
"""Combinations that a rule keeps at most."""


@dataclass(frozen=True)
class UniqueCheck:
    """No two rows agree in some columns. Rows with a missing value in one of them agree with none.

    Rows that break the rule can't be mended, only drawn again.

    Attributes:
        rule: What was demanded.
    """

    rule: UniqueRule

    @classmethod
    def bind(cls, rule: UniqueRule, columns: Columns) -> Self:
        """The check of a rule. Raises `InputError` if a column is not learnt."""
        for name in rule.columns:
            learnt_column(columns, name)
        return cls(rule)

    def keys(self, rows: Rows) -> list[bytes | None]:
        """What must not come twice, for each of `N` rows; None where a value is missing."""
        words = _as_bytes(keys_of(rows, self.rule.columns))
        gone = np.any([rows[name].missing > 0 for name in self.rule.columns], axis=0)
        return [None if absent else word for word, absent in zip(words, gone.tolist(), strict=True)]

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` agree with no row before them."""
        seen: set[bytes] = set()
        good = np.ones(len(rows[self.rule.columns[0]]), bool)
        for number, key in enumerate(self.keys(rows)):
            if key is None:
                continue
            good[number] = key not in seen
            seen.add(key)
        return good

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """The rows as they are."""
        return rows


@dataclass(frozen=True)
class CombinationsCheck:
    """Some columns have only combinations of training rows.

    A missing value is a value like others here, whatever its spelling: a row with one breaks the rule unless a training
    row combines it so. Mending takes a training combination that shares most columns with the row, the more frequent
    ones more often; it may change special values too.

    Attributes:
        rule: What was demanded.
        columns: The columns.
        known: The combinations, as rows of these columns.
        counts: Training rows with each of them.
    """

    rule: FixedCombinationsRule
    columns: tuple[LearntColumn, ...]
    known: Rows
    counts: NDArray[np.int64]

    @staticmethod
    def columns_of(rule: FixedCombinationsRule, columns: Columns) -> tuple[LearntColumn, ...]:
        """The columns of a rule. Raises `InputError` if one is not learnt."""
        return tuple(learnt_column(columns, name) for name in rule.columns)

    @classmethod
    def fit(cls, rule: FixedCombinationsRule, columns: Columns, rows: Rows, least: int = 1) -> Self:
        """The combinations that `least` training rows have. Raises `InputError` for none, or more than 200,000."""
        found = cls.columns_of(rule, columns)
        keys = keys_of(rows, rule.columns)
        _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
        first, counts = first[counts >= least], counts[counts >= least]
        if not len(first):
            raise InputError(f"{rule.describe()}: no combination is shared by {least:,} rows")
        if len(first) > MOST:
            raise InputError(
                f"{rule.describe()}: there are {len(first):,} combinations, and at most {MOST:,} can be kept: "
                "leave out a column that tells rows apart"
            )
        known = {c.name: as_written(rows[c.name].rows(first), c) for c in found}
        return cls(rule, found, known, counts.astype(np.int64))

    def to_json(self) -> dict[str, Json]:
        """The combinations as the columns spell them."""
        text = {c.name: render_column(self.known[c.name], c).to_pylist() for c in self.columns}
        return {"combinations": text, "counts": self.counts.tolist()}

    @classmethod
    def from_json(cls, rule: FixedCombinationsRule, columns: Columns, data: Any) -> Self:
        """Combinations that `to_json` described. Raises `InputError` for anything else."""
        found = cls.columns_of(rule, columns)
        told = f"the combinations of the rule {rule.describe()!r} are damaged"
        try:
            counts = np.array(data["counts"], np.int64)
            known = {}
            for column in found:
                text = arrow().array(data["combinations"][column.name], arrow().string())
                known[column.name], bad = parse_column(text, column)
                if bad.any() or len(text) != len(counts):
                    raise InputError(told)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(told) from error
        return cls(rule, found, known, counts)

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        return keys_of(self.known, self.rule.columns)

    @cached_property
    def _words(self) -> frozenset[bytes]:
        return frozenset(_as_bytes(self._keys))

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` have a known combination."""
        words = _as_bytes(keys_of(rows, self.rule.columns))
        return np.fromiter((word in self._words for word in words), bool, len(words))

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """A training combination in place of each unknown one; columns that it shares with the row stay."""
        bad = np.flatnonzero(~self.holds(rows))
        if not len(bad):
            return rows
        names = self.rule.columns
        wanted = keys_of({name: rows[name].rows(bad) for name in names}, names)
        different, places = np.unique(wanted, axis=0, return_inverse=True)
        places = places.ravel()
        pins = np.array([name in pinned for name in names])
        chosen = np.full(len(bad), -1, np.int64)
        order = np.argsort(places, kind="stable")
        for key, group in zip(different, np.split(order, np.cumsum(np.bincount(places))[:-1]), strict=True):
            chosen[group] = self._nearest(key, luck[bad[group]], pins)
        bad, chosen = bad[chosen >= 0], chosen[chosen >= 0]
        differs = self._keys[chosen] != keys_of({name: rows[name].rows(bad) for name in names}, names)
        out = dict(rows)
        for place, name in enumerate(names):
            at = differs[:, place]
            out |= put({name: rows[name]}, bad[at], {name: self.known[name].rows(chosen[at])})
        return out

    def _nearest(self, key: NDArray[np.int64], luck: Floats, pins: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Numbers of combinations `(N,)` that share most values with a key, by luck; -1 where pins leave none."""
        same = self._keys == key
        fits = same[:, pins].all(1)
        if not fits.any():
            return np.full(len(luck), -1, np.int64)
        shared = np.where(fits, same.sum(1), -1)
        best = np.flatnonzero(shared == shared.max())
        ends = np.cumsum(self.counts[best])
        at = np.searchsorted(ends, luck * ends[-1], side="right")
        return np.asarray(best[np.minimum(at, len(best) - 1)])


def _as_bytes(keys: NDArray[np.int64]) -> list[bytes]:
    keys = np.ascontiguousarray(keys)
    words: list[bytes] = keys.view(f"V{8 * keys.shape[1]}").ravel().tolist()
    return words
