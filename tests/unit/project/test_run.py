"""The repository's door, `run.py`: what it says, what it passes on, when it installs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def door(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`run.py` as a module, over an empty project in a temporary folder."""
    spec = importlib.util.spec_from_file_location("door", root / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "src/gansmith").mkdir(parents=True)
    (tmp_path / "src/gansmith/__init__.py").write_text('__version__ = "1"\n')
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("torch==1\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    monkeypatch.delenv("GANSMITH_INSTALLER", raising=False)
    return module


@pytest.fixture
def installs(door: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The installers' commands, recorded instead of run; `codes` on the module decides how they end."""
    seen: list[list[str]] = []
    door.codes = {}
    door.VENV.mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def fake(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        name = "uv" if "uv" in Path(command[0]).name else "pip"
        return subprocess.CompletedProcess(command, door.codes.get(name, 0), stdout=f"{name} says so\n")

    monkeypatch.setattr(door.subprocess, "run", fake)
    return seen


def test_without_arguments_it_helps(door: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main([]) == 0
    shown = capsys.readouterr().out
    assert all(task.__name__ in shown and task.__doc__ for task in door.TASKS)


def test_an_unknown_task_is_named(door: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["tset"]) == 2
    assert "no such task: tset; there are: demo, test" in capsys.readouterr().err


def test_the_second_call_installs_nothing(door: ModuleType, installs: list[list[str]]) -> None:
    door.set_up("dev")
    door.set_up("dev")
    assert len(installs) == 1
    assert installs[0][5:10] == ["-q", "-c", "constraints.txt", "-e", ".[dev]"]


def test_the_core_is_there_with_any_extras(door: ModuleType, installs: list[list[str]]) -> None:
    door.set_up("docs")
    door.set_up("")
    assert len(installs) == 1


def test_extras_are_not_there_with_the_core(door: ModuleType, installs: list[list[str]]) -> None:
    door.set_up("")
    door.set_up("dev")
    assert [command[9] for command in installs] == [".", ".[dev]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "src/gansmith/__init__.py"])
def test_a_change_installs_again(door: ModuleType, installs: list[list[str]], name: str) -> None:
    door.set_up("dev")
    (door.ROOT / name).write_text('__version__ = "2"\n')
    door.set_up("dev")
    assert len(installs) == 2


def test_code_is_no_reason_to_install(door: ModuleType, installs: list[list[str]]) -> None:
    door.set_up("dev")
    (door.ROOT / "src/gansmith/__init__.py").write_text('"""Doc."""\n__version__ = "1"\n')
    door.set_up("dev")
    assert len(installs) == 1


def test_a_failure_leaves_no_stamp(door, installs, capsys) -> None:
    door.codes = {"pip": 1}
    with pytest.raises(SystemExit, match="PIP_INDEX_URL"):
        door.set_up("dev")
    assert "pip says so" in capsys.readouterr().err
    assert not door.installed("dev")
    door.codes = {}
    door.set_up("dev")
    assert door.installed("dev")


def test_uv_is_used_and_left_for_pip(door, installs, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GANSMITH_INSTALLER", "uv")
    monkeypatch.setattr(door.shutil, "which", lambda name: "/bin/uv")
    door.set_up("dev")
    assert len(installs) == 1 and installs[0][:3] == ["/bin/uv", "pip", "install"]
    door.codes = {"uv": 2}
    door.set_up("docs")
    assert [command[0] for command in installs[1:]] == ["/bin/uv", sys.executable]
    assert "using pip" in capsys.readouterr().err


def test_no_uv_is_said(door, installs, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GANSMITH_INSTALLER", "uv")
    monkeypatch.setattr(door.shutil, "which", lambda name: None)
    door.set_up("dev")
    assert installs[0][1:3] == ["-m", "pip"]
    assert "uv is not installed; using pip" in capsys.readouterr().err


def test_a_python_without_venv_is_told_what_to_install(door, monkeypatch) -> None:
    monkeypatch.setattr(door, "PYTHON", door.VENV / "bin/python")
    monkeypatch.setattr(door.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        door.set_up("")


@pytest.mark.parametrize("broken", [True, False])
def test_an_environment_without_python_is_made_anew(door, monkeypatch, broken: bool) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(door.subprocess, "call", lambda command, **_: calls.append(command) or int("-c" in command))
    if broken:
        monkeypatch.setattr(door, "PYTHON", door.VENV / "bin/python")
    door.make_venv()
    assert ("--clear" in calls[-1]) is broken and "venv" in calls[-1]


def test_arguments_and_threads_reach_pytest(door, monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(door.subprocess, "call", lambda command, **kw: calls.append((command, kw["env"])) or 0)
    assert door.test(["-k", "prdc"]) == 0
    command, env = calls[0]
    assert command[1:] == ["-m", "pytest", "-n", "2", "-k", "prdc"]
    assert env["OMP_NUM_THREADS"] == "1" and env["OMP_WAIT_POLICY"]


def test_check_runs_everything_and_counts_failures(door, monkeypatch, capsys) -> None:
    ran = []

    def python(*arguments: str, **_: str) -> int:
        ran.append(arguments)
        return int("mypy" in arguments)

    monkeypatch.setattr(door, "python", python)
    assert door.check([]) == 1
    assert len(ran) == 6
    shown = capsys.readouterr().out
    assert shown.count("FAILED") == 1 and shown.count(" ok ") == 5
    assert door.check(["lint"]) == 0
    assert door.check(["lnit"]) == 2


def test_clean_keeps_runs_and_the_environment(door: ModuleType) -> None:
    for name in ("runs/a", ".venv", ".mypy_cache", "docs/_build", "src/gansmith/__pycache__"):
        (door.ROOT / name).mkdir(parents=True)
    assert door.clean([]) == 0
    assert {p.name for p in door.ROOT.iterdir()} >= {"runs", ".venv", "src", "docs"}
    assert not list(door.ROOT.rglob("__pycache__")) and not (door.ROOT / ".mypy_cache").exists()
    assert not (door.ROOT / "docs/_build").exists()
    door.clean(["--all"])
    assert not (door.ROOT / ".venv").exists() and (door.ROOT / "runs").exists()
