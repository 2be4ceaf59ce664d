"""A run that is killed, stopped or damaged, and goes on as if nothing had happened."""

from __future__ import annotations

import random
import shlex
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gansmith.run.checkpoint import list_checkpoints
from gansmith.run.events import read_events

pytestmark = pytest.mark.slow

BUDGET = 12_000
KILLS = 10


@pytest.fixture(scope="module")
def words(data: Path, judge: Path) -> Callable[[Path], list[str]]:
    """The words that train into a folder."""
    settings = ["batch=16", "hidden=16", "layers=1", "z_dim=8"]
    given = ["--recipe", "gan", "--budget", str(BUDGET), "--judge", str(judge), *settings]
    return lambda out: ["train", str(data), *given, "--out", str(out)]


@pytest.fixture(scope="module")
def whole(program, words, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    run = tmp_path_factory.mktemp("whole") / "run"
    one = program(words(run))
    assert one.wait() == 0, one.err.read_text()
    return run


def tensors(run: Path) -> dict[str, torch.Tensor]:
    """What training leaves behind: the best model and the last state."""
    last = list_checkpoints(run / "checkpoints")[0]
    state = load_file(last / "tensors.safetensors")
    model = load_file(run / "model/model.safetensors")
    return {f"{last.name}/{k}": v for k, v in state.items()} | {f"model/{k}": v for k, v in model.items()}


def assert_alike(one: Path, other: Path) -> None:
    a, b = tensors(one), tensors(other)
    assert a.keys() == b.keys()
    assert [k for k in a if not torch.equal(a[k], b[k])] == []
    logs = [
        [(e["samples"], e["values"] if "values" in e else e["scores"]) for e in read_events(run / "events.jsonl")
         if e["event"] in ("round", "evaluation")]
        for run in (one, other)
    ]  # fmt: skip
    assert logs[0] == logs[1]


@pytest.mark.timeout(280)
def test_killed_ten_times_it_ends_with_the_same_bits(program, words, count, whole, tmp_path: Path) -> None:
    run, rng = tmp_path / "run", random.Random(7)
    for _ in range(KILLS):
        one = program(words(run))
        if rng.random() < 0.8:  # otherwise it is killed while it starts
            one.until(one.plays)
            ticks = count(run, "round") + rng.randint(0, 9)  # of 100, so that it can't be finished
            one.until(lambda ticks=ticks: count(run, "round") >= ticks)
        time.sleep(rng.uniform(0, 0.2))
        assert one.process.poll() is None, one.err.read_text()
        one.signal(signal.SIGKILL)
        assert one.wait() == -signal.SIGKILL
    last = program(words(run))
    if last.until(lambda: count(run, "round") == 100):  # once more, while the end is being judged
        last.signal(signal.SIGKILL)
        last.wait()
    end = program(words(run))
    assert end.wait() == 0, end.err.read_text()
    assert "going on at" in last.err.read_text() + end.err.read_text()  # the last may be quicker than the signal
    assert_alike(whole, run)
    assert not list(run.rglob(".*"))


@pytest.mark.timeout(120)
def test_stopped_it_saves_and_says_how_to_go_on(program, words, count, whole, tmp_path: Path) -> None:
    run, line = tmp_path / "run", words(tmp_path / "run")
    for number, rounds in ((signal.SIGINT, 12), (signal.SIGTERM, 45)):
        one = program(line)
        one.until(lambda rounds=rounds: count(run, "round") > rounds)
        one.signal(number)
        assert one.wait(30) == 130
        said = one.err.read_text()
        last = said.strip().splitlines()[-1]
        assert last.startswith("gansmith: stopped at ") and "Traceback" not in said and not one.out.read_text()
        samples = last.split("stopped at ")[1].split(" samples")[0]
        assert list_checkpoints(run / "checkpoints")[0].name == f"{int(samples.replace(',', '')):012d}"
        line = shlex.split(last.split("go on with: gansmith ")[1])
    end = program(line)
    assert end.wait() == 0
    assert f"going on at {samples} of {BUDGET:,} samples" in end.err.read_text()
    assert_alike(whole, run)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("after", [0.15, 0.3, 0.6, 0.9])
def test_a_process_stopped_while_it_starts_leaves_nothing(program, words, tmp_path: Path, after: float) -> None:
    """Imports take about a second, and some swallow interrupts."""
    one = program(words(tmp_path / "run"))
    time.sleep(after)
    one.signal(signal.SIGINT)
    assert one.wait() in (130, -signal.SIGINT)
    assert not (tmp_path / "run").exists()
