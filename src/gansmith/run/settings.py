"""From `name=value` words to a recipe's hyper-parameters: all problems at once, each with the nearest known name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from gansmith.errors import InputError, nearest
from gansmith.recipes._presets import find_preset
from gansmith.recipes._recipe import Hp, Recipe, Size

__all__ = ["parse_settings", "resolve", "sentence"]

WORDS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False, "null": None}


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` words; values are numbers, `true`, `false`, `null` and words (`2e-4`, `hinge`).

    Raises:
        InputError: A word is not of that form, or a name is given twice.
    """
    found: dict[str, Any] = {}
    problems = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            problems.append(f"{word!r} is not understood: settings are written name=value, e.g. batch=32")
        elif name in found:
            problems.append(f"{name} is given twice")
        else:
            found[name] = _scalar(value)
    if problems:
        raise InputError(*problems)
    return found


def _scalar(text: str) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", text.lower()) else text


def resolve(recipe: Recipe[Any], size: Size, given: Mapping[str, Any], preset: str | None = None) -> Hp:
    """The recipe's hyper-parameters: its defaults, what the size or the preset changes, what the user gave.

    Raises:
        InputError: Names that the recipe does not have, and values of wrong type or out of range.
    """
    if size not in get_args(Size):
        raise InputError(f"size {size!r} is not known{nearest(str(size), get_args(Size))}; give s, m or l")
    known = recipe.hp.model_fields
    problems = [f"recipe {recipe.id} has no setting {n!r}{nearest(n, known)}" for n in given if n not in known]
    mine = {n: v for n, v in given.items() if n in known}
    wrong = {n: problem for n, v in mine.items() if (problem := _no_number(v, known[n].annotation))}
    problems += [f"{n}={_text(mine[n])}: {problem}" for n, problem in wrong.items()]
    base = find_preset(preset, recipe.id, recipe.presets).settings if preset else recipe.sizes.get(size, {})
    values = {**base, **{n: v for n, v in mine.items() if n not in wrong}}
    try:
        hp: Hp = recipe.hp.model_validate(values)
    except ValidationError as error:
        problems += [sentence(e) for e in error.errors()]
    if problems:
        raise InputError(*problems)
    return hp


def _no_number(value: Any, wanted: Any) -> str:
    """What is wrong with a value that would pass for a number although it is none; empty where nothing is."""
    if isinstance(value, bool) and wanted in (int, float):
        return "should be a number, not true or false"
    try:
        finite = wanted is not float or math.isfinite(float(value))
    except (TypeError, ValueError):
        return ""
    return "" if finite else "should be a finite number"


def sentence(error: Any) -> str:
    """A pydantic error in a line."""
    name = ".".join(map(str, error["loc"])) or "settings"
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{name}={_text(error['input'])}: {message}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
