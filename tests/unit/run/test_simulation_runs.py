"""Simulated events from a file to a judged model and back to files, by the commands."""

from __future__ import annotations

import csv
import json
import math
import shutil

import numpy as np
import pytest
import torch

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.simulation.simulated import BOSON, LOST, MASS, READ, collide, simulate
from gansmith.run.event_pictures import Spread, histograms
from gansmith.run.kinds._registry import kind_of
from gansmith.run.kinds.simulation import KIND

SMALL = ["width=8", "depth=1", "batch=32"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few samples to judge by."""
    monkeypatch.setattr(type(KIND), "samples", 100)
    monkeypatch.setattr(type(KIND), "shown", 60)


@pytest.fixture
def data(tmp_path):
    return simulate(tmp_path / "data", 400)


def asked(data, *more):
    read = ["conditions=resolution", "turn=phi1,phi2", f"derived=mass={MASS}", f"judged=pair_pt={LOST}", "seconds=0.5"]
    return ["train", str(data), "--budget", "96", *(word for r in read for word in ("--read", r)), *more, *SMALL]


def test_the_demos_simulator_makes_z_bosons(data):
    kind, why = kind_of(data)
    assert kind.id == "simulation"
    assert why == "taken for simulated events, since its columns eta1, phi1, pt1 are momenta of particles"
    assert kind_of(data, "table") is None
    items = KIND.open(data, READ, None)
    assert len(items) == 400
    assert KIND.describe(items)[-1].startswith("condition resolution: 1.")
    rng = np.random.default_rng(0)
    first, second = collide(20_000, np.zeros(20_000), rng)
    mass2 = 2 * first.pt * second.pt * (np.cosh(first.eta - second.eta) - np.cos(first.phi - second.phi))
    low, middle, high = np.quantile(np.sqrt(mass2), [0.25, 0.5, 0.75])
    assert middle == pytest.approx(BOSON, abs=0.1)
    assert high - low == pytest.approx(2.495, rel=0.1)  # quartiles of a Breit-Wigner; the directions add little
    assert (first.pt >= second.pt).all()


def test_train_sample_evaluate_compare_inspect(data, tmp_path, capsys):
    run = tmp_path / "run"
    assert command(asked(data, "--out", str(run))) == 0
    assert "peak width" in capsys.readouterr().out
    scores = json.loads((run / "model" / "metrics.json").read_text())
    found = {r["name"]: r for r in scores["results"]}
    assert {"peak", "peak_width", "quantities", "columns", "rank_correlation", "undefined", "kernel"} <= found.keys()
    assert set(found["peak"]["detail"]) == {"mass", "pair_pt"}
    assert found["peak"]["detail"]["mass"][0] == pytest.approx(BOSON, abs=3)
    assert {"quantities.svg", "columns.svg"} <= {p.name for p in (run / "samples").iterdir()}
    assert "pair_pt (never trained on)" in (run / "samples" / "quantities.svg").read_text()
    out = tmp_path / "sharp.csv"
    assert command(["sample", str(run), "-n", "5", "--where", "resolution=2", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert "times as fast as the simulator (2 a second)" in told.out + told.err
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["resolution", "pt1", "eta1", "phi1", "pt2", "eta2", "phi2"]
    assert {row["resolution"] for row in rows} == {"2"}
    assert all(abs(float(row["phi1"])) <= math.pi for row in rows)
    assert (
        command(["sample", str(run), "-n", "5", "--where", "resolution=sharp", "--out", str(tmp_path / "b.csv")]) == 2
    )
    assert command(["sample", str(run), "-n", "5", "--out", str(tmp_path / "made.png")]) == 2
    assert "give a file ending in .csv, .npz or .parquet" in capsys.readouterr().err
    assert command(["evaluate", str(run), str(data), "-n", "50", "--metrics", "peak,columns"]) == 0
    shutil.copytree(run, tmp_path / "other")
    assert command(["compare", str(run), str(tmp_path / "other")]) == 0
    assert command(["report", str(run)]) == 0
    assert command(["inspect", str(data), "--read", "conditions=resolution"]) == 0
    assert "column pt1: " in capsys.readouterr().out


def test_arrays_and_blocks_come_back(tmp_path):
    rng = np.random.default_rng(0)
    energy = rng.uniform(10, 100, 300)
    cells = energy[:, None, None] * rng.dirichlet(np.ones(6), 300).reshape(300, 2, 3)
    odd = {"odd name-1": rng.normal(size=(300, 2))}
    np.savez(tmp_path / "showers.npz", events=rng.normal(size=(300, 2)), cells=cells, conditions=energy, **odd)
    assert kind_of(tmp_path / "showers.npz")[0].id == "simulation"
    run = gansmith.train(tmp_path / "showers.npz", out=tmp_path / "run", budget="64", width=8, depth=1, batch=32)
    assert {"sum(cells)", "sum(odd name-1)"} == {
        name for r in run.evaluation.results if r.name == "peak" for name in r.detail
    }
    made = gansmith.load(run.folder.root).sample(3, seed=1)
    assert made.arrays["cells"].shape == (3, 2, 3)
    for ending in ("npz", "csv", "parquet"):
        if ending == "parquet":
            pytest.importorskip("pyarrow")
        out = tmp_path / f"made.{ending}"
        assert command(["sample", str(run.folder.root), "-n", "3", "--seed", "1", "--out", str(out)]) == 0
        back = KIND.open(out, KIND.options(conditions=("c1",)), None)
        if ending == "npz":
            assert np.array_equal(back.arrays["cells"], made.arrays["cells"])
        else:
            assert np.allclose(back.arrays["cells[1,2]"], made.arrays["cells"][:, 1, 2], rtol=1e-7)


def test_judged_quantities_are_never_shown(data):
    items = KIND.open(data, READ, None)
    codec = KIND.fit(items, READ)
    signal = codec.encode(items.arrays)["signal"]
    assert codec.derive(signal).shape == (400, 1)
    assert codec.quantities(codec.numbers(signal)).shape == (400, 2)
    hidden = KIND.fit(items, KIND.options(conditions=("resolution",), turn=READ.turn, judged=f"mass={MASS}"))
    assert hidden.spec["signal"].derive is None
    assert torch.isfinite(hidden.quantities(hidden.numbers(signal))).all()


def test_drawings_hold_an_area_and_a_line():
    rng = np.random.default_rng(0)
    made = rng.normal(size=50)
    made[3] = np.nan
    drawn = histograms([Spread("a < b", "", rng.normal(size=50), made), Spread("c", "", np.ones(0), np.ones(9))], "x")
    assert drawn.startswith("<svg")
    assert "a &lt; b" in drawn
    assert "nan" not in drawn
    assert drawn.count('class="made"') == 3


def test_bad_input_is_one_line_and_writes_nothing(data, tmp_path, capsys):
    few = tmp_path / "few.csv"
    few.write_text("pt,eta,phi\n1,2,3\n")
    words = tmp_path / "words.csv"
    words.write_text("a,b\n" + "x,y\n" * 40)
    for path, more, told in (
        (data, ["--read", "derived=m=pt1*et2"], "no column 'et2'; did you mean 'eta2'?"),
        (data, ["--read", "derived=m=pt1", "--read", "judged=m=pt2"], "'m' is given by derived= too"),
        (data, ["--read", "judged=pt1"], "judged=pt1: write"),
        (data, ["--read", "angels=phi1"], "did you mean 'angles'"),
        (data, ["--target", "pt1"], "--modality table reads it as a table"),
        (data, ["derived=1"], "none is declared"),
        (few, [], "few.csv"),
        (words, ["--modality", "simulation"], "words.csv"),
    ):
        assert command(["train", str(path), *more, "--out", str(tmp_path / "no")]) == 2, told
        error = capsys.readouterr().err
        assert told in error
        assert "Traceback" not in error
    assert not (tmp_path / "no").exists()


@pytest.mark.slow
def test_the_demo_makes_a_peak_where_the_boson_is(tmp_path, monkeypatch):
    monkeypatch.undo()
    assert command(["demo", "--simulation", "--out", str(tmp_path / "demo")]) == 0
    scores = json.loads((tmp_path / "demo" / "model" / "metrics.json").read_text())
    found = {r["name"]: r for r in scores["results"]}
    real, made, wide, other = found["peak"]["detail"]["mass"]
    assert abs(real - made) < 1
    assert other < 1.3 * wide
    assert found["columns"]["value"] < 0.15
    assert found["rank_correlation"]["value"] < 0.05
