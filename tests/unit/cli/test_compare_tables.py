"""`gansmith compare` on models of a table: which is better, by how much more than chance, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import gansmith
from gansmith.cli.main import run
from gansmith.data.embedded import penguins_path
from gansmith.errors import InputError
from gansmith.metrics import Evaluation, Result
from gansmith.metrics.compare_scores import compare_scores, score_difference

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")


def score(value: float, low: float | None, high: float | None, name: str = "useful_r2") -> Result:
    return Result(name, value, "higher", low, high, 100, 100, {"columns": ["a"], "n_matters": []}, {})


def test_intervals_of_differences_are_those_of_independent_normal_scores():
    z = stats.norm.ppf(0.975)
    found = score_difference(
        score(0.7, 0.7 - z * 0.03, 0.7 + z * 0.03), score(0.5, 0.5 - z * 0.04, 0.5 + z * 0.04), ("a", "b")
    )
    exact = stats.norm(0.2, 0.05).interval(0.95)
    assert (found.low, found.high) == pytest.approx(exact) and found.winner == "a"
    skew = score_difference(score(0.9, 0.6, 0.95), score(0.7, 0.65, 0.9), ("a", "b"))
    assert skew.low == pytest.approx(0.2 - math.hypot(0.3, 0.2)) and skew.high == pytest.approx(
        0.2 + math.hypot(0.05, 0.05)
    )
    assert skew.winner is None and skew.turned().winner is None


def test_equal_generators_are_rarely_called_different():
    rng, wrong = np.random.default_rng(0), 0
    z = stats.norm.ppf(0.975)
    for _ in range(400):
        a, b = rng.normal(0.5, 0.1, 2)
        pair = [Evaluation((score(v, v - z * 0.1, v + z * 0.1),), (), {}) for v in (a, b)]
        found = compare_scores(dict(zip("ab", pair, strict=True)), 0.95, 0.95, 100)
        wrong += found.differences[0].winner is not None
    assert 6 <= wrong <= 36  # 5 % of 400, within what chance makes of it


def test_scores_without_intervals_are_shown_as_not_compared():
    pair = {name: Evaluation((score(0.5, None, None),), (), {}) for name in "ab"}
    found = compare_scores(pair, 0.95, 0.95, 100)
    assert not found.differences and "no interval" in found.skipped["useful_r2"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tables")
    for name, budget in (("long", 12_800), ("short", 256)):
        request = {"target": "species", "threads": 1}
        gansmith.train(penguins_path(), budget=budget, out=root / name, request=request, batch=64, width=24)
    return root


def test_the_better_model_is_named(runs, tmp_path, capsys):
    folder = tmp_path / "out"
    names = ["--metrics", "quality,useful_accuracy,value_coverage", "-n", "300", "--threads", "1"]
    assert run(["compare", str(runs / "long"), str(runs / "short"), *names, "--out", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "long is better than short on quality" in " ".join(said.split())
    assert "value_coverage was not compared: it has no interval" in said and "'species'" in said
    found = json.loads((folder / "comparison.json").read_text())
    assert found["differences"][0]["winner"] == "long" and found["protocol"]["target"] == "species"
    page = (folder / "comparison.html").read_text()
    assert "long is better than short" in page and page.count("<svg") >= 2
    assert {p.name for p in folder.iterdir()} >= {"columns-1.svg", "columns-2.svg"}


def test_the_library_compares_tables_and_other_targets(runs):
    found = gansmith.compare([runs / "long", runs / "short"], n=200, metrics=["useful_r2"], target="body_mass_g")
    assert found.comparison.metrics == ("useful_r2",) and found.protocol["target"] == "body_mass_g"


def test_what_can_not_be_compared_is_told(runs, tmp_path):
    with pytest.raises(InputError, match="two models or more"):
        gansmith.compare([runs / "long"])
    with pytest.raises(InputError, match="is given twice"):
        gansmith.compare([runs / "long", runs / "long"])
    with pytest.raises(InputError, match="no measure is called 'qualty'"):
        gansmith.compare([runs / "long", runs / "short"], metrics=["qualty"])
    with pytest.raises(InputError, match=r"makes rows of a table, and .* does not"):
        gansmith.compare([runs / "long", tmp_path])
    assert run(["compare", str(runs / "long"), str(runs / "short"), "--features", "pixels"]) == 2
    (tmp_path / "other.csv").write_text("a,b\n" + "".join(f"{i % 7},{i % 11}\n" for i in range(300)))
    with pytest.raises(InputError):
        gansmith.compare([runs / "long", runs / "short"], tmp_path / "other.csv", n=200)
