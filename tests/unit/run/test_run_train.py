"""Training: to the end, on with it, not again, and not into what is something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from run_fixtures import bands
from run_recipes import breaking, own, write
from safetensors import SafetensorError
from safetensors.torch import load_file

from gansmith.errors import InputError, RunError
from gansmith.run import checkpoint, pace
from gansmith.run.checkpoint import list_checkpoints, load_latest
from gansmith.run.events import read_events
from gansmith.run.folder import alone
from gansmith.run.interrupt import Interrupted, StopFlag
from gansmith.run.model import Model
from gansmith.run.request import Request
from gansmith.run.train import Run, rehearse, train

Make = Callable[..., Request]


class StopAt:
    """A listener that sends this process a signal at an event."""

    def __init__(self, event: str, samples: int = 0, number: int = signal.SIGTERM) -> None:
        self.event, self.samples, self.number, self.done = event, samples, number, False

    def __call__(self, event: Mapping[str, Any]) -> None:
        if not self.done and event["event"] == self.event and event.get("samples", 0) >= self.samples:
            self.done = True
            os.kill(os.getpid(), self.number)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def assert_same_bits(a: Path, b: Path) -> None:
    """Both runs ended with the same model and the same last checkpoint."""
    last = [list_checkpoints(run / "checkpoints")[0] for run in (a, b)]
    for one, other in (
        (a / "model/model.safetensors", b / "model/model.safetensors"),
        (last[0] / "tensors.safetensors", last[1] / "tensors.safetensors"),
    ):
        left, right = load_file(one), load_file(other)
        assert left.keys() == right.keys()
        assert all(torch.equal(left[k], right[k]) for k in left), one


def events(run: Path, *kinds: str) -> list[dict[str, Any]]:
    return [e for e in read_events(run / "events.jsonl") if e["event"] in kinds]


def test_a_finished_run_has_everything(finished: Run) -> None:
    root = finished.folder.root
    files = contents(root)
    for name in (
        "run.json", "events.jsonl", "metrics.json", "report.html", "samples/final.png", "samples/real.png",
        "samples/000000000000.png", "model/README.md", "model/metrics.json", "model/model.safetensors",
        "checkpoints/000000000320/manifest.json", "judge/judge.json",
    ):  # fmt: skip
        assert files[name], name
    record = json.loads(files["run.json"])
    assert record["finished"] and record["pace"]["total"] == 320 and not finished.already and not finished.resumed
    assert not [name for name in files if ".tmp" in name]
    metrics = json.loads(files["metrics.json"], parse_constant=pytest.fail)
    assert {r["name"] for r in metrics["results"]} >= {"coverage", "accuracy"} and metrics["judge"]["task"] == "classes"
    kinds = [e["event"] for e in read_events(finished.folder.events)]
    assert kinds.count("start") == kinds.count("done") == 1 and kinds.count("round") == 20
    assert finished.model.classes == ("dark", "mid", "light")


def test_a_finished_run_is_not_done_again(copied: Path, data: Path, finished: Run, judge: Path) -> None:
    before = contents(copied)
    heard: list[Mapping[str, Any]] = []
    settings = {k: v for k, v in finished.record["identity"]["settings"].items() if k in ("batch", "hidden", "z_dim")}
    request = Request(data, recipe="gan", budget="320", out=copied, settings={**settings, "layers": 1})
    run = train(request, heard.append)
    assert run.already and contents(copied) == before
    assert rehearse(request)[1] == "nothing: it is finished" and contents(copied) == before


def test_a_rehearsal_writes_nothing(request_of: Make, tmp_path: Path) -> None:
    plan, would = rehearse(request_of())
    assert would == "a new run" and plan.folder == tmp_path / "run" and not list(tmp_path.iterdir())


def test_a_run_without_labels(plain: Run) -> None:
    assert plain.model.classes == ()
    assert "accuracy" not in {r["name"] for r in json.loads(plain.folder.metrics.read_text())["results"]}


def test_folders_of_classes_in_colour_and_not_square(tmp_path: Path, request_of: Make) -> None:
    images, labels = bands(height=6, width=10, channels=3, n=15)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = tmp_path / "photos" / f"c{label}" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    settings = {"hidden": None, "layers": None, "z_dim": 4, "width": 4}
    request = request_of(data=tmp_path / "photos", judge=None, recipe="dcgan", image_size=(6, 10))
    run = train(replace(request, settings={"batch": 16, **{k: v for k, v in settings.items() if v}}))
    assert run.model.classes == ("c0", "c1", "c2") and run.model.codec.frame.shape == (6, 10, 3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_the_same_request_ends_alike(request_of: Make, tmp_path: Path, number: int) -> None:
    whole = train(request_of(out=tmp_path / "whole", budget="160"))
    request = request_of(budget="160")
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    for samples in (48, 64):
        with pytest.raises(Interrupted, match="go on with: gansmith train") as stopped:
            train(request, StopAt("round", samples, number))
        assert stopped.value.exit_code == 130 and f"stopped at {samples} samples" in str(stopped.value)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    assert list_checkpoints(tmp_path / "run/checkpoints")[0].name == "000000000064"
    assert rehearse(request)[1] == "go on with an unfinished run"
    run = train(request)
    assert run.resumed and run.record["finished"]
    assert_same_bits(whole.folder.root, tmp_path / "run")
    rounds = [[(e["samples"], e["values"]) for e in events(tmp_path / f, "round")] for f in ("whole", "run")]
    assert rounds[0] == rounds[1]
    assert len(events(tmp_path / "run", "start")) == 1 and len(events(tmp_path / "run", "resume")) == 2


@pytest.mark.parametrize("task", ["training the judge", "judging the model"])
def test_a_signal_while_nothing_plays_stops_at_once(request_of: Make, tmp_path: Path, task: str) -> None:
    stop = StopAt("progress")
    with pytest.raises(Interrupted, match="go on with: gansmith train"):
        train(request_of(judge=None), lambda e: stop(e) if e.get("task") == task else None)
    run = train(request_of(judge=None))
    assert run.record["finished"] and len(events(tmp_path / "run", "done")) == 1
    assert len({e["samples"] for e in events(tmp_path / "run", "picture")}) == len(events(tmp_path / "run", "picture"))


def test_a_second_signal_does_not_wait() -> None:
    flag = StopFlag()
    with flag.between_rounds():
        flag(signal.SIGINT, None)
        with pytest.raises(KeyboardInterrupt):
            flag(signal.SIGINT, None)
    assert not flag.patient


def test_a_damaged_checkpoint_is_passed_over_and_said(request_of: Make, tmp_path: Path) -> None:
    whole = train(request_of(out=tmp_path / "whole", budget="160"))
    with pytest.raises(Interrupted):
        train(request_of(budget="160"), StopAt("round", 112))
    newest = list_checkpoints(tmp_path / "run/checkpoints")[0]
    os.truncate(newest / "tensors.safetensors", 100)
    (tmp_path / "run/.run.json.99.tmp").write_text("left behind")
    heard: list[Mapping[str, Any]] = []
    train(request_of(budget="160"), heard.append)
    notes = [e["text"] for e in heard if e["event"] == "note"]
    assert any(f"checkpoint {newest.name} is damaged and was passed over" in note for note in notes)
    assert_same_bits(whole.folder.root, tmp_path / "run")
    assert not list((tmp_path / "run").glob(".*"))


def test_a_full_disk_at_a_checkpoint_is_said_and_survived(request_of: Make, tmp_path: Path, monkeypatch) -> None:
    whole = train(request_of(out=tmp_path / "whole", budget="320"))
    real, saved = checkpoint.save_file, []

    def full(tensors: Any, path: Path) -> None:
        saved.append(path)
        if len(saved) == 3:
            raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
        real(tensors, path)

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(RunError, match="the disk is full") as error:
        train(request_of(budget="320"))
    assert error.value.exit_code == 1 and not saved[2].exists()
    found, damaged = load_latest(tmp_path / "run/checkpoints")
    assert found is not None and not damaged
    train(request_of(budget="320"))
    assert_same_bits(whole.folder.root, tmp_path / "run")


def test_a_time_becomes_samples_once(request_of: Make, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pace, "SECONDS", 0.1)
    request = request_of(budget="1s", settings={"batch": 64, "hidden": 64})
    with pytest.raises(Interrupted):
        train(request, StopAt("round", 64))
    record = json.loads((tmp_path / "run/run.json").read_text())
    (speed,) = record["measured"]
    assert (speed["rounds"], speed["samples"]) == (None, 64)
    assert record["pace"]["total"] == int(pace.OVERHEAD / speed["seconds"] * 64)
    monkeypatch.setattr("gansmith.run.train.measure_speeds", lambda make: pytest.fail("measured twice"))
    with pytest.raises(Interrupted):
        train(request, StopAt("round", 128))
    assert json.loads((tmp_path / "run/run.json").read_text()) == record


def test_two_at_once_in_one_folder_are_refused(request_of: Make, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with alone(tmp_path / "run"), pytest.raises(InputError, match="another process is training in"):
        train(request_of())
    assert not (tmp_path / "run").exists()
    assert train(request_of()).record["finished"]


def test_other_threads_are_noted(request_of: Make, monkeypatch) -> None:
    with pytest.raises(Interrupted):
        train(request_of(threads=1), StopAt("round"))
    heard: list[Mapping[str, Any]] = []
    try:
        train(request_of(threads=2), heard.append)
    finally:
        torch.set_num_threads(1)
    assert any("--threads 1 keeps them" in e["text"] for e in heard if e["event"] == "note")


def test_a_recipe_of_ones_own(request_of: Make, tmp_path: Path) -> None:
    request = replace(request_of(recipe=own(tmp_path)), settings={"batch": 16})
    run = train(request)
    images = [
        m.make({"z": torch.ones(1, 64)}, {"label": torch.zeros(1, dtype=torch.long)})["image"]
        for m in (run.model, Model.load(tmp_path / "run", recipe=str(tmp_path / "own.py")))
    ]
    assert torch.equal(*images)
    with pytest.raises(InputError, match=r"recipe 'own', which is not installed.*--recipe file\.py"):
        Model.load(tmp_path / "run")
    with pytest.raises(InputError, match="was made with recipe 'own', not 'gan'"):
        Model.load(tmp_path / "run", recipe="gan")
    write(tmp_path / "own.py", loss="pass  # changed")
    with pytest.raises(InputError, match="recipe file"):
        train(request)


@pytest.mark.parametrize("autopilot", [True, False])
def test_numbers_that_break_stop_the_run(request_of: Make, tmp_path: Path, autopilot: bool) -> None:
    """The autopilot tries what it can first: this game breaks again whatever is done."""
    request = replace(request_of(recipe=breaking(tmp_path), budget="320"), settings={"batch": 16, "after": 12})
    request = replace(request, autopilot=autopilot)
    with pytest.raises(RunError, match="stopped being a number: try a smaller learning rate") as error:
        train(request)
    assert error.value.exit_code == 1 and "\n" not in str(error.value)
    found, damaged = load_latest(tmp_path / "run/checkpoints")
    assert found is not None and not damaged and str(found.path) in str(error.value)
    assert all(torch.isfinite(v).all() for v in found.snapshot.tensors.values())
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "stopped being a number" in page and "has not finished" not in page
    done = events(tmp_path / "run", "treatment")
    assert len(events(tmp_path / "run", "broke")) == max(1, len(done)) and len(done) == 4 * autopilot
    assert [t["stop"] for t in done] == [False, False, False, True][: len(done)]


@pytest.mark.parametrize("loss", ["raise ValueError('not today')", "return s.nothing", "return torch.ones(3) @ 2"])
def test_a_recipe_that_fails_while_playing_is_named(request_of: Make, tmp_path: Path, loss: str) -> None:
    file = write(tmp_path / "own.py", loss=f"if s.clock.round > 4: {loss}")
    with pytest.raises(RunError, match=r"recipe own failed: .*\(own\.py, line \d+\)") as error:
        train(replace(request_of(recipe=file), settings={"batch": 8}))
    assert "\n" not in str(error.value)


def test_pieces_that_would_change_results_are_refused(request_of: Make, tmp_path: Path) -> None:
    request = replace(request_of(recipe="dcgan", micro=4), settings={"width": 4, "batch": 16})
    for play in (train, rehearse):
        with pytest.raises(InputError, match="micro-batches would change"):
            play(request)
    assert not (tmp_path / "run").exists()


def test_a_net_that_is_none_is_refused_before_anything_is_written(request_of: Make, tmp_path: Path) -> None:
    file = write(tmp_path / "own.py", build="nets['G'] = None")
    with pytest.raises(InputError, match="recipe own"):
        train(replace(request_of(recipe=file), settings={}))
    assert not (tmp_path / "run").exists()


def test_a_judge_that_was_given_is_used_and_kept(request_of: Make, judge: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(request_of(), StopAt("round"))
    kept = tmp_path / "run/judge/judge.safetensors"
    assert kept.read_bytes() == (judge / "judge.safetensors").read_bytes()


def test_a_damaged_judge_is_refused(request_of: Make, judge: Path, tmp_path: Path) -> None:
    bad = Path(shutil.copytree(judge, tmp_path / "bad"))
    os.truncate(bad / "judge.safetensors", 50)
    with pytest.raises(InputError, match="missing or was changed"):
        train(request_of(judge=bad))
    assert not (tmp_path / "run").exists()


def test_a_judge_of_other_classes_is_refused(request_of: Make, tmp_path: Path) -> None:
    images, labels = bands()
    np.savez(tmp_path / "two.npz", images=images, labels=labels % 2)
    with pytest.raises(InputError, match="knows 3 classes, the data has 2"):
        train(request_of(data=tmp_path / "two.npz"))
