"""Judging of tables against values frozen from SDMetrics (make_sdmetrics.py) and anonymeter (make_anonymeter.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tables_inputs import CASES, make

from gansmith.metrics.table import Columns, align, column_scores, quality

SDMETRICS = json.loads(Path(__file__).with_name("sdmetrics.json").read_text())["cases"]


def tables(name):
    real, made = make(**CASES[name])
    aligned = align(real=Columns.of(**real), made=Columns.of(**made))
    return aligned["real"], aligned["made"], SDMETRICS[name]


def close(want):
    return pytest.approx(float("nan") if want is None else want, abs=2e-7, nan_ok=True)


def test_the_golden_files_are_of_these_inputs():
    assert {name: case["input"] for name, case in SDMETRICS.items()} == CASES


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
