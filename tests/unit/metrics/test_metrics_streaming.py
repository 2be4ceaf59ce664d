"""Results, streams and suites: protocols, comparisons, refusals, the ceiling."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from gansmith.errors import InputError
from gansmith.metrics import (
    DEFAULT_METRICS,
    MEASURES,
    Evaluation,
    FrechetStream,
    Metric,
    Result,
    Settings,
    Suite,
    TooFew,
    comparable,
    differences,
    evaluate_features,
    metric,
)

SETTINGS = Settings(extractor="net-1", weights="abc", judge="judge-1", judge_weights="def", split="test", resamples=40)


def normal(n, d=4, seed=0, scale=1.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * scale


def sides(n=120, m=200, scale=1.2):
    labels = torch.arange(m) % 3
    logits = torch.nn.functional.one_hot(labels, 3) + normal(m, 3, 7)
    return {
        "real": {"features": normal(n, seed=1), "labels": labels[:n], "logits": logits[:n]},
        "fake": {"features": normal(m, seed=2, scale=scale), "labels": labels, "logits": logits},
        "train": {"features": normal(300, seed=3)},
    }


@pytest.fixture(scope="module")
def evaluation():
    return evaluate_features(**sides(), settings=SETTINGS, ceiling=True)


def test_every_default_metric_gives_a_result_with_its_protocol(evaluation):
    assert evaluation.names() == DEFAULT_METRICS
    for result in evaluation.results:
        assert result.low <= result.value <= result.high
        assert result.better == MEASURES[result.name].better
        assert result.protocol["extractor"] == ("judge-1" if result.name == "accuracy" else "net-1")
        assert result.protocol["weights"] == ("def" if result.name == "accuracy" else "abc")
        assert (result.protocol["split"], result.protocol["resamples"]) == ("test", 40)
        assert (result.n_real, result.n_fake) == ((0, 200) if result.name == "accuracy" else (120, 200))


def test_the_ceiling_is_better_and_comparable(evaluation):
    ceiling = {result.name: result for result in evaluation.ceiling}
    assert set(ceiling) == set(DEFAULT_METRICS)
    for name in ("frechet", "kernel", "precision"):
        comparable(evaluation[name], ceiling[name])
        sign = 1 if ceiling[name].better == "higher" else -1
        assert sign * (ceiling[name].value - evaluation[name].value) > 0
    assert ceiling["frechet"].n_fake == 200
    assert ceiling["accuracy"].n_fake == 120
    assert ceiling["train_closer"].value == pytest.approx(0.5, abs=0.15)


def test_results_survive_json(evaluation):
    assert Evaluation.from_json(json.loads(json.dumps(evaluation.to_json()))) == evaluation
    data = evaluation["recall"].to_json()
    for broken in ({**data, "more": 1}, {**data, "better": "up"}, {**data, "value": "high"}):
        with pytest.raises(InputError, match="not a metric result"):
            Result.from_json(broken)
    with pytest.raises(InputError, match="not an evaluation"):
        Evaluation.from_json({})


def test_titles_name_the_network():
    def title(name, extractor):
        return Result(name, 1.0, "lower", None, None, 9, 9, {"extractor": extractor}).title

    assert title("frechet", "efflite0-b14-96") == "FD-efflite0-b14-96"
    assert title("kernel", "judge-fashion") == "KD-judge-fashion"
    assert title("frechet", "inception-fid:6726825d") == "FID"
    assert title("frechet", "inception-fid:00000000") != "FID"
    assert title("train_closer", "x") == "train closer"


def test_only_like_is_compared_with_like(evaluation):
    data = sides()

    def other(name, *, n=None, **changes):
        given = dict(data)
        if n is not None:
            given["fake"] = {key: value[:n] for key, value in data["fake"].items()}
        settings = replace(SETTINGS, **changes)
        return evaluate_features(**given, settings=settings, metrics=[name])[name]

    for changes, word in (
        ({"extractor": "net-2"}, "extractor differs: 'net-1' and 'net-2'"),
        ({"weights": "xyz"}, "weights differs"),
        ({"split": "validation"}, "split differs"),
        ({"k": 3}, "k differs: 5 and 3"),
        ({"protocol": {"data": "1f"}}, "data differs: None and '1f'"),
        ({"extractor": None}, "isn't recorded"),
        ({"n": 150}, "n_fake differs: 200 and 150"),
    ):
        with pytest.raises(InputError, match=word):
            comparable(evaluation["coverage"], other("coverage", **changes))
    comparable(evaluation["coverage"], other("coverage", resamples=10, seed=5, confidence=0.5))
    comparable(evaluation["kernel"], other("kernel", n=150))  # unbiased: the numbers of samples may differ
    comparable(evaluation["precision"], other("precision", n=150))
    assert differences(evaluation["recall"], evaluation["coverage"]) == ["different metrics: recall and coverage"]


def test_too_few_samples_are_refused_by_number_and_skipped_in_a_suite():
    real, fake = normal(120), normal(14, seed=2)
    wide = {"real": normal(120, 14), "fake": normal(14, 14, seed=2)}
    for name, need, given in (
        ("precision", 15, {"real": real, "fake": fake}),
        ("recall", 15, {"real": fake, "fake": real}),
        ("kernel", 8, {"real": real, "fake": fake[:7]}),
        ("duplicates", 8, {"real": real, "fake": fake[:7], "train": real}),
        ("frechet", 15, wide),  # over 14 features
        ("kernel_subsets", 1000, wide),
    ):
        stream = metric(name, SETTINGS)
        stream.update(**given)
        with pytest.raises(TooFew, match=f"at least {need} samples"):
            stream.compute()
    got = evaluate_features(**wide, settings=SETTINGS)
    assert got.names() == ("kernel",)
    assert set(got.skipped) == {"frechet", "precision", "recall", "density", "coverage"}
    few = replace(SETTINGS, k=4)  # three times the neighbour
    assert "coverage" in evaluate_features(real, fake, settings=few).names()
    real, fake = wide.values()
    with pytest.raises(InputError, match=r"no result for 'recall': recall \(fake side\) needs at least 15"):
        got["recall"]
    singular = Settings(rank_deficient=True, resamples=10)
    assert "sample size alone" in evaluate_features(real, fake, settings=singular)["frechet"].detail["note"]


def test_missing_tensors_and_unknown_names_are_named():
    real, fake = normal(50), normal(50, seed=2)
    with pytest.raises(InputError, match="did you mean 'frechet'"):
        metric("frechett")
    with pytest.raises(InputError, match=r"(?s)'preciscion'.*'recal'"):
        Suite(["preciscion", "recal"])
    with pytest.raises(InputError, match="needs logits of the fake samples"):
        evaluate_features(real, fake, metrics=["accuracy"])
    with pytest.raises(InputError, match="features of the train samples"):
        evaluate_features(real, fake, metrics=["duplicates"])
    with pytest.raises(InputError, match="accuracy needs logits"):
        metric("accuracy").update(fake={"labels": torch.zeros(3)})
    with pytest.raises(InputError, match="features of the real samples"):
        FrechetStream().compute()
    with pytest.raises(InputError, match="one length"):
        Suite().update(real={"features": real, "labels": torch.zeros(3)})


def test_the_moment_stream_agrees_with_the_rows():
    rows, moments = metric("frechet", SETTINGS), FrechetStream(SETTINGS)
    for stream in (rows, moments):
        assert isinstance(stream, Metric)
        stream.update(real=normal(100, seed=1) + 1000, fake=normal(30, seed=2) + 1000)
        stream.update(fake={"features": normal(50, seed=3) * 2 + 1000, "labels": torch.zeros(50)})
    a, b = rows.compute(), moments.compute()
    assert (b.low, b.n_real, b.n_fake) == (None, 100, 80)
    assert b.value == pytest.approx(a.value, rel=1e-6)
    comparable(a, b)
    with pytest.raises(InputError, match="only be merged"):
        moments.merge(rows)
    with pytest.raises(InputError, match="only be merged"):
        rows.merge(metric("kernel", SETTINGS))


def test_a_frechet_interval_lies_around_its_biased_value():
    got = evaluate_features(normal(80, 24, 1), normal(80, 24, 2), settings=SETTINGS, metrics=["frechet"])["frechet"]
    assert got.low < got.value < got.high
    assert got.high - got.low < got.value
    assert got.detail["bias"] == pytest.approx(got.value, rel=0.3)


def test_a_value_can_be_read_before_the_stream_ends():
    early, late = metric("recall", SETTINGS), metric("recall", SETTINGS)
    early.update(real=normal(40), fake=normal(40, seed=2))
    early.compute()
    for part in (early, late):
        part.update(fake=normal(60, seed=3))
    late.update(real=normal(40), fake=normal(40, seed=2))
    assert early.compute() == late.compute()
    more = metric("recall", SETTINGS)
    more.update(real=normal(9, seed=5))
    early.merge(more)
    assert early.compute().n_real == 49


def test_nothing_keeps_a_gradient():
    fake = normal(50, seed=2).requires_grad_()
    stream = metric("kernel", SETTINGS)
    stream.update(real=normal(50), fake=fake)
    assert isinstance(stream.compute().value, float)
    assert fake.grad is None
