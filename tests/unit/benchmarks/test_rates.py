"""Speeds of games of several stages, and what a time is worth by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import precision, rates
from benchmarks.cells import store

from gansmith.data.embedded import fashion_path
from gansmith.run import pace
from gansmith.run.request import Request


class Enlarging(rates.Rate):
    """The speed of a recipe that learns pixels first."""

    def request(self) -> Request:
        return Request(fashion_path(), "srgan", task="upscale", size="s", budget="1m", out=self.folder / "never")


def test_every_stage_counts_at_its_own_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SECONDS", 0.01)
    monkeypatch.setattr(rates, "FEWEST", 2)
    rate = Enlarging("fashion", "srgan", "s", fashion_path(), "", tmp_path)
    samples, known = rate.samples(60.0), rate.known()
    assert known is not None
    first, last = known["stages"]
    assert (first["name"], last["rounds"]) == ("pixels", None) and first["rounds"] > 0
    assert known["samples per second"] == pytest.approx(last["samples"] / last["seconds"])
    left = 3600 * pace.OVERHEAD - first["rounds"] * first["seconds"]
    assert samples == int(first["rounds"] * first["samples"] + left / last["seconds"] * last["samples"])


def test_a_measurement_of_one_stage_may_say_its_rate_alone(tmp_path: Path) -> None:
    rate = rates.Rate("fashion", "gan", "s", fashion_path(), "", tmp_path)
    store(rate.job, tmp_path, {"samples per second": 10.0, "settings": {}})
    assert rate.samples(10.0) == 5_520


def test_precision_is_measured_by_kind_of_data() -> None:
    table, made = precision.run(quick=True).tables
    assert [row[:2] for row in table.rows] == [["image", "dcgan"], ["simulation", "fastsim"]]
    assert all(isinstance(row[3], float) and row[3] > 0 and row[4] in ("fp32", "bf16") for row in table.rows)
    ((size, rows, times, _),) = made.rows
    assert size == "s" and isinstance(rows, float) and isinstance(times, float) and min(rows, times) > 0
