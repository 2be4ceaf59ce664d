"""Series to tensors and back, and into files that are read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.items import Items, digests
from gansmith.data.series.channel import Channel
from gansmith.data.series.codec import SeriesCodec
from gansmith.data.series.open import open_series
from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.write import write_series
from gansmith.errors import InputError
from gansmith.run.kinds._registry import find_kind

numbers = st.floats(-1e4, 1e4, allow_nan=False)


@given(st.lists(numbers, min_size=2, max_size=60), st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_values_with_decimals_come_back_exactly(values, places):
    x = np.round(np.array(values), places)
    channel = Channel.fit("x", x)
    back = channel.decode(channel.encode(x))
    # float32 has 24 bits for the whole range
    assert np.abs(back - x).max() <= max(0.0, 1e-6 * np.ptp(x))
    if np.ptp(x) * 10.0**places < 2**20 and not channel.heavy:
        assert np.array_equal(back, x)


@given(st.lists(st.integers(0, 1000), min_size=5, max_size=60), st.lists(st.floats(-30, 30), min_size=1))
@settings(max_examples=60, deadline=None)
def test_made_counts_are_whole_and_not_negative(counts, made):
    channel = Channel.fit("n", np.array(counts, np.float64))
    found = channel.decode(np.array(made, np.float32))
    assert (found >= 0).all()
    assert np.array_equal(found, np.round(found))
    assert found.max() <= max(counts) + 0.1 * np.ptp(counts)
    assert all("." not in channel.spell(v) for v in found)


def test_heavy_tails_are_drawn_in_and_scaling_does_not_follow_an_outlier():
    x = np.concatenate([np.random.default_rng(0).normal(size=1000), [1e6]])
    channel = Channel.fit("x", x)
    assert channel.heavy
    assert np.abs(channel.encode(x[:-1])).max() < 6
    assert channel.encode(x).std() == pytest.approx(1, rel=0.01)
    assert not Channel.fit("x", x[:-1]).heavy


def test_a_constant_channel_stays_so():
    channel = Channel.fit("x", np.full(9, 2.5))
    assert channel.decode(np.array([-9.0, 0.0, 9.0])).tolist() == [2.5] * 3


def items(missing=True, labels=True):
    rng = np.random.default_rng(0)
    level = rng.normal(size=(30, 8)).round(2)
    if missing:
        level[rng.random((30, 8)) < 0.2] = np.nan
        level[:, 6:][::3] = np.nan
    count = rng.integers(0, 5, (30, 8)).astype(np.float32)
    count[:, 6:][::3] = np.nan if missing else 1
    arrays = {"level": level, "count": count}
    ids = np.arange(30) % 2 if labels else None
    names = tuple(map(str, range(30)))
    return Items(arrays, names, digests(level), Path("x"), ids, ("a", "b") if labels else ())


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("labels", [True, False])
def test_there_and_back(missing, labels):
    data = items(missing, labels)
    codec = SeriesCodec.fit(data)
    again = SeriesCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert again == codec
    batch = again.encode(data.arrays, data.labels)
    assert {name: tuple(v.shape[1:]) for name, v in batch.items()} == {n: f.shape for n, f in codec.spec.items()}
    assert ("mask" in batch, "label" in batch) == (missing, labels)
    assert not batch["signal"].isnan().any()
    arrays, ids = codec.decode(batch)
    for name, column in data.arrays.items():
        assert np.array_equal(arrays[name], column.astype(np.float64), equal_nan=True)
    assert (ids is None) == (not labels)


def test_damaged_descriptions_are_refused():
    told = SeriesCodec.fit(items()).to_json()
    with pytest.raises(InputError, match="format 2"):
        SeriesCodec.from_json({**told, "format": 2})
    with pytest.raises(InputError, match="damaged"):
        SeriesCodec.from_json({k: v for k, v in told.items() if k != "channels"})


@pytest.mark.parametrize("ending", [".csv", ".npz", ".parquet"])
def test_written_series_are_read_again(tmp_path, ending):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    data = items()
    codec = SeriesCodec.fit(data)
    arrays, ids = codec.decode(codec.encode(data.arrays, data.labels))
    halves = [({k: v[s] for k, v in arrays.items()}, ids[s]) for s in (slice(0, 11), slice(11, 30))]
    path = tmp_path / f"made{ending}"
    write_series(codec, halves, path)
    again = open_series(path, SeriesOptions(length=8))
    assert again.classes == ("a", "b")
    assert np.array_equal(again.labels, ids)
    for name, column in arrays.items():
        assert np.allclose(again.arrays[name], column, equal_nan=True)


def test_what_is_missing_is_the_mean_where_nothing_can_be_missing():
    codec = SeriesCodec.fit(items(missing=False))
    batch = codec.encode(items().arrays)
    assert not torch.isnan(batch["signal"]).any()


def prices(count=400, steps=24, seed=0):
    """Windows of channels that lie close together, about levels that differ much more: opening, highest, lowest."""
    rng = np.random.default_rng(seed)
    base = rng.uniform(50, 1500, (count, 1)) + np.cumsum(rng.normal(0, 5, (count, steps)), 1)
    spread = np.abs(rng.normal(0, 3, (2, count, steps)))
    return {"open": base, "high": base + spread[0], "low": base - spread[1]}


def windows(arrays):
    column = next(iter(arrays.values()))
    return Items(arrays, tuple(map(str, range(len(column)))), digests(column), Path("x"))


def test_variances_of_levels_courses_and_channels_become_their_roots():
    def parts(x):
        level = x.mean(2)
        return level, (x - level[..., None]).transpose(1, 2).reshape(-1, 3)

    codec, fresh = SeriesCodec.fit(windows(prices())), prices(seed=1)  # windows that the codec wasn't fitted to
    scaled = np.stack([c.encode(fresh[c.name]) for c in codec.channels], 1)
    before, after = parts(torch.from_numpy(scaled).double()), parts(codec.encode(fresh)["signal"].double())
    for old, new in zip(before, after, strict=True):
        values = torch.linalg.eigvalsh(old.T.cov())
        assert torch.allclose(torch.linalg.eigvalsh(new.T.cov()), values.sqrt() / 2, rtol=0.1)
        assert values[-1] / values[0] > 30  # what lies close together was hard to see


def test_windows_come_back_from_levels_and_courses():
    arrays = {**prices(), "again": prices()["open"], "still": np.full((400, 24), 3.0)}
    codec = SeriesCodec.fit(windows(arrays))
    back, _ = codec.decode(codec.encode(arrays))
    assert all(np.abs(back[name] - column).max() < 1e-3 for name, column in arrays.items())
    assert np.array_equal(back["still"], arrays["still"])


def test_correlations_of_few_series_are_not_undone():
    few = {name: column[:20] for name, column in prices().items()}
    mixing = SeriesCodec.fit(windows(few)).mixing
    for part in (mixing.level, mixing.course):
        assert np.array_equal(np.array(part), np.diag(np.diag(part)))


def test_models_from_before_levels_were_drawn_apart_are_read():
    data = items(missing=False)
    told = SeriesCodec.fit(data).to_json()
    del told["mixing"]
    codec = SeriesCodec.from_json(told)
    scaled = np.stack([channel.encode(data.arrays[channel.name]) for channel in codec.channels], 1)
    assert np.array_equal(codec.encode(data.arrays)["signal"].numpy(), scaled)
    assert np.array_equal(codec.decode(codec.encode(data.arrays))[0]["level"], data.arrays["level"])


def test_who_wants_no_levels_apart_says_so():
    data = items(missing=False)
    codec = find_kind("series").fit(data, SeriesOptions(apart=False))
    scaled = np.stack([channel.encode(data.arrays[channel.name]) for channel in codec.channels], 1)
    assert codec.mixing is None and np.array_equal(codec.encode(data.arrays)["signal"].numpy(), scaled)
    assert find_kind("series").fit(data, SeriesOptions()).mixing is not None


@pytest.mark.parametrize("mixing", [[1], {"centre": [0.0]}, {"centre": "x", "level": [], "course": []}])
def test_damaged_levels_are_refused(mixing):
    with pytest.raises(InputError, match="damaged"):
        SeriesCodec.from_json({**SeriesCodec.fit(items(missing=False)).to_json(), "mixing": mixing})
