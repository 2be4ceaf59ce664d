"""Comparisons of generators: point differences, verdicts, order, what is refused."""

from __future__ import annotations

import json

import pytest
import torch

from gansmith.errors import InputError
from gansmith.metrics import COMPARED, Comparison, Difference, Evaluation, Result, Settings, compare_features
from gansmith.metrics.functional import counts, prdc, prdc_replicates, standard_interval
from gansmith.metrics.suite import evaluate_features

SETTINGS = Settings(resamples=30, seed=3)


def normal(n, d=4, seed=0, scale=1.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * scale


def judged(m, seed):
    return {
        "features": normal(m, seed=seed, scale=1.2),
        "labels": torch.arange(m) % 3,
        "logits": normal(m, 3, seed + 50),
    }


@pytest.fixture(scope="module")
def sides():
    return {"features": normal(80, seed=1)}, {"a": judged(90, 2), "b": judged(90, 3)}, normal(100, seed=4)


@pytest.fixture(scope="module")
def found(sides):
    real, fakes, train = sides
    return compare_features(real, fakes, train=train, settings=SETTINGS)


def test_differences_are_those_of_the_scores_themselves(sides, found):
    real, fakes, train = sides
    plain = {
        n: evaluate_features(real, f, train=train, settings=Settings(resamples=0, seed=3)) for n, f in fakes.items()
    }
    assert found.metrics == COMPARED == ("frechet", "kernel", "precision", "recall", "coverage", "accuracy")
    for metric in COMPARED:
        d = found.between(metric, "a", "b")
        assert d.value == pytest.approx(plain["a"][metric].value - plain["b"][metric].value)
        assert d.low <= d.value <= d.high and d.low + d.high == pytest.approx(2 * d.value)
        assert found.between(metric, "b", "a") == d.turned() and d.turned().turned() == d
    assert found.each == pytest.approx(1 - 0.05 / 6)
    assert {r.name for r in found.ceiling} >= {"frechet", "train_closer"}
    assert found.evaluations["a"]["train_closer"].value == plain["a"]["train_closer"].value


def test_equal_samples_differ_by_nothing(sides):
    real, fakes, _ = sides
    same = compare_features(real, {"a": fakes["a"], "b": fakes["a"]}, settings=SETTINGS)
    assert all((d.value, d.low, d.high, d.winner) == (0, 0, 0, None) for d in same.differences)
    (sentence,) = same.verdicts()
    assert sentence.startswith("a and b: no difference was seen on Frechet distance, kernel distance, precision,")


def test_the_same_call_gives_the_same_answer(sides, found):
    real, fakes, train = sides
    assert compare_features(real, fakes, train=train, settings=SETTINGS).to_json() == found.to_json()
    assert json.loads(json.dumps(found.to_json()))["differences"][0]["metric"] == "frechet"


def made_up(**differences: tuple[float, float, float]) -> Comparison:
    """A comparison of a and b with these differences (value, low, high) and nothing measured."""
    rows = tuple(Difference(metric, "a", "b", *ends) for metric, ends in differences.items())
    better = {"frechet": "lower", "kernel": "lower"}
    evaluations = {
        name: Evaluation(
            tuple(
                Result(m, v[0] if name == "a" else 0.0, better.get(m, "higher"), None, None, 9, 9)
                for m, v in differences.items()
            )
        )
        for name in "ab"
    }
    return Comparison(evaluations, rows, 0.95, 0.99, 30)


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        (
            {"coverage": (0.2, 0.1, 0.3), "kernel": (-1, -2, -0.5)},
            "a is better than b on coverage and kernel distance.",
        ),
        ({"kernel": (1, 0.5, 2)}, "b is better than a on kernel distance."),
        (
            {"frechet": (1, -1, 3), "recall": (0.2, 0.1, 0.3), "precision": (-0.2, -0.3, -0.1)},
            "a is better than b on recall; b is better on precision; no difference was seen on Frechet distance.",
        ),
        ({"recall": (0.2, 0.0, 0.4)}, "a and b: no difference was seen on recall."),
    ],
)
def test_a_verdict_is_a_sentence(differences, sentence):
    assert made_up(**differences).verdict("a", "b") == sentence


