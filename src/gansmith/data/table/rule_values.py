"""What rules need of columns: values that users wrote as numbers and codes, and rows with some values changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.grid import Floats, Mask, Rows, grid_of
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.rule_kinds import say_number
from gansmith.data.table.schema import (
    BooleanColumn,
    CategoryColumn,
    Column,
    ConstantColumn,
    LearntColumn,
    NumberColumn,
    PersonalColumn,
    TextColumn,
    TimeColumn,
)
from gansmith.errors import InputError, nearest

__all__ = [
    "Columns",
    "change",
    "code_of",
    "keys_of",
    "learnt_column",
    "number_of",
    "numeric_column",
    "put",
    "seconds_of",
    "ticks_of",
]

Columns = Mapping[str, Column]
"""All columns of a table by name."""

_SPAN = re.compile(r"(?P<many>[+-]?\s*\d+(?:\.\d+)?)\s*(?P<unit>second|minute|hour|day|week)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_FEW = 8


def learnt_column(columns: Columns, name: str) -> LearntColumn:
    """A column that is learnt. Raises `InputError` if there is none, or it is not learnt."""
    if name not in columns:
        raise InputError(f"there is no column {name!r}{nearest(name, columns)}")
    column = columns[name]
    if isinstance(column, LearntColumn):
        return column
    why = "is made anew"
    if isinstance(column, PersonalColumn):
        why = "holds personal data, which is invented"
    elif isinstance(column, TextColumn):
        why = "holds free text, which is left out"
    elif isinstance(column, ConstantColumn):
        why = "is the same in every row"
    raise InputError(f"column {name!r} ({column.kind}) {why}: a rule can hold of learnt columns only")


def numeric_column(columns: Columns, name: str) -> NumberColumn | TimeColumn:
    """A learnt column of numbers or times. Raises `InputError` for others."""
    column = learnt_column(columns, name)
    if isinstance(column, NumberColumn | TimeColumn):
        return column
    raise InputError(
        f"column {name!r} is a {column.kind}, and this rule needs numbers or times: "
        "change its kind in the schema if it holds numbers"
    )


def number_of(value: Any, column: NumberColumn | TimeColumn) -> float:
    """A value that a user wrote, in the unit of the column's parsed values.

    A date or an instant is text, as the column spells it or in ISO form; a time of day or a duration may also be a
    number of seconds.

    Raises:
        InputError: For what the column can't hold.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(column, NumberColumn) or column.kind in ("time", "duration"):
            return float(value)
    elif isinstance(value, str) and isinstance(column, TimeColumn):
        spelt = grid_of(column).read([value])[0]
        if np.isfinite(spelt):
            return float(spelt)
        if column.kind in ("date", "datetime"):
            try:
                microseconds = int(np.datetime64(value, "us").astype(np.int64))
                return (microseconds * column.format.rate / 1e6 - column.start) / column.step
            except ValueError:
                pass
    shown = say_number(value) if isinstance(value, float) else repr(value)
    if isinstance(column, NumberColumn):
        raise InputError(f"{shown} is no number, as column {column.name!r} needs")
    raise InputError(f"{shown} is no {column.kind} as column {column.name!r} spells it, such as {column.low!r}")


def code_of(value: Any, column: BooleanColumn | CategoryColumn) -> int:
    """The code of a category or flag that a user wrote: as it is spelt; 1 may stand for `1`, and True for yes.

    Raises:
        InputError: If the column does not have it, with the nearest value.
    """
    if isinstance(column, BooleanColumn) and isinstance(value, bool):
        return int(value)
    spelt = [str(value)] if not isinstance(value, float) else [say_number(value), repr(value)]
    for text in spelt:
        if text in column.values:
            return column.values.index(text)
    hint = nearest(spelt[0], column.values)
    if "did you mean" not in hint and len(column.values) > _FEW:
        hint = f"; it has {', '.join(column.values[:_FEW])} and {len(column.values) - _FEW:,} more"
    raise InputError(f"column {column.name!r} has no value {spelt[0]!r}{hint}")


def seconds_of(offset: float | str, column: NumberColumn | TimeColumn) -> float:
    """An offset of times in seconds; of numbers as it is. Raises `InputError` for text that says no span of time."""
    if isinstance(column, NumberColumn):
        if isinstance(offset, str):
            raise InputError(f"offset {offset!r} is a span of time, and column {column.name!r} holds numbers")
        return offset
    if not isinstance(offset, str):
        return offset * (86_400 if column.unit == "days" else 1)
    found = _SPAN.fullmatch(offset.strip())
    if not found:
        raise InputError(f"offset {offset!r} is no span of time: write e.g. '3 days', '-12 hours' or '30 minutes'")
    return float(found["many"].replace(" ", "")) * _SECONDS[found["unit"]]


def ticks_of(values: Floats, column: TimeColumn) -> NDArray[np.int64]:
    """Times `(N,)` in ticks of their format since 1970 (or midnight, or of a duration): exact."""
    return np.rint(values * column.step).astype(np.int64) + column.start


def change(parsed: ParsedColumn, where: Mask, values: NDArray[Any]) -> ParsedColumn:
    """A column with usual values `(N,)` in place of its own in some rows."""
    return ParsedColumn(
        np.where(where, values, parsed.values).astype(parsed.values.dtype),
        np.where(where, 0, parsed.missing).astype(np.uint8),
        np.where(where, 0, parsed.special).astype(np.uint8),
    )


def put(rows: Rows, index: NDArray[np.int64], others: Rows) -> dict[str, ParsedColumn]:
    """Rows with others `(K,)` in place of those with the numbers `index` `(K,)`."""
    out = {}
    for name, parsed in rows.items():
        arrays = []
        for field in ("values", "missing", "special"):
            array = np.array(getattr(parsed, field))
            array[index] = getattr(others[name], field)
            arrays.append(array)
        out[name] = ParsedColumn(*arrays)
    return out


def keys_of(rows: Rows, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Whole numbers `(N, columns)` that are equal where values are; a missing value is a value of its own."""
    keys = []
    for name in names:
        parsed = rows[name]
        gone = parsed.missing > 0
        if parsed.values.dtype.kind == "f":
            bits = np.ascontiguousarray(np.where(gone, np.nan, parsed.values + 0.0), np.float64).view(np.int64)
        else:
            bits = np.where(gone, -1, parsed.values).astype(np.int64)
        keys.append(bits)
    return np.stack(keys, 1)
