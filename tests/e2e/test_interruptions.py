"""A run that is killed, stopped or damaged, and goes on as if nothing had happened."""

from __future__ import annotations

import random
import shlex
import signal
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gansmith.run.checkpoint import list_checkpoints
from gansmith.run.events import read_events

pytestmark = pytest.mark.slow

BUDGET = 32_000
KILLS = 10


@pytest.fixture
def words(data: Path, judge: Path):
    """The words that train into a folder."""

    def make(out: Path, budget: int = BUDGET) -> list[str]:
        settings = ["batch=16", "hidden=16", "layers=1", "z_dim=8"]
        return ["train", str(data), "--recipe", "gan", "--budget", str(budget), "--judge", str(judge), *settings,
                "--out", str(out)]  # fmt: skip

    return make


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
def test_killed_ten_times_it_ends_with_the_same_bits(program, words, count, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    first = program(words(whole))
    first.until(lambda: count(whole, "start"))
    began = time.monotonic()
    first.until(lambda: count(whole, "round") == 100)
    played = time.monotonic() - began
    assert first.wait() == 0
    rng, killed = random.Random(7), 0
    while killed < KILLS:
        before = count(run, "start") + count(run, "resume")
        one = program(words(run))
        if rng.random() < 0.8:  # otherwise it is killed while it starts
            one.until(lambda before=before: (run / "checkpoints").exists() or count(run, "start") > before)
            one.until(lambda before=before: count(run, "start") + count(run, "resume") > 0)
        time.sleep(rng.uniform(0, played / KILLS * 2.5))
        assert one.process.poll() is None, one.err.read_text()
        one.signal(signal.SIGKILL)
        assert one.wait() == -signal.SIGKILL
        killed += 1
    last = program(words(run))
    if last.until(lambda: count(run, "round") == 100):  # once more, while the end is being judged
        last.signal(signal.SIGKILL)
        last.wait()
    end = program(words(run))
    assert end.wait() == 0, end.err.read_text()
    assert "going on at" in end.err.read_text()
    assert_alike(whole, run)
    left = [p.name for p in run.rglob(".*")]
    assert not left


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_saves_and_says_how_to_go_on(program, words, count, tmp_path: Path, number: int) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    other = program(words(whole, 8000))
    one = program(words(run, 8000))
    one.until(lambda: count(run, "round") > 12)
    one.signal(number)
    assert one.wait(30) == 130
    last = one.err.read_text().strip().splitlines()[-1]
    assert last.startswith("gansmith: stopped at ") and "go on with: gansmith train" in last
    assert "Traceback" not in one.err.read_text() and not one.out.read_text()
    samples = int(last.split("stopped at ")[1].split(" samples")[0].replace(",", ""))
    assert list_checkpoints(run / "checkpoints")[0].name == f"{samples:012d}"
    resumed = program(shlex.split(last.split("go on with: gansmith ")[1]))
    assert resumed.wait() == 0 and other.wait() == 0
    assert f"going on at {samples:,} of 8,000 samples" in resumed.err.read_text()
    assert_alike(whole, run)


@pytest.mark.timeout(60)
def test_a_process_stopped_while_it_reads_leaves_nothing(program, words, tmp_path: Path) -> None:
    one = program(words(tmp_path / "run"))
    time.sleep(0.3)
    one.signal(signal.SIGINT)
    assert one.wait() in (130, -signal.SIGINT)
    assert not (tmp_path / "run").exists()
