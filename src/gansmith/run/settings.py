"""From `name=value` words to a recipe's hyper-parameters: all problems at once, each with the nearest known name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from gansmith.errors import InputError, nearest
from gansmith.recipes._recipe import Hp, Recipe, Size

__all__ = ["parse_settings", "resolve"]


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` words; values are YAML scalars (`true`, `2e-4`, `hinge`).

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
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return text if isinstance(value, dict | list) else value


def resolve(recipe: Recipe[Any], size: Size, given: Mapping[str, Any]) -> Hp:
    """The recipe's hyper-parameters: its defaults, what the size changes, what the user gave.

    Raises:
        InputError: Names that the recipe does not have, and values of wrong type or out of range.
    """
    known = recipe.hp.model_fields
    problems = [f"recipe {recipe.id} has no setting {n!r}{nearest(n, known)}" for n in given if n not in known]
    problems += [
        f"{n}={str(v).lower()}: should be a number, not true or false"
        for n, v in given.items()
        if isinstance(v, bool) and n in known and known[n].annotation is not bool
    ]
    values = {**recipe.sizes.get(size, {}), **{k: v for k, v in given.items() if k in known}}
    try:
        hp: Hp = recipe.hp.model_validate(values)
    except ValidationError as error:
        problems += [_sentence(e) for e in error.errors()]
    if problems:
        raise InputError(*problems)
    return hp


def _sentence(error: Any) -> str:
    name = ".".join(map(str, error["loc"])) or "settings"
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{name}={error['input']}: {message}"
