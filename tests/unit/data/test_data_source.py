"""Endless batches: order, resume, ranks, moves, and the thread behind them."""

from __future__ import annotations

import gc
import json
import threading
import time

import numpy as np
import pytest
import torch

from gansmith.core import Source
from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import RowView
from gansmith.data.open import open_images
from gansmith.data.order import moves, permutation, rows_at
from gansmith.data.source import ImageSource
from gansmith.errors import InputError

N = 23
IMAGES = np.random.default_rng(0).integers(0, 256, (N, 4, 4, 1), dtype=np.uint8)
LABELS = np.arange(N, dtype=np.int64)
CODEC = ImageCodec(Fit(4, 4, 1), tuple(map(str, range(N))))


def make(images=IMAGES, labels=LABELS, codec=CODEC, **options):
    return ImageSource(images, labels, codec, **{"batch": 6, "seed": 1, **options})


def threads() -> int:
    return sum(t.name == "gansmith-prefetch" for t in threading.enumerate())


def take(source, count):
    return [next(source) for _ in range(count)]


def equal(a, b):
    return len(a) == len(b) and all(torch.equal(x[k], y[k]) for x, y in zip(a, b, strict=True) for k in x)


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_every_epoch_serves_every_picture_once_across_batches(prefetch):
    with make(prefetch=prefetch) as source:
        rows = torch.cat([b["label"] for b in take(source, 3 * N)]).numpy().reshape(-1, N)
        assert isinstance(source, Source) and iter(source) is source
        assert source.served == 18 * N and source.epoch == 18
    assert all(sorted(epoch) == list(range(N)) for epoch in rows) and len(set(map(tuple, rows))) == 18


def test_pictures_and_labels_belong_together():
    with make() as source:
        batch = next(source)
    raw, labels = CODEC.decode(batch)
    assert np.array_equal(raw, IMAGES[labels])


def test_batches_may_be_larger_than_the_data():
    with make(batch=60, prefetch=0) as source:
        assert np.bincount(next(source)["label"].numpy(), minlength=N).min() >= 2


def test_order_never_changes():
    assert permutation(1, 0, 10).tolist() == [2, 4, 9, 5, 6, 0, 1, 8, 3, 7]
    assert rows_at(7, 8, 5, 10).tolist() == [5, 6, 8, 6, 1]
    flips, down, right = moves(3, 100, 6, True, 4)
    assert flips.tolist() == [True, True, True, True, False, False]
    assert (down.tolist(), right.tolist()) == ([1, 4, 2, 3, 0, -1], [0, -4, -4, -4, 2, 3])


def test_mapped_pictures_are_served_alike(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    view = RowView(mapped, np.arange(N))
    expected = take(make(prefetch=0), 9)
    assert equal(take(make(mapped, prefetch=0), 9), expected) and equal(take(make(view, prefetch=0), 9), expected)


def test_resume_counts_only_what_was_handed_out():
    with make(prefetch=3) as source:
        take(source, 4)
        time.sleep(0.05)
        state = json.loads(json.dumps(source.state_dict()))
        assert state == {"served": 24, "seed": 1, "images": N}
        expected = take(source, 5)
    with make(seed=99) as other:
        take(other, 2)
        other.load_state_dict(state)
        assert equal(take(other, 5), expected)


def test_states_that_do_not_belong_are_refused():
    source = make(prefetch=0)
    with pytest.raises(InputError, match="over 5 pictures, this data has 23"):
        source.load_state_dict({"served": 0, "seed": 1, "images": 5})
    for bad in ({}, {"served": -1, "seed": 1, "images": N}, {"served": "1", "seed": 1, "images": N}):
        with pytest.raises(InputError, match="whole numbers"):
            source.load_state_dict(bad)


def test_flips_and_shifts():
    x = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
    codec = ImageCodec(Fit(8, 8, 1))
    with ImageSource(x, None, codec, batch=400, seed=0, flip=True, shift=2, prefetch=0) as source:
        served = codec.decode(next(source))[0]
    flips, down, right = moves(0, 0, 400, True, 2)
    assert 150 < flips.sum() < 250 and set(down) == set(right) == {-2, -1, 0, 1, 2}
    for i in range(40):
        source_picture = x[0, :, ::-1, 0] if flips[i] else x[0, ..., 0]
        padded = np.pad(source_picture, 2, mode="edge")
        expected = padded[2 - down[i] : 10 - down[i], 2 - right[i] : 10 - right[i]]
        assert np.array_equal(served[i, ..., 0], expected)


def test_without_flips_and_shifts_pictures_are_as_they_are():
    flips, down, right = moves(0, 0, 100, False, 0)
    assert not flips.any() and not down.any() and not right.any()


def test_errors_of_the_thread_reach_the_trainer():
    class Broken(RowView):
        def __getitem__(self, key):
            raise OSError("the disk went away")

    with make(Broken(IMAGES, np.arange(N)), prefetch=2) as source:
        for _ in range(2):
            with pytest.raises(OSError, match="the disk went away"):
                next(source)
        assert source.served == 0


def test_threads_end_with_close_load_and_collection():
    before = threads()
    source = make()
    next(source)
    assert threads() == before + 1
    source.load_state_dict(source.state_dict())
    assert threads() == before
    next(source)
    source.close()
    source.close()
    assert threads() == before
    with pytest.raises(RuntimeError, match="was closed"):
        next(source)
    forgotten = make()
    next(forgotten)
    del forgotten
    gc.collect()
    assert threads() == before


def test_a_slow_trainer_finds_batches_ready():
    with make(prefetch=2) as source:
        next(source)
        time.sleep(0.1)
        assert len(source._ahead._ready) == 2


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"batch": 7, "world": 2}, "batch=7 must be a multiple of the 2 processes"),
        ({"batch": 0}, "batch=0"),
        ({"rank": 2, "world": 2}, "rank=2 of world=2"),
        ({"shift": 9}, "shift=9"),
        ({"prefetch": -1}, "prefetch=-1"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "no pictures"),
        ({"labels": LABELS[:5]}, "5 labels for 23 pictures"),
        ({"labels": None}, "labels are missing"),
    ],
)
def test_arguments_are_checked(options, part):
    with pytest.raises(InputError, match=part):
        make(**options)


def test_all_problems_at_once():
    with pytest.raises(InputError) as error:
        make(batch=7, world=2, rank=5, prefetch=-2)
    assert len(error.value.problems) == 3


def test_source_of_a_prepared_set(tree, pixels):
    images = open_images(tree({f"{i}.png": pixels(i) for i in range(5)}))
    with ImageSource.of(images, ImageCodec.fit(images), batch=5, seed=0, flip=True) as source:
        assert set(next(source)) == {"image"}
