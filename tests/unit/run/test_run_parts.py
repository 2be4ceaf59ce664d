"""Budget, settings, hardware, pace and events: the small parts of a run."""

from __future__ import annotations

import json
import math
import mmap
import os
from pathlib import Path

import pytest
import torch

from gansmith.errors import InputError, RunError
from gansmith.recipes._registry import find_recipe
from gansmith.run import hardware
from gansmith.run.budget import Budget
from gansmith.run.charts import line_chart
from gansmith.run.events import Events, read_events
from gansmith.run.hardware import memory_used
from gansmith.run.pace import Pace
from gansmith.run.settings import parse_settings, resolve

GAN = find_recipe("gan")


@pytest.mark.parametrize(
    ("text", "seconds", "samples"),
    [
        ("90s", 90, None), ("10m", 600, None), ("2h", 7200, None), ("1.5m", 90, None),
        ("6400", None, 6400), ("200k", None, 200_000), ("5M", None, 5_000_000), ("0.5k", None, 500), (" 7 ", None, 7),
    ],
)  # fmt: skip
def test_budgets_are_times_or_samples(text: str, seconds: float | None, samples: int | None) -> None:
    assert Budget.parse(text) == Budget(seconds, samples)


@pytest.mark.parametrize("text", ["", "0", "0s", "0.2", "10x", "-5", "10 m", "1e3", "5K", "٣", "9" * 400, "nan", "m"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--budget") as error:
        Budget.parse(text)
    assert len(str(error.value)) < 200


def test_equal_budgets_read_equal() -> None:
    assert str(Budget.parse("10m")) == str(Budget.parse("600s")) == "600 seconds"
    assert str(Budget.parse("200k")) == str(Budget.parse("200000")) == "200,000 samples"


def test_settings_are_read_as_what_they_are() -> None:
    words = ["a=1", "b=010", "c=1e-4", "d=.5", "e=true", "f=Off", "g=null", "h=hinge", "i=1:30", "j=2024-01-01", "k="]
    assert parse_settings(words) == {
        "a": 1, "b": 10, "c": 1e-4, "d": 0.5, "e": True, "f": False, "g": None, "h": "hinge", "i": "1:30",
        "j": "2024-01-01", "k": "",
    }  # fmt: skip


def test_all_bad_words_are_named_at_once() -> None:
    with pytest.raises(InputError) as error:
        parse_settings(["photos", "=3", "a-b=1", "lr=1", "lr=2", "batch=4"])
    assert len(error.value.problems) == 4
    assert "lr is given twice" in error.value.problems


def test_all_problems_of_settings_are_named_at_once() -> None:
    given = {"bacth": 3, "lr_g": True, "z_dim": 1.5, "loss": "hing", "ema": "inf", "beta1": "nan", "batch": 0}
    with pytest.raises(InputError) as error:
        resolve(GAN, "s", given)
    problems = error.value.problems
    assert len(problems) == len(given)
    assert any("no setting 'bacth'; did you mean 'batch'?" in p for p in problems)
    assert "lr_g=true: should be a number, not true or false" in problems
    assert {"ema=inf: should be a finite number", "beta1=nan: should be a finite number"} <= set(problems)
    for name in ("z_dim=1.5", "loss=hing", "batch=0"):
        assert sum(p.startswith(f"{name}: ") for p in problems) == 1


def test_a_word_for_a_choice_is_no_number() -> None:
    with pytest.raises(InputError, match="loss=true: input should be 'minimax', 'nonsaturating'"):
        resolve(GAN, "s", {"loss": True})


def test_the_size_sets_what_the_user_does_not() -> None:
    assert resolve(GAN, "l", {}).hidden == 1024
    assert resolve(GAN, "l", {"hidden": 7, "flip": True}).model_dump() == {
        **resolve(GAN, "l", {}).model_dump(), "hidden": 7, "flip": True,
    }  # fmt: skip


@pytest.mark.parametrize("device", ["gpu", "cpu:x", "cpu:", "cuda:-1", "", "cud", "CPU", "cuda:99999"])
def test_devices_that_are_none_are_refused(device: str) -> None:
    with pytest.raises(InputError, match="--device"):
        hardware.backend(device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="--device cpu always works"):
        hardware.backend("cuda")


def test_the_backend_has_what_was_asked_for() -> None:
    made = hardware.backend("cpu", "bf16", micro=4)
    assert (made.device.type, made.bf16, made.micro) == ("cpu", True, 4)
    with pytest.raises(InputError, match="--micro"):
        hardware.backend("cpu", micro=0)


@pytest.mark.parametrize(
    ("has", "images", "rows"),
    [("amx_bf16", "bf16", "bf16"), ("avx512_bf16", "bf16", "fp32"), ("avx512_f", "fp32", "fp32")],
)
def test_auto_takes_bfloat16_where_it_is_faster(
    has: str, images: str, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {has: True})
    assert {hardware.precision_on("cpu", kind=kind) for kind in ("image", "translation", "video", "audio")} == {images}
    assert {hardware.precision_on("cpu", kind=kind) for kind in ("table", "series", "text", "music")} == {rows}
    assert hardware.precision_on("cpu", kind=hardware.ROWS_MADE) == images
    assert hardware.precision_on("cuda:0") == "fp32"
    assert {hardware.precision_on("cpu", p) for p in ("fp32", "bf16")} == {"fp32", "bf16"}


def test_a_precision_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="--precision 'bf32'; did you mean"):
        hardware.backend("cpu", "bf32")  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [0, -1, 100_000])
