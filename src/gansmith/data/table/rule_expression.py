"""An expression over columns, bound to them and worked out for all rows at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal, Self

import numpy as np

from gansmith.data.table.expression_syntax import parse_expression, refuse
from gansmith.data.table.grid import Floats, Mask, Rows
from gansmith.data.table.reckoning import (
    Value,
    all_of,
    any_of,
    compared,
    negated,
    power,
    reckoned,
    rounded,
)
from gansmith.data.table.rule_kinds import ExpressionRule
from gansmith.data.table.rule_values import Columns, code_of, learnt_column, number_of, ticks_of
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, TimeColumn

__all__ = ["ExpressionCheck"]

Kind = Literal["number", "truth", "category", "text", "date", "datetime", "time", "duration"]

_INSTANTS = ("date", "datetime")
_SECONDS = ("time", "duration")
_NO = np.asarray(False)
_DAY = 86_400.0


@dataclass(frozen=True)
class _Term:
    """A part of an expression.

    Attributes:
        node: Where it stands.
        kind: What its values are. Numbers are float64; times are seconds, dates and instants since 1970; categories are
            codes of their column; text is a constant that has to be compared with a column.
        run: Its values in some rows.
        constant: What was written, where it is a constant.
        column: The column whose values these are, perhaps moved in time.
    """

    node: ast.expr
    kind: Kind
    run: Callable[[Rows], Value]
    constant: bool | float | str | None = None
    column: LearntColumn | None = None


@dataclass(frozen=True)
class ExpressionCheck:
    """An expression is true.

    A comparison with a missing value is neither true nor false; `and`, `or` and `not` go on with that as SQL does, and
    the rule holds if the whole is not false. `isna(column)` asks. A division by zero is missing too. Rows that break
    the rule can't be mended, only drawn again.

    Attributes:
        rule: What was demanded.
        term: The whole expression.
        size: A column that it names.
    """

    rule: ExpressionRule
    term: _Term
    size: str

    @classmethod
    def bind(cls, rule: ExpressionRule, columns: Columns) -> Self:
        """The check of a rule. Raises `InputError` if its parts don't fit together, or the columns."""
        parsed = parse_expression(rule.expression)
        for name in parsed.columns:
            learnt_column(columns, name)
        term = _Binder(columns).bind(parsed.tree)
        _need_truth(term)
        return cls(rule, term, parsed.columns[0])

    def holds(self, rows: Rows) -> Mask:
        """Which rows `(N,)` keep the rule."""
        with np.errstate(all="ignore"):
            value = self.term.run(rows)
        return np.array(np.broadcast_to(value.data | value.gone, len(rows[self.size])))

    def mend(self, rows: Rows, luck: Floats, pinned: Collection[str] = ()) -> Rows:
        """The rows as they are."""
        return rows


