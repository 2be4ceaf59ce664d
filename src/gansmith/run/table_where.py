"""What rows are asked to be: values, sets and ranges of columns, checked, and as limits on tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.table.arrow import arrow
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.parse import parse_column
from gansmith.data.table.rule_values import number_of
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, NumberColumn, TimeColumn
from gansmith.data.table.tokens import CategoryTokens, NumberTokens
from gansmith.errors import InputError, nearest

__all__ = ["Limits", "limits_of"]

Where = Mapping[str, Any]
Ends = tuple[float, float]


@dataclass(frozen=True)
class Limits:
    """What tokens and values may be.

    Attributes:
        tokens: By the place of a token, what to add to its logits: `(size,)`, or `(size of the one before, size)`.
        bounds: Least and largest value of columns of numbers that must lie in a range.
    """

    tokens: Mapping[int, Tensor] = field(default_factory=dict)
    bounds: Mapping[str, Ends] = field(default_factory=dict)


def limits_of(codec: TableCodec, where: Where | None) -> Limits:
    """Check what is asked for.

    Args:
        codec: Of the table.
        where: By column: a value, None (or the column's own word for it) for a missing one; a list of values, of which
            any will do; for numbers and times also a range, `(18, 30)` or `"18..30"`, either end of which may be left
            open (`"18.."`).

    Raises:
        InputError: With every column that there isn't or that isn't learnt, and every value that can't be.
    """
    if where is not None and not isinstance(where, Mapping):
        raise InputError(f"where={where!r}: give values by column, e.g. where={{'sex': 'F', 'age': (18, 30)}}")
    tokens: dict[int, Tensor] = {}
    bounds: dict[str, Ends] = {}
    problems: list[str] = []
    for name, asked in (where or {}).items():
        try:
            column = _learnt(codec, name)
            found = codec.columns[name]
            if isinstance(found, NumberTokens):
                assert isinstance(column, NumberColumn | TimeColumn)
                first, part, ends = _of_numbers(found, column, asked)
                bounds |= {} if ends is None else {name: ends}
            else:
                assert isinstance(column, BooleanColumn | CategoryColumn)
                first, part = _of_categories(found, column, asked, codec.least)
        except InputError as error:
            problems += error.problems
            continue
        place = codec.places[name].start
        tokens[place] = torch.from_numpy(first).float()
        if part is not None:
            tokens[place + 1] = torch.from_numpy(np.where(part, 0.0, -np.inf)).float()
    if problems:
        raise InputError(*problems)
    return Limits(tokens, bounds)


def _learnt(codec: TableCodec, name: str) -> LearntColumn:
    columns = {column.name: column for column in codec.schema.columns}
    if name not in columns:
        raise InputError(f"the table has no column {name!r}{nearest(name, columns)}")
    column = columns[name]
    if not isinstance(column, LearntColumn):
        why = {"identifier": "its keys are made anew", "personal": "it holds personal data, which are invented"}
        raise InputError(f"column {name!r} can't be asked for: {why.get(column.kind, 'it was not learnt')}")
    return column


def _of_categories(
    found: CategoryTokens, column: BooleanColumn | CategoryColumn, asked: Any, least: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
    codes, missing = [], False
    rarely = f", or in fewer than {least:,} training rows" if least > 1 else ""
    for value in _listed(column, asked):
        text = None if value is None else _category(column, value)
        if text is None or (text in column.missing and text not in column.values):
            missing = True
            continue
        if text not in column.values:
            raise InputError(f"column {column.name!r} never was {text!r}{rarely}{nearest(text, column.values)}")
        codes.append(column.values.index(text))
    if missing and not column.missing:
        raise InputError(f"column {column.name!r} is never missing")
    return found.allowed(np.array(codes, np.int64), missing)


def _category(column: BooleanColumn | CategoryColumn, value: Any) -> str:
    """How the column spells a value: yes and no may be said of a column that has other words for them."""
    text = str(value)
    if isinstance(column, BooleanColumn) and text not in column.values and isinstance(value, bool | np.bool_):
        return column.values[int(value)]
    return text


def _of_numbers(
    found: NumberTokens, column: NumberColumn | TimeColumn, asked: Any
) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None, Ends | None]:
    ends = _range(column, asked)
    if ends is not None:
        first, part = found.allowed(*ends, _inside(found, column, *ends, codes=ends[0] == ends[1]))
        if not np.isfinite(first).any():
            why = _span(column) + _code_in(found, column, *ends)
            raise InputError(f"column {column.name!r}: no training row has a value in {_said(asked)}{why}")
        return first, part, ends
    whole: tuple[NDArray[np.float64], NDArray[np.bool_] | None] | None = None
    values = _listed(column, asked)
    if len(values) > 1 and len(found.edges):
        raise InputError(f"column {column.name!r}: ask for one value or a range {_example(column)}, not for a list")
    for value in values:
        if value is None or str(value) in column.missing:
            if not column.missing:
                raise InputError(f"column {column.name!r} is never missing")
            limit = found.gone()
        else:
            number = _number(column, value)
            ends = (number, number)
            limit = found.allowed(number, number, _inside(found, column, number, number, codes=True))
        if not np.isfinite(limit[0]).any():
            raise InputError(f"column {column.name!r}: no training row is like {value!r}{_span(column)}")
        whole = limit if whole is None else (np.maximum(whole[0], limit[0]), None)
    assert whole is not None
    return *whole, ends if len(values) == 1 else None


def _inside(
    found: NumberTokens, column: NumberColumn | TimeColumn, low: float, high: float, codes: bool = False
) -> list[bool]:
    """Which special values lie in a range.

    Those that stand for something else only do where just they are asked for; but a zero is a value like any other.
    """
    return [
        low <= value <= high and (codes or special.role == "spike" or value == 0)
        for value, special in zip(found.specials, column.specials, strict=True)
    ]


def _code_in(found: NumberTokens, column: NumberColumn | TimeColumn, low: float, high: float) -> str:
    """How a code is asked for that a range holds alone."""
    for value, special in zip(found.specials, column.specials, strict=True):
        if low <= value <= high:
            return f"; {special.text} stands for something else there: ask for it alone, {column.name}={special.text}"
    return ""


def _range(column: NumberColumn | TimeColumn, asked: Any) -> Ends | None:
    """The ends of a range that was asked for; None where it is no range."""
    if isinstance(asked, list) and len(asked) == 1:
        asked = asked[0]
    if isinstance(asked, tuple):
        if len(asked) != 2:
            raise InputError(f"column {column.name!r}: a range has two ends, {_example(column)}; {asked!r} has not")
        low, high = asked
    elif isinstance(asked, str) and ".." in asked:
        low, _, high = asked.partition("..")
    else:
        return None
    least = -np.inf if low in (None, "") else _number(column, low)
    most = np.inf if high in (None, "") else _number(column, high)
    if least > most:
        raise InputError(f"column {column.name!r}: {_said(asked)} is empty, its lower end is above its upper end")
    return float(least), float(most)


def _number(column: NumberColumn | TimeColumn, value: Any) -> float:
    """A value as a number: spelt as in the column, of numbers also as programs spell them, of times in ISO form."""
    text = str(value).strip()
    try:
        number = float(text) if isinstance(column, NumberColumn) else number_of(text, column)
    except (ValueError, InputError):
        number = np.nan
    if not np.isfinite(number) and isinstance(column, NumberColumn):
        parsed, bad = parse_column(arrow().array([text], arrow().string()), column)
        number = np.nan if bad[0] or parsed.missing[0] else float(parsed.values[0])
    if not np.isfinite(number):
        raise InputError(f"column {column.name!r}: {value!r} is no {column.kind} as the column has it{_span(column)}")
    return number


def _span(column: NumberColumn | TimeColumn) -> str:
    low, high = (f"{v:g}" if isinstance(v, float) else v for v in (column.low, column.high))
    return f" (its values go from {low} to {high})"


def _example(column: NumberColumn | TimeColumn) -> str:
    low, high = (f"{v:g}" if isinstance(v, float) else v for v in (column.low, column.high))
    return f"such as {column.name}={low}..{high}"


def _said(asked: Any) -> str:
    return f"{asked[0]}..{asked[1]}" if isinstance(asked, tuple) else str(asked)


def _listed(column: LearntColumn, asked: Any) -> Sequence[Any]:
    """The values asked for, one or several."""
    if isinstance(asked, np.ndarray | Tensor):
        asked = asked.tolist()
    many = list(asked) if isinstance(asked, list | tuple | set | frozenset) else [asked]
    if not many:
        raise InputError(f"column {column.name!r}: an empty list was asked for")
    return many
