"""Arithmetic and logic on columns in which values may be missing: three-valued, as in SQL."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["COMPARE", "Value", "all_of", "any_of", "compared", "negated", "power", "reckoned", "rounded"]

Floats = NDArray[np.float64]

_EXACT = 2.0**50


class Value(NamedTuple):
    """What an expression is in each row.

    Attributes:
        data: `(N,)`, or `()` for a constant: float64 numbers, whole codes, or booleans.
        gone: Where there is no value, of the same or of an empty shape. A truth is False there: it is neither.
    """

    data: NDArray[Any]
    gone: NDArray[np.bool_]


COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_RECKON: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
}


def compared(sign: ast.cmpop, left: Value, right: Value) -> Value:
    """Whether two values compare so; open where one is missing."""
    gone = left.gone | right.gone
    return Value(np.asarray(COMPARE[type(sign)](left.data, right.data)) & ~gone, gone)


def reckoned(sign: ast.operator, left: Value, right: Value) -> Value:
    """A sum, difference, product, quotient or rest; a result that is no finite number is missing."""
    data = np.asarray(_RECKON[type(sign)](left.data, right.data))
    return Value(data, left.gone | right.gone | ~np.isfinite(data))


def power(base: Value, exponent: int) -> Value:
    """A small power by multiplication: the same to the last bit on any machine, and in any place of an array."""
    data = reduce(np.multiply, [base.data] * exponent, np.ones_like(base.data))
    return Value(data, base.gone | ~np.isfinite(data))


def all_of(values: Sequence[Value]) -> Value:
    """`and`: false if one is false, whatever is missing; else open if one is open."""
    data = reduce(np.logical_and, [v.data for v in values])
    false = reduce(np.logical_or, [~v.data & ~v.gone for v in values])
    gone = reduce(np.logical_or, [v.gone for v in values]) & ~false
    return Value(np.asarray(data & ~gone), np.asarray(gone))


def any_of(values: Sequence[Value]) -> Value:
    """`or`: true if one is true, whatever is missing; else open if one is open."""
    data = np.asarray(reduce(np.logical_or, [v.data for v in values]))
    gone = reduce(np.logical_or, [v.gone for v in values]) & ~data
    return Value(data, np.asarray(gone))


def negated(value: Value) -> Value:
    """`not`: open stays open."""
    return Value(~value.data & ~value.gone, value.gone)


def rounded(value: Value, digits: int) -> Value:
    """Numbers rounded to so many digits after the point as Python rounds: by their exact value, halves to even."""
    data = np.asarray(value.data, np.float64)
    scale = 10.0 ** abs(digits)
    scaled = data * scale if digits >= 0 else data / scale
    whole = np.rint(scaled)
    found = whole / scale if digits >= 0 else whole * scale
    # a product near a half may lie on its wrong side, and a vast one has no digits behind the point
    doubt = (np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < 1e-3) | (np.abs(scaled) >= _EXACT)
    doubt &= np.isfinite(data)
    if digits and doubt.any():
        exact = [round(x, digits) for x in np.atleast_1d(data)[np.atleast_1d(doubt)].tolist()]
        found = np.atleast_1d(found)
        found[np.atleast_1d(doubt)] = exact
        found = found.reshape(data.shape)
    return Value(found, value.gone | ~np.isfinite(found))
