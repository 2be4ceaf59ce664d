"""Metrics against values frozen by make.py from package prdc and from the published formulas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from metrics_inputs import CASES, make

from gansmith.metrics.functional import frechet_from_features, kernel_distance, kernel_subsets, prdc

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())["cases"]


def inputs(name):
    real, fake = make(**CASES[name])
    return torch.from_numpy(real), torch.from_numpy(fake), GOLDEN[name]


def test_the_golden_file_is_of_these_inputs():
    assert {name: case["input"] for name, case in GOLDEN.items()} == CASES


@pytest.mark.parametrize("name", CASES)
def test_prdc_equals_the_package(name):
    real, fake, want = inputs(name)
    got = prdc(real, fake, CASES[name]["k"])
    found = {key: getattr(got, key) for key in ("precision", "recall", "density", "coverage")}
    assert found == pytest.approx(want["prdc"], abs=1e-12)
    if name not in ("ties", "same"):  # the improved precision and recall differ from prdc at ties only
        assert (got.precision, got.recall) == pytest.approx((want["precision"], want["recall"]), abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_frechet_equals_the_formula(name):
    real, fake, want = inputs(name)
    slack = 1e-7 if name in ("far_from_zero", "same") else 1e-10  # what sqrtm leaves at cancellation
    assert frechet_from_features(real, fake) == pytest.approx(want["fid"], rel=1e-9, abs=slack)


@pytest.mark.parametrize("name", CASES)
def test_kernel_equals_the_formula(name):
    real, fake, want = inputs(name)
    scale = (1 + float(real.square().sum(1).max()) / real.shape[1]) ** 3
    assert kernel_distance(real, fake) == pytest.approx(want["kid"], rel=1e-9, abs=1e-13 * scale)


def test_one_subset_of_everything_is_the_kernel_distance():
    real, fake, want = inputs("small_k")
    got = kernel_subsets(real, fake, subsets=3, size=len(real))
    assert got.values.tolist() == pytest.approx([want["kid"]] * 3, rel=1e-10)
    assert got.std == pytest.approx(0, abs=1e-10)
