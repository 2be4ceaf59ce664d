"""The file of a schema, read and explained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gansmith.data.table.rule_reading import read_rules
from gansmith.errors import InputError, nearest

__all__ = ["FORMAT", "VERSION", "entries_of", "explain", "load_json", "save_json"]

VERSION = 1
FORMAT = "gansmith-table-schema"

_KEYS = ("format", "version", "columns", "rules")


def load_json(path: Path) -> Any:
    """The content of a JSON file. Raises `InputError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error


def save_json(data: Any, path: Path) -> None:
    """Write JSON that a person can read and correct. Raises `InputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def entries_of(data: Any, where: str, kinds: Mapping[str, type[BaseModel]]) -> list[dict[str, Any]]:
    """The columns of a schema as plain dictionaries, each with a name of its own, a known kind and known keys.

    Args:
        data: What a file holds.
        where: The file, for messages.
        kinds: The model of each kind of column.

    Raises:
        InputError: With every problem, those of the rules too.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("columns"), list):
        raise InputError(f"{where}: is no schema of a table: it needs format {FORMAT!r}, a version and columns")
    if data.get("version") != VERSION:
        raise InputError(f"{where}: has version {data.get('version')!r}, and this program reads version {VERSION}")
    problems = [f"{where}: unknown key {key!r}{nearest(str(key), _KEYS)}" for key in data if key not in _KEYS]
    for number, entry in enumerate(data["columns"], start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            problems.append(f"{where}: column {number} needs a name")
            continue
        kind, at = entry.get("kind"), f"{where}: column {entry['name']!r}"
        if not isinstance(kind, str) or kind not in kinds:
            problems.append(f"{at}: unknown kind {kind!r}{nearest(str(kind), kinds)}")
            continue
        fields = kinds[kind].model_fields
        odd = [k for k in entry if k not in fields]
        known = [k for k in odd if any(k in m.model_fields for m in kinds.values())]
        if known:
            problems.append(
                f"{at}: kind {kind!r} has no {', '.join(known)}: remove them; what is needed is found again"
            )
        problems += [f"{at}: unknown key {k!r}{nearest(k, fields)}" for k in odd if k not in known]
    named = Counter(e.get("name") for e in data["columns"] if isinstance(e, dict))
    problems += [f"{where}: column {n!r} is there {c} times" for n, c in named.items() if c > 1 and n is not None]
    try:
        read_rules(data.get("rules", []), where)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(*problems)
    return [dict(entry) for entry in data["columns"]]


def explain(error: ValidationError, entry: dict[str, Any], where: str) -> list[str]:
    """What is wrong with an entry, one sentence each."""
    out = []
    for issue in error.errors():
        place = ".".join(str(p) for p in issue["loc"] if p != entry.get("kind"))
        out.append(f"{where}: column {entry['name']!r}: {place or 'the entry'}: {issue['msg'].lower()}")
    return out
