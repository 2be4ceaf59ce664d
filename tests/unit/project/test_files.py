"""The project's files: one version, no left-overs, nothing large, documents in their form."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import licences

LARGEST = 2_500_000
MARKS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME")) + r")\b")
MACHINE = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+|mnt/\w+|opt/\w+|var/folders)/\w")
PLATFORM = ("nvidia-", "cuda-", "triton")
HEADINGS = ["## Context", "## Decision", "## Consequences"]


def adrs(root: Path) -> list[Path]:
    return sorted((root / "docs/adr").glob("[0-9]*.md"))


def test_one_version(root: Path) -> None:
    import gansmith

    project = tomllib.loads((root / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert str(Version(gansmith.__version__)) == metadata.version("gansmith")
    changelog = (root / "CHANGELOG.md").read_text()
    assert Version(gansmith.__version__).is_devrelease or f"## [{gansmith.__version__}]" in changelog


def test_changelog_is_open(root: Path) -> None:
    headings = re.findall(r"^## .*$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings and re.fullmatch(r"## \[?Unreleased\]?", headings[0])


def test_no_left_overs(texts: dict[Path, str]) -> None:
    assert texts
    assert not [str(path) for path, text in texts.items() if MARKS.search(text)]


def test_no_path_of_a_machine(texts: dict[Path, str]) -> None:
    assert not {str(path): found[0] for path, text in texts.items() if (found := MACHINE.search(text))}


def test_nothing_large(files: list[Path]) -> None:
    assert not {str(path): path.stat().st_size for path in files if path.stat().st_size > LARGEST}


def test_decisions_follow_the_template(root: Path) -> None:
    pages = adrs(root)
    assert pages and pages[0].name == "0000-template.md"
    for page in pages:
        text = page.read_text()
        assert re.match(rf"# {page.name[:4]}\. \S", text), f"{page.name}: the title is '# {page.name[:4]}. Title'"
        assert [line for line in text.splitlines() if line.startswith("## ")] == HEADINGS, page.name
        assert len(text.splitlines()) <= 80, f"{page.name}: one page"


def test_decisions_are_numbered_once(root: Path) -> None:
    numbers = [page.name[:4] for page in adrs(root)]
    assert numbers == [f"{i:04d}" for i in range(len(numbers))]


def test_every_package_is_pinned(root: Path) -> None:
    """What core, every extra, dev and docs need here is in constraints.txt, torch first."""
    lines = (root / "constraints.txt").read_text().splitlines()
    assert re.fullmatch(r"torch==[\d.]+", lines[0])
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"==[\w.!]+", str(pin.specifier)) for pin in pins), "an exact version each, no local part"
    pinned = {canonicalize_name(pin.name) for pin in pins}
    needed = licences.tree("gansmith", metadata.metadata("gansmith").get_all("Provides-Extra") or [])
    missing = {name for name in needed - pinned if not name.startswith(PLATFORM)}
    assert not missing, "constraints.txt says at its head how it is made again"


def test_extras_reach_the_user(root: Path) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = (Requirement(line) for line in extras["all"])
    assert everything.extras == set(extras) - {"all", *licences.OUTSIDE}


@pytest.mark.parametrize("task", ["demo", "test", "check", "docs", "bench", "format", "clean"])
def test_make_has_every_task(root: Path, task: str) -> None:
    assert re.search(rf"^[\w ]*\b{task}\b[\w ]*:", (root / "Makefile").read_text(), re.MULTILINE)
