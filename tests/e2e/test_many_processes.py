"""Training by several processes that `torchrun` starts."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "gansmith"]


def words(data: Path, judge: Path, out: Path, budget: int, *more: str) -> list[str]:
    settings = ["batch=16", "hidden=16", "layers=1", "z_dim=8"]
    return [*TORCHRUN, "train", str(data), "--recipe", "gan", "--budget", str(budget), "--judge", str(judge),
            "--out", str(out), *settings, *more]  # fmt: skip


@pytest.mark.timeout(150)
def test_two_processes_make_one_run(program, data: Path, judge: Path, count, tmp_path: Path) -> None:
    run = tmp_path / "run"
    one = program(words(data, judge, run, 4000))
    one.until(lambda: count(run, "round") > 15)
    one.signal(signal.SIGTERM)
    assert one.wait() != 0
    said = one.err.read_text()
    assert said.count("go on with: gansmith train") == 1 and not one.out.read_text()
    again = program(words(data, judge, run, 4000))
    assert again.wait() == 0, again.err.read_text()
    assert again.err.read_text().count("going on at") == 1
    assert again.out.read_text().count("report:  ") == 1
    record = json.loads((run / "run.json").read_text())
    assert record["finished"] and record["machine"]["processes"] == 2
    assert count(run, "start") == 1 and count(run, "done") == 1 and count(run, "round") == 100
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["run"]
    assert not [p for p in run.rglob(".*")]


@pytest.mark.timeout(60)
def test_a_batch_that_can_not_be_shared_is_said_once(program, data: Path, judge: Path, tmp_path: Path) -> None:
    one = program([w.replace("batch=16", "batch=15") for w in words(data, judge, tmp_path / "run", 64)])
    assert one.wait() != 0
    said = [line for line in one.err.read_text().splitlines() if line.startswith("gansmith: ")]
    assert said == ["gansmith: batch=15 can't be shared by 2 processes: choose a multiple"]
    assert not (tmp_path / "run").exists()
