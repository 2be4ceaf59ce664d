"""Runs under the autopilot: what is well is left alone to the last bit, what is sick is treated, logged and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_run_train import StopAt, assert_same_bits, events

from gansmith.cli.main import run as command
from gansmith.run.interrupt import Interrupted
from gansmith.run.request import Request
from gansmith.run.train import train

Make = Callable[..., Request]
SICK = {"batch": 16, "hidden": 8, "z_dim": 4, "layers": 1, "lr_g": 0.9, "lr_d": 0.9}
BUDGET = "1600"


def test_a_healthy_run_is_left_alone(request_of: Make, tmp_path: Path) -> None:
    on = train(request_of(out=tmp_path / "on", budget="320"))
    off = train(replace(request_of(out=tmp_path / "off", budget="320"), autopilot=False))
    assert_same_bits(on.folder.root, off.folder.root)
    assert not events(on.folder.root, "treatment")


def test_steps_that_are_too_large_are_made_smaller_in_play(request_of: Make, tmp_path: Path, capsys) -> None:
    request = replace(request_of(budget=BUDGET), settings=SICK)
    run = train(request)
    done = events(run.folder.root, "treatment")
    assert done and done[0]["of"] == "divergence" and done[0]["dials"]["lr/G"] < 0.5 and not done[0]["stop"]
    rounds = events(run.folder.root, "round")
    before, after = (
        [e["steps"]["G/update_ratio"] for e in rounds if (e["samples"] > done[0]["at"]) == late and e["steps"]]
        for late in (False, True)
    )
    assert max(after[2:]) < max(before) / 2, "its steps are smaller from then on"
    assert "What the autopilot did" in run.folder.report.read_text(encoding="utf-8")
    command(["doctor", str(run.folder.root)])
    assert "autopilot, for divergence: r3gan's loss and penalties take over" in capsys.readouterr().out
    command(["doctor", str(run.folder.root), "--json"])
    assert json.loads(capsys.readouterr().out)["treated"]
    left = train(replace(request, out=tmp_path / "left", autopilot=False))
    assert not events(left.folder.root, "treatment") and "--autopilot off" in left.record["command"]


def test_a_treated_run_goes_on_alike_after_an_interruption(request_of: Make, tmp_path: Path) -> None:
    request = replace(request_of(budget=BUDGET), settings=SICK)
    whole = train(replace(request, out=tmp_path / "whole"))
    at = events(whole.folder.root, "treatment")[0]["at"]
    with pytest.raises(Interrupted):
        train(request, StopAt("round", at + 64))
    run = train(request)
    assert run.resumed
    assert_same_bits(whole.folder.root, run.folder.root)
    told = [[(e["samples"], e["dials"]) for e in events(r.folder.root, "treatment")] for r in (whole, run)]
    assert told[0] == told[1]


def test_data_that_repeats_itself_ends_the_run_and_is_named(request_of: Make, tmp_path: Path) -> None:
    import numpy as np
    from run_fixtures import bands

    images, _ = bands(n=100)
    for start in range(0, 240, 40):
        images[start : start + 40] = images[start]
    np.save(tmp_path / "again.npy", images)
    run = train(request_of(data=tmp_path / "again.npy", judge=None, budget=BUDGET))
    (done,) = events(run.folder.root, "treatment")
    assert done["of"] == "data-problem" and done["stop"] and done["at"] < int(BUDGET)
    (fact,) = events(run.folder.root, "data")
    assert "times" in fact["names"]["repeated"]
    assert run.record["finished"] and run.record["result"]["diagnoses"][0]["name"] == "data-problem"