class _Binder:
    """Turns a tree into terms, and refuses what doesn't fit together."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def bind(self, node: ast.expr) -> _Term:
        match node:
            case ast.Name():
                return self._column(node)
            case ast.Constant():
                assert isinstance(node.value, bool | int | float | str)
                return _constant(node, node.value)
            case ast.Compare():
                return self._comparison(node)
            case ast.BoolOp():
                terms = [_need_truth(self.bind(value)) for value in node.values]
                combine = all_of if isinstance(node.op, ast.And) else any_of
                return _Term(node, "truth", lambda rows: combine([t.run(rows) for t in terms]))
            case ast.UnaryOp():
                return self._sign(node)
            case ast.BinOp():
                return self._sum(node)
            case ast.Call():
                return self._call(node)
        raise refuse(node, "this has no place in an expression")

    def _column(self, node: ast.Name) -> _Term:
        column = learnt_column(self._columns, node.id)
        name = node.id

        def values(rows: Rows) -> Value:
            parsed = rows[name]
            gone = parsed.missing > 0
            data = parsed.values
            if isinstance(column, BooleanColumn):
                data = (data == 1) & ~gone
            elif isinstance(column, NumberColumn | TimeColumn):
                data = np.where(gone, 0.0, data)
                data = data if isinstance(column, NumberColumn) else _seconds(data, column)
            return Value(data, gone)

        kind: Kind = "number"
        if isinstance(column, TimeColumn):
            kind = column.kind
        elif isinstance(column, BooleanColumn | CategoryColumn):
            kind = "truth" if isinstance(column, BooleanColumn) else "category"
        return _Term(node, kind, values, column=column)

    def _comparison(self, node: ast.Compare) -> _Term:
        pairs: list[Callable[[Rows], Value]] = []
        left = self.bind(node.left)
        for sign, side in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, ast.In | ast.NotIn):
                assert isinstance(side, ast.List | ast.Tuple)
                if len(node.ops) > 1:
                    raise refuse(node, "'in' stands in a chain of comparisons: use 'and'")
                pairs.append(self._among(left, sign, side))
                continue
            right = self.bind(side)
            pairs.append(_pair(node, left, sign, right))
            left = right
        return _Term(node, "truth", lambda rows: all_of([pair(rows) for pair in pairs]))

    def _among(self, left: _Term, sign: ast.cmpop, side: ast.List | ast.Tuple) -> Callable[[Rows], Value]:
        same = [_pair(item, left, ast.Eq(), self.bind(item)) for item in side.elts]

        def among(rows: Rows) -> Value:
            found = any_of([pair(rows) for pair in same])
            return found if isinstance(sign, ast.In) else negated(found)

        return among

    def _sign(self, node: ast.UnaryOp) -> _Term:
        term = self.bind(node.operand)
        if isinstance(node.op, ast.Not):
            inner = _need_truth(term)
            return _Term(node, "truth", lambda rows: negated(inner.run(rows)))
        _need_numbers(term)
        constant = -term.constant if isinstance(term.constant, int | float) else None

        def minus(rows: Rows) -> Value:
            data, gone = term.run(rows)
            return Value(-data, gone)

        return _Term(node, "number", minus, constant)

    def _sum(self, node: ast.BinOp) -> _Term:
        left, right = self.bind(node.left), self.bind(node.right)
        sign = node.op
        if isinstance(sign, ast.Pow):
            _need_numbers(left)
            assert isinstance(right.constant, int)
            exponent = right.constant
            return _Term(node, "number", lambda rows: power(left.run(rows), exponent))
        if isinstance(sign, ast.Add | ast.Sub) and left.kind in _INSTANTS and right.kind == "number":
            unit = _DAY if left.kind == "date" else 1.0

            def moved(rows: Rows) -> Value:
                data, gone = right.run(rows)
                return reckoned(sign, left.run(rows), Value(data * unit, gone))

            return _Term(node, left.kind, moved, column=left.column)
        if isinstance(sign, ast.Sub) and (left.kind in _INSTANTS or right.kind in _INSTANTS):
            left, right = _alike(node, left, right)
            days = _DAY if left.kind == right.kind == "date" else 1.0

            def apart(rows: Rows) -> Value:
                data, gone = reckoned(sign, left.run(rows), right.run(rows))
                return Value(data / days, gone)

            return _Term(node, "number", apart)
        _need_numbers(left)
        _need_numbers(right)
        return _Term(node, "number", lambda rows: reckoned(sign, left.run(rows), right.run(rows)))

    def _call(self, node: ast.Call) -> _Term:
        assert isinstance(node.func, ast.Name)
        name, terms = node.func.id, [self.bind(argument) for argument in node.args]
        if name == "isna":
            assert isinstance(node.args[0], ast.Name)
            asked = node.args[0].id
            return _Term(node, "truth", lambda rows: Value(rows[asked].missing > 0, _NO))
        for term in terms:
            _need_numbers(term)
        if name == "round":
            digits = terms[1].constant if len(terms) > 1 else 0
            if isinstance(digits, bool) or not isinstance(digits, int) or abs(digits) > 15:
                raise refuse(node, "round takes a whole number of digits from -15 to 15")
            return _Term(node, "number", lambda rows: rounded(terms[0].run(rows), digits))
        pick = {"abs": np.abs, "min": np.minimum, "max": np.maximum}[name]

        def picked(rows: Rows) -> Value:
            values = [term.run(rows) for term in terms]
            gone = reduce(np.logical_or, [v.gone for v in values])
            return Value(pick(values[0].data) if name == "abs" else reduce(pick, [v.data for v in values]), gone)

        return _Term(node, "number", picked)


def _constant(node: ast.expr, value: bool | float | str) -> _Term:
    kind: Kind = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    data = np.asarray(float(value) if kind == "number" else value)
    return _Term(node, kind, lambda rows: Value(data, _NO), value)


def _seconds(values: Floats, column: TimeColumn) -> Floats:
    """Times in seconds, since 1970 where they are dates or instants; equal instants of any two columns are equal."""
    return np.asarray(ticks_of(values, column) / column.format.rate)


def _pair(node: ast.expr, left: _Term, sign: ast.cmpop, right: _Term) -> Callable[[Rows], Value]:
    """The comparison of two terms."""
    for term in (left, right):
        if term.kind in ("truth", "category") and not isinstance(sign, ast.Eq | ast.NotEq):
            raise refuse(node, f"{_say(term)} has no order: compare with ==, != or in")
    left, right = _alike(node, left, right)
    return lambda rows: compared(sign, left.run(rows), right.run(rows))


def _alike(node: ast.expr, left: _Term, right: _Term) -> tuple[_Term, _Term]:
    """Two terms whose values can be compared. Raises `InputError` if they can't."""
    if left.constant is not None and right.constant is None:
        right, left = _alike(node, right, left)
        return left, right
    column = left.column
    if right.constant is not None and isinstance(column, BooleanColumn | CategoryColumn):
        code = code_of(right.constant, column)
        data = np.asarray(bool(code) if left.kind == "truth" else code)
        return left, replace(right, kind=left.kind, run=lambda rows: Value(data, _NO))
    if isinstance(right.constant, str) and isinstance(column, TimeColumn):
        moment = _seconds(np.array([number_of(right.constant, column)]), column)[0]
        return left, replace(right, kind=left.kind, run=lambda rows: Value(np.asarray(moment), _NO))
    kinds = {left.kind, right.kind}
    if "category" in kinds and isinstance(column, BooleanColumn | CategoryColumn):
        other = right.column
        if isinstance(other, BooleanColumn | CategoryColumn):
            return _coded(left, column, other), _coded(right, other, other)
    fits = len(kinds) == 1 or kinds <= set(_INSTANTS) or ("number" in kinds and kinds <= {"number", *_SECONDS})
    if not fits or "text" in kinds:
        raise refuse(node, f"{_say(left)} can't be compared with {_say(right)}")
    return left, right


