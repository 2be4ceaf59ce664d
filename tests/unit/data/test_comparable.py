"""What validation items are compared with: training items that lie beside them, whatever the order of the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.comparable import comparable
from gansmith.data.series.windows import windows
from gansmith.data.split import Splits


def splits_of(where) -> Splits:
    where = np.asarray(where)
    return Splits(*(np.flatnonzero(where == part) for part in ("train", "val", "test")))


def scattered(count: int, seed: int = 0) -> Splits:
    return splits_of(np.random.default_rng(seed).choice(["train", "val", "test"], count, p=[0.8, 0.1, 0.1]))


@given(st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=80), st.integers(0, 100))
def test_as_many_of_each_and_within_their_parts(where, most):
    splits = splits_of([*where, "train"])
    held_out, seen = comparable(splits.train, splits.val, most)
    assert len(held_out) == len(seen) == min(most, len(splits.val))
    assert len(set(held_out.tolist())) == len(held_out) and (np.diff(held_out) > 0).all()
    assert ((held_out >= 0) & (held_out < len(splits.val))).all()
    assert ((seen >= 0) & (seen < len(splits.train))).all()


def test_classes_one_after_the_other_have_equal_shares():
    label = np.repeat(np.arange(10), 400)
    splits = scattered(len(label))
    held_out, seen = comparable(splits.train, splits.val, 200)
    shares = [
        np.bincount(label[part][rows], minlength=10) for part, rows in ((splits.val, held_out), (splits.train, seen))
    ]
    assert (shares[0] >= 15).all() and np.abs(shares[0] - shares[1]).max() <= 2


@pytest.mark.parametrize("length", [8, 24, 120])
def test_time_before_and_after_a_block_is_weighed_alike(length):
    found = windows(3685, length, 1)
    splits, start = splits_of([w.split for w in found]), np.array([w.start for w in found])
    held_out, seen = comparable(splits.train, splits.val, len(splits.val))
    assert start[splits.train][seen].mean() == pytest.approx(start[splits.val][held_out].mean(), abs=1)
    apart = np.abs(start[splits.train][seen] - start[splits.val][held_out])
    assert apart.max() < 3685 / 20 + 2 * length  # a block of time away, not years


def test_a_part_that_has_a_folder_of_its_own_is_compared_with_all_of_training():
    splits = splits_of(["test"] * 50 + ["train"] * 400 + ["val"] * 100)
    held_out, seen = comparable(splits.train, splits.val, 100)
    assert np.array_equal(held_out, np.arange(100)) and np.array_equal(seen, np.arange(0, 400, 4))


def test_a_block_near_an_end_takes_what_there_is():
    splits = splits_of(["train"] * 3 + ["val"] * 10 + ["train"] * 50)
    assert comparable(splits.train, splits.val, 10).seen.tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
