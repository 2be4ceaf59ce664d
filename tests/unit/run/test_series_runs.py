"""Time series from a file to a judged model and back to files, by the commands."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.item_codec import encoded
from gansmith.data.items import Items, digests
from gansmith.data.series.codec import SeriesCodec
from gansmith.data.series.simulated import STATES, STEPS, simulate
from gansmith.metrics import Settings
from gansmith.run.kinds._data import KindData
from gansmith.run.kinds._judging import KindJudging
from gansmith.run.kinds._kind import Sides
from gansmith.run.kinds._registry import kind_of
from gansmith.run.kinds.series import KIND
from gansmith.run.log import Log
from gansmith.run.parts import Parted
from gansmith.run.request import Request
from gansmith.run.series_pictures import autocorrelations, courses, panels, spectra

SMALL = ["width=4", "z_dim=4", "batch=16"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few samples, and networks that learn for a few steps, to judge by."""
    from gansmith.metrics.series import posthoc

    monkeypatch.setattr(type(KIND), "samples", 64)
    monkeypatch.setattr(type(KIND), "shown", 6)
    fast = posthoc.Learning(steps=3)
    monkeypatch.setattr(posthoc.discriminative, "__defaults__", (fast,))
    monkeypatch.setattr(posthoc.predictive, "__defaults__", (fast,))


@pytest.fixture
def data(tmp_path):
    return simulate(tmp_path / "data", 120)


def test_the_demos_data_are_recognised_and_as_described(data):
    kind, why = kind_of(data)
    assert kind.id == "series"
    assert "step rises from row to row in each id" in why
    items = KIND.open(data, KIND.options(), None)
    assert items.classes == STATES
    assert items.arrays["vibration"].shape == (120, STEPS)
    assert 0.01 < np.isnan(items.arrays["load"]).mean() < 0.05
    assert kind_of(data, "table") is None
    lines = KIND.describe(items)
    assert lines[0] == "48 steps each"
    assert any("missing" in line for line in lines)


def test_train_sample_evaluate_inspect(data, tmp_path, capsys):
    run = tmp_path / "run"
    assert command(["train", str(data), "--budget", "96", "--out", str(run), *SMALL]) == 0
    told = capsys.readouterr()
    assert "discriminative" in told.out
    scores = json.loads((run / "model" / "metrics.json").read_text())
    names = {r["name"] for r in scores["results"]}
    assert {"discriminative", "predictive", "autocorrelation", "spectrum", "marginals", "ks"} <= names
    assert {"cross_correlation", "missing", "useful", "kernel", "accuracy"} <= names
    assert {"courses.svg", "spectrum.svg", "autocorrelation.svg", "nearest.svg"} <= {
        p.name for p in (run / "samples").iterdir()
    }
    out = tmp_path / "worn.csv"
    assert command(["sample", str(run), "-n", "4", "--where", "label=worn", "--out", str(out)]) == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} == {"worn"}
    assert {row["id"] for row in rows} == set("0123")
    assert all(row["load"] == "" or row["load"].isdigit() for row in rows)
    assert command(["sample", str(run), "-n", "4", "--out", str(tmp_path / "made")]) == 2
    assert "series are written to a file ending in .csv" in capsys.readouterr().err
    assert command(["evaluate", str(run), str(data), "-n", "32", "--metrics", "spectrum,useful"]) == 0
    assert command(["inspect", str(data)]) == 0
    assert "channel vibration" in capsys.readouterr().out


