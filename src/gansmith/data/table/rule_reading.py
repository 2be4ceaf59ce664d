"""Rules out of JSON, with every problem in one line."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gansmith.data.table.rule_kinds import RULE_KINDS, Rule
from gansmith.errors import InputError, nearest

__all__ = ["read_rules"]

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Rule)

_TYPES = {
    "float_type": "a number",
    "finite_number": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
}
"""What a value must be, by what pydantic calls the lack of it."""


def read_rules(data: Any, where: str) -> tuple[Rule, ...]:
    """Rules out of JSON.

    Args:
        data: A list of objects, each with a kind.
        where: The file, for messages.

    Raises:
        InputError: With every problem, one line each.
    """
    if not isinstance(data, list):
        raise InputError(f"{where}: rules must be a list of objects, each with a kind")
    found, problems = [], []
    for number, entry in enumerate(data, start=1):
        at = f"{where}: rule {number}"
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(kind, str) or kind not in RULE_KINDS:
            said = f"unknown kind {kind!r}" if kind is not None else "needs a kind"
            hint = nearest(str(kind or ""), RULE_KINDS)
            problems.append(f"{at}: {said}{hint}")
            continue
        fields = RULE_KINDS[kind].model_fields
        odd = [f"{at} ({kind}): unknown key {k!r}{nearest(str(k), fields)}" for k in entry if k not in fields]
        if odd:
            problems += odd
            continue
        try:
            found.append(_ADAPTER.validate_python(entry))
        except ValidationError as error:
            problems += _explain(error, f"{at} ({kind})")
    if problems:
        raise InputError(*problems)
    return tuple(found)


def _explain(error: ValidationError, at: str) -> list[str]:
    """What is wrong with a rule, a line for each key."""
    said: dict[str, list[str]] = {}
    for issue in error.errors():
        place = str(issue["loc"][1]) if len(issue["loc"]) > 1 else ""
        said.setdefault(place, []).append(_say(issue))
    lines = []
    for place, words in said.items():
        wanted = [w for w in dict.fromkeys(words) if w in _TYPES.values()]
        told = f"must be {' or '.join(wanted)}" if wanted else words[0]
        lines.append(f"{at}: {f'{place}: ' if place else ''}{told}")
    return lines


def _say(issue: ErrorDetails) -> str:
    if issue["type"] in _TYPES:
        return _TYPES[issue["type"]]
    if issue["type"] == "missing":
        return "is needed"
    own = issue["msg"].removeprefix("Value error, ")
    return own if own != issue["msg"] else own[:1].lower() + own[1:]
