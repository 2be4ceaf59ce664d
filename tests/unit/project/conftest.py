"""What the tests of the project itself share: its root, its files, a clean subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("needs a git checkout")
    found = [root / name for name in sorted(set(listed.stdout.split("\0")) - {""})]
    return [path for path in found if path.is_file()]


@pytest.fixture(scope="session")
def texts(files: list[Path]) -> dict[Path, str]:
    """The project's text files and what they say."""
    found = {}
    for path in files:
        try:
            found[path] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture
def python(root: Path):
    """Run the interpreter in the root, with the package on its path and nothing inherited that changes imports."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_", "PYTEST"))}
        env = kept | {"PYTHONPATH": str(root / "src")}
        return subprocess.run(
            [sys.executable, *arguments], cwd=root, env=env, capture_output=True, text=True, timeout=120
        )

    return run
