"""Intervals of differences do what they promise: trials with generators whose true difference is known."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
import torch
from torch import Tensor

from gansmith.metrics import compare_features
from gansmith.metrics.functional import bootstrap_mean, counts, prdc, standard_interval
from gansmith.metrics.replicates import REPLICATED, Resamples, replicates
from gansmith.metrics.settings import Settings

TRIALS, WIDTH, CLASSES = 100, 4, 3
SETTINGS = Settings(resamples=50)
SHARED = 0.8
"""Share of a sample's variance that comes from the noise that both generators take."""


def normal(generator: torch.Generator, n: int) -> Tensor:
    return torch.randn(n, WIDTH, generator=generator, dtype=torch.float64)


def fakes(generator: torch.Generator, m: int, shared: float) -> list[dict[str, Tensor]]:
    """Samples of two generators of one distribution: off-centre, too narrow, and wrong in some classes."""
    common, made = normal(generator, m), []
    for _ in range(2):
        x = 0.5 + 0.8 * (math.sqrt(shared) * common + math.sqrt(1 - shared) * normal(generator, m))
        logits = torch.nn.functional.one_hot((x[:, 0] > 1).long(), CLASSES).double()
        made.append({"features": x, "labels": torch.zeros(m, dtype=torch.long), "logits": logits})
    return made


def trials(shared: float, n: int = 100, m: int = 200) -> dict[str, list[tuple[float, float]]]:
    """The difference and its standard error, for each score of each trial."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in REPLICATED}
    for trial in range(TRIALS):
        generator = torch.Generator().manual_seed(trial)
        real = {"features": normal(generator, n)}
        a, b = fakes(generator, m, shared)
        one = compare_features(real, {"a": a, "b": b}, metrics=REPLICATED, settings=SETTINGS)
        z = NormalDist().inv_cdf((1 + one.each) / 2)
        for name in REPLICATED:
            difference = one.between(name, "a", "b")
            found[name].append((difference.value, (difference.high - difference.low) / (2 * z)))
    return found


@pytest.mark.parametrize("shared", [0.0, SHARED])
def test_intervals_of_equal_generators_hold_zero_as_often_as_they_promise(shared: float) -> None:
    """Nominally 95 %; a binomial of 100 trials at 95 % falls below 87 in one case of 1,000."""
    for name, found in trials(shared).items():
        held = sum(abs(value) <= 1.96 * error for value, error in found)
        assert held >= 87, f"{name}: {held} of {TRIALS} intervals hold 0"


def test_pairing_makes_intervals_narrower_where_samples_share_their_noise() -> None:
    errors: dict[str, list[Tensor]] = {name: [] for name in REPLICATED}
    for trial in range(8):
        generator = torch.Generator().manual_seed(trial)
        real = {"features": normal(generator, 100)}
        a, b = fakes(generator, 200, SHARED)
        drawn = [Resamples.of(100, 200, SETTINGS.resamples, seed) for seed in (2 * trial, 10_000 + 2 * trial)]
        first = replicates(REPLICATED, real, a, drawn[0], 5)
        same, other = (replicates(REPLICATED, real, b, d, 5) for d in drawn)
        for name in REPLICATED:
            errors[name].append(torch.stack([(first[name] - same[name]).std(), (first[name] - other[name]).std()]))
    for name, found in errors.items():
        paired, unpaired = torch.stack(found).mean(0).tolist()
        assert paired < 0.9 * unpaired, f"{name}: paired {paired / unpaired:.2f} times as wide"


def test_indicators_of_the_reals_alone_would_promise_too_much() -> None:
    """Why coverage draws fakes again too: with the reals' indicators alone, intervals of equal generators miss 0."""
    held = 0
    for trial in range(TRIALS):
        generator = torch.Generator().manual_seed(trial)
        real = normal(generator, 120)
        a, b = (prdc(real, fake["features"]).real_covered for fake in fakes(generator, 240, 0.0))
        drawn = counts(120, 50, trial) @ (a - b) / 120
        low, high = standard_interval(float((a - b).mean()), drawn)
        held += low <= 0 <= high
    assert held < 0.9 * TRIALS


def test_all_intervals_hold_together() -> None:
    """Three equal generators, all scores: hardly any comparison calls anything a difference."""
    alarms = 0
    for trial in range(40):
        generator = torch.Generator().manual_seed(1_000 + trial)
        real = normal(generator, 100)
        made = {name: 0.5 + 0.8 * normal(generator, 150) for name in "abc"}
        found = compare_features(real, made, settings=SETTINGS)
        assert found.each == pytest.approx(1 - 0.05 / (3 * 5))
        alarms += any(d.winner for d in found.differences)
    assert alarms <= 6  # a binomial of 40 trials at 5 % is above 6 in one case of 100


def test_a_difference_that_is_there_is_seen() -> None:
    generator = torch.Generator().manual_seed(0)
    real = normal(generator, 300)
    made = {
        "off": 1.5 + normal(generator, 300),
        "narrow": 0.3 * normal(generator, 300),
        "right": normal(generator, 300),
    }
    found = compare_features(real, made, settings=SETTINGS)
    for metric in ("frechet", "kernel", "coverage", "recall"):
        assert found.ranked(metric)[0] == "right" and not found.like_best(metric), metric
    assert found.between("precision", "narrow", "off").winner == "narrow"
    assert found.between("precision", "off", "narrow").winner == "narrow"


def test_the_standard_interval_is_that_of_a_mean() -> None:
    values = torch.rand(400, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    low, high = standard_interval(float(values.mean()), counts(400, 400, 1) @ values / 400)
    error = float(values.std()) / 20
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.12)
    assert bootstrap_mean(values, 400) == pytest.approx((low, high), abs=error / 2)
