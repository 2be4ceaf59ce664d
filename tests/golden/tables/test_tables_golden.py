"""Judging of tables against values frozen from SDMetrics (make_sdmetrics.py) and anonymeter (make_anonymeter.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tables_inputs import ATTACKED, CASES, INFERRED, LINKED, attacked, make

from gansmith.metrics.table import (
    Attack,
    Columns,
    align,
    attribute_inference,
    attribute_risks,
    column_scores,
    linkability,
    quality,
    singling_out,
)

SDMETRICS = json.loads(Path(__file__).with_name("sdmetrics.json").read_text())["cases"]
ANONYMETER = json.loads(Path(__file__).with_name("anonymeter.json").read_text())


def tables(name):
    real, made = make(**CASES[name])
    aligned = align(real=Columns.of(**real), made=Columns.of(**made))
    return aligned["real"], aligned["made"], SDMETRICS[name]


def close(want):
    return pytest.approx(float("nan") if want is None else want, abs=2e-7, nan_ok=True)


def test_the_golden_files_are_of_these_inputs():
    assert {name: case["input"] for name, case in SDMETRICS.items()} == CASES
    assert ANONYMETER["input"] == ATTACKED


@pytest.mark.parametrize("name", CASES)
def test_single_columns_equal_sdmetrics(name):
    real, made, want = tables(name)
    for column in column_scores(real, made):
        assert column.shape == close(want["report"]["columns"][column.name]), column.name
        for key, value in want["single"][column.name].items():
            assert getattr(column, key) == close(value), (column.name, key)


@pytest.mark.parametrize("name", CASES)
def test_the_quality_score_is_that_of_the_report(name):
    real, made, want = tables(name)
    for found, key in (
        (quality(real, made), "report"),
        (quality(real, made, correlation_above=0, association_above=0), "all_pairs"),
    ):
        assert found.score == close(want[key]["score"])
        assert (found.shapes, found.trends) == (close(want[key]["shapes"]), close(want[key]["trends"]))
        for pair in found.pairs:
            expected = want[key]["pairs"][f"{pair.first}|{pair.second}"]
            assert pair.counted == (expected is not None), pair
            assert not pair.counted or pair.score == close(expected), pair


@pytest.fixture(scope="module")
def sides():
    train, held, made = (Columns.of(**side) for side in attacked(**ATTACKED))
    return align(train=train, held_out=held, made=made)


def same(found: Attack, want) -> None:
    for rate, values in ((found.attack, want["attack"]), (found.control, want["control"])):
        assert [rate.successes, rate.tries, rate.value, rate.error] == pytest.approx(values, rel=1e-9)
    assert [found.risk, found.low, found.high] == pytest.approx(want["risk"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("secret", INFERRED)
def test_inference_equals_anonymeter(sides, secret):
    want = ANONYMETER["values"]["inference"][secret]
    found = attribute_inference(**sides, secret=secret, attacks=ATTACKED["n"])
    same(found, want)
    assert attribute_risks(**sides, attacks=ATTACKED["n"])[secret].risk == pytest.approx(found.risk, abs=0.03)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_linkability_equals_anonymeter(sides, neighbours):
    want = ANONYMETER["values"][f"linkability_{neighbours}"]
    same(linkability(**sides, first=LINKED[0], second=LINKED[1], neighbours=neighbours, attacks=ATTACKED["n"]), want)


@pytest.mark.parametrize("width", [2, 3])
def test_singling_out_agrees_with_anonymeter_within_the_interval(sides, width):
    want = ANONYMETER["values"][f"singling_out_{width}"]
    found = singling_out(**sides, width=width, attacks=150)
    for rate, (_, _, value, error) in ((found.attack, want["attack"]), (found.control, want["control"])):
        assert abs(rate.value - value) < rate.error + error