def test_npz_comes_back_with_its_channels(data, tmp_path):
    run = gansmith.train(data, "seriesgan", out=tmp_path / "run", budget="32", width=4, batch=16)
    made = gansmith.load(run.folder.root).sample(3, seed=1)
    assert made.arrays["load"].shape == (3, STEPS)
    assert command(["sample", str(run.folder.root), "-n", "3", "--seed", "1", "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as file:
        assert np.array_equal(file["series"][:, :, 1], made.arrays["load"], equal_nan=True)
    assert kind_of(tmp_path / "a.npz")[0].id == "series"


def test_one_long_series_without_stamps_is_series_where_somebody_says_so(tmp_path, capsys):
    path = tmp_path / "price.csv"
    walk = np.cumsum(np.random.default_rng(0).normal(size=(600, 2)), 0)
    path.write_text("a,b\n" + "\n".join(f"{u:.2f},{v:.2f}" for u, v in walk) + "\n")
    assert kind_of(path) is None
    words = ["train", str(path), "--modality", "series", "--read", "length=16", "--recipe", "timegan", "--budget", "96"]
    small = ["hidden=4", "layers=1", "embedding=1", "supervising=1", "batch=16"]
    assert command([*words, "--out", str(tmp_path / "run"), *small]) == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["data"]["form"] == "16 steps of 2 channels (a, b)"
    path.write_text("a,b\n1,2\n")
    assert command(["train", str(path), "--modality", "series", "--out", str(tmp_path / "other")]) == 2
    assert "has no two rows" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_drawings_hold_lines_with_holes():
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(5, 20)), rng.normal(size=(4, 20))
    made[0, 5:8] = np.nan
    drawn = panels([courses("a < b", real, made), autocorrelations("a", real, made), spectra("a", real, made)], "what")
    assert drawn.startswith("<svg")
    assert "a &lt; b" in drawn
    assert "nan" not in drawn
    assert drawn.count('fill="none" stroke="#d9641a"') == 4 + 1 + 1
    again = autocorrelations("a", real, real)
    assert np.array_equal(again.real, again.made)
    assert again.real[0, 0] == 1


@pytest.mark.slow
def test_the_demo_makes_series_like_real_ones(tmp_path):
    assert command(["demo", "--series", "--out", str(tmp_path / "demo")]) == 0
    scores = json.loads((tmp_path / "demo" / "model" / "metrics.json").read_text())
    value = {r["name"]: r["value"] for r in scores["results"]}
    assert value["useful"] > 0.8
    assert value["missing"] < 0.03
    assert value["marginals"] < 0.4


def dated(path):
    stamps = np.datetime64("2024-01-01") + np.arange(60)
    path.write_text("day,load\n" + "\n".join(f"{day},{i * i % 17}" for i, day in enumerate(stamps)) + "\n")
    return path


def test_what_acts_on_tables_says_how_to_read_the_file_as_one(tmp_path, capsys):
    path = dated(tmp_path / "days.csv")
    assert kind_of(path)[0].id == "series"
    assert command(["train", str(path), "--target", "load", "--out", str(tmp_path / "run")]) == 2
    assert "--target can't act on those: --modality table reads it as a table" in capsys.readouterr().err
    for words, told in (
        (["--read", "lenght=3"], "did you mean 'length'"),
        (["--read", "irregular=no"], "irregular"),
        (["--read", "length=500"], "fewer than a window of 500"),
        (["--recipe", "dcgan", "--modality", "series"], "recipe dcgan is for images"),
    ):
        assert command(["train", str(path), *words, "--out", str(tmp_path / "run")]) == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_frames_with_dates_stay_tables(monkeypatch):
    pytest.importorskip("pyarrow")
    from gansmith import table_gan

    asked = {}
    monkeypatch.setattr(table_gan, "train", lambda *args, **named: asked.update(named["request"]) or exit_now())
    with pytest.raises(StopIteration):
        table_gan.TableGAN().fit({"day": [1, 2], "load": [3, 4]})
    assert asked["modality"] == "table"


def exit_now():
    raise StopIteration


def test_scores_and_features_do_not_depend_on_how_series_are_drawn_apart():
    rng = np.random.default_rng(0)
    base = rng.uniform(0, 900, (60, 1)) + np.cumsum(rng.normal(size=(60, 12)), 1)
    column = {"low": base, "high": base + rng.random((60, 12))}
    items = Items(column, tuple(map(str, range(60))), digests(base), Path("x"))
    apart = SeriesCodec.fit(items)
    found = []
    for codec in (apart, replace(apart, mixing=None)):
        batch = codec.encode(items.arrays)
        sides = [{"signal": batch["signal"][s]} for s in (slice(0, 20), slice(20, 40), slice(40, 60))]
        judge = KIND.instrument(codec, items)
        results = judge.scores(Sides(*sides), Settings(resamples=0, seed=0))
        found.append([*(r.value for r in results), *judge.features(batch).flatten().tolist()])
    assert not np.allclose(apart.encode(items.arrays)["signal"], batch["signal"], atol=0.1)
    assert found[0] == pytest.approx(found[1], rel=1e-2, abs=1e-2)


def test_what_drifts_with_time_is_not_taken_for_learning_by_heart(tmp_path):
    """A judge that knows nothing but how high a series stands likes no training window better than held-out ones."""
    rng = np.random.default_rng(0)
    steps = np.arange(1500)
    rows = np.exp(steps / 500) + np.cumsum(rng.normal(0, 0.02, 1500))
    path = tmp_path / "prices.csv"
    path.write_text("time,price\n" + "".join(f"{t},{value:.4f}\n" for t, value in zip(steps, rows, strict=True)))
    data = KindData.of(KIND, Request(path))
    held_out, seen = (batch["signal"].mean((1, 2)) for batch in Parted.asked(data, 512))
    assert 0.45 < (seen[:, None] > held_out).double().mean() < 0.55
    asked = data.asked(512)
    assert torch.equal(asked[0]["signal"].mean((1, 2)), held_out) and not len(asked[1]["signal"]), (
        "two blocks tell too little"
    )


@dataclass
class Again:
    """A model that makes real windows again."""

    codec: SeriesCodec
    items: Items
    remakes: bool = False

    def judged(self, test, n, seed):
        rows = np.random.default_rng(seed).permutation(len(self.items))[:n]
        yield encoded(self.codec, self.items.subset(np.sort(rows)))


def test_samples_are_asked_about_where_windows_are_held_out(tmp_path):
    """Training windows made again are found out, and what other times have is no copy; a few blocks stop no run."""
    rng = np.random.default_rng(0)
    path = tmp_path / "prices.csv"
    values = np.cumsum(rng.normal(size=3000))
    path.write_text("time,price\n" + "".join(f"{t},{value:.3f}\n" for t, value in enumerate(values)))
    data = KindData.of(KIND, Request(path))
    judging = KindJudging.of(data, Log())
    assert judging.eye.train is None and judging.facts().numbers["blocks"] == 1.0
    train, test = data.part("train"), data.part("test")
    column = data.whole.arrays["price"]
    between = replace(data.whole, arrays={"price": (column + np.roll(column, 1, 0)) / 2}).subset(range(1, len(column)))
    found = {}
    for name, rows in {"copies": train, "between": between}.items():
        result = judging.ruler.evaluate(
            Again(data.codec, rows), test, train, judging.train, Settings(resamples=0), 2000, Log()
        )
        found[name] = {r.name: r.value for r in result.results}
    assert found["copies"]["train_closer"] == found["copies"]["duplicates"] == 1.0
    assert 0.3 < found["between"]["train_closer"] < 0.7 and found["between"]["duplicates"] < 0.01
