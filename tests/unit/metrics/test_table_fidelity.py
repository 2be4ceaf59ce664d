"""Fidelity of tables: closed forms, brute force, and what must hold of identical and permuted tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gansmith.errors import InputError
from gansmith.metrics.table import Columns, area, area_variance, associations, pair_scores, quality, wilson
from gansmith.metrics.table.association import Associations
from gansmith.metrics.table.correlations import correlation_ratio
from gansmith.metrics.table.intervals import effective, share_difference
from gansmith.metrics.table.shapes import ks_complement, tv_complement

lists = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


def table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = x + 0.3 * rng.normal(size=n)
    y[rng.random(n) < 0.1] = np.nan
    code = np.where(x > 0.5, 2, np.where(x > -0.5, 1, 0)).astype(np.int32)
    other = np.where(rng.random(n) < 0.9, code, 0).astype(np.int32)
    names = ("low", "middle", "high")
    return Columns({"x": x, "y": y, "c": code, "d": other}, {"c": names, "d": names})


@settings(max_examples=40, deadline=None)
@given(lists, lists)
def test_shapes_of_any_columns(a, b):
    a, b = np.array(a), np.array(b)
    gap = max(abs((a <= v).mean() - (b <= v).mean()) for v in range(-5, 6))
    assert ks_complement(a.astype(float), b.astype(float)) == pytest.approx(1 - gap, abs=1e-12)
    apart = sum(abs((a == v).mean() - (b == v).mean()) for v in range(-5, 6))
    assert tv_complement(a + 5, b + 5) == pytest.approx(1 - apart / 2, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(lists, lists)
def test_the_area_is_that_of_scikit_learn(a, b):
    truth, scores = [1] * len(a) + [0] * len(b), [*a, *b]
    a, b = np.array(a, float), np.array(b, float)
    assert area(a, b) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    low, high = wilson(area(a, b), effective(area(a, b), area_variance(a, b), min(len(a), len(b))))
    assert 0 <= low <= area(a, b) <= high <= 1


def test_the_interval_of_an_area_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(300):
        a, b = rng.normal(0.5, 1, 60), rng.normal(0, 1, 60)
        found = area(a, b)
        low, high = wilson(found, effective(found, area_variance(a, b), 60))
        right += low <= 0.6381632 <= high  # the normal distribution function at 0.5 / sqrt(2)
    assert 0.91 < right / 300 < 0.99
    assert wilson(0.5, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    assert share_difference(0.5, wilson(0.5, 100), 0.5, wilson(0.5, 100)) == pytest.approx(
        (-0.13602, 0.13602), abs=1e-4
    )
    with pytest.raises(InputError, match="between 0 and 1"):
        wilson(0.5, 10, 1.0)


def test_a_table_beside_itself_scores_one():
    found = quality(table(), table())
    assert (found.score, found.shapes, found.trends) == pytest.approx((1, 1, 1))
    assert all(c.missing == c.coverage == c.adherence == 1 for c in found.columns)
    for kind in ("mixed", "information", "theil"):
        assert associations(table(), table(), kind).mean_difference == 0


def test_a_permuted_column_lowers_pair_trends_only():
    real = table()
    values = dict(real.values)
    values["c"] = values["c"][np.random.default_rng(1).permutation(len(real))]
    found = quality(real, Columns(values, real.categories))
    assert found.shapes == pytest.approx(1) and found.trends < 0.9
    touched = {(p.first, p.second) for p in found.pairs if p.score < 0.9}
    assert touched == {("x", "c"), ("y", "c"), ("c", "d")}
    maps = associations(real, Columns(values, real.categories)).difference
    assert maps[0, 2] < -0.5 and maps[2, 3] < -0.5 and maps[0, 1] == 0


def test_only_pairs_that_belong_together_count():
    rng = np.random.default_rng(0)
    real = Columns({"a": rng.normal(size=300), "b": rng.normal(size=300), "k": np.ones(300)})
    assert not any(pair.counted for pair in pair_scores(real, real))
    assert quality(real, real).score == quality(real, real).shapes == 1
    counted = [(p.first, p.second) for p in pair_scores(real, real, correlation_above=0) if p.counted]
    assert counted == [("a", "b")], "a constant column has no correlation"


def test_many_categories_take_no_more_memory_than_rows():
    codes = np.arange(5_000, dtype=np.int32)
    names = tuple(map(str, codes))
    real = Columns({"a": codes, "b": codes[::-1].copy()}, {"a": names, "b": names})
    (pair,) = pair_scores(real, real)
    assert pair.score == pytest.approx(1) and pair.strength == pytest.approx(1)


def test_the_strength_of_associations_is_a_slope_over_pairs_that_are_clear():
    real = np.array([[1, 0.6, 0.1], [0.6, 1, -0.4], [0.1, -0.4, 1]])
    for share in (0.0, 0.5, 1.0, 1.5):
        assert Associations(("a", "b", "c"), real, share * real, "mixed").strength(0.0) == pytest.approx(share)
    made = np.array([[1, 0.3, 0.9], [0.3, 1, -0.4], [0.9, -0.4, 1]])  # 0.9 beside 0.1: chance, not counted
    found = Associations(("a", "b", "c"), real, made, "mixed").strength(0.2)
    assert found == pytest.approx((0.6 * 0.3 + 0.4 * 0.4) / (0.6**2 + 0.4**2))
    assert np.isnan(Associations(("a", "b", "c"), real, made, "mixed").strength(0.7))
    made[0, 1] = made[1, 0] = np.nan  # a constant column
    assert Associations(("a", "b", "c"), real, made, "mixed").strength(0.2) == pytest.approx(1.0)


def test_noise_in_some_columns_makes_associations_weaker_and_chance_does_not():
    rng = np.random.default_rng(0)

    def rows(n, noise):
        x = rng.normal(size=n)
        return Columns({"x": x, **{f"y{i}": x + noise * rng.normal(size=n) for i in range(4)}}, {})

    real = rows(4000, 0.5)
    alike, weaker = (associations(real, made).strength(0.1) for made in (rows(300, 0.5), rows(4000, 2.0)))
    assert alike == pytest.approx(1.0, abs=0.05)
    assert weaker < 0.5


def test_associations_in_closed_form():
    n = 120
    town = np.arange(n, dtype=np.int32) % 4
    country = town // 2
    pay = country.astype(float)
    real = Columns({"town": town, "country": country, "pay": pay}, {"town": tuple("abcd"), "country": tuple("xy")})
    theil = associations(real, real, "theil").real
    assert theil[1, 0] == pytest.approx(1), "a town tells the country"
    assert theil[0, 1] == pytest.approx(0.5), "a country tells half of the town"
    shared = associations(real, real, "information").real
    assert shared[0, 1] == pytest.approx(0.5**0.5) and shared[1, 2] == pytest.approx(1)
    mixed = associations(real, real).real
    assert mixed[0, 1] == pytest.approx(1) and mixed[1, 2] == pytest.approx(1)
    assert correlation_ratio(np.array([0, 0, 1, 1]), np.array([0.0, 2, 1, 3])) == pytest.approx(0.2**0.5)
    with pytest.raises(InputError, match="no kind"):
        associations(real, real, "pearson")
