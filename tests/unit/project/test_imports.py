"""The public door opens fast: what may be imported, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAVY = ("torch", "torchvision", "pandas", "pyarrow", "scipy", "sklearn", "fastapi", "matplotlib", "PIL")


@pytest.fixture(autouse=True)
def _has_command_line(root: Path) -> None:
    if not (root / "src/gansmith/__main__.py").exists():
        pytest.skip("the package has no command line")


def imported(python, code: str) -> set[str]:
    done = python("-c", f"{code}\nimport sys; print(*sorted(sys.modules))")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_is_light(python) -> None:
    assert not imported(python, "import gansmith; gansmith.__version__; dir(gansmith)") & set(HEAVY)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_is_light(python, arguments: tuple[str, ...]) -> None:
    done = python("-X", "importtime", "-m", "gansmith", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    modules = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "gansmith" in modules
    assert not modules & {*HEAVY, "numpy", "pydantic"}


def test_the_package_needs_only_the_core(python, root: Path) -> None:
    """Every module can be imported where only the core packages are there."""
    package = root / "src"
    names = sorted(
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for path in package.rglob("*.py")
        if path.name != "__main__.py"
    )
    optional = tuple(name for name in HEAVY if name not in ("torch", "PIL"))
    code = (
        "import importlib, sys\n"
        f"for name in {optional!r}: sys.modules[name] = None\n"
        f"for name in {names!r}: importlib.import_module(name)"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there(python) -> None:
    done = python("-c", "import gansmith\nfor name in gansmith.__all__: getattr(gansmith, name)")
    assert done.returncode == 0, done.stderr
