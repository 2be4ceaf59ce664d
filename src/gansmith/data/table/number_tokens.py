"""Numbers and times as tokens: special values, frequent ones, and intervals between quantiles with their parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from gansmith.data.table.parse import ParsedColumn
from gansmith.types import Token

__all__ = ["NumberTokens", "few_values"]

Tokens = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_VALUES, ROWS_A_VALUE = 128, 30
"""A column of numbers is learnt value by value up to so many values, if so many rows have each on average."""

MOST_BINS, ROWS_A_BIN = 32, 12
"""Intervals of equally many rows, at most, and training rows in one, at least."""

MOST_PARTS, ROWS_A_PART = 16, 8
"""The same of the parts of an interval."""

ROWS_AT_THE_END = 2
"""Training rows in the outermost parts, at least: of one alone the largest value would be given away."""

INSIDE = 0.6180339887498949


def few_values(values: int, rows: int) -> bool:
    """Whether a column with so many different numbers in so many rows is learnt value by value."""
    return values <= min(MOST_VALUES, max(2, rows // ROWS_A_VALUE))


class NumberTokens(BaseModel):
    """Numbers and times.

    Attributes:
        kind: `number`.
        missing: Number of spellings of a missing value.
        specials: The special values as numbers.
        atoms: Values with a token of their own, rising.
        edges: Borders of the parts of each interval, rising; intervals in rising order. Each has a part or more.
        whole: The distance of two values that can be told apart as they are spelt; 0 for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["number"] = "number"
    missing: int
    specials: tuple[float, ...]
    atoms: tuple[float, ...]
    edges: tuple[tuple[float, ...], ...]
    whole: float = 0.0

    @model_validator(mode="after")
    def _rises(self) -> Self:
        flat = [edge for part in self.edges for edge in part]
        if any(len(part) < 2 for part in self.edges) or any(a > b for a, b in pairwise(flat)):
            raise ValueError("edges must rise")
        return self

    @classmethod
    def fit(cls, parsed: ParsedColumn, missing: int, specials: Floats, whole: float, least: int = 1) -> Self:
        """Fitted to training values; each value with a token of its own, and each part, has `least` of them or more."""
        values = parsed.values[(parsed.missing == 0) & (parsed.special == 0)].astype(np.float64)
        found, counts = np.unique(values, return_counts=True)
        few = few_values(len(found), len(values))
        bins = int(np.clip(len(values) // max(ROWS_A_BIN, least), 2, MOST_BINS))
        often = (counts >= least) & (few | (counts * 2 * bins >= len(values)))
        atoms, rest, numbers = found[often], found[~often], counts[~often]
        by_value = (few and often.any()) or numbers.sum() < least
        edges = [] if by_value else _edges(rest, numbers, bins, least)
        edges = [_beside(interval, rest, atoms) for interval in edges]
        return cls(
            missing=missing,
            specials=tuple(specials.tolist()),
            atoms=tuple(atoms.tolist()),
            edges=tuple(map(tuple, edges)),
            whole=whole,
        )

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What each token of the column is."""
        apart = self.missing + len(self.specials)
        first = Token(apart + len(self.atoms) + len(self.edges), rising=apart)
        parts = max((len(part) - 1 for part in self.edges), default=1)
        return (first,) if parts == 1 else (first, Token(parts, rising=0, part=True))

    @cached_property
    def _layout(self) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Lower and upper end of what each first token stands for, missing ones left out, and which are intervals."""
        atoms = np.array(self.atoms)
        low = np.concatenate([atoms, [part[0] for part in self.edges]])
        high = np.concatenate([atoms, [part[-1] for part in self.edges]])
        order = np.lexsort((high, low))
        is_bin = np.arange(len(low)) >= len(atoms)
        special = np.array(self.specials)
        return (
            np.concatenate([special, low[order]]),
            np.concatenate([special, high[order]]),
            np.concatenate([np.zeros(len(special), bool), is_bin[order]]),
        )

    @cached_property
    def _parts(self) -> tuple[Floats, Floats, Tokens]:
        """Lower and upper end of each part `(tokens, parts)`, and how many parts a token has."""
        low, high, is_bin = self._layout
        most = max((len(part) - 1 for part in self.edges), default=1)
        lows, highs = np.repeat(low[:, None], most, 1), np.repeat(high[:, None], most, 1)
        counts = np.ones(len(low), np.int64)
        for at, part in zip(np.flatnonzero(is_bin), self.edges, strict=True):
            counts[at] = len(part) - 1
            lows[at, : counts[at]], highs[at, : counts[at]] = part[:-1], part[1:]
            lows[at, counts[at] :], highs[at, counts[at] :] = part[-2], part[-1]
        return lows, highs, counts

    def encode(self, parsed: ParsedColumn) -> Tokens:
        """Tokens `(N, 1)` or `(N, 2)`; what lies outside the training values goes to the nearest interval."""
        specials = len(self.specials)
        gone, special = parsed.missing > 0, parsed.special > 0
        values = np.where(gone | special, 0.0, parsed.values)
        first, second = self._places(values)
        first = np.where(special, parsed.special.astype(np.int64) - 1, first + specials) + self.missing
        first = np.where(gone, parsed.missing.astype(np.int64) - 1, first)
        if len(self.tokens) == 1:
            return first[:, None]
        return np.stack([first, np.where(gone | special, 0, second)], 1)

    def _places(self, values: Floats) -> tuple[Tokens, Tokens]:
        """Among atoms and intervals in rising order: which one, and the part."""
        specials = len(self.specials)
        low, is_bin = self._layout[0][specials:], self._layout[2][specials:]
        order_atoms, order_bins = np.flatnonzero(is_bin == 0), np.flatnonzero(is_bin)
        first = np.zeros(len(values), np.int64)
        second = np.zeros(len(values), np.int64)
        taken = np.zeros(len(values), bool)
        if len(order_atoms):
            atoms = low[order_atoms]
            at = np.clip(np.searchsorted(atoms, values), 0, len(atoms) - 1)
            left = np.maximum(at - 1, 0)
            at = np.where(np.abs(atoms[left] - values) < np.abs(atoms[at] - values), left, at)
            taken = (atoms[at] == values) | (len(order_bins) == 0)
            first = order_atoms[at]
        if len(order_bins):
            edges = np.concatenate([np.array(part[:-1]) for part in self.edges])
            owner = np.repeat(np.arange(len(self.edges)), [len(part) - 1 for part in self.edges])
            place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 1)
            start = np.searchsorted(owner, np.arange(len(self.edges)))
            first = np.where(taken, first, order_bins[owner[place]])
            second = np.where(taken, 0, place - start[owner[place]])
        return first, second

    def decode(
        self, tokens: Tokens, within: Floats | None = None, low: float | None = None, high: float | None = None
    ) -> ParsedColumn:
        """The values again.

        Args:
            tokens: `(N, 1)` or `(N, 2)`.
            within: Where in the last part a value lies, in [0, 1), `(N,)`; None takes a place near the middle that is
                hardly ever one of the values with a token of their own, so that encoding gives the tokens again.
            low: Least value that may come out, special ones apart; None for no bound.
            high: Largest value.
        """
        specials, lows, highs = len(self.specials), *self._parts[:2]
        missing = np.where(tokens[:, 0] < self.missing, tokens[:, 0] + 1, 0)
        at = np.maximum(tokens[:, 0] - self.missing, 0)
        part = np.minimum(tokens[:, 1], self._parts[2][at] - 1) if tokens.shape[1] > 1 else np.zeros_like(at)
        a, b = lows[at, part], highs[at, part]
        special = np.where((missing == 0) & (at < specials), at + 1, 0)
        usual = (missing == 0) & (special == 0)
        least, most = self._on_grid(-np.inf if low is None else low, np.inf if high is None else high)
        reach = self.whole / 2  # what is spelt as the least value may lie half a step below
        a, b = (np.where(usual, np.clip(end, least - reach, most + reach), end) for end in (a, b))
        share = INSIDE if within is None else within
        values = np.where(a == b, a, a * (1 - share) + b * share)
        values = np.where(usual, np.clip(self._rounded(values), least, most), values)
        values = self._beside_atoms(values, a, b, usual & (a < b))
        values = np.where(missing > 0, np.nan, values)
        return ParsedColumn(values, missing.astype(np.uint8), special.astype(np.uint8))

    def allowed(
        self, low: float, high: float, specials: Sequence[bool] = ()
    ) -> tuple[Floats, NDArray[np.bool_] | None]:
        """What tokens may be, where values lie in a range; missing ones don't.

        Args:
            low: Least value.
            high: Largest value.
            specials: Which special values may be, too; none where empty.

        Returns:
            What to add to the logarithm of each first token's probability, `-inf` where it can't be; and which second
            tokens may follow each first one, `(first, second)`, None where there is one token only.
        """
        lows, highs, counts = self._parts
        low, high = self._on_grid(low, high)
        reach = self.whole / 2
        a, b = np.maximum(lows, low - reach), np.minimum(highs, high + reach)
        inside = (a < b) | ((a == b) & ((lows == highs) | (low == high)))
        inside &= low <= high
        inside &= np.arange(lows.shape[1]) < counts[:, None]
        inside[: len(self.specials)] = False
        inside[: len(self.specials), 0] = list(specials) or False
        with np.errstate(divide="ignore"):
            first = np.concatenate([np.full(self.missing, -np.inf), np.log(inside.sum(1) / counts)])
        if len(self.tokens) == 1:
            return first, None
        return first, np.concatenate([np.zeros((self.missing, lows.shape[1]), bool), inside])

    def _beside_atoms(self, values: Floats, low: Floats, high: Floats, drawn: NDArray[np.bool_]) -> Floats:
        """Values; those drawn in an interval that met one with a token of its own become the nearest other there."""
        atoms = np.array(self.atoms)
        met = drawn & np.isin(values, atoms) if self.whole else np.zeros_like(drawn)
        found = values.copy()
        for step in range(1, len(atoms) + 1):
            for side in (step, -step):
                if not met.any():
                    return found
                other = self._rounded(values + side * self.whole)
                free = met & (low <= other) & (other <= high) & ~np.isin(other, atoms)
                found, met = np.where(free, other, found), met & ~free
        return found

    def _rounded(self, values: Floats) -> Floats:
        """Values as they can be spelt."""
        if not self.whole:
            return values
        steps = float(np.rint(1 / self.whole))
        found: Floats = np.rint(values * steps) / steps
        return found

    def _on_grid(self, low: float, high: float) -> tuple[float, float]:
        """The least and the largest value in a range that can be spelt."""
        if not self.whole:
            return low, high
        steps = np.rint(1 / self.whole)
        return float(np.ceil(low * steps - 1e-9) / steps), float(np.floor(high * steps + 1e-9) / steps)

    def gone(self) -> tuple[Floats, NDArray[np.bool_] | None]:
        """The same where the value is missing."""
        first, *second = (token.size for token in self.tokens)
        missing = np.arange(first) < self.missing
        part = np.zeros((first, second[0]), bool) if second else None
        if part is not None:
            part[: self.missing, 0] = True
        return np.where(missing, 0.0, -np.inf), part


def _edges(found: Floats, counts: Tokens, bins: int, least: int) -> list[list[float]]:
    """Intervals of about equally many rows and their parts: borders lie halfway between neighbouring values."""
    ends = np.cumsum(counts)
    parts = int(np.clip(ends[-1] // (bins * max(ROWS_A_PART, least)), 1, MOST_PARTS))
    halves = found[:-1] / 2 + found[1:] / 2
    main = _cuts(ends, bins)
    tails = _tails(ends, ends[-1] / (bins * parts), max(ROWS_AT_THE_END, least))
    fine = _apart(np.union1d(np.union1d(main, _cuts(ends, bins * parts)), tails), ends, least)
    main = np.intersect1d(main, fine)
    borders = [float(found[0]), *halves[fine].tolist(), float(found[-1])]
    at = [0, *(np.searchsorted(fine, main) + 1).tolist(), len(borders) - 1]
    return [borders[start : stop + 1] for start, stop in pairwise(at)]


def _beside(interval: list[float], values: Floats, atoms: Floats) -> list[float]:
    """An interval whose ends lie nearer to its own values than to values that have a token of their own."""
    start, *inner, end = interval
    inside = values[(values >= start) & (values <= end)]
    below, above = atoms[atoms < inside[0]], atoms[atoms > inside[-1]]
    if len(below):
        start = max(start, float(below[-1] / 2 + inside[0] / 2))
    if len(above):
        end = min(end, float(above[0] / 2 + inside[-1] / 2))
    return [start, *inner, end]


def _apart(cuts: Tokens, ends: Tokens, least: int) -> Tokens:
    """The cuts without those that would leave fewer than `least` rows on a side, from the left on."""
    kept, before = [], 0
    for cut in cuts.tolist():
        if ends[cut] - before >= least and ends[-1] - ends[cut] >= least:
            kept.append(cut)
            before = ends[cut]
    return np.array(kept, np.int64)


def _tails(ends: Tokens, rows: float, least: int) -> Tokens:
    """Cuts that halve the outermost parts again and again: there values may lie far apart."""
    found = []
    while rows >= 2 * least:
        rows /= 2
        found += [np.searchsorted(ends, rows), np.searchsorted(ends, ends[-1] - rows)]
    at = np.unique(np.array(found, np.int64))
    return at[at < len(ends) - 1]


def _cuts(ends: Tokens, pieces: int) -> Tokens:
    """Behind which values to cut, so that pieces have about equally many rows; `ends` counts rows up to each value."""
    at = np.searchsorted(ends, np.arange(1, pieces) * (ends[-1] / pieces))
    return np.unique(at[at < len(ends) - 1])
