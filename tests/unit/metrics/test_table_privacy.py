"""Privacy of tables: distances against brute force; copies are found, independent draws are not called copies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.errors import InputError
from gansmith.metrics.functional import TooFew
from gansmith.metrics.table import (
    Columns,
    Mixed,
    attribute_inference,
    closeness,
    exact_copies,
    find_identifiers,
    gower_nearest,
    group_sizes,
    linkability,
    membership,
    rare_combinations,
    singling_out,
    stack,
)


def people(n, seed, wide=3, gone=0.1):
    rng = np.random.default_rng(seed)
    age, pay = rng.normal(40, 10, n), rng.lognormal(size=n)
    pay[rng.random(n) < gone] = np.nan
    job, town = rng.integers(-1, 3, n).astype(np.int32), rng.integers(0, wide, n).astype(np.int32)
    values = {"age": age, "pay": pay, "job": job, "town": town, "height": rng.normal(size=n)}
    return Columns(values, {"job": tuple("abc"), "town": tuple(map(str, range(wide)))})


def brute(train, x, y):
    """The definition, one pair at a time."""
    found = np.zeros((len(x), len(y)))
    for name in x.names:
        known = train[name][~train.missing(name)]
        low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
        for i, a in enumerate(x[name].tolist()):
            for j, b in enumerate(y[name].tolist()):
                if name in x.categories:
                    found[i, j] += a != b
                    continue
                z = [0.0 if v != v else (v - middle) / (high - low) for v in (a, b)]
                z = [v if abs(v) <= 1 else math.copysign(1 + math.log(abs(v)), v) for v in z]
                found[i, j] += (z[0] - z[1]) ** 2 + ((a != a) != (b != b))
    return np.sqrt(found / len(x.names))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12), st.integers(3, 25), st.sampled_from([3, 80]))
def test_distances_and_neighbours_are_those_of_the_definition(seed, n, m, wide):
    train, x, y = (people(size, seed + i, wide) for i, size in enumerate((40, n, m)))
    mixed = Mixed(train)
    far, at = mixed.nearest(mixed.rows(x), mixed.rows(y), 3)
    want = brute(train, x, y)
    assert far.numpy() == pytest.approx(np.sort(want, 1)[:, :3], abs=1e-6)
    assert far.numpy() == pytest.approx(np.take_along_axis(want, at.numpy(), 1), abs=1e-9)


def test_rounding_hides_no_copy_among_close_numbers():
    rows = Columns({"x": np.random.default_rng(0).permutation(np.linspace(0, 1, 20_000))})
    mixed = Mixed(rows)
    records, asked = mixed.rows(rows), np.arange(0, 20_000, 400)
    far, at = mixed.nearest(mixed.rows(rows.take(asked)), records)
    assert at[:, 0].tolist() == asked.tolist() and float(far.max()) == 0
    moved = Columns({"x": rows["x"][asked] + 2e-5})
    assert mixed.nearest(mixed.rows(moved), records)[1][:, 0].tolist() == asked.tolist()


def test_a_search_for_more_than_there_are_is_refused():
    mixed = Mixed(people(5, 0))
    with pytest.raises(TooFew):
        mixed.nearest(mixed.rows(people(5, 0)), mixed.rows(people(2, 0)), 3)


def test_copies_are_found_with_certainty():
    train, held = people(300, 0), people(300, 1)
    rng = np.random.default_rng(2)
    chosen = rng.permutation(300)[:60]
    made = stack(train.take(chosen), people(140, 3))
    found = closeness(made, train, held)
    assert found.copy.tolist() == [True] * 60 + [False] * 140
    assert found.index[:60].tolist() == chosen.tolist() and float(found.distance[:60].max()) == 0
    assert found.low > 0.5 and not found.held_out_copy.any()
    assert {made_row for made_row, _, _ in found.nearest_copies(60)} == set(range(60))
    assert closeness(train, train, held).train_closer == 1
    assert found.near_copies > 0.29 and found.held_out_near_copies <= 0.01


@pytest.mark.parametrize("seed", range(3))
def test_independent_draws_are_not_called_copies(seed):
    train, held, made = (people(n, 10 * seed + i) for i, n in enumerate((400, 250, 300)))
    found = closeness(made, train, held)
    assert found.low < 0.5 < found.high and found.reference == 250
    assert not found.copy.any() and found.near_copies < 0.05
    for attack in membership(made, train, held):
        assert attack.low < 0.52 and attack.high > 0.48
    known = ["age", "pay", "town", "height"]
    for attack in (
        attribute_inference(made, train, held, "job", known),
        linkability(made, train, held, ["age", "job"], ["pay", "town", "height"]),
        singling_out(made, train, held, attacks=100),
    ):
        assert attack.low == 0 and attack.risk < 0.1


def test_attacks_find_a_generator_that_copies():
    train, held = people(300, 0), people(300, 1)
    for attack in membership(train, train, held):
        assert attack.auc > 0.95 and attack.caught > 0.8
    assert attribute_inference(train, train, held, "job").risk > 0.9
    assert linkability(train, train, held, ["age", "job"], ["pay", "height"]).low > 0.5
    found = singling_out(train, train, held, attacks=100)
    assert found.attack.successes == found.attack.tries == 100 and found.low > 0.5
    rare = rare_combinations(train, train, held, ["age", "town", "job"])
    assert rare.revealed == 1 and rare.control_high < 1


def test_copies_with_missing_values_are_copies():
    train = Columns.of(a=[1, None, 3], c=["x", None, "y"])
    made = Columns.of(a=[None, 1, 3], c=[None, "x", "x"])
    assert exact_copies(made, train).tolist() == [True, True, False]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 60))
def test_group_sizes_are_counts(seed, n):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(-1, 2, n).astype(np.int32) for _ in range(2)]
    rows = Columns({"a": codes[0], "b": codes[1]}, {"a": ("x", "y"), "b": ("x", "y")})
    pairs = list(zip(*(c.tolist() for c in codes), strict=True))
    assert group_sizes(rows, ["a", "b"]).tolist() == [pairs.count(pair) for pair in pairs]


def test_the_columns_that_single_out_are_found():
    n = 200
    rng = np.random.default_rng(0)
    ids = np.arange(n, dtype=np.int32)
    rows = Columns(
        {"coin": rng.integers(0, 2, n), "id": ids, "same": np.zeros(n, np.int32)},
        {"coin": ("h", "t"), "id": tuple(map(str, ids)), "same": ("s",)},
    )
    assert find_identifiers(rows) == ("id",)
    assert "id" not in find_identifiers(rows, leave_out=["id"])


def test_neighbours_of_gower_against_brute_force():
    x, y = people(20, 0), people(30, 1)
    total = np.zeros((20, 30))
    for name in x.names:
        a, b = x[name][:, None], y[name][None]
        if name in x.categories:
            total += a != b
        else:
            both = np.concatenate([x[name], y[name]])
            total += np.where(
                np.isnan(a) | np.isnan(b), np.isnan(a) != np.isnan(b), abs(a - b) / np.ptp(both[both == both])
            )
    assert gower_nearest(x, y, x.names, 4).tolist() == np.argsort(total, 1, kind="stable")[:, :4].tolist()


def test_bad_requests_are_refused():
    rows = people(50, 0)
    with pytest.raises(InputError, match="did you mean 'town'"):
        rare_combinations(rows, rows, rows, ["twon"])
    with pytest.raises(InputError, match="among the known"):
        attribute_inference(rows, rows, rows, "job", ["job"])
    with pytest.raises(InputError, match="on both sides"):
        linkability(rows, rows, rows, ["age"], ["age", "job"])
    with pytest.raises(TooFew):
        membership(rows, rows, rows.take(np.arange(5)))
