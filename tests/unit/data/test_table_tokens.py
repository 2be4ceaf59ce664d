"""Columns as tokens: what comes back, how intervals are cut, what ranges allow."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.tokens import CategoryTokens, NumberTokens
from gansmith.errors import InputError
from gansmith.testing import check_codec

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")


def numbers(values, special=None, missing=None) -> ParsedColumn:
    values = np.asarray(values, np.float64)
    nothing = np.zeros(len(values), np.uint8)
    return ParsedColumn(
        values,
        nothing if missing is None else np.asarray(missing, np.uint8),
        nothing if special is None else np.asarray(special, np.uint8),
    )


def codes(values, missing=None) -> ParsedColumn:
    found = numbers(values, missing=missing)
    return ParsedColumn(np.asarray(values, np.int32), found.missing, found.special)


def fitted(values, whole=0.0, **more) -> NumberTokens:
    return NumberTokens.fit(numbers(values, **more), more.get("missing_count", 0), np.zeros(0), whole)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 8))
def test_numbers_come_back_within_their_part(values, copies):
    values = np.array(values * copies)
    found = fitted(values)
    tokens = found.encode(numbers(values))
    assert (tokens >= 0).all() and (tokens < [t.size for t in found.tokens]).all()
    for within in (np.zeros(len(values)), np.full(len(values), 1 - 1e-9)):
        back = found.decode(tokens, within)
        again = found.encode(numbers(back.values))
        assert not back.missing.any() and not back.special.any()
        assert (back.values >= values.min()).all() and (back.values <= values.max()).all()
        assert (np.abs(again[:, 0] - tokens[:, 0]) <= 1).all()  # a border belongs to the interval above it
    copy = NumberTokens.model_validate(json.loads(found.model_dump_json()))
    assert np.array_equal(copy.encode(numbers(values)), tokens)


def test_intervals_hold_about_equally_many_rows_and_parts_too():
    values = np.random.default_rng(0).lognormal(0, 2, 20_000)
    found = fitted(values)
    tokens = found.encode(numbers(values))
    assert [t.size for t in found.tokens] == [32, 20]
    counts = np.bincount(tokens[:, 0] * 20 + tokens[:, 1], minlength=32 * 20).reshape(32, 20)
    inner = counts[1:-1, :16]
    assert inner.min() >= 35 and inner.max() <= 43 and not counts[1:-1, 16:].any()
    assert 2 <= counts[0, 0] <= 5 and 2 <= counts[-1, -1] <= 5  # tails are cut finer
    made = found.decode(tokens, np.random.default_rng(1).random(20_000)).values
    for q in (0.001, 0.1, 0.5, 0.9, 0.999):
        assert np.quantile(made, q) == pytest.approx(np.quantile(values, q), rel=0.05)
    assert made.max() > np.quantile(values, 0.9995)  # tails are not cut


def test_values_that_many_rows_share_have_a_token_of_their_own():
    values = np.concatenate([np.zeros(700), np.random.default_rng(0).random(300) + 1])
    found = fitted(values)
    assert found.atoms == (0.0,)
    back = found.decode(found.encode(numbers(values)), np.random.default_rng(1).random(1000)).values
    assert (back[:700] == 0).all() and (back[700:] >= 1).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_value_drawn_in_an_interval_is_never_one_with_a_token_of_its_own(seed, often):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.integers(0, 60, 300), np.repeat(rng.choice(60, often, replace=False), 80)])
    found = fitted(values, whole=1.0)
    made = rng.integers(0, found.tokens[0].size, 500)
    tokens = np.stack([made] + [np.zeros(500, np.int64)] * (len(found.tokens) - 1), 1)
    back = found.decode(tokens, rng.random(500)).values
    atom = np.isin(back, found.atoms)
    low, high, is_bin = found._layout
    assert found.atoms and found.edges and not atom[is_bin[made]].any() and atom[~is_bin[made]].all()
    assert (back >= low[made] - 0.5).all() and (back <= high[made] + 0.5).all()


def test_few_values_are_learnt_one_by_one():
    found = fitted(np.repeat([1.0, 2.0, 5.0], 100))
    assert found.atoms == (1.0, 2.0, 5.0) and not found.edges
    assert found.encode(numbers([1, 2, 5, 1.4, 9])).tolist() == [[0], [1], [2], [0], [2]]


def test_missing_and_special_values_come_back():
    values = np.concatenate([np.random.default_rng(0).random(500), [-1.0] * 50, [np.nan] * 50])
    special = np.repeat([0, 1, 0], [500, 50, 50])
    missing = np.repeat([0, 0, 2], [500, 50, 50])
    parsed = numbers(values, special, missing)
    found = NumberTokens.fit(parsed, 2, np.array([-1.0]), 0.0)
    back = found.decode(found.encode(parsed))
    assert np.array_equal(back.missing, parsed.missing) and np.array_equal(back.special, parsed.special)
    assert (back.values[500:550] == -1).all() and np.isnan(back.values[550:]).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-50, 200), min_size=30, max_size=400),
    st.integers(-60, 210),
    st.integers(0, 60),
    st.integers(0, 2**31),
)
def test_ranges_hold_exactly_what_is_in_them(values, low, width, seed):
    """Whatever tokens a limit allows, the value that is written lies in the range; and it allows what training has."""
    found, high = fitted(values, whole=1.0), low + width
    first, part = found.allowed(low, high)
    seen = [v for v in values if low <= v <= high]
    if seen:
        tokens = found.encode(numbers(seen))
        assert np.isfinite(first[tokens[:, 0]]).all()
        assert part is None or part[tokens[:, 0], tokens[:, 1]].all()
    if not np.isfinite(first).any():
        return
    random = np.random.default_rng(seed)
    choice = random.choice(np.flatnonzero(np.isfinite(first)), 50)
    tokens = choice[:, None]
    if part is not None:
        assert part[choice].any(1).all()
        tokens = np.stack([choice, [random.choice(np.flatnonzero(part[c])) for c in choice]], 1)
    made = np.rint(found.decode(tokens, random.random(50), low, high).values)
    assert ((made >= low) & (made <= high)).all()


def test_a_range_between_two_values_that_can_be_spelt_is_empty():
    first, _ = fitted(np.arange(200) % 40, whole=1.0).allowed(18.2, 18.8)
    assert not np.isfinite(first).any()


def test_very_many_categories_are_two_digits_by_frequency():
    random = np.random.default_rng(0)
    values = np.minimum(random.zipf(1.3, 20_000) - 1, 4_999)
    found = CategoryTokens.fit(codes(values), 5_000, 1)
    assert [t.size for t in found.tokens] == [71, 71] and found.tokens[1].part
    missing = np.zeros(20_000)
    missing[:7] = 1
    parsed = codes(np.where(missing > 0, -1, values), missing)
    tokens = found.encode(parsed)
    back = found.decode(tokens)
    assert np.array_equal(back.values, parsed.values) and np.array_equal(back.missing, parsed.missing)
    assert (tokens[:, 0] == 0).mean() > 0.5  # frequent ones share a first digit
    first, part = found.allowed(np.array([3, 4_000]), False)
    assert part is not None and part.sum() == 2 and np.isfinite(first).sum() <= 2
    assert part[tuple(found.encode(codes([4_000]))[0])] and part[tuple(found.encode(codes([3]))[0])]
    gone, part = found.allowed(np.zeros(0, np.int64), True)
    assert part is not None and part.sum() == 1 and np.isfinite(gone).sum() == 1


def test_edges_that_fall_are_refused():
    with pytest.raises(ValueError, match="edges must rise"):
        NumberTokens(missing=0, specials=(), atoms=(), edges=((2.0, 1.0),))


def frame(n=600):
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "sex": random.choice(["F", "M"], n),
            "age": random.integers(18, 90, n),
            "pay": np.where(random.random(n) < 0.3, 0.0, random.lognormal(8, 1, n).round(2)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1000, n), unit="D"),
            "score": np.where(random.random(n) < 0.1, np.nan, random.normal(0, 1, n)),
        }
    )


def test_the_codec_of_a_table_keeps_its_promises():
    table = open_table(frame())
    codec = TableCodec.fit(table)
    check_codec(codec, table.columns)
    assert codec.spec["tokens"].names == ("sex", "age", "age", "pay", "pay", "since", "since", "score", "score")
    assert codec.spec["tokens"].shape == (9,) and codec.places["since"] == slice(5, 7)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(format="other"), "no codec of a table"),
        (lambda d: d["columns"].pop("age"), "other columns"),
        (lambda d: d["columns"]["age"].update(edges=[[1]]), "damaged"),
        (lambda d: d["columns"]["age"].update(kind="odd"), "damaged"),
    ],
)
def test_damaged_codecs_are_refused_in_a_line(change, told):
    data = json.loads(json.dumps(TableCodec.fit(open_table(frame())).to_json()))
    change(data)
    with pytest.raises(InputError, match=told):
        TableCodec.from_json(data)
