"""Learners on tables, and everything at once by `evaluate_tables`."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from sklearn.metrics import f1_score, r2_score, roc_auc_score

from gansmith.errors import InputError
from gansmith.metrics import Evaluation, Settings, comparable
from gansmith.metrics.table import (
    NOT_PRIVATE,
    TABLE_MEASURES,
    Columns,
    Encoder,
    augmentation,
    class_scores,
    detection,
    evaluate_tables,
    learners,
    number_scores,
    slices,
    usefulness,
)
from gansmith.metrics.table.learners import Classifier, permutation_drops


def sick(n, seed, noise=0.6, classes=2):
    rng = np.random.default_rng(seed)
    x, sex = rng.normal(size=n), rng.integers(0, 2, n).astype(np.int32)
    risk = x + 0.5 * sex + noise * rng.normal(size=n)
    cut = [0.5] if classes == 2 else [-0.3, 1.2]
    gone = x.copy()
    gone[rng.random(n) < 0.1] = np.nan
    values = {"x": gone, "sex": sex, "cost": 3 * risk + 10, "state": np.digitize(risk, cut).astype(np.int32)}
    return Columns(values, {"sex": ("f", "m"), "state": ("well", "ill", "worse")[:classes]})


FAST = ("linear", "tree")


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    for size in (2, 4):
        p = rng.dirichlet(np.ones(size), 200)
        y = rng.integers(0, size, 200)
        found = class_scores(y, p)
        want = roc_auc_score(y, p[:, 1]) if size == 2 else roc_auc_score(y, p, multi_class="ovr")
        assert found["auc"] == pytest.approx(want) and found["accuracy"] == pytest.approx((p.argmax(1) == y).mean())
        assert found["f1"] == pytest.approx(f1_score(y, p.argmax(1), average="macro"))
    a, b = rng.normal(size=50), rng.normal(size=50)
    assert number_scores(a, b) == pytest.approx({"r2": r2_score(a, b), "rmse": np.sqrt(((a - b) ** 2).mean())})


def test_the_encoder_knows_training_rows_only():
    train = Columns({"c": np.array([0, 1, 1, -1]), "x": np.array([1.0, np.nan, 3, 5])}, {"c": ("a", "b", "new")})
    encoder = Encoder(train)
    other = Columns({"c": np.array([2, 1]), "x": np.array([np.nan, 1e9])}, train.categories)
    assert np.isnan(encoder.codes(other)[0]).all() and encoder.categorical == [True, False]
    dense = encoder.dense(other)
    assert np.isfinite(dense).all() and dense[0, :2].tolist() == [0, 0] and dense[1, :2].tolist() == [1, 0]
    assert dense[1, 2] == 10 and dense[0, 3] == 1, "far values are cut, missing ones marked"


@pytest.mark.parametrize("target", ["state", "cost"])
def test_real_rows_of_the_same_kind_are_as_useful(target):
    found = usefulness(sick(400, 0), sick(300, 1), sick(400, 2), target, learners=FAST)
    score = found.scores[0]
    assert found.mean(score) == pytest.approx(found.mean(score, "real"), abs=0.06) and found.mean(score) > 0.6
    noise = sick(400, 3)
    shuffled = Columns({**noise.values, target: np.roll(noise[target], 7)}, noise.categories)
    assert usefulness(sick(400, 0), sick(300, 1), shuffled, target, learners=FAST).mean(score) < 0.6


def test_made_rows_without_a_class_give_a_clear_result():
    train, test, made = sick(400, 0, classes=3), sick(300, 1, classes=3), sick(400, 2, classes=3)
    found = usefulness(train, test, made.take(made["state"] != 2), "state", learners=FAST)
    assert found.absent == ("worse",) and all(np.isfinite(list(learnt.scores.values())).all() for learnt in found.made)
    one = usefulness(train, test, made.take(made["state"] == 0), "state", learners=FAST)
    assert [learnt.scores["auc"] for learnt in one.made] == [0.5, 0.5] and one.absent == ("ill", "worse")


def test_augmentation_helps_a_rare_class():
    train, made = sick(600, 0, noise=0.2), sick(600, 2, noise=0.2)
    ill = np.flatnonzero(train["state"] == 1)
    few = train.take(np.concatenate([np.flatnonzero(train["state"] == 0), ill[:4]]))
    found = augmentation(few, sick(300, 1, noise=0.2), made, "state")
    assert found.gain("f1") > 0.1 and next(iter(found.class_gain)) == "ill" and found.class_gain["ill"] > 0.1


def test_slices_by_groups_and_by_quarters():
    found = usefulness(sick(400, 0), sick(300, 1), sick(400, 2), "state", learners=["linear"])
    by_sex = slices(found, "sex", "accuracy")["made"]
    for code, name in enumerate(("f", "m")):
        inside = found.rows["sex"] == code
        right = found.made[0].predictions.argmax(1) == found.truth
        assert by_sex.values[name] == pytest.approx(right[inside].mean()) and by_sex.counts[name] == inside.sum()
    assert by_sex.gap == pytest.approx(abs(by_sex.values["f"] - by_sex.values["m"]))
    assert sum(slices(found, "cost", "accuracy")["real"].counts.values()) == 300
    with pytest.raises(InputError, match="accuracy"):
        slices(found, "sex", "acuracy")


def test_detection_of_equals_of_fakes_and_of_the_column_that_tells():
    real, alike = sick(300, 0), sick(300, 1)
    found = detection(real, alike)
    assert abs(found.auc - 0.5) < 0.1 and found.low < 0.55 and found.rows == 300
    moved = Columns({**alike.values, "x": alike["x"] + 3}, alike.categories)
    told = detection(real, moved)
    assert told.auc > 0.9 and next(iter(told.columns)) in ("x", "cost") and told.high > told.auc


@pytest.mark.parametrize("learner", FAST)
@pytest.mark.parametrize("at_once", [1, 500, 4_000_000])
def test_what_a_shuffled_column_costs_is_that_of_a_table_with_its_values_shuffled(learner, at_once, monkeypatch):
    monkeypatch.setattr(learners, "AT_ONCE", at_once)
    train, test = sick(300, 0), sick(200, 1)
    model = Classifier(learner, Encoder(train, ("x", "sex", "cost")), 2).fit(train, train["state"])

    def score(found):
        return roc_auc_score(test["state"], found[:, 1])

    rng, want = np.random.default_rng(5), {}
    for name in ("x", "sex", "cost"):
        shuffled = Columns({**test.values, name: test[name][rng.permutation(200)]}, test.categories)
        want[name] = score(model.probabilities(test)) - score(model.probabilities(shuffled))
    found = permutation_drops(model, model.view(test), score, tuple(want), np.random.default_rng(5))
    assert found == pytest.approx(want, abs=1e-12) and max(found, key=found.get) == "cost"


def test_columns_that_tell_are_found_from_some_of_the_rows_too(monkeypatch):
    real, made = sick(400, 0), sick(400, 1)
    moved = Columns({**made.values, "cost": made["cost"] + 5}, made.categories)
    whole = detection(real, moved)
    monkeypatch.setattr(sys.modules["gansmith.metrics.table.detection"], "MOST_SHUFFLED", 16 * 40)
    some = detection(real, moved)
    assert some.auc == whole.auc and some.columns != whole.columns and next(iter(some.columns)) == "cost"


@pytest.fixture(scope="module")
def judged():
    return evaluate_tables(
        sick(300, 0), sick(200, 1), sick(250, 2), "state", learners=FAST, private=True, settings=Settings(resamples=20)
    )


def test_everything_has_a_value_a_ceiling_and_a_protocol(judged):
    asked = {name for name, measure in TABLE_MEASURES.items() if measure.asked}
    expected = [n for n in TABLE_MEASURES if n not in asked and n not in ("useful_r2", "useful_rmse")]
    assert list(judged.names()) == expected and not judged.skipped
    assert [r.name for r in judged.ceiling] == expected
    for result in (*judged.results, *judged.ceiling):
        assert result.protocol["privacy"] == NOT_PRIVATE and result.protocol["columns"] == ["x", "sex", "cost", "state"]
        assert result.low is None or result.low <= result.value <= result.high, result
    assert all(r.detail["samples"] for r in judged.ceiling)
    again = json.loads(json.dumps(judged.to_json(), allow_nan=False))
    assert Evaluation.from_json(again) == judged
    comparable(judged["quality"], judged["quality"])


def test_good_rows_look_good(judged):
    best = {r.name: r.value for r in judged.ceiling}
    assert judged["quality"].value == pytest.approx(best["quality"], abs=0.05)
    assert judged["detection"].value < 0.65 and judged["exact_copies"].value == 0
    assert judged["useful_auc"].value == pytest.approx(best["useful_auc"], abs=0.08)


def test_bad_requests_are_said_clearly():
    rows = sick(60, 0)
    for call, said in (
        (lambda: evaluate_tables(rows, rows, rows, "stat"), "did you mean 'state'"),
        (lambda: evaluate_tables(rows, rows, rows, metrics=["qualty"]), "did you mean 'quality'"),
        (lambda: evaluate_tables(rows, rows, rows, metrics=["useful_auc"]), "needs a target"),
        (lambda: evaluate_tables(rows, rows, rows, "state", learners=["forrest"]), "did you mean 'forest'"),
        (lambda: evaluate_tables(rows, rows, rows.without("x")), "made has no column 'x'"),
        (lambda: evaluate_tables(rows, rows, rows.take(np.arange(0))), "made has no rows"),
        (lambda: evaluate_tables(rows, rows, rows, identifiers=["sexx"]), "did you mean 'sex'"),
    ):
        with pytest.raises(InputError, match=said):
            call()


def test_too_few_rows_are_skipped_with_the_reason():
    found = evaluate_tables(sick(30, 0), sick(8, 1), sick(30, 2), metrics=["quality", "membership", "exact_copies"])
    assert found.names() == ("exact_copies",) and "at least 40" in found.skipped["quality"]
    assert "held-out" in found.skipped["membership"]


def test_trends_of_columns_that_say_nothing_of_each_other_are_skipped_with_the_reason():
    rng = np.random.default_rng(0)
    train, held_out, made = (Columns({"x": rng.normal(size=200), "y": rng.normal(size=200)}, {}) for _ in range(3))
    found = evaluate_tables(train, held_out, made, metrics=["quality", "pair_trends"])
    assert found.names() == ("quality",) and "strongly enough in the real rows" in found.skipped["pair_trends"]


def test_without_scikit_learn_one_sentence_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    rows = sick(60, 0)
    with pytest.raises(InputError, match=r"gansmith\[tables\]"):
        detection(rows, rows)
    found = evaluate_tables(rows, rows, rows, "state", metrics=None, ceiling=False)
    assert "gansmith[tables]" in found.skipped["detection"] and "quality" in found.names()
