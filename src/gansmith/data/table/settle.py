"""A schema that a user corrected, checked against the table and completed from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import ValidationError

from gansmith.data.table.arrow import arrow_compute
from gansmith.data.table.evidence import Evidence
from gansmith.data.table.find import boolean_column, category_column, say_misfit
from gansmith.data.table.find_numbers import number_column, read_numbers, read_times, time_column
from gansmith.data.table.identifiers import identifier_pattern
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.personal import find_personal
from gansmith.data.table.profile import ColumnProfile, TableProfile
from gansmith.data.table.schema import KINDS, Schema
from gansmith.data.table.schema_reading import explain
from gansmith.data.table.time_format import TimeFormat
from gansmith.data.table.time_guess import TimeGuess
from gansmith.errors import InputError, nearest

__all__ = ["settle_schema"]


def settle_schema(entries: list[dict[str, Any]], profile: TableProfile, where: str) -> Schema:
    """Take the kinds that a user gave, find what they left open, and check all against the values.

    Args:
        entries: A name and a kind for each column, with as much more as the user likes; see `schema.read_entries`.
        profile: The values of the table.
        where: The schema, for messages.

    Raises:
        InputError: With every unknown and missing column, and every kind that the values contradict.
    """
    given = {entry["name"]: entry for entry in entries}
    names = [c.name for c in profile.columns]
    problems = [f"{where}: {profile.name} has no column {n!r}{nearest(n, names)}" for n in given if n not in names]
    problems += [
        f"{where}: says nothing of column {n!r} of {profile.name}{_near(n, given)}" for n in names if n not in given
    ]
    columns = []
    for column in profile.columns:
        if column.name not in given:
            continue
        entry = given[column.name]
        try:
            columns.append(_column(column, entry))
        except ValidationError as error:
            problems += explain(error, entry, where)
        except InputError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(*problems)
    return Schema(columns=tuple(columns))


def _near(name: str, given: dict[str, Any]) -> str:
    hint = nearest(name, given)
    return hint if "did you mean" in hint else ""


def _column(profile: ColumnProfile, entry: dict[str, Any]) -> Any:
    """One column of the kind that the user gave. Raises `InputError` if the values contradict it."""
    missing = entry.get("missing")
    found = Evidence.of(profile, None if missing is None else list(missing))
    kind: str = entry["kind"]
    details = _FINDERS[kind](found, entry) if kind in _FINDERS else {}
    base = {"reason": "given by the schema", "missing": found.missing, "stored": found.stored}
    column = KINDS[kind].model_validate({**base, **details, **{k: v for k, v in entry.items() if k != "stored"}})
    for key, sign in (("low", 1), ("high", -1)):
        stated = entry.get(key)
        if kind in ("integer", "decimal") and stated is not None and sign * (details[key] - stated) < 0:
            raise InputError(f"column {found.name!r}: {key} is {stated:g}, but a value is {details[key]:g}")
    return column


def _number(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    format = NumberFormat.model_validate(entry["format"]) if "format" in entry else None
    read = read_numbers(found, format)
    if read is None:
        raise InputError(
            f"column {found.name!r}: kind {entry['kind']!r} needs numbers, but it holds {_examples(found)}"
        )
    if read.misfit is not None:
        raise InputError(
            f"column {found.name!r}: kind {entry['kind']!r} is contradicted by {say_misfit(found, read.misfit)}"
        )
    column = number_column(read)
    if column is None:
        raise InputError(f"column {found.name!r}: holds whole numbers above 2**53, which no float says exactly")
    if entry["kind"] == "integer" and column.kind == "decimal":
        whole = arrow_compute().match_substring_regex(read.found.text, r"[.,]\d*[1-9]").to_numpy(zero_copy_only=False)
        if whole.any():
            raise InputError(f"column {found.name!r}: kind 'integer' is contradicted by {_told(read.found, whole)}")
    return {**column.model_dump(), "kind": entry["kind"], "reason": "given by the schema"}


def _time(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    kind = entry["kind"]
    guess = TimeGuess(kind, TimeFormat.model_validate(entry["format"])) if "format" in entry else None
    read = read_times(found, guess)
    if read is None:
        raise InputError(f"column {found.name!r}: no format of a {kind} reads {_examples(found)}: give a format")
    if read.misfit is not None:
        raise InputError(f"column {found.name!r}: kind {kind!r} is contradicted by {say_misfit(found, read.misfit)}")
    column = time_column(read)
    if column.kind != kind and {column.kind, kind} != {"date", "datetime"}:
        raise InputError(f"column {found.name!r}: kind {kind!r} is contradicted by values that are {column.kind}s")
    return {**column.model_dump(), "kind": kind, "reason": "given by the schema"}


def _boolean(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    if "values" not in entry:
        column = boolean_column(found)
        if column is not None:
            return {"values": column.values, "missing": column.missing}
        if len(found.text) != 2:
            raise InputError(f"column {found.name!r}: kind 'boolean' needs two values, but it holds {_examples(found)}")
        return {"values": tuple(sorted(found.text.to_pylist()))}
    return _listed(found, entry)


def _category(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    if not found.complete:
        raise InputError(f"column {found.name!r}: kind 'category' holds at most 100,000 values, and there are more")
    if not len(found.text):
        raise InputError(f"column {found.name!r}: kind 'category' needs values, and every one is missing")
    return _listed(found, entry) if "values" in entry else {"values": category_column(found).values}


def _listed(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    known = {str(v) for v in entry["values"]}
    odd = np.array([v not in known for v in found.text.to_pylist()], dtype=bool)
    if odd.any():
        raise InputError(f"column {found.name!r}: its values in the schema lack {_told(found, odd)}")
    return {}


def _personal(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    guess = find_personal(found)
    if "what" not in entry and guess is None:
        raise InputError(f'column {found.name!r}: kind \'personal\' needs what it holds, e.g. "what": "name"')
    return {} if guess is None else {"what": guess[0]}


def _constant(found: Evidence, entry: dict[str, Any]) -> dict[str, Any]:
    if len(found.text) > 1 or (len(found.text) == 1 and found.absent):
        raise InputError(f"column {found.name!r}: kind 'constant' is contradicted by {_examples(found)}")
    return {"value": found.text[0].as_py() if len(found.text) else None}


def _told(found: Evidence, odd: Any) -> str:
    return say_misfit(found, found.misfit(odd))


def _examples(found: Evidence) -> str:
    values = found.text.slice(0, 3).to_pylist()
    return ", ".join(repr(v[:30]) for v in values) + (" ..." if len(found.text) > 3 else "") if values else "no value"


_FINDERS: dict[str, Callable[[Evidence, dict[str, Any]], dict[str, Any]]] = {
    "integer": _number,
    "decimal": _number,
    "date": _time,
    "time": _time,
    "datetime": _time,
    "duration": _time,
    "boolean": _boolean,
    "category": _category,
    "personal": _personal,
    "constant": _constant,
    "identifier": lambda found, entry: {} if "pattern" in entry else {"pattern": identifier_pattern(found)},
}
