"""The layers of the house: kept, and complete."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest


def contract(root: Path) -> list[str]:
    tool = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in tool["contracts"] if c["type"] == "layers")
    return [name.strip() for layer in layers for name in layer.replace(":", "|").split("|")]


def test_layers_are_kept(python) -> None:
    done = python("-c", "from importlinter.cli import lint_imports_command as main; main(['--no-cache'])")
    assert done.returncode == 0, done.stdout + done.stderr


def test_contract_lists_every_folder_and_module(root: Path) -> None:
    package = root / "src/gansmith"
    there = {p.parent.name for p in package.glob("*/__init__.py")} | {p.stem for p in package.glob("[!_]*.py")}
    assert {f"gansmith.{name}" for name in there} <= set(contract(root)), "something is in no layer of pyproject.toml"


def test_the_public_door_is_for_others(root: Path) -> None:
    """The layers do not see through `gansmith` itself, so the package takes nothing but its version from there."""
    for path in sorted((root / "src/gansmith").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "gansmith" and not node.level:
                assert {alias.name for alias in node.names} <= {"__version__"}, path


def test_contract_names_only_what_is_there(root: Path) -> None:
    package = root / "src/gansmith"
    names = [name.removeprefix("gansmith.") for name in contract(root)]
    assert len(names) == len(set(names))
    missing = [n for n in names if not (package / n / "__init__.py").exists() and not (package / f"{n}.py").exists()]
    assert not missing, "pyproject.toml lists layers that are not there"


@pytest.mark.parametrize("folder", ["core", "objectives"])
def test_the_game_never_prints_or_reads(root: Path, folder: str) -> None:
    """No I/O in the game and its losses: nothing there calls `print` or `open`."""
    for path in sorted((root / "src/gansmith" / folder).rglob("*.py")):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "open", "input"}, path
