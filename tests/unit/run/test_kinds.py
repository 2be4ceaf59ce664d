"""A kind of data that is one module: recognised, trained on, sampled, saved, judged, reported, by the same commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gansmith
import gansmith.run.kinds
from gansmith.cli.main import run as command
from gansmith.errors import InputError
from gansmith.run.kinds._registry import find_kind, kind_of

HERE = Path(__file__).parent / "toy_kinds"
RECIPE = str(HERE / "recipe_of_ripples.py")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """The toy kind, where kinds are looked for."""
    monkeypatch.setattr(gansmith.run.kinds, "__path__", [*gansmith.run.kinds.__path__, str(HERE)])
    import pkgutil

    found = pkgutil.iter_modules
    monkeypatch.setattr(
        "gansmith.run.kinds._registry.pkgutil.iter_modules",
        lambda path: (m for m in found(path) if not m.name.startswith("recipe_of")),
    )


@pytest.fixture
def data(tmp_path):
    return find_kind("ripples").demo.data(tmp_path)


@pytest.fixture
def run(data, tmp_path):
    return gansmith.train(data, RECIPE, out=tmp_path / "run")


def test_a_kind_is_found_by_name_by_recipe_and_by_what_a_path_holds(data):
    assert kind_of(data)[1].startswith("taken for ripples")
    assert kind_of(data, "ripples") == (find_kind("ripples"), "")
    assert kind_of(data, None, RECIPE)[0].id == "ripples"
    assert kind_of(data, "image") is None
    assert kind_of(data, None, "dcgan") is None
    with pytest.raises(InputError, match="no kind of data is called 'riples'; did you mean 'ripples'"):
        find_kind("riples")


def test_a_run_judges_and_reports(run):
    assert run.record["finished"]
    scores = run.evaluation
    assert {"kernel", "coverage", "accuracy", "loudness"} <= set(scores.names())
    assert scores["loudness"].protocol["kind"] == "ripples"
    page = run.folder.report.read_text()
    assert "difference of mean loudness" in page
    assert "<pre>[" in page
    assert run.record["data"]["of"] == "ripples"


def test_samples_are_the_same_from_the_folder_and_in_parts(run):
    model = gansmith.load(run.folder.root, RECIPE)
    made = model.sample(7, {"label": "fast"}, seed=3)
    assert made.arrays["wave"].shape == (7, 16)
    assert set(made.labels.tolist()) == {1}
    parts = [part.arrays["wave"] for part in model.stream(7, {"label": "fast"}, seed=3, chunk=2)]
    assert np.array_equal(np.concatenate(parts), made.arrays["wave"])


def test_commands(run, data, tmp_path, capsys):
    out, model = tmp_path / "made.npz", [str(run.folder.root), "--recipe", RECIPE]
    assert command(["sample", *model, "-n", "5", "--where", "label=slow", "--out", str(out)]) == 0
    assert np.load(out)["wave"].shape == (5, 16)
    capsys.readouterr()
    asked = [str(data), "-n", "64", "--metrics", "kernel,loudness", "--json"]
    assert command(["evaluate", model[0], *asked, *model[1:]]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in told["results"]] == ["kernel", "loudness"]
    assert "training part is the one" in told["notes"][-1]
    assert command(["inspect", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "240 ripples" in shown
    assert "slow" in shown
    assert command(["report", model[0]]) == 0


def test_models_are_compared(run, data, tmp_path, capsys):
    other = gansmith.train(data, RECIPE, out=tmp_path / "other", seed=1, budget="160")
    paths = [str(run.folder.root), str(other.folder.root)]
    page = tmp_path / "page.html"
    words = ["compare", *paths, "--recipe", RECIPE, "-n", "100"]
    assert command([*words, "--out", str(page)]) == 0
    assert "loudness" in capsys.readouterr().out
    assert "of other items" in page.read_text()
    for more, told in ((["--target", "x"], "can't act"), (["--metrics", "kernl"], "did you mean 'kernel'")):
        assert command([*words, *more]) == 2
        assert told in capsys.readouterr().err


def test_too_few_items_are_told_with_their_file(tmp_path, capsys):
    few = tmp_path / "few.npz"
    np.savez(few, wave=np.zeros((3, 16), np.int8))
    assert command(["train", str(few), "--recipe", RECIPE]) == 2
    assert f"{few}: 1 different ripples (3 with duplicates) are too few" in capsys.readouterr().err


def test_what_acts_on_other_data_is_refused(run, data, tmp_path, capsys):
    for words, told in (
        (["train", str(data), "--recipe", RECIPE, "--target", "x"], "--target can't act on those"),
        (["train", str(data), "--recipe", "dcgan", "--modality", "ripples"], "recipe dcgan is for images"),
        (["train", str(data), "--recipe", RECIPE, "--read", "rate=3"], "no option 'rate'"),
        (
            ["sample", str(run.folder.root), "--recipe", RECIPE, "--out", str(tmp_path / "x.png")],
            "give a .npz, or a folder",
        ),
        (
            ["sample", str(run.folder.root), "--recipe", RECIPE, "--columns", "3", "--out", str(tmp_path / "x.npz")],
            "are for images",
        ),
        (
            ["interpolate", str(run.folder.root), "--recipe", RECIPE, "--out", str(tmp_path / "x.png")],
            "model of ripples",
        ),
        (
            ["evaluate", str(run.folder.root), str(data), "--recipe", RECIPE, "--metrics", "loudnes"],
            "did you mean 'loudness'",
        ),
        (["inspect", str(data), "--schema", "x.json"], "--schema can't act on those"),
    ):
        assert command(words) == 2, words
        assert told in capsys.readouterr().err, words
