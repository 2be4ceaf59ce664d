"""The reference has something to show: what a module offers is there, and says what it is."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

import gansmith

HOME = Path(gansmith.__file__).parent
MODULES = sorted(
    ".".join(("gansmith", *p.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__")
    for p in HOME.rglob("*.py")
    if p.name != "__main__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_is_there_and_documented(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip(), f"{name} has no docstring"
    for offered in getattr(module, "__all__", ()):
        value = getattr(module, offered)
        own = getattr(value, "__module__", "").startswith("gansmith")
        if own and (inspect.isclass(value) or inspect.isfunction(value)):
            assert (inspect.getdoc(value) or "").strip(), f"{name}.{offered} has no docstring"


def test_the_front_door_lists_what_it_offers():
    for name in gansmith.__all__:
        assert getattr(gansmith, name) is not None
    assert set(gansmith.__all__) <= set(dir(gansmith))