def test_thread_counts_out_of_range_are_refused(threads: int) -> None:
    with pytest.raises(InputError, match="--threads"):
        hardware.set_threads(threads)


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert hardware.set_threads(None) == 1 == torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    monkeypatch.setattr(hardware, "cores", lambda: 1)
    assert hardware.set_threads(None) == 1


def test_cores_are_those_of_this_process() -> None:
    assert 1 <= hardware.cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate"), True),
        (RuntimeError("shapes differ"), False),
    ],
)
def test_lack_of_memory_is_known(error: Exception, memory: bool) -> None:
    assert hardware.out_of_memory(error) is memory


@pytest.mark.parametrize("total", [1, 64, 640, 100_000])
def test_evaluations_and_checkpoints_fall_on_ticks(total: int) -> None:
    pace = Pace.of(total, 64)
    assert pace.tick >= 64 and pace.evaluate % pace.tick == 0 and pace.checkpoint % pace.tick == 0


def test_events_come_back_in_order(tmp_path: Path) -> None:
    log = Events(tmp_path / "deep" / "events.jsonl")
    log.write("note", text="höh")
    log.write("round", samples=3, values={"a": math.nan, "b": [math.inf, -math.inf, 1.5]})
    log.close()
    log.close()
    lines = (tmp_path / "deep" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line, parse_constant=pytest.fail) for line in lines] == [
        {"event": "note", "text": "höh"},
        {"event": "round", "samples": 3, "values": {"a": "nan", "b": ["inf", "-inf", 1.5]}},
    ]


@pytest.mark.parametrize(("upto", "kept"), [(None, "start 0 1 2 broke done"), (1, "start 0 1"), (-1, "")])
def test_resuming_drops_what_will_happen_again(tmp_path: Path, upto: int | None, kept: str) -> None:
    path = tmp_path / "events.jsonl"
    log = Events(path)
    log.write("start", samples=0)
    for samples in range(3):
        log.write("round", samples=samples)
    log.write("broke", what="loss")
    log.write("done")
    log.close()
    Events(path, upto).close()
    assert " ".join(str(e["samples"]) if e["event"] == "round" else e["event"] for e in read_events(path)) == kept


def test_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event":"a"}\n[1]\n\xff\xfe\n{"event":"b","sam')
    assert [e["event"] for e in read_events(path)] == ["a"]
    assert list(read_events(tmp_path / "none.jsonl")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_when_logging(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.symlink_to("/dev/full")
    log = Events(path)
    with pytest.raises(RunError, match="the disk is full"):
        log.write("note", text="x")
    log.close()


def test_charts_leave_out_what_is_no_number() -> None:
    assert line_chart({"a": [(0, math.nan)]}, "x") == ""
    drawn = line_chart({"<a>": [(0, 1.0), (1, math.inf), (2, 1.0)]}, "x", marker=(0.5, "m & n"))
    assert "&lt;a&gt;" in drawn and "m &amp; n" in drawn and "nan" not in drawn and "inf" not in drawn


def test_memory_is_known_and_follows_what_is_held() -> None:
    before = memory_used()
    with mmap.mmap(-1, 2**28) as held:  # from the system, not from what the process has and does not use
        held.write(b"1" * 2**28)
        assert before > 50 and memory_used() - before > 200
