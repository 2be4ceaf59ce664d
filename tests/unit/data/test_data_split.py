"""Splits by content, given splits, and small sets."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gansmith.data.open import open_images
from gansmith.data.split import split_images, split_rows
from gansmith.errors import InputError


def hashes(*keys) -> np.ndarray:
    digests = [hashlib.blake2b(str(k).encode(), digest_size=16).digest() for k in keys]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)


def at(*numbers: float) -> np.ndarray:
    """Digests with these numbers in [0, 1)."""
    rows = np.zeros((len(numbers), 16), np.uint8)
    for row, number in zip(rows, numbers, strict=True):
        row[:8] = np.frombuffer(int(number * 2**64).to_bytes(8, "big"), np.uint8)
    return rows


def test_shares_and_cover():
    s = split_rows(hashes(*range(5000)))
    assert [round(len(part) / 5000, 1) for part in (s.train, s.val, s.test)] == [0.8, 0.1, 0.1]
    assert np.array_equal(np.sort(np.concatenate([s.train, s.val, s.test])), np.arange(5000)) and not s.warnings


def test_borders():
    low = np.linspace(0, 0.7, 12)
    s = split_rows(at(*low, 0.7999, 0.8001, 0.8999, 0.9001, 0.9999))
    assert (s.val.tolist(), s.test.tolist()) == ([13, 14], [15, 16])


def test_given_splits_are_kept_and_the_rest_is_carved_from_training():
    rows = hashes(*range(1000))
    free = split_rows(rows)
    given = ["train"] * 800 + ["test"] * 200
    s = split_rows(rows, given=given)
    assert s.test.tolist() == list(range(800, 1000)) and s.given == ("train", "test")
    assert s.val.tolist() == [i for i in free.val if i < 800]
    s = split_rows(rows, given=["train"] * 800 + ["val"] * 200)
    assert s.val.tolist() == list(range(800, 1000)) and s.test.tolist() == [i for i in free.test if i < 800]
    whole = split_rows(rows, given=["train"] * 1000)
    assert all(np.array_equal(getattr(whole, k), getattr(free, k)) for k in ("train", "val", "test"))
    assert whole.to_json()["given"] == ["train"] and free.to_json()["train"] == len(free.train)


def test_pictures_without_a_split_among_given_ones():
    rows = hashes(*range(300))
    free = split_rows(rows)
    s = split_rows(rows, given=["train"] * 100 + ["test"] * 100 + [None] * 100)
    assert set(s.train) >= {i for i in free.train if i >= 200} and set(s.test) >= {i for i in free.test if i >= 200}


def test_given_splits_without_training():
    with pytest.raises(InputError, match="leave no pictures for training"):
        split_rows(hashes(*range(50)), given=["test"] * 50)


def test_leaks_between_given_splits_are_said():
    rows = hashes(*range(50), 3, 4)
    s = split_rows(rows, given=["train"] * 50 + ["test"] * 2)
    carved = {3, 4} & set(s.val.tolist())
    assert s.warnings == (
        f"{2 - len(carved)} pictures of the given test split are also in training: scores will flatter",
    )


@pytest.mark.parametrize("count", [3, 9])
def test_too_few_pictures(count):
    with pytest.raises(InputError, match=rf"{count} different pictures \({count + 1} with duplicates\) are too few"):
        split_rows(hashes(*range(count), 0))


def test_small_sets_get_one_picture_for_each_split():
    s = split_rows(at(*np.linspace(0, 0.79, 10)))
    assert (len(s.train), len(s.val), len(s.test)) == (8, 1, 1) and s.val.tolist() == [9] and s.test.tolist() == [8]
    s = split_rows(at(0.1, 0.5, 0.79, 0.79), minimum=3)
    assert (s.train.tolist(), s.val.tolist(), s.test.tolist()) == ([0], [2, 3], [1])


def test_lonely_classes_train():
    rows = at(*np.linspace(0, 0.7, 20), 0.85, 0.86, 0.95, 0.96)
    labels = np.array([0] * 20 + [1, 0, 0, 2])
    s = split_rows(rows, labels, ("a", "b", "c"))
    assert {20, 23} <= set(s.train) and s.val.tolist() == [21] and s.test.tolist() == [22]
    assert s.warnings == ("so few pictures of class 'b', 'c' that their first one was moved to training",)


def test_classes_that_given_splits_do_not_train():
    s = split_rows(hashes(*range(40)), np.array([0] * 39 + [1]), ("a", "b"), ["train"] * 30 + ["test"] * 10)
    assert s.warnings == ("no training pictures of class 'b' in the given splits",)


def test_a_prepared_set(tree, pixels):
    images = open_images(tree({f"{i}.png": pixels(i) for i in range(40)}))
    s = split_images(images)
    assert len(images.subset(s.train)) + len(s.val) + len(s.test) == 40
