"""Outliers kept out of a model: nothing that fewer than k training rows share is learnt, or told by the codec.

Numbers and times beyond the k-th value from either end become that value. A category, special value or spelling of a
missing value that fewer than k rows have is not there for the model; a row with one takes the value of another row,
drawn by chance, so that it follows the shares of the others. The schema that goes with the model says no more. Where
rows have owners, k owners must share a value: each counts once for it, and once for one of its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.number_tokens import few_values
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recode import recoded
from gansmith.data.table.rule_kinds import OneOfRule, Rule
from gansmith.data.table.schema import (
    BooleanColumn,
    CategoryColumn,
    LearntColumn,
    NumberColumn,
    Schema,
    TimeColumn,
)
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError

__all__ = ["Protection"]

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

RARE = -1
"""The new place of what is not there for the model."""


@dataclass(frozen=True)
class _Kept:
    """What of a column is there for a model.

    Attributes:
        before: The column of the whole table.
        column: The column as the model knows it.
        missing: New place of each flag of a missing value, 0 (a value) among them.
        special: New place of each flag of a special value, 0 (a usual one) among them.
        codes: New code of each category; empty for numbers.
        ends: Least and largest usual value of numbers.
        pool: Training values that stay, from which others take theirs.
    """

    before: LearntColumn
    column: LearntColumn
    missing: Places
    special: Places
    codes: Places
    ends: tuple[float, float]
    pool: ParsedColumn

    def rare(self, parsed: ParsedColumn) -> Mask:
        """Values that are not there for the model `(N,)`."""
        gone = parsed.missing > 0
        found = (self.missing[parsed.missing] == RARE) | (~gone & (self.special[parsed.special] == RARE))
        if len(self.codes):
            found |= ~gone & (self.codes[np.maximum(parsed.values, 0)] == RARE)
        return np.asarray(found)

    def known(self, parsed: ParsedColumn) -> ParsedColumn:
        """Values as the model has them; rare ones become anything."""
        missing = np.maximum(self.missing[parsed.missing], 0).astype(np.uint8)
        special = np.maximum(self.special[parsed.special], 0).astype(np.uint8)
        gone = missing > 0
        values: NDArray[Any]
        if len(self.codes):
            codes = np.maximum(self.codes[np.maximum(parsed.values, 0)], 0)
            values = np.where(gone, -1, codes).astype(np.int32)
        else:
            values = np.where(gone | (special > 0), parsed.values, np.clip(parsed.values, *self.ends)) + self._later
        return ParsedColumn(values, missing, special)

    def restored(self, known: ParsedColumn) -> ParsedColumn:
        """Values of a model as the whole table has them."""
        return recoded(known, self.column, self.before)

    @property
    def _later(self) -> float:
        """What a time by the former origin lacks of one by the new origin."""
        before, column = self.before, self.column
        if not (isinstance(before, TimeColumn) and isinstance(column, TimeColumn)):
            return 0.0
        return (before.start - column.start) / before.step


@dataclass(frozen=True)
class Protection:
    """Which values of a table a model may know.

    Attributes:
        least: Training rows that share whatever is learnt, at least.
        schema: What the columns are, as far as the model knows.
        changed: Training values that were changed, by column; columns without any are left out.
        counted: By column, the training rows that were counted: all, or one of each owner for each kind of value.
    """

    least: int
    schema: Schema
    changed: Mapping[str, int]
    counted: Mapping[str, Places]
    _kept: Mapping[str, _Kept]

    @classmethod
    def fit(cls, table: TableSet, least: int, owners: Places | None = None) -> Self:
        """Fitted to training rows.

        Args:
            table: Training rows.
            least: Rows that must share a value, 2 or more.
            owners: Whose each row is `(N,)`: so many owners must then share a value. None for rows of their own.

        Raises:
            InputError: `least` is out of range, or a column has no value that so many rows share; with every column.
        """
        count, what = (len(table), "rows") if owners is None else (len(np.unique(owners)), "families")
        if not 2 <= least <= count // 2:
            raise InputError(f"--protect-outliers must lie between 2 and half of the {count:,} training {what}")
        kept: dict[str, _Kept] = {}
        problems: list[str] = []
        counted = {name: _counted(parsed, owners, least) for name, parsed in table.columns.items()}
        for column in table.schema.learnt:
            try:
                kept[column.name] = _fit(table.columns[column.name].rows(counted[column.name]), column, least)
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(*problems)
        columns = tuple(kept[c.name].column if c.name in kept else c for c in table.schema.columns)
        rules = tuple(_shortened(rule, table.schema, kept) for rule in table.schema.rules)
        changed = {name: _changes(table.columns[name], found) for name, found in kept.items()}
        schema = Schema(columns=columns, rules=rules)
        return cls(least, schema, {name: count for name, count in changed.items() if count}, counted, kept)

    def known(self, columns: Mapping[str, ParsedColumn], seed: int) -> dict[str, ParsedColumn]:
        """Rows as the model may know them.

        Args:
            columns: Parsed columns by the schema of the whole table.
            seed: Decides from which rows rare values are taken.
        """
        found = {}
        for number, (name, kept) in enumerate(self._kept.items()):
            rare, parsed = kept.rare(columns[name]), kept.known(columns[name])
            at = np.random.default_rng([seed, number]).integers(len(kept.pool), size=int(rare.sum()))
            drawn = kept.pool.rows(at)
            for field in ("values", "missing", "special"):
                getattr(parsed, field)[rare] = getattr(drawn, field)
            found[name] = parsed
        return found

    def table(self, table: TableSet, seed: int) -> TableSet:
        """The same of a table."""
        return replace(table, schema=self.schema, columns=self.known(table.columns, seed))

    def restored(self, columns: Mapping[str, ParsedColumn]) -> dict[str, ParsedColumn]:
        """Rows of the model by the schema of the whole table."""
        return {name: kept.restored(columns[name]) for name, kept in self._kept.items()}

    def untouched(self, columns: Mapping[str, ParsedColumn]) -> Mask:
        """Rows `(N,)` no value of which, in the columns of a rule, is taken from another row."""
        names = {name for rule in self.schema.rules for name in rule.uses}
        rare = [kept.rare(columns[name]) & (name in names) for name, kept in self._kept.items()]
        return np.asarray(~np.any(rare, axis=0))

    def describe(self) -> str:
        """What was done, in a sentence."""
        what = ", ".join(f"{name} ({count:,})" for name, count in self.changed.items())
        done = f"values changed in training: {what}" if what else "no training value had to be changed"
        return f"outliers protected: no value that fewer than {self.least:,} training rows share is learnt; {done}"


def _counted(parsed: ParsedColumn, owners: Places | None, least: int) -> Places:
    """Rows among which every owner has each category, flag and special value once.

    Of few different numbers each owner has each once, too. Of many each owner has one, drawn by chance; only that the
    owners of the least and of the largest numbers have those, so that no end is cut off further than it must be.
    """
    if owners is None:
        return np.arange(len(parsed))
    order = np.random.default_rng(0).permutation(len(owners))
    usual = (parsed.missing == 0) & (parsed.special == 0)
    places = np.unique(np.where(usual, parsed.values, 0), return_inverse=True)[1]
    each = _once(order, owners, parsed, places)
    shown = each[usual[each]]
    if parsed.values.dtype.kind == "i" or few_values(len(np.unique(places[shown])), len(shown)):
        return each
    for sign in (1, -1):  # rows that come first are taken
        numbers = np.where(usual, sign * parsed.values, np.inf)
        rising = np.argsort(numbers, kind="stable")
        first = rising[np.sort(np.unique(owners[rising], return_index=True)[1])]
        free = first if sign > 0 else first[~np.isin(owners[first], owners[order[:least]])]
        order = np.concatenate([free[:least], order])
    return _once(order, owners, parsed, np.zeros(len(owners), np.int64))


def _once(order: Places, owners: Places, parsed: ParsedColumn, places: Places) -> Places:
    """The first rows in an order with each owner, flag and place of a value."""
    kinds = np.stack([owners, parsed.missing, parsed.special, np.where(parsed.missing > 0, 0, places)], 1)[order]
    return np.sort(order[np.unique(kinds, axis=0, return_index=True)[1]])


def _fit(parsed: ParsedColumn, column: LearntColumn, least: int) -> _Kept:
    """What of a column is there for a model. Raises `InputError` if nothing is."""
    missing, spellings = _spellings(parsed, column, least)
    usual = (parsed.missing == 0) & (parsed.special == 0)
    special, codes, ends = np.zeros(1, np.int64), np.zeros(0, np.int64), (0.0, 0.0)
    if isinstance(column, NumberColumn | TimeColumn):
        ends = _ends(parsed.values[usual], column, least)
        counts = np.bincount(parsed.special[parsed.missing == 0], minlength=len(column.specials) + 1)
        special = np.append(0, _numbered(counts[1:] >= least, 1))
        low, high, origin = _spelt(ends, column)
        specials = tuple(s for s, at in zip(column.specials, special[1:], strict=True) if at != RARE)
        update = {"missing": spellings, "specials": specials, "low": low, "high": high, **origin}
        kept: LearntColumn = column.model_copy(update=update)
    else:
        counts = np.bincount(parsed.values[usual], minlength=len(column.values))
        codes = _numbered(counts >= least, 0)
        kept = _with_values(column, least, codes, spellings)
    if kept != column:
        kept = kept.model_copy(update={"reason": ""})  # it may tell of what is not there
    found = _Kept(column, kept, missing, special, codes, ends, parsed)
    return replace(found, pool=found.known(parsed).rows(np.flatnonzero(~found.rare(parsed))))


def _with_values(
    column: BooleanColumn | CategoryColumn, least: int, codes: Places, missing: tuple[str | None, ...]
) -> LearntColumn:
    """A column with fewer values; of a boolean with one value a category is left. Raises `InputError` for none."""
    values = tuple(value for value, at in zip(column.values, codes, strict=True) if at != RARE)
    if not values:
        raise InputError(
            f"--protect-outliers {least}: no value of column {column.name!r} is shared by {least:,} training rows: "
            "choose a smaller number, or call it text in the schema, which is left out"
        )
    if isinstance(column, CategoryColumn) or len(values) == 2:
        return column.model_copy(update={"values": values, "missing": missing})
    return CategoryColumn(kind="category", name=column.name, stored=column.stored, values=values, missing=missing)


def _numbered(good: Mask, first: int) -> Places:
    """New places of what stays, rising from the first one, and `RARE` for the others."""
    return np.where(good, np.cumsum(good) - 1 + first, RARE).astype(np.int64)


def _spellings(parsed: ParsedColumn, column: LearntColumn, least: int) -> tuple[Places, tuple[str | None, ...]]:
    """New places of the spellings of a missing value: rare ones become the most frequent one."""
    counts = np.bincount(parsed.missing, minlength=len(column.missing) + 1)[1:]
    good = counts >= least
    if not good.any() and counts.sum() >= least:
        good[counts.argmax()] = True
    places = _numbered(good, 1)
    if good.any():
        places[~good] = places[counts.argmax()]
    kept = tuple(word for word, stays in zip(column.missing, good.tolist(), strict=True) if stays)
    return np.append(0, places), kept


def _ends(values: NDArray[np.float64], column: NumberColumn | TimeColumn, least: int) -> tuple[float, float]:
    """The k-th value from either end; of few different values, the outermost that k rows share."""
    if len(values) < 2 * least:
        raise InputError(
            f"--protect-outliers {least}: column {column.name!r} has {len(values):,} usual values in training, too few "
            f"to leave {least:,} at either end: choose a smaller number, or call it text in the schema"
        )
    found, counts = np.unique(values, return_counts=True)
    if few_values(len(found), len(values)) and (counts >= least).any():
        common = found[counts >= least]
        return float(common[0]), float(common[-1])
    ordered = np.partition(values, (least - 1, len(values) - least))
    return float(ordered[least - 1]), float(ordered[len(values) - least])


def _spelt(ends: tuple[float, float], column: NumberColumn | TimeColumn) -> tuple[Any, Any, dict[str, str]]:
    """The ends of a range as a schema says them, and a new origin of times: the old one may be the earliest of all."""
    if isinstance(column, NumberColumn):
        return (*ends, {})
    ticks = np.rint(np.array(ends) * column.step).astype(np.int64) + column.start
    low, high = column.format.write(ticks).to_pylist()
    if not column.origin:
        return low, high, {}
    first = np.datetime64(int(ticks[0] // column.format.rate), "s")
    return low, high, {"origin": str(first.astype("M8[D]") if column.kind == "date" else first)}


def _changes(parsed: ParsedColumn, kept: _Kept) -> int:
    """Values that differ from what they were."""
    after = kept.restored(kept.known(parsed))
    other = (after.values != parsed.values) & (parsed.missing == 0)
    return int((kept.rare(parsed) | other | (after.missing != parsed.missing)).sum())


def _shortened(rule: Rule, schema: Schema, kept: Mapping[str, _Kept]) -> Rule:
    """A list of allowed categories without those that are not there for the model."""
    if not isinstance(rule, OneOfRule) or rule.column not in kept:
        return rule
    before, after = schema.column(rule.column), kept[rule.column].column
    if not isinstance(before, BooleanColumn | CategoryColumn) or not isinstance(after, BooleanColumn | CategoryColumn):
        return rule
    lost = set(before.values) - set(after.values)
    left = tuple(value for value in rule.values if str(value) not in lost)
    return rule.model_copy(update={"values": left}) if left else rule
