"""Runs of games with an encoder, and of a game without a contest: to the end, with a report, and loadable."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from gansmith.cli.show import Screen
from gansmith.run.events import read_events
from gansmith.run.model import Model
from gansmith.run.request import Request
from gansmith.run.train import train

Make = Callable[..., Request]


def small(data: Path, judge: Path, out: Path, **changes: Any) -> Request:
    settings = {"batch": 16, "z_dim": 4, "width": 2}
    return Request(data, budget="64", out=out, judge=judge, settings=settings, **changes)


def test_a_game_without_a_contest_runs_reports_and_is_judged(data: Path, judge: Path, tmp_path: Path) -> None:
    heard: list[Mapping[str, Any]] = []
    run = train(small(data, judge, tmp_path / "run", recipe="vae"), heard.append)
    rounds = [e["values"] for e in read_events(run.folder.events) if e["event"] == "round"]
    assert rounds and all(set(v) == {"model/reconstruction", "model/kl"} for v in rounds)
    assert [d["name"] for d in run.record["result"]["diagnoses"]] == ["underway"]
    report = (run.folder.root / "report.html").read_text(encoding="utf-8")
    assert "Loss terms of model" in report and "discriminator scores" not in report
    console = Console(file=io.StringIO(), width=200)
    screen = Screen(console, None)
    for event in heard:
        screen(event)
    shown = console.file.getvalue()
    assert "/s  model/reconstruction" in shown and "D [" not in shown


def test_a_model_keeps_its_encoder_and_not_what_only_training_needs(data: Path, judge: Path, tmp_path: Path) -> None:
    run = train(small(data, judge, tmp_path / "run", recipe="bigan"))
    model = Model.load(run.folder.model)
    assert set(model.nets) == {"G", "E"}
    assert model.drawing.encode is not None
    image = torch.rand(3, *model.codec.spec["image"].shape) * 2 - 1
    with torch.no_grad():
        code = model.drawing.encode(model.nets, {"image": image, "label": torch.arange(3)})
    assert code["z"].shape == (3, 4)
