"""Images made ready for a network, batching, hashes, and the extractors without pretrained weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.errors import InputError
from gansmith.features import Extractor, extract, extractor, file_hash, state_hash
from gansmith.features.images import resize_antialias, resize_tf1, to_levels, to_rgb
from gansmith.features.judge import Judge
from gansmith.features.judge_extractor import JudgeExtractor


def images(n=5, channels=3, size=12):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_any_channels_become_colour():
    grey = images(channels=1)
    assert torch.equal(to_rgb(grey), grey.repeat(1, 3, 1, 1))
    colour = images()
    assert torch.equal(to_rgb(colour), colour)
    solid, clear = torch.ones(5, 1, 12, 12), -torch.ones(5, 1, 12, 12)
    torch.testing.assert_close(to_rgb(torch.cat([colour, solid], 1)), colour)
    assert torch.equal(to_rgb(torch.cat([colour, clear], 1)), torch.ones(5, 3, 12, 12))  # white
    torch.testing.assert_close(to_rgb(torch.cat([colour, solid * 0], 1)), colour / 2 + 0.5)
    torch.testing.assert_close(to_rgb(torch.cat([grey, solid], 1)), grey.repeat(1, 3, 1, 1))


def test_levels_are_those_of_a_saved_file():
    saved = torch.arange(256).float()
    assert torch.equal(to_levels(saved / 127.5 - 1), saved)
    assert to_levels(torch.tensor([-3.0, -1.0, 0.001, 1.0, 9.0])).tolist() == [0, 0, 128, 255, 255]


def test_antialiased_resizing_equals_pillows():
    picture = np.random.default_rng(0).random((50, 50), dtype=np.float32)
    want = np.asarray(Image.fromarray(picture).resize((19, 19), Image.Resampling.BILINEAR))
    got = resize_antialias(torch.from_numpy(picture)[None, None], 19)[0, 0]
    np.testing.assert_allclose(got.numpy(), want, atol=1e-5)
    same = images()
    assert resize_antialias(same, 12) is same


@pytest.mark.parametrize(("length", "size"), [(4, 7), (32, 299), (9, 4), (5, 5)])
def test_tensorflow_1_resizing_reads_from_the_top_left(length, size):
    picture = images(1, 1, length)
    got = resize_tf1(picture, size)[0, 0]
    for i, j in ((0, 0), (1, size - 1), (size // 2, 1), (size - 1, size - 1)):
        y, x = i * length / size, j * length / size
        y0, x0 = int(y), int(x)
        y1, x1 = min(y0 + 1, length - 1), min(x0 + 1, length - 1)
        p, q, a = y - y0, x - x0, picture[0, 0]
        want = (a[y0, x0] * (1 - q) + a[y0, x1] * q) * (1 - p) + (a[y1, x0] * (1 - q) + a[y1, x1] * q) * p
        assert float(got[i, j]) == pytest.approx(float(want), abs=1e-4)


def test_pixels_are_area_means_and_know_their_width():
    net = extractor("pixels", shape=(3, 64, 48))
    assert isinstance(net, Extractor)
    assert (net.id, net.dim) == ("pixels-16", 768)
    big = images(4, 3, 64)[..., :48]
    got = net(big).view(4, 3, 16, 16)
    torch.testing.assert_close(got[:, :, 0, 0], big[:, :, :4, :3].mean((2, 3)))
    small = extractor("pixels-16", shape=(1, 8, 8))
    assert torch.equal(small(images(2, 1, 8)), images(2, 1, 8).flatten(1))
    with pytest.raises(InputError, match="were asked for"):
        small(images(2, 1, 9))
    with pytest.raises(InputError, match="shape of an image"):
        extractor("pixels")


def test_extract_takes_any_pieces_in_bounded_batches():
    sizes = []

    class Watch:
        id, hash, dim = "watch", "", 1

        def __call__(self, images):
            sizes.append(len(images))
            return images.mean((1, 2, 3))[:, None]

    pictures = images(23)
    whole = extract(Watch(), pictures, batch=5)
    assert sizes == [5, 5, 5, 5, 3]
    assert torch.equal(whole, extract(Watch(), pictures.split([1, 20, 2]), batch=8))
    with pytest.raises(InputError, match="no images"):
        extract(Watch(), [])
    with pytest.raises(InputError, match="batch"):
        extract(Watch(), pictures, batch=0)
    for bad, word in ((pictures[0], "N, C, H, W"), (pictures.to(torch.uint8), "floating"), (pictures / 0, "NaN")):
        with pytest.raises(InputError, match=word):
            extract(Watch(), bad)


def test_a_judge_is_frozen_and_named_with_its_weights():
    torch.manual_seed(0)
    judge = Judge((1, 12, 12), 3).train()
    net = JudgeExtractor(judge, "shapes")
    assert isinstance(net, Extractor)
    assert not judge.training
    pictures = images(6, 1)
    got = extract(net, pictures, batch=4)
    assert got.shape == (6, net.dim)
    torch.testing.assert_close(got, net(pictures))  # nothing depends on the batch
    assert not got.requires_grad
    assert net.id == "judge-shapes"
    with torch.no_grad():
        judge.head.bias[0] += 1
    assert JudgeExtractor(judge, "shapes").hash != net.hash


def test_hashes_see_names_shapes_and_values(tmp_path):
    state = {"b": torch.arange(4.0), "a": torch.tensor(3)}
    assert state_hash(state) == state_hash(dict(reversed(state.items())))
    for other in (
        {**state, "b": torch.arange(4.0).view(2, 2)},
        {**state, "b": torch.arange(4.0) + 1e-6},
        {**state, "b": torch.arange(4.0).double()},
        {"c": state["b"], "a": state["a"]},
    ):
        assert state_hash(other) != state_hash(state)
    (tmp_path / "w").write_bytes(b"abc")
    assert file_hash(tmp_path / "w").startswith("ba7816bf")
    with pytest.raises(InputError, match="No such file"):
        file_hash(tmp_path / "none")


def test_unknown_names_get_a_suggestion():
    for name, words in (("eflite0", "did you mean 'efflite0'"), ("pixel", "did you mean 'pixels'"), ("vgg", "known: ")):
        with pytest.raises(InputError, match=words):
            extractor(name)
    for name in ("inception", "inception:", "inception-fid:6726825d"):
        with pytest.raises(InputError, match="inception:/path"):
            extractor(name)
