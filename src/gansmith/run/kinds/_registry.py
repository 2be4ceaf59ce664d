"""Finding kinds of data: by name, or by what lies at a path. Names are known without importing any."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gansmith.run.kinds
from gansmith.errors import InputError, nearest

if TYPE_CHECKING:
    from gansmith.run.kinds._kind import Kind

__all__ = ["MODALITIES", "find_kind", "kind_names", "kind_of", "recognised"]

MODALITIES = ("image", "table")
"""Kinds of data that are no module here."""


def kind_names() -> list[str]:
    """Names of all kinds here; nothing is imported."""
    return sorted(m.name for m in pkgutil.iter_modules(gansmith.run.kinds.__path__) if m.name[0] != "_")


def find_kind(name: str) -> Kind[Any]:
    """The kind of a name. Raises `InputError` where there is none."""
    if name not in kind_names():
        known = [*MODALITIES, *kind_names()]
        raise InputError(f"no kind of data is called {name!r}{nearest(name, known)}: there are {', '.join(known)}")
    kind: Kind[Any] = importlib.import_module(f"gansmith.run.kinds.{name}").KIND
    return kind


def recognised(path: str | Path) -> tuple[Kind[Any], str] | None:
    """The kind that a path holds, and why it is taken for that; None for images, tables, and what isn't there."""
    place = Path(path).expanduser()
    if not place.exists():
        return None
    for name in kind_names():
        kind = find_kind(name)
        why = kind.recognise(place)
        if why is not None:
            return kind, why
    return None


def kind_of(path: str | Path, modality: str | None = None, recipe: str | None = None) -> tuple[Kind[Any], str] | None:
    """The kind of data that is meant, and why; None for images and tables.

    Args:
        path: The data.
        modality: The kind that the user names.
        recipe: The recipe that the user names: it is made for one kind.

    Raises:
        InputError: There is no such kind or recipe.
    """
    from gansmith.recipes._registry import find_recipe

    if modality is not None:
        return None if modality in MODALITIES else (find_kind(modality), "")
    if recipe is not None:
        made_for = find_recipe(recipe).kind
        return (find_kind(made_for), "") if made_for in kind_names() else None
    return recognised(path)
