"""What must hold for whatever pictures, seeds and places come."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import duplicate_groups, fingerprint
from gansmith.data.source import ImageSource
from gansmith.data.split import split_rows

QUICK = settings(max_examples=40, deadline=None)

shapes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
pictures = shapes.flatmap(lambda s: st.sampled_from([np.uint8, np.uint16]).flatmap(lambda d: arrays(d, s)))


@QUICK
@given(pictures)
def test_codec_round_trip(x):
    codec = ImageCodec(Fit(*x.shape[1:], bits=8 if x.dtype == np.uint8 else 16))
    batch = codec.encode(x)
    assert batch["image"].abs().max() <= 1
    out, _ = codec.decode(batch)
    assert np.array_equal(out, x) and out.dtype == x.dtype
    assert torch.equal(codec.encode(out)["image"], batch["image"])


@QUICK
@given(
    pictures,
    st.integers(4, 9),
    st.integers(4, 9),
    st.integers(1, 4),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from([8, 16, 32]),
)
def test_any_picture_fits_any_frame(x, height, width, channels, mode, bits):
    fit = Fit(height, width, channels, bits, mode)
    out = fit.apply(x[0])
    assert out.shape == (height, width, channels) and out.dtype == fit.dtype
    assert out.min() >= fit.low - 1e-6 and out.max() <= fit.high + 1e-6
    assert np.array_equal(fit.apply(out), out)


def digests(keys):
    return np.stack([np.frombuffer(np.random.default_rng(k).bytes(16), np.uint8) for k in keys])


@st.composite
def key_lists(draw, low=60, high=120):
    """Numbers that stand for different pictures; drawn by seed, for speed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.choice(10_000, size=draw(st.integers(low, high)), replace=False).tolist()


keys = key_lists()


@QUICK
@given(keys, key_lists(1, 40), st.randoms(use_true_random=False))
def test_adding_and_shuffling_files_moves_nobody(old, new, random):
    both = [*old, *new]
    random.shuffle(both)
    rows, more = split_rows(digests(old), minimum=3), split_rows(digests(both), minimum=3)
    for part in ("train", "val", "test"):
        before = {old[i] for i in getattr(rows, part)}
        after = {both[i] for i in getattr(more, part)}
        # a split that would be empty has borrowed its only picture, and may give it back
        assert before <= after or min(len(rows.val), len(rows.test)) == 1


@QUICK
@given(keys)
def test_duplicates_share_a_split_and_everyone_has_one(k):
    s = split_rows(digests([*k, *k[:9]]), minimum=3)
    where = np.empty(len(k) + 9, int)
    for part, index in enumerate((s.train, s.val, s.test)):
        where[index] = part
    assert len(s.train) + len(s.val) + len(s.test) == len(where)
    for group in duplicate_groups(digests([*k, *k[:9]])):
        assert len(set(where[group])) == 1


@QUICK
@given(keys, st.randoms(use_true_random=False))
def test_fingerprint_ignores_order(k, random):
    pairs = [(key, key % 3) for key in k]
    one = fingerprint(digests(k), np.array([c for _, c in pairs]), ("a", "b", "c"))
    random.shuffle(pairs)
    swapped = {0: 2, 1: 1, 2: 0}
    labels = np.array([swapped[c] for _, c in pairs])
    assert fingerprint(digests([key for key, _ in pairs]), labels, ("c", "b", "a")) == one


def make(count, batch, seed, **options):
    images = np.arange(count * 12, dtype=np.uint16).reshape(count, 2, 3, 2)
    codec = ImageCodec(Fit(2, 3, 2, 16), tuple(map(str, range(count))))
    return ImageSource(images, np.arange(count), codec, batch=batch, seed=seed, **options)


def joined(batches):
    return {k: torch.cat([b[k] for b in batches]) for k in batches[0]}


@QUICK
@given(
    st.integers(1, 30),
    st.integers(1, 12),
    st.integers(0, 2**63 - 1),
    st.integers(0, 9),
    st.sampled_from([0, 2]),
    st.booleans(),
)
def test_resume_at_any_point_equals_uninterrupted(count, batch, seed, stop, prefetch, flip):
    with make(count, batch, seed, flip=flip, shift=1, prefetch=0) as whole:
        expected = [next(whole) for _ in range(12)]
    with make(count, batch, seed, flip=flip, shift=1, prefetch=prefetch) as first:
        head = [next(first) for _ in range(stop)]
        state = first.state_dict()
    with make(count, batch, 0, flip=flip, shift=1, prefetch=prefetch) as second:
        second.load_state_dict(state)
        tail = [next(second) for _ in range(12 - stop)]
    one, two = joined(expected), joined([*head, *tail])
    assert all(torch.equal(one[k], two[k]) for k in one)


@QUICK
@given(st.integers(1, 30), st.integers(1, 4), st.sampled_from([1, 2, 3, 4]), st.integers(0, 99), st.booleans())
def test_ranks_join_to_the_global_batch(count, each, world, seed, flip):
    options = {"flip": flip, "shift": 1, "prefetch": 0}
    whole = make(count, each * world, seed, **options)
    ranks = [make(count, each * world, seed, rank=r, world=world, **options) for r in range(world)]
    for _ in range(4):
        one, two = next(whole), joined([next(r) for r in ranks])
        assert all(torch.equal(one[k], two[k]) for k in one)
    assert {r.served for r in ranks} == {whole.served}
