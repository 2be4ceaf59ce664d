"""Benchmarks of many cells: computed once, resumed, limited in time; what fails is told apart from what broke."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from benchmarks.__main__ import main
from benchmarks.cells import Choice, Job, complete, found, outlook, spoken, store, summed
from benchmarks.record import RESULTS

from gansmith.errors import InputError, RunError
from gansmith.run.folder import alone
from gansmith.run.interrupt import Interrupted


def job(name: str, calls: list[str], stage: str = "a", seconds: float = 1.0, **given: Any) -> Job:
    def compute() -> dict[str, Any]:
        calls.append(name)
        return {"value": len(calls)}

    return Job(stage, name, {"name": name}, seconds, **{"compute": compute, **given})


def raising(error: Exception) -> Any:
    def compute() -> dict[str, Any]:
        raise error

    return compute


def test_processes_share_a_benchmark(tmp_path: Path) -> None:
    """What another is at, or has done since, is left to it."""
    calls: list[str] = []
    first, second, third = (job(name, calls) for name in "xyz")

    def meanwhile() -> dict[str, Any]:
        store(third, tmp_path, {"value": 0})
        return {"value": 1}

    with alone(tmp_path / first.id):
        left = complete([first, dataclasses.replace(second, compute=meanwhile), third], tmp_path, Choice())
    assert not calls and [job.label for job in left.open] == ["x"]
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json", ".json"], "no lock stays behind"


def test_a_cell_is_computed_once(tmp_path: Path) -> None:
    calls: list[str] = []
    jobs = [job("x", calls), job("y", calls), job("x", calls, stage="b")]
    complete(jobs, tmp_path, Choice())
    assert calls == ["x", "y"], "two stages that ask for one cell share it"
    left = complete(jobs, tmp_path, Choice())
    assert calls == ["x", "y"] and len(left.done) == 3 and not left.open
    data = found(jobs[1], tmp_path)
    assert data is not None and data["value"] == 2 and data["cell"] == {"name": "y"}
    assert {"date", "commit", "machine"} <= set(data) and len(list(tmp_path.iterdir())) == 2


def test_only_what_is_wanted_and_fits_into_the_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[str] = []
    jobs = [job("long", calls, seconds=100), job("short", calls, seconds=10), job("other", calls, stage="b")]
    left = complete(jobs, tmp_path, Choice(only=("a",), minutes=1))
    assert calls == ["short"] and [j.label for j in left.open] == ["long"]
    assert "a: 0 of 2 cells done, 2 missing, about 2 minutes" in capsys.readouterr().err


def test_what_fails_stays_missing_and_what_broke_is_kept(tmp_path: Path) -> None:
    calls: list[str] = []
    lacking = job("lacking", calls, compute=raising(InputError("needs the extra")))
    broken = job("broken", calls, compute=raising(RunError("not a number")))
    barred = job("barred", calls, missing="no path of it")
    plan = complete([lacking, broken, barred], tmp_path, Choice())
    assert found(lacking, tmp_path) is None and [j.label for j in plan.open] == ["lacking"]
    assert (found(broken, tmp_path) or {})["broke"] == "not a number"
    assert [j.label for j in plan.barred] == ["barred"] and "no path of it" in plan.text() and not calls
    stopped = job("stopped", calls, compute=raising(Interrupted("by a signal")))
    with pytest.raises(Interrupted):  # neither broken nor hidden: it is to be computed again
        complete([stopped], tmp_path, Choice())
    assert found(stopped, tmp_path) is None
    with pytest.raises(ZeroDivisionError):  # a fault of the benchmark itself is not hidden
        complete([job("fault", calls, compute=raising(ZeroDivisionError()))], tmp_path, Choice())


def test_a_cell_of_other_defaults_is_computed_again(tmp_path: Path) -> None:
    calls: list[str] = []
    old = job("x", calls)
    store(old, tmp_path, {"settings": {"lr": 1}})
    assert outlook([old], tmp_path).done
    new = job("x", calls, fresh=lambda data: data["settings"] == {"lr": 2})
    assert outlook([new], tmp_path).open


def test_what_is_wanted_afresh_is_computed_again(tmp_path: Path) -> None:
    calls: list[str] = []
    jobs = [job("x", calls), job("y", calls, stage="b")]
    complete(jobs, tmp_path, Choice())
    later = Choice(only=("a",), since="9999-01-01T00:00:00+00:00")
    complete(jobs, tmp_path, later)
    assert calls == ["x", "y", "x"], "only what is wanted"
    complete(jobs, tmp_path, Choice(only=("a",), since="2000-01-01T00:00:00+00:00"))
    assert calls == ["x", "y", "x"], "what is newer counts"
    store(jobs[0], tmp_path, {"broke": "not a number"})
    assert not outlook(later.of(jobs), tmp_path).done, "what broke may be tried again"


def test_means_and_missing_seeds() -> None:
    assert spoken([1.0]) == "1.00" and spoken([10.0, 12.0]) == "11.0 ± 1.4"
    done = {"scores": {"modes": 7.0}, "seconds": 3.0}
    assert summed([done, {**done, "scores": {"modes": 8.0}}], ("modes",)) == ["2", "7.50 ± 0.71", 3.0]
    assert summed([done, None, {"broke": "x"}], ("modes",)) == ["1 of 3, 1 broke", "7.00", 3.0]
    assert summed([None, None], ("modes",)) == ["missing", None, None]
    assert summed([{"broke": "x"}], ("modes",)) == ["1 broke", None, None]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["engine", "--missing"], "--missing, --data and --fresh are for modes"),
        (["modes", "--fresh"], "say of what with --only STAGE"),
        (["growth", "--quick", "--only", "resolutions"], "no stage 'resolutions'; there are: data, resolution"),
        (["quality", "--data", "cifar10"], "write NAME=PATH"),
        (["quality", "--data", "cifar10=no/such/file"], "there is no no/such/file"),
    ],
)
def test_bad_wishes_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_what_is_missing_is_told_and_nothing_run(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(RESULTS.rglob("*"))
    assert main(["growth", "--missing"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("growth\n") and "resolution: " in told and "cells done" in told
    assert sorted(RESULTS.rglob("*")) == before
