"""Finding recipes by name: in this package, in installed packages, or in a file given by the user."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import gansmith.recipes
from gansmith.errors import InputError, nearest
from gansmith.recipes._recipe import Recipe

__all__ = ["find_recipe", "recipe_names"]

GROUP = "gansmith.recipes"


def recipe_names() -> list[str]:
    """Names of all recipes, of this package and of installed ones; nothing is imported."""
    own = (m.name.replace("_", "-") for m in pkgutil.iter_modules(gansmith.recipes.__path__) if m.name[0] != "_")
    return sorted({*own, *(point.name for point in entry_points(group=GROUP))})


def find_recipe(name: str) -> Recipe[Any]:
    """The recipe of a name or of a `.py` file.

    A file runs as code: it comes from the user's command line, never from a model folder.

    Raises:
        InputError: There is no such recipe or file, or the file does not hold exactly one.
    """
    if name.endswith(".py"):
        return _only_recipe(_load_file(Path(name)), name)
    if name not in recipe_names():
        raise InputError(f"no recipe {name!r}{nearest(name, recipe_names())}")
    for point in entry_points(group=GROUP):
        if point.name == name:
            found = point.load()
            return found if isinstance(found, Recipe) else _only_recipe(found, name)
    return _only_recipe(importlib.import_module(f"gansmith.recipes.{name.replace('-', '_')}"), name)


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"recipe file {path} does not exist")
    spec = importlib.util.spec_from_file_location(f"gansmith_recipe_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"recipe file {path} fails on import: {type(error).__name__}: {error}") from error
    return module


def _only_recipe(module: ModuleType, name: str) -> Recipe[Any]:
    found = [value for value in vars(module).values() if isinstance(value, Recipe)]
    own = [r for r in found if r.provenance == module.__name__] or found
    if len(own) != 1:
        raise InputError(f"{name} holds {len(own)} recipes; one is needed: a function decorated with @recipe(...)")
    return own[0]
