"""Pixels to tensors and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.data.protocols import Codec
from gansmith.errors import InputError
from gansmith.types import Field


def test_spec_follows_the_data(tree, pixels):
    images = open_images(tree({f"{c}/{i}.png": pixels(i, 6, 8) for c in "ab" for i in range(2)}))
    codec = ImageCodec.fit(images)
    assert codec.spec == {
        "image": Field((3, 6, 8), "real", head="tanh"),
        "label": Field((), "label", names=("a", "b")),
    }
    assert isinstance(codec, Codec)
    batch = codec.encode(np.asarray(images.images), images.labels)
    assert batch["image"].shape == (4, 3, 6, 8) and batch["image"].dtype == torch.float32
    assert batch["label"].dtype == torch.int64 and batch["image"].is_contiguous()
    assert set(ImageCodec(images.fit).spec) == {"image"}


@pytest.mark.parametrize(("bits", "dtype", "count"), [(8, np.uint8, 256), (16, np.uint16, 65536)])
def test_every_integer_comes_back(bits, dtype, count):
    x = np.arange(count, dtype=dtype).reshape(1, -1, 16, 1)
    codec = ImageCodec(Fit(x.shape[1], 16, 1, bits))
    batch = codec.encode(x)
    assert batch["image"].min() == -1 and batch["image"].max() == 1
    out, labels = codec.decode(batch)
    assert np.array_equal(out, x) and out.dtype == dtype and labels is None


def test_floats_come_back_nearly():
    x = np.random.default_rng(0).uniform(-3, 81, (4, 5, 6, 2)).astype(np.float32)
    codec = ImageCodec(Fit(5, 6, 2, 32, float_low=-3.0, float_high=81.0))
    out, _ = codec.decode(codec.encode(x))
    assert out.dtype == np.float32 and np.abs(out - x).max() < 1e-5


def test_decode_rounds_clamps_and_survives_nan():
    codec = ImageCodec(Fit(1, 4, 1))
    out, _ = codec.decode({"image": torch.tensor([[[[-7.0, 7.0, float("nan"), 0.0]]]], dtype=torch.float64)})
    assert out.ravel().tolist() == [0, 255, 0, 128]


def test_json_round_trip_encodes_the_same():
    codec = ImageCodec(Fit(4, 4, 3), ("a", "b"))
    other = ImageCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert other == codec and other.spec == codec.spec


@pytest.mark.parametrize(
    ("change", "part"),
    [({"kind": "table"}, "not the description"), ({"version": 9}, "version 9"), ({"classes": [1]}, "list of names")],
)
def test_json_that_is_not_ours(change, part):
    with pytest.raises(InputError, match=part):
        ImageCodec.from_json({**ImageCodec(Fit(4, 4, 3)).to_json(), **change})
    with pytest.raises(InputError):
        ImageCodec.from_json([])


def test_wrong_raw_data_is_named():
    codec = ImageCodec(Fit(4, 4, 3), ("a", "b"))
    x = np.zeros((2, 4, 4, 3), np.uint8)
    with pytest.raises(InputError, match=r"uint8 \(2, 4, 5, 3\), but this codec takes uint8 \(N, 4, 4, 3\)"):
        codec.encode(np.zeros((2, 4, 5, 3), np.uint8), np.zeros(2, np.int64))
    with pytest.raises(InputError, match="labels are missing"):
        codec.encode(x)
    with pytest.raises(InputError, match="3 labels for 2 images"):
        codec.encode(x, np.zeros(3, np.int64))
    with pytest.raises(InputError, match="row 1 has label 2, but classes go to 1"):
        codec.encode(x, np.array([0, 2]))
