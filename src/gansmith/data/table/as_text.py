"""Typed Arrow columns as text, and text as a typed column again."""

from __future__ import annotations

import re
from typing import Any

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.errors import InputError

__all__ = ["as_text", "as_type", "stored_type", "unsuitable"]

_DECIMAL = re.compile(r"decimal(?P<bits>32|64|128|256)\((?P<digits>\d+), (?P<scale>-?\d+)\)")
_ZONED = re.compile(r"timestamp\[(?P<unit>s|ms|us|ns), tz=(?P<zone>.+)\]")


def stored_type(kind: Any) -> str | None:
    """The name under which `as_type` knows a type; None for text, which needs no way back."""
    types = arrow().types
    if types.is_dictionary(kind):
        return stored_type(kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view"
    return None if text or types.is_null(kind) else str(kind)


def unsuitable(kind: Any) -> bool:
    """Whether values of a type have no spelling in one cell: lists, structs, bytes."""
    types = arrow().types
    if types.is_dictionary(kind):
        return unsuitable(kind.value_type)
    return bool(types.is_nested(kind) or "binary" in str(kind) or "interval" in str(kind))


def as_text(column: Any) -> Any:
    """An Arrow array as text: numbers in the shortest form that says them exactly, dates in ISO form, NaN as null.

    Durations become whole numbers of their unit. Times with a zone become UTC, with a `Z`.
    """
    pa, pc = arrow(), arrow_compute()
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_floating(column.type):
        if types.is_float16(column.type):
            column = column.cast(pa.float32())
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    elif types.is_duration(column.type):
        column = column.cast(pa.int64())
    elif types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pa.timestamp(column.type.unit, "UTC"))
    return column.cast(pa.string())


def as_type(column: Any, stored: str | None) -> Any:
    """Text as the type that `stored_type` named. Inverse of `as_text` for text that it made.

    Raises:
        InputError: If a type is not known, or some text does not fit it.
    """
    if stored is None:
        return column
    pa = arrow()
    try:
        kind = _type(stored)
        if stored == "halffloat":
            return column.cast(pa.float32()).cast(kind)
        return column.cast(pa.int64()).cast(kind) if pa.types.is_duration(kind) else column.cast(kind)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"values cannot be stored as {stored} ({' '.join(str(error).split())[:120]})") from error


def _type(stored: str) -> Any:
    pa = arrow()
    if found := _DECIMAL.fullmatch(stored):
        return getattr(pa, f"decimal{found['bits']}")(int(found["digits"]), int(found["scale"]))
    if found := _ZONED.fullmatch(stored):
        return pa.timestamp(found["unit"], found["zone"])
    return pa.type_for_alias(stored)
