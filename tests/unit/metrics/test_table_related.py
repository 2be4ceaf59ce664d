"""Scores of families against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.metrics import measure_of
from gansmith.metrics.table import Columns, Family, autocorrelations, evaluate_related, step_scores

N = 400


def family(steps: np.ndarray, seed: int = 0, slope: float = 1.0, integrity: float | None = None, length: int = 4):
    """Sequences of four rows that rise by given steps, from where the parent's number says."""
    random = np.random.default_rng(seed)
    base = random.normal(0, 5, N)
    rise = np.concatenate([np.zeros((N, 1)), random.choice(steps, (N, length - 1))], 1).cumsum(1)
    mood = random.integers(0, 2, (N, length))
    owner = np.repeat(np.arange(N), length)
    before = np.where(np.arange(N * length) % length == 0, -1, np.arange(N * length) - 1)
    values = {"level": (slope * base[:, None] + rise).ravel(), "mood": mood.ravel()}
    own = Columns(values, {"mood": ("bad", "good")})
    return Family(own, Columns({"p.base": base}), owner, before, integrity)


def test_equal_sequences_score_full_and_others_by_the_distance_of_their_steps():
    real = family(np.array([1.0]))
    assert step_scores(real, family(np.array([1.0]), 1))["level"] == 1.0
    assert step_scores(real, family(np.array([2.0]), 1))["level"] == 0.0
    half = step_scores(real, family(np.array([1.0, 2.0]), 1))["level"]
    assert half == pytest.approx(0.5, abs=0.05)


def test_transitions_of_categories_are_pairs():
    own = [Columns.of(mood=list(moods)) for moods in ("abab" * 50, "aabb" * 50)]
    owner, before = np.repeat(np.arange(50), 4), np.where(np.arange(200) % 4 == 0, -1, np.arange(200) - 1)
    parents = Columns({"p.x": np.zeros(50)})
    real, made = (Family(side, parents, owner, before) for side in own)
    # pairs ab, ba, ab against aa, ab, bb: only one of three is common
    assert step_scores(real, made)["mood"] == pytest.approx(1 / 3)
    assert step_scores(real, real)["mood"] == 1.0


def test_autocorrelation_is_that_of_numpy():
    real = family(np.array([-3.0, 3.0]))
    later = real.before >= 0
    level = real.own["level"]
    expected = np.corrcoef(level[later], level[real.before[later]])[0, 1]
    assert autocorrelations(real)["level"] == pytest.approx(expected)


def test_counts_and_integrity_are_told():
    real, made = family(np.array([1.0])), family(np.array([1.0]), 1, integrity=0.75, length=2)
    found = evaluate_related(real, family(np.array([1.0]), 2), made)
    assert found["integrity"].value == 0.75 and found["cardinality"].value == 0.0
    assert {r.name: r.value for r in found.ceiling}["cardinality"] == 1.0
    assert measure_of(found["integrity"]).perfect == 1.0


def test_a_parent_that_says_nothing_is_noticed():
    real, unseen = family(np.array([1.0])), family(np.array([1.0]), 1)
    good = evaluate_related(real, unseen, family(np.array([1.0]), 2))
    bad = evaluate_related(real, unseen, family(np.array([1.0]), 2, slope=-1.0))
    assert good["parent_trends"].value > 0.95 and bad["parent_trends"].value < 0.2
    apart = evaluate_related(family(np.array([1.0]), slope=0.0), unseen, family(np.array([1.0]), 2))
    assert "of the parent's strongly enough" in apart.skipped["parent_trends"]


def test_detection_sees_one_row_of_each_family_with_what_it_follows():
    pytest.importorskip("sklearn")
    real, unseen = family(np.array([1.0])), family(np.array([1.0]), 1)
    one = unseen.one_each(0)
    assert len(one) == N and set(one.names) == {"level", "mood", "p.base", "previous.level", "previous.mood"}
    first = np.isnan(one["previous.level"])
    assert np.allclose(one["level"][~first] - one["previous.level"][~first], 1.0)
    assert np.array_equal(first, one["previous.mood"] < 0) and 0.1 < first.mean() < 0.4
    same = evaluate_related(real, unseen, family(np.array([1.0]), 2))["family_detection"]
    other = evaluate_related(real, unseen, family(np.array([1.0]), 2, slope=-1.0))["family_detection"]
    assert same.low < 0.5 < same.high and other.value > 0.95


def test_rows_without_an_order_have_no_steps():
    real = family(np.array([1.0]))
    loose = [Family(f.own, f.parents, f.owner, np.full(len(f.owner), -1)) for f in (real, family(np.array([1.0]), 1))]
    found = evaluate_related(loose[0], loose[1], loose[1])
    assert "step_shapes" not in found.names() and "previous.level" not in loose[0].one_each(0).names