def test_the_order_is_that_of_the_scores():
    found = made_up(frechet=(1, -1, 3), coverage=(0.2, 0.1, 0.3))
    assert found.deciding == "frechet"
    assert found.ranked("frechet") == ("b", "a") and found.like_best("frechet") == ("a",)
    assert found.ranked("coverage") == ("a", "b") and found.like_best("coverage") == ()
    with pytest.raises(InputError, match="not compared on covrage; did you mean 'coverage'"):
        found.between("covrage", "a", "b")


def test_what_some_generators_lack_is_not_compared(sides):
    real, fakes, _ = sides
    bare = {"a": fakes["a"], "bare": fakes["b"]["features"]}
    found = compare_features(real, bare, settings=SETTINGS)
    assert found.skipped == {"accuracy": "samples of bare lack what it needs"} and "accuracy" not in found.metrics
    assert not compare_features(real, {n: f["features"] for n, f in fakes.items()}, settings=SETTINGS).skipped
    with pytest.raises(InputError, match="accuracy: samples of bare"):
        compare_features(real, bare, metrics=["accuracy"], settings=SETTINGS)


def test_too_few_samples_leave_a_score_out():
    real, fakes = normal(12, 40, 1), {"a": normal(12, 40, 2), "b": normal(12, 40, 3)}
    found = compare_features(real, fakes, settings=SETTINGS)
    assert "41" in found.skipped["frechet"] and found.deciding == "kernel"
    with pytest.raises(InputError, match=r"frechet can't be compared: .*at least 41"):
        compare_features(real, fakes, metrics=["frechet"], settings=SETTINGS)


@pytest.mark.parametrize(
    ("fakes", "options", "message"),
    [
        ({"a": normal(9)}, {}, "two generators or more, got 1"),
        ({"a": normal(9), "b": normal(8)}, {}, "equal numbers of samples"),
        ({"a": normal(9), "b": {"logits": normal(9)}}, {}, "b have none"),
        ({"a": normal(9), "b": normal(9)}, {"metrics": ["covrage"]}, "did you mean 'coverage'"),
        ({"a": normal(9), "b": normal(9)}, {"metrics": ["train_closer"]}, "does not say which model is better"),
        ({"a": normal(9), "b": normal(9)}, {"settings": Settings(resamples=1)}, "at least 2 resamples"),
        ({"a": normal(9), "b": normal(9, 3)}, {}, "'b'.*use one extractor"),
        ({"a": normal(9), "b": normal(9) / 0}, {}, "b: .*NaN or infinity"),
    ],
)
def test_what_can_not_be_compared_is_refused(fakes, options, message):
    with pytest.raises(InputError, match=message):
        compare_features(normal(20), fakes, **options)


def test_replicates_of_every_row_once_are_the_values():
    real, fake = normal(60, seed=5), normal(70, seed=6, scale=0.7)
    once = torch.ones(1, 60).double(), torch.ones(1, 70).double()
    found, value = prdc_replicates(real, fake, *once), prdc(real, fake)
    for name, replicate in found.items():
        assert float(replicate) == pytest.approx(getattr(value, name))


def test_replicates_follow_their_definition():
    """One resample by hand: rows drawn twice count twice, rows not drawn count as absent, radii stay."""
    real, fake, k = normal(20, 2, seed=7).double(), normal(25, 2, seed=8).double(), 3
    w, v = counts(20, 1, 1), counts(25, 1, 2)
    apart = torch.cdist(real, fake)
    radius = [torch.cdist(x, x).sort(1).values[:, k] for x in (real, fake)]
    held, reaching = apart < radius[0][:, None], apart < radius[1][None, :]
    drawn = v[0] > 0
    found = prdc_replicates(real, fake, w, v, k)
    assert float(found["coverage"]) == pytest.approx(float(w[0] @ (held & drawn).any(1).double()) / 20)
    assert float(found["recall"]) == pytest.approx(float(w[0] @ (reaching & drawn).any(1).double()) / 20)
    assert float(found["precision"]) == pytest.approx(float(v[0] @ held.any(0).double()) / 25)
    assert float(found["density"]) == pytest.approx(float(v[0] @ held.sum(0).double()) / (25 * k))


def test_bad_standard_intervals_are_refused():
    for confidence, drawn in ((0.0, 9), (1.0, 9), (0.9, 1)):
        with pytest.raises(InputError):
            standard_interval(0.0, torch.zeros(drawn), confidence)
    assert standard_interval(2.0, torch.ones(5)) == (2.0, 2.0)
