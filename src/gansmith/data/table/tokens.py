"""The values of a column as small whole numbers, from which it can be told again what was encoded.

A category is one token, or two digits where there are very many. A number is one token: a missing value, a special
one, a value that many rows share, or an interval between two quantiles; a second token, where there are rows enough,
is the part of that interval. Within the last part nothing is learnt: there the training quantiles say all.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from gansmith.data.table.number_tokens import NumberTokens
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, NumberColumn, TimeColumn
from gansmith.types import Token

__all__ = ["CategoryTokens", "ColumnTokens", "NumberTokens", "fit_tokens"]

Tokens = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_CHOICES = 512
"""Categories from which on two digits are learnt in place of one token."""


class CategoryTokens(BaseModel):
    """Categories and booleans: the column's values, then its spellings of a missing one.

    Attributes:
        kind: `category`.
        values: Number of values.
        missing: Number of spellings of a missing value.
        order: Codes of values from the most to the least frequent, where there are two digits; empty else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["category"] = "category"
    values: int
    missing: int
    order: tuple[int, ...] = ()

    @classmethod
    def fit(cls, parsed: ParsedColumn, values: int, missing: int) -> Self:
        """Fitted to training values; frequent categories share a first digit, so that it says how rare a value is."""
        if values + missing <= MOST_CHOICES:
            return cls(values=values, missing=missing)
        counts = np.bincount(parsed.values[parsed.missing == 0], minlength=values)
        return cls(values=values, missing=missing, order=tuple(np.argsort(-counts, kind="stable").tolist()))

    @property
    def base(self) -> int:
        """Choices of a digit."""
        return int(np.ceil(np.sqrt(self.values + self.missing)))

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What each token of the column is."""
        if not self.order:
            return (Token(self.values + self.missing),)
        return Token(-(-(self.values + self.missing) // self.base)), Token(self.base, part=True)

    @cached_property
    def _order(self) -> Tokens:
        return np.array(self.order, np.int64)

    @cached_property
    def _rank(self) -> Tokens:
        return np.argsort(self._order)

    def encode(self, parsed: ParsedColumn) -> Tokens:
        """Tokens `(N, 1)` or `(N, 2)`."""
        missing = parsed.missing.astype(np.int64)
        codes = np.where(missing > 0, 0, parsed.values).astype(np.int64)
        rank = np.where(missing > 0, self.values + missing - 1, self._rank[codes] if self.order else codes)
        if not self.order:
            return rank[:, None]
        return np.stack([rank // self.base, rank % self.base], 1)

    def decode(self, tokens: Tokens, within: Floats | None = None, low: Any = None, high: Any = None) -> ParsedColumn:
        """The values again; a pair of digits that stands for nothing counts as the last."""
        last = self.values + self.missing - 1
        rank = tokens[:, 0] if not self.order else np.minimum(tokens[:, 0] * self.base + tokens[:, 1], last)
        missing = np.maximum(rank - self.values + 1, 0)
        kept = np.minimum(rank, self.values - 1)
        codes = np.where(missing > 0, -1, self._order[kept] if self.order else kept)
        return ParsedColumn(codes.astype(np.int32), missing.astype(np.uint8), np.zeros(len(codes), np.uint8))

    def allowed(self, codes: Tokens | None, missing: bool) -> tuple[Floats, NDArray[np.bool_] | None]:
        """What tokens may be, where only some values may: as `NumberTokens.allowed`.

        Args:
            codes: The codes that may be; None for every one.
            missing: Whether the value may be missing.
        """
        good = np.zeros(self.values + self.missing, bool)
        good[self.values :] = missing
        good[: self.values] = codes is None
        if codes is not None:
            good[self._rank[codes] if self.order else codes] = True
        if not self.order:
            return np.where(good, 0.0, -np.inf), None
        first, second = (token.size for token in self.tokens)
        table = np.resize(np.append(good, np.zeros(first * second - len(good), bool)), (first, second))
        return np.where(table.any(1), 0.0, -np.inf), table


ColumnTokens = CategoryTokens | NumberTokens


def fit_tokens(
    parsed: ParsedColumn, column: NumberColumn | TimeColumn | BooleanColumn | CategoryColumn, least: int = 1
) -> ColumnTokens:
    """How the values of a column are learnt, fitted to training values.

    Args:
        parsed: The training values.
        column: What the column is.
        least: Rows that share a number with a token of its own, or a part of an interval, at least.
    """
    missing = len(column.missing)
    if isinstance(column, BooleanColumn | CategoryColumn):
        return CategoryTokens.fit(parsed, len(column.values), missing)
    return NumberTokens.fit(parsed, missing, _special_values(parsed, column), column.resolution, least)


def _special_values(parsed: ParsedColumn, column: NumberColumn | TimeColumn) -> Floats:
    """The special values of a column as numbers; of one that training does not have, what was never seen: zero."""
    found = np.zeros(len(column.specials))
    for i in range(len(column.specials)):
        at = np.flatnonzero(parsed.special == i + 1)[:1]
        found[i] = parsed.values[at[0]] if len(at) else 0.0
    return found
