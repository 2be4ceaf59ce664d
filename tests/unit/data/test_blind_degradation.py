"""Real-ESRGAN's degradation: its filters against closed forms, its noise by numbers, and that one seed decides all."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gansmith.data.translation.blind import FIRST, SECOND, Degradation, compressed
from gansmith.data.translation.blur import bell, filtered, ideal, plateau

PLAIN = replace(FIRST, blurred=0.0, directions=(0.0, 0.0, 1.0), quality=(100.0, 100.0))
"""A pass of noise alone."""


def photos(count=3, channels=3, height=32, width=40):
    generator = torch.Generator().manual_seed(count + channels)
    coarse = torch.rand(count, channels, 4, 5, generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def test_a_round_gaussian_is_two_gaussians_in_turn():
    line = np.exp(-0.5 * (np.arange(-6, 7) / 1.7) ** 2)
    line /= line.sum()
    np.testing.assert_allclose(bell(13, (1.7, 1.7), angle=0.8).numpy(), np.outer(line, line), atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, -1.2])
def test_a_stretched_gaussian_has_the_covariance_of_its_turned_axes(angle):
    weights = bell(41, (3.0, 1.5), angle).double().numpy()
    steps = np.arange(-20, 21)
    down, across = np.meshgrid(steps, steps, indexing="ij")
    found = [[(weights * a * b).sum() for b in (across, down)] for a in (across, down)]
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    np.testing.assert_allclose(found, turn @ np.diag([9.0, 2.25]) @ turn.T, atol=0.02)


@given(st.floats(0.3, 4), st.floats(0.3, 4), st.floats(0.5, 4))
@settings(max_examples=25, deadline=None)
def test_powers_shape_the_flanks(first, second, power):
    made = {"bell": bell(7, (first, second), 0.0, power), "plateau": plateau(7, (first, second), 0.0, power)}
    assert all(float(k.sum()) == pytest.approx(1, abs=1e-5) for k in made.values())
    q = (2 / first) ** 2 + (1 / second) ** 2  # two pixels to the right, one down
    for name, wanted in (("bell", math.exp(-0.5 * q**power)), ("plateau", 1 / (1 + q**power))):
        assert float(made[name][4, 5]) == pytest.approx(wanted * float(made[name][3, 3]), rel=1e-4, abs=1e-12)


def test_the_sinc_filter_passes_what_lies_below_its_cutoff():
    side, cutoff = 255, 1.5
    weights = np.fft.ifftshift(ideal(side, cutoff).double().numpy())
    passed = np.abs(np.fft.fft2(weights))
    rate = 2 * math.pi * np.fft.fftfreq(side)
    radius = np.hypot(rate[:, None], rate[None])
    assert np.abs(passed[radius < 0.8 * cutoff] - 1).max() < 0.05
    assert passed[(radius > 1.2 * cutoff) & (radius < 3)].max() < 0.05


def test_filters_reflect_the_border_and_reach_beyond_small_images():
    image, kernel = photos(1)[0], bell(9, (2.0, 0.7), 0.5)
    wanted = [ndimage.correlate(c.double().numpy(), kernel.double().numpy(), mode="mirror") for c in image]
    np.testing.assert_allclose(filtered(image, kernel).numpy(), wanted, atol=1e-6)
    tiny = filtered(torch.full((1, 2, 3), 0.4), kernel)
    assert tiny.shape == (1, 2, 3) and torch.allclose(tiny, torch.tensor(0.4))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_jpeg_spoils_colours_by_its_quality_and_leaves_alpha(channels):
    image = torch.rand(channels, 24, 32, generator=torch.Generator().manual_seed(1))
    eight = (image * 255).round() / 255
    lost = [float((compressed(image, q) - eight).abs().mean()) for q in (10, 50, 95)]
    assert lost[0] > lost[1] > lost[2] > 0
    if channels % 2 == 0:
        assert torch.equal(compressed(image, 10)[-1], eight[-1])


@given(
    factor=st.sampled_from([2, 4, 8]),
    channels=st.integers(1, 4),
    down=st.integers(1, 5),
    across=st.integers(1, 5),
    passes=st.sampled_from([(FIRST,), (FIRST, SECOND)]),
    seed=st.integers(0, 2**62),
)
@settings(max_examples=40, deadline=None)
def test_any_image_becomes_small_in_eight_bit_by_its_own_seed(factor, channels, down, across, passes, seed):
    images = photos(2, channels, factor * down, factor * across)
    how = Degradation(factor, passes)
    made = how(images, [seed, seed ^ 1])
    assert made.shape == (2, channels, down, across) and float(made.abs().max()) <= 1
    levels = (made + 1) * 127.5
    assert torch.allclose(levels, levels.round(), atol=1e-3)
    assert torch.equal(how(images[1:], [seed ^ 1]), made[1:])


def test_other_seeds_spoil_otherwise():
    images = photos(1).expand(6, -1, -1, -1)
    made = Degradation(2)(images, range(6))
    assert all(not torch.equal(made[i], made[j]) for i in range(6) for j in range(i))


def test_noise_is_as_strong_as_it_is_asked_for():
    """On a flat grey image: normal noise of one deviation, or shot noise, whose variance is the mean count."""
    ranges = replace(PLAIN, noise=(25.0, 25.0), shot=(0.5, 0.5))
    flat = torch.zeros(40, 1, 64, 64)
    made = (Degradation(1, (ranges,), 0.0)(flat, range(40)) + 1) / 2
    found = made.flatten(1).std(1)
    normal, shot = 25 / 255, 0.5 * math.sqrt(128) / 255
    kinds = [((found - wanted).abs() < 0.1 * wanted) for wanted in (normal, shot)]
    assert bool((kinds[0] | kinds[1]).all()) and 8 <= int(kinds[0].sum()) <= 32


def test_some_noise_is_the_same_in_all_colours():
    ranges = replace(PLAIN, noise=(20.0, 20.0), shot=(2.0, 2.0))
    made = Degradation(1, (ranges,), 0.0)(torch.zeros(30, 3, 32, 32), range(30))
    apart = (made - made.mean(1, keepdim=True)).flatten(1).std(1) / made.flatten(1).std(1)
    assert 4 <= int((apart < 0.3).sum()) <= 20  # JPEG halves the resolution of colours, so none is quite without


def test_blur_and_ringing_act_alone():
    images = photos(8, 1) + 0.2 * torch.randn(8, 1, 32, 40, generator=torch.Generator().manual_seed(2))
    clear = replace(PLAIN, noise=(0.0, 0.0), shot=(0.0, 0.0))
    sharp = Degradation(1, (clear,), 0.0)(images.clamp(-1, 1), range(8))
    assert float((sharp - images.clamp(-1, 1)).abs().mean()) < 0.01
    blurred = Degradation(1, (replace(clear, blurred=1.0, blur=(2.0, 3.0)),), 0.0)(images.clamp(-1, 1), range(8))
    assert float(blurred.diff().abs().mean()) < 0.5 * float(sharp.diff().abs().mean())
    rung = Degradation(1, (clear,), 1.0)(images.clamp(-1, 1), range(8))
    assert float((rung - sharp).abs().mean()) > 0.01
