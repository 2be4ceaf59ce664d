"""All rules of a table: checked against its columns, fitted to training rows, and kept in rows that are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gansmith.data.table.grid import Floats, Mask, Rows, as_written
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.rule_check import Bounds, Check, OneOfCheck, RangeCheck, bounds_of
from gansmith.data.table.rule_conflicts import contradictions
from gansmith.data.table.rule_expression import ExpressionCheck
from gansmith.data.table.rule_inequality import InequalityCheck
from gansmith.data.table.rule_kinds import (
    ExpressionRule,
    FixedCombinationsRule,
    InequalityRule,
    OneOfRule,
    PositiveRule,
    RangeRule,
    SumToRule,
    UniqueRule,
)
from gansmith.data.table.rule_rows import CombinationsCheck, UniqueCheck
from gansmith.data.table.rule_sum import SumCheck
from gansmith.data.table.rule_values import Columns, put
from gansmith.data.table.schema import LearntColumn, Schema
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["RuleBook", "check_rules", "training_rates"]

ROUNDS = 5
"""How often rows are mended, all rules in turn: mending one rule may break another."""

_CHUNK = 65_536

Simple = ExpressionRule | InequalityRule | OneOfRule | PositiveRule | RangeRule | SumToRule | UniqueRule


def check_rules(schema: Schema, where: str = "schema") -> None:
    """Refuse rules that do not fit the columns, and rules that can't hold together.

    Args:
        schema: Columns and rules.
        where: The file, for messages.

    Raises:
        InputError: With every problem, one line each: unknown columns and values, columns that are not learnt, values
            of another kind, rules that are there twice, and what `rule_conflicts.contradictions` finds.
    """
    columns = {column.name: column for column in schema.columns}
    bounds = bounds_of(columns, schema.rules)
    problems: list[str] = []
    checks: dict[int, Check] = {}
    for number, rule in enumerate(schema.rules, start=1):
        try:
            if isinstance(rule, FixedCombinationsRule):
                CombinationsCheck.columns_of(rule, columns)
            else:
                checks[number] = _bind(rule, columns, bounds)
        except InputError as error:
            problems += [f"{where}: rule {number} ({rule.kind}): {problem}" for problem in error.problems]
    twice = [text for text, times in Counter(rule.describe() for rule in schema.rules).items() if times > 1]
    problems += [f"{where}: the rule {text!r} is there twice" for text in twice]
    problems += [f"{where}: {line}" for line in contradictions(checks)]
    if problems:
        raise InputError(*problems)


def _bind(rule: Simple, columns: Columns, bounds: Bounds) -> Check:
    """A rule that needs no training rows, with its columns. Raises `InputError` if it does not fit them."""
    if isinstance(rule, InequalityRule):
        return InequalityCheck.bind(rule, columns, bounds)
    if isinstance(rule, RangeRule | PositiveRule):
        return RangeCheck.bind(rule, columns, bounds)
    if isinstance(rule, OneOfRule):
        return OneOfCheck.bind(rule, columns, bounds)
    if isinstance(rule, SumToRule):
        return SumCheck.bind(rule, columns, bounds)
    return UniqueCheck.bind(rule, columns) if isinstance(rule, UniqueRule) else ExpressionCheck.bind(rule, columns)


@dataclass(frozen=True)
class RuleBook:
    """The rules of a table, ready to be checked.

    Attributes:
        checks: One for each rule of the schema, in its order.
        columns: The learnt columns that the rules are about, by name.
    """

    checks: tuple[Check, ...]
    columns: Mapping[str, LearntColumn]

    @classmethod
    def fit(cls, table: TableSet, least: int = 1) -> Self:
        """The rules of the table's schema; combinations are those of its rows, which should be training rows only.

        Args:
            table: Rows.
            least: How many of them must have a combination.

        Raises:
            InputError: As `check_rules`; and for more than 200,000 combinations, or none.
        """
        check_rules(table.schema)
        rows = table.columns
        return cls._made(table.schema, lambda rule, known, _: CombinationsCheck.fit(rule, known, rows, least))

    @classmethod
    def from_json(cls, data: Any, schema: Schema) -> Self:
        """The rules of a schema, with what `to_json` said of training rows. Raises `InputError` if it is damaged."""
        known = data.get("combinations") if isinstance(data, dict) else None
        wanted = sum(isinstance(rule, FixedCombinationsRule) for rule in schema.rules)
        if not isinstance(known, list) or len(known) != wanted:
            raise InputError("the rules of the model are damaged: they are not those of its schema")
        return cls._made(
            schema, lambda rule, columns, number: CombinationsCheck.from_json(rule, columns, known[number])
        )

    @classmethod
    def _made(cls, schema: Schema, combine: Callable[[FixedCombinationsRule, Columns, int], CombinationsCheck]) -> Self:
        columns = {column.name: column for column in schema.columns}
        bounds = bounds_of(columns, schema.rules)
        checks: list[Check] = []
        fixed = 0
        for rule in schema.rules:
            if isinstance(rule, FixedCombinationsRule):
                checks.append(combine(rule, columns, fixed))
                fixed += 1
            else:
                checks.append(_bind(rule, columns, bounds))
        names = {name for rule in schema.rules for name in rule.uses}
        return cls(tuple(checks), {c.name: c for c in schema.learnt if c.name in names})

    def to_json(self) -> dict[str, Json]:
        """What was learnt of the training rows, for `from_json`: their combinations. The rules are in the schema."""
        return {"combinations": [c.to_json() for c in self.checks if isinstance(c, CombinationsCheck)]}

    @property
    def texts(self) -> tuple[str, ...]:
        """What each rule demands, in a sentence."""
        return tuple(check.rule.describe() for check in self.checks)

    def written(self, rows: Rows) -> dict[str, ParsedColumn]:
        """Rows whose columns with rules are as they will be written; see `grid.as_written`."""
        return {**rows, **{name: as_written(rows[name], column) for name, column in self.columns.items()}}

    def held(self, rows: Rows) -> Mask:
        """Which rules each row keeps `(N, rules)`; of equal rows that must be unique the first one does."""
        count = len(next(iter(rows.values())))
        return np.stack([check.holds(rows) for check in self.checks], 1) if self.checks else np.ones((count, 0), bool)

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> dict[str, ParsedColumn]:
        """Rows with those that break a rule changed so that they keep it, where that is possible.

        Args:
            rows: Parsed columns by name, as they are written (`written`).
            luck: Random numbers in [0, 1), `(N, rules)`, for rules that choose.
            pinned: Columns that must stay as they are.

        Returns:
            Rows as they are written. Every row depends on itself and its luck alone. Some may still break rules.
        """
        out = dict(rows)
        for _ in range(ROUNDS):
            broken = False
            for number, check in enumerate(self.checks):
                if not check.rule.mends:
                    continue
                bad = np.flatnonzero(~check.holds(out))
                if len(bad):
                    broken = True
                    some = {name: out[name].rows(bad) for name in check.rule.uses}
                    better = check.mend(some, luck[bad, number], pinned)
                    better = {name: as_written(better[name], self.columns[name]) for name in better}
                    stays = np.zeros(len(bad), bool)
                    if not isinstance(check, CombinationsCheck):
                        stays = np.any([_special_moved(some[name], better[name]) for name in better], axis=0)
                    better = {name: parsed.rows(np.flatnonzero(~stays)) for name, parsed in better.items()}
                    out |= put({name: out[name] for name in better}, bad[~stays], better)
            if not broken:
                break
        return out


def _special_moved(before: ParsedColumn, after: ParsedColumn) -> Mask:
    """Rows `(N,)` whose special value was changed."""
    return np.asarray((before.special > 0) & (before.values != after.values))


def training_rates(book: RuleBook, table: TableSet) -> tuple[dict[str, float], tuple[str, ...]]:
    """How many real rows keep each rule.

    Args:
        book: Rules.
        table: Training rows.

    Returns:
        The share of rows that keep each rule, in [0, 1], by what it demands; and a sentence for each rule that real
        rows break, since made rows will differ from them there.
    """
    if not book.checks:
        return {}, ()
    kept = np.zeros(len(book.checks), np.int64)
    unique = [i for i, check in enumerate(book.checks) if isinstance(check, UniqueCheck)]
    for rows in _pieces(book, table):
        kept += book.held(rows).sum(0)
    if unique:
        whole = book.written({name: table.columns[name] for name in book.columns})
        for i in unique:
            kept[i] = book.checks[i].holds(whole).sum()
    rates, told = {}, []
    for number, (text, count) in enumerate(zip(book.texts, kept.tolist(), strict=True), start=1):
        rates[text] = count / len(table)
        broken = len(table) - count
        if not count:
            told.append(f"rule {number} ({text}): every real row breaks it: is it meant so?")
        elif broken:
            share = f"{broken / len(table):.1%}" if broken >= 0.001 * len(table) else "less than 0.1%"
            told.append(
                f"rule {number} ({text}): {broken:,} of {len(table):,} real rows ({share}) break it, "
                "and no made row will"
            )
    return rates, tuple(told)


def _pieces(book: RuleBook, table: TableSet) -> Iterator[Rows]:
    """The columns with rules, some rows at a time, as they are written."""
    for start in range(0, len(table), _CHUNK):
        piece = slice(start, start + _CHUNK)
        yield book.written({name: table.columns[name].rows(piece) for name in book.columns})