def _coded(term: _Term, column: BooleanColumn | CategoryColumn, other: BooleanColumn | CategoryColumn) -> _Term:
    """A category's codes as those of another column that has the same values; -1 and less for what it lacks."""
    places = {value: code for code, value in enumerate(other.values)}
    table = np.array([places.get(value, -2 - code) for code, value in enumerate(column.values)])

    def run(rows: Rows) -> Value:
        parsed = rows[column.name]
        gone = parsed.missing > 0
        return Value(table[np.where(gone, 0, parsed.values)], gone)

    return replace(term, kind="category", run=run)


def _need_truth(term: _Term) -> _Term:
    if term.kind != "truth":
        raise refuse(term.node, f"{_say(term)} is neither true nor false: compare it")
    return term


def _need_numbers(term: _Term) -> _Term:
    if term.kind != "number" and term.kind not in _SECONDS:
        raise refuse(term.node, f"{_say(term)} can't be reckoned with")
    return term


def _say(term: _Term) -> str:
    """What a term is, for messages."""
    if isinstance(term.node, ast.Name) and term.column is not None:
        return f"column {term.column.name!r} ({term.column.kind})"
    if term.constant is not None:
        return repr(term.constant)
    return {"truth": "a comparison", "number": "a number"}.get(term.kind, f"a {term.kind}")
