"""Time series as files hold them, and what is told of those that can't be read."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest

from gansmith.data.series.open import open_series
from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.roles import looks_like_series
from gansmith.data.series.sheet import read_sheet
from gansmith.data.series.windows import windows
from gansmith.errors import InputError

PLAIN = SeriesOptions()


def hours(n=400, start="2024-01-01"):
    return (np.datetime64(start, "h") + np.arange(n)).astype(str).tolist()


def write(path, rows, header="time,load,heat"):
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
    if path.suffix == ".gz":
        with gzip.open(path, "wt") as file:
            file.write(text)
    else:
        path.write_text(text)
    return path


def long(n=400):
    rng = np.random.default_rng(0)
    return [
        [t, int(v), f"{w:.2f}"] for t, v, w in zip(hours(n), rng.integers(0, 9, n), rng.normal(size=n), strict=True)
    ]


def many(n=30, steps=6):
    return [[f"s{i}", t, "up" if i % 2 else "down", i + t] for i in range(n) for t in range(steps)]


MANY = "id,step,label,level"


def test_a_long_series_is_cut_into_windows_that_do_not_leak(tmp_path):
    items = open_series(write(tmp_path / "a.csv", long()), PLAIN)
    assert list(items.arrays) == ["load", "heat"]
    assert items.arrays["load"].shape[1] == 24
    assert items.arrays["load"].dtype == np.float32
    assert {"train", "val", "test"} == set(items.given_splits)
    assert items.names[0] == "a.csv, row 1"


@pytest.mark.parametrize(("steps", "length", "stride"), [(400, 24, 1), (3685, 24, 1), (1000, 100, 7), (260, 24, 3)])
def test_no_step_is_in_windows_of_two_splits(steps, length, stride):
    seen = {}
    for start, split in windows(steps, length, stride):
        assert start + length <= steps
        for step in range(start, start + length):
            assert seen.setdefault(step, split) == split
    assert set(seen.values()) == {"train", "val", "test"}
    share = sum(s == "train" for s in seen.values()) / len(seen)
    assert 0.6 < share < 0.95


def test_many_series_are_items_each_and_have_classes(tmp_path):
    items = open_series(write(tmp_path / "m.csv", many(), MANY), PLAIN)
    assert len(items) == 30
    assert items.classes == ("down", "up")
    assert items.labels[:2].tolist() == [0, 1]
    assert items.given_splits is None
    assert items.arrays["level"][2].tolist() == [2, 3, 4, 5, 6, 7]


def test_series_of_several_lengths_end_in_missing_values(tmp_path):
    rows = [row for row in many() if row[1] < 3 + int(row[0][1:]) % 4]
    items = open_series(write(tmp_path / "m.csv", rows, MANY), PLAIN)
    assert items.arrays["level"].shape == (30, 6)
    assert np.isnan(items.arrays["level"][0]).tolist() == [False] * 3 + [True] * 3


def test_windows_of_many_long_series_stay_together(tmp_path):
    items = open_series(write(tmp_path / "m.csv", many(30, 40), MANY), SeriesOptions(length=10, stride=5))
    assert items.arrays["level"].shape == (30 * 7, 10)
    keys = [bytes(k) for k in items.together]
    assert len(set(keys)) == 30
    assert keys[0] == keys[6] != keys[7]


def test_rows_without_a_stamp_are_steps_and_gzip_is_read(tmp_path):
    rows = [[i % 7, i % 3] for i in range(400)]
    assert len(open_series(write(tmp_path / "a.csv.gz", rows, "x,y"), PLAIN)) > 200


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    values = np.random.default_rng(0).normal(size=(40, 8, 2)).astype(np.float32)
    np.savez(path, series=values, label=np.array(["a", "b"] * 20), channels=np.array(["u", "v"]))
    items = open_series(path, PLAIN)
    assert list(items.arrays) == ["u", "v"]
    assert items.classes == ("a", "b")
    assert np.array_equal(items.arrays["v"], values[:, :, 1])


def test_holes_in_even_stamps_are_missing_values_and_uneven_ones_are_told(tmp_path):
    rows = long()
    items = open_series(write(tmp_path / "a.csv", [*rows[:100], *rows[103:]]), PLAIN)
    assert any("3 steps without a row are missing" in told for told in items.warnings)
    assert np.isnan(items.arrays["load"]).any()
    at = np.cumsum(np.random.default_rng(1).uniform(0.2, 2, 400))
    uneven = write(tmp_path / "u.csv", [[f"{t:.4f}", i, i % 5] for i, t in enumerate(at)])
    items = open_series(uneven, PLAIN)
    assert any("interpolated to steps of" in told for told in items.warnings)
    kept = open_series(uneven, SeriesOptions(irregular="keep"))
    assert list(kept.arrays) == ["load", "heat", "time_since"]
    assert list(open_series(uneven, SeriesOptions(irregular="rows")).arrays) == ["load", "heat"]


def test_interpolation_is_linear(tmp_path):
    at = [0, 1, 2.5, 3, 4, 5, *range(6, 400)]
    path = write(tmp_path / "a.csv", [[t, 2 * t, i % 5] for i, t in enumerate(at)])
    items = open_series(path, PLAIN)
    assert np.allclose(items.arrays["load"][0], 2 * np.arange(24), atol=1e-5)


def test_recognised_by_a_rising_stamp_and_else_numbers(tmp_path):
    def looks(rows, header):
        return looks_like_series(read_sheet(write(tmp_path / "a.csv", rows, header)))

    assert "time rises from row to row" in looks(long(), "time,load,heat")
    assert "in each id" in looks(many(), MANY)
    assert looks([[t, "word", v] for t, v, _ in long()], "time,load,heat") is None
    assert looks(list(reversed(long())), "time,load,heat") is None
    assert looks([row[1:] for row in long()], "load,heat") is None
    assert looks([*long(), long()[-1]], "time,load,heat") is None


def swapped():
    rows = long()
    rows[9], rows[10] = rows[10], rows[9]
    return rows


HEAD = "time,load,heat"


@pytest.mark.parametrize(
    ("rows", "header", "options", "told"),
    [
        (swapped(), HEAD, PLAIN, r"line 12 is earlier than the stamp of line 11 .*: sort by stamp"),
        ([*long(20), long(20)[-1]], HEAD, PLAIN, r"line 22 repeats the stamp of line 21"),
        (long(1), HEAD, PLAIN, "has no two rows"),
        (long(12), HEAD, PLAIN, r"12 rows, fewer than a window of 24: --read length=2"),
        ([[t, 1, 2] for t in hours()], HEAD, PLAIN, "every channel is constant"),
        ([[t, "a", "b"] for t in hours()], HEAD, PLAIN, "no column of numbers"),
        ([["", 1, 2], *long()], HEAD, PLAIN, "line 2 has no stamp"),
        ([*long(30), ["2025-01-01", 3]], HEAD, PLAIN, "line 32 has 2 values, the header has 3 columns"),
        ([[t, "inf", 2] for t in hours()], HEAD, PLAIN, "infinite"),
        (long(), "time,load,load", PLAIN, "two columns are called 'load'"),
        (long(), HEAD, SeriesOptions(columns=("lod",)), "no column is called 'lod'; did you mean 'load'"),
        (long(), HEAD, SeriesOptions(length=1), "length=1: must be at least 2"),
        (long(), HEAD, SeriesOptions(stride=0), "stride=0: must be at least 1"),
        (long(), HEAD, SeriesOptions(array="x"), "is no .npz"),
        ([row[1:] for row in long()], "load,heat", SeriesOptions(irregular="keep"), "needs a column of stamps"),
        (long(), HEAD, SeriesOptions(columns=("time",)), "holds words or dates"),
        ([], "", PLAIN, "is empty"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, rows, header, options, told):
    with pytest.raises(InputError, match=told):
        open_series(write(tmp_path / "a.csv", rows, header), options)


def test_bad_series_among_others_are_left_out(tmp_path):
    rows = [*many(), ["odd", 5, "up", 1], ["odd", 4, "up", 2], ["lone", 0, "up", 3]]
    items = open_series(write(tmp_path / "m.csv", rows, MANY), PLAIN)
    assert len(items) == 30
    assert [s.name for s in items.skipped] == ["odd", "lone"]
    assert "is earlier" in items.skipped[0].reason
    assert items.skipped[1].reason == "has one row"


def test_constant_channels_and_left_out_columns_are_told(tmp_path):
    rows = [[*row, 7, "x"] for row in long()]
    items = open_series(write(tmp_path / "a.csv", rows, f"{HEAD},flat,note"), PLAIN)
    assert any("channel flat is 7 everywhere" in told for told in items.warnings)
    assert any("words or dates: note" in told for told in items.warnings)


def test_a_models_form_is_asked_of_other_files(tmp_path):
    path = write(tmp_path / "a.csv", long())
    items = open_series(path, PLAIN, 10, ("heat", "load"))
    assert list(items.arrays) == ["heat", "load"]
    assert items.arrays["heat"].shape[1] == 10
    with pytest.raises(InputError, match="no column is called 'x'"):
        open_series(path, PLAIN, 10, ("x",))
    damaged = tmp_path / "b.npz"
    damaged.write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"cannot be read as an \.npz"):
        open_series(damaged, PLAIN)
    np.savez(damaged, u=np.zeros((3, 4)), v=np.zeros((3, 4)))
    with pytest.raises(InputError, match="2 arrays that may hold series"):
        open_series(damaged, PLAIN)
    with pytest.raises(InputError, match="--read stamp acts on tables"):
        open_series(damaged, replace(PLAIN, stamp="t"))
