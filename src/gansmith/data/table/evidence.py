"""What is known of one column when its kind is decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.profile import MISSING, ColumnProfile

__all__ = ["PERHAPS_MISSING", "Evidence", "Misfit"]

PERHAPS_MISSING = frozenset(
    (
        "-",
        "--",
        "---",
        ".",
        "..",
        "*",
        "none",
        "na",
        "n.a.",
        "nil",
        "null",
        "unknown",
        "missing",
        "not available",
        "nan",
    )
)
"""Spellings, in small letters, that mean a missing value among numbers, dates and flags, but may be a category."""

_SHOWN = 3


@dataclass(frozen=True)
class Misfit:
    """Values that contradict a kind.

    Attributes:
        values: The first few of them.
        rows: The first row of each.
        count: Rows that hold such a value.
    """

    values: tuple[str, ...]
    rows: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class Evidence:
    """The values of a column without those that are missing.

    Attributes:
        name: Its name.
        stored: Its Arrow type in a typed source.
        rows: Rows of the table.
        missing: Spellings of a missing value that occur, most frequent first; None is a null.
        absent: Rows without a value.
        text: Arrow array of different values, in the order of their first row.
        counts: How often each occurs.
        first: First row of each.
        complete: Whether these are all values.
        profile: Where it comes from.
    """

    name: str
    stored: str | None
    rows: int
    missing: tuple[str | None, ...]
    absent: int
    text: Any
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
    complete: bool
    profile: ColumnProfile

    @classmethod
    def of(
        cls, found: ColumnProfile, missing: Collection[str | None] | None = None, more: Sequence[str] = ()
    ) -> Evidence:
        """Tell values from missing ones.

        Args:
            found: The profile of the column.
            missing: The only spellings of a missing value; None for the usual ones.
            more: Further spellings.
        """
        pa, pc = arrow(), arrow_compute()
        table = found.distinct.sort_by("first")
        text, counts, first = table["value"].combine_chunks(), table["count"].to_numpy(), table["first"].to_numpy()
        if found.odd:
            known = {v: i for i, v in enumerate(text.to_pylist())}
            counts = counts.copy()
            for value in [v for v in found.odd if v in known]:
                counts[known[value]] += found.odd[value]
            fresh = [v for v in found.odd if v not in known]
            text = pa.concat_arrays([text, pa.array(fresh, pa.string())])
            counts = np.append(counts, [found.odd[v] for v in fresh])
            first = np.append(first, [found.odd_rows[v] for v in fresh])
        spellings = [m for m in (MISSING if missing is None else missing) if m is not None] + list(more)
        gone = pc.is_in(text, pa.array(spellings, pa.string())).to_numpy(zero_copy_only=False)
        named: list[tuple[int, str | None]] = list(
            zip((-counts[gone]).tolist(), text.filter(gone).to_pylist(), strict=True)
        )
        named += [(-found.nulls, None)] if found.nulls else []
        absent = int(counts[gone].sum()) + found.nulls
        kept = pa.array(~gone)
        order = tuple(value for _, value in sorted(named, key=lambda n: (n[0], n[1] or "")))
        return cls(
            found.name, found.stored, found.rows, order, absent, text.filter(kept),
            counts[~gone].astype(np.int64), first[~gone].astype(np.int64), found.complete, found,
        )  # fmt: skip

    @property
    def common(self) -> dict[str, Any]:
        """What a column of any kind has: its name, its missing values, its type in a typed source."""
        return {"name": self.name, "missing": self.missing, "stored": self.stored}

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.absent

    @property
    def unique(self) -> bool:
        """Whether no value was seen twice: among all, or among the first ones and the drawn rows."""
        once = bool((self.counts == 1).all())
        return once and (self.complete or bool((self.weighted()[1] == 1).all()))

    @property
    def variety(self) -> float:
        """Different values as a share of the rows with a value; 1 where there were too many to count."""
        return len(self.text) / max(self.present, 1) if self.complete else 1.0

    def without(self, bad: NDArray[np.bool_]) -> Evidence | None:
        """The same with odd values taken as missing; None if they may be values."""
        odd = self.text.filter(arrow().array(bad)).to_pylist()
        if not all(v.strip().casefold() in PERHAPS_MISSING for v in odd):
            return None
        keep = arrow().array(~bad)
        return Evidence(
            self.name, self.stored, self.rows, (*self.missing, *odd), self.absent + int(self.counts[bad].sum()),
            self.text.filter(keep), self.counts[~bad], self.first[~bad], self.complete, self.profile,
        )  # fmt: skip

    def misfit(self, bad: NDArray[np.bool_]) -> Misfit:
        """Values that contradict a kind, for messages."""
        at = np.flatnonzero(bad)
        values = self.text.take(arrow().array(at[:_SHOWN])).to_pylist()
        return Misfit(tuple(values), tuple(self.first[at[:_SHOWN]].tolist()), int(self.counts[bad].sum()))

    def weighted(self) -> tuple[Any, NDArray[np.int64], int]:
        """Different values, how often each occurs, and of how many rows; of the drawn rows where not all are known."""
        if self.complete:
            return self.text, self.counts, self.rows
        pa, pc = arrow(), arrow_compute()
        drawn = self.profile.sample
        gone = pa.array([m for m in self.missing if m is not None], pa.string())
        kept = drawn.filter(pc.and_(pc.is_valid(drawn), pc.invert(pc.is_in(drawn, gone))))
        table = pc.value_counts(kept)
        return table.field("values"), table.field("counts").to_numpy(), len(drawn)
