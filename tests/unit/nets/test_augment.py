"""Augmentation: every transformation against an independent computation; rates; derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from gansmith.core import Draws
from gansmith.nets import augment as aug
from gansmith.nets.augment import GROUPS, Augment
from gansmith.nets.augment_diff import POLICIES, DiffAugment
from gansmith.nets.augment_warp import rotation, scaling, snap, translation, warp

NO = 0.999999
"""A uniform number that chooses nothing."""


class Script:
    """Numbers written down instead of drawn, one array for each call."""

    def __init__(self, *calls):
        self.calls = [torch.as_tensor(np.asarray(c)) for c in calls]

    def uniform(self, *shape):
        found = self.calls.pop(0)
        assert found.shape[1:] == shape
        return found

    normal = uniform

    def integers(self, high, *shape):
        found = self.uniform(*shape)
        assert found.max() < high
        return found


def smooth(height, width, channels=1, seed=0):
    """Random images without detail finer than about 5 pixels."""
    noise = np.random.default_rng(seed).normal(size=(channels, height, width))
    return np.stack([ndimage.gaussian_filter(c, 2.0, mode="mirror") for c in noise])


def batch(images):
    return torch.as_tensor(np.ascontiguousarray(images))[None]


def one(value):
    return torch.tensor([value], dtype=torch.float64)


# --- resampling


@pytest.mark.parametrize("frequency", [0.05, 0.15, 0.25])
@pytest.mark.parametrize(
    "inverse",
    [rotation(one(0.3)), scaling(one(1.3), one(0.8)), translation(one(0.4), one(-1.7)), rotation(one(2.0))],
    ids=["turned", "stretched", "shifted", "turned far"],
)
def test_a_warped_wave_is_the_wave_at_the_mapped_positions(frequency, inverse):
    side = np.arange(64) - 31.5
    y, x = np.meshgrid(side, side, indexing="ij")

    def wave(x, y):
        return np.cos(2 * math.pi * frequency * (0.8 * x + 0.6 * y) + 0.4)

    m = inverse[0].numpy()
    at = (m[0, 0] * x + m[0, 1] * y + m[0, 2], m[1, 0] * x + m[1, 1] * y + m[1, 2])
    made = warp(batch(wave(x, y)[None]), inverse)[0, 0].numpy()
    middle = (slice(24, 40),) * 2  # away from where the image goes on by reflection
    assert np.abs(made - wave(*at))[middle].max() < (0.08 if frequency > 0.2 else 0.02)


def test_what_a_map_pushes_beyond_the_resolution_is_filtered_out():
    side = np.arange(64) - 31.5
    wave = np.broadcast_to(np.cos(2 * math.pi * 0.45 * side), (1, 64, 64))  # 0.72 cycles a pixel once made smaller
    small = warp(batch(wave), scaling(one(1.6), one(1.6)))[0, 0].numpy()
    plain = ndimage.affine_transform(wave[0], [1.6, 1.6], offset=31.5 - 1.6 * 31.5, order=1, mode="mirror")
    middle = (slice(24, 40),) * 2
    assert np.abs(small[middle]).max() < 0.15 < 0.5 < np.abs(plain[middle]).max()


def test_warping_agrees_with_scipy_up_to_and_beyond_the_edges():
    image = smooth(21, 34, 3)
    inverse = (rotation(one(0.7)) @ scaling(one(0.8), one(1.2)) @ translation(one(5.3), one(-3.9)))[0].numpy()
    swap = inverse[:2, :2][::-1, ::-1]  # scipy counts rows before columns
    centre = np.array([10.0, 16.5])
    offset = centre + inverse[:2, 2][::-1] - swap @ centre
    wanted = np.stack([ndimage.affine_transform(c, swap, offset, order=5, mode="mirror") for c in image])
    made = warp(batch(image), torch.as_tensor(inverse)[None])[0].numpy()
    assert np.abs(made - wanted).max() < 0.02 * np.abs(image).max()


def test_snapping_mirrors_turns_and_shifts_whole_pixels_exactly():
    image = np.random.default_rng(0).normal(size=(2, 8, 8))
    assert np.array_equal(snap(batch(image), scaling(one(-1.0), one(1.0)))[0], image[:, :, ::-1])
    for turns in range(4):
        made = snap(batch(image), rotation(one(turns * math.pi / 2)))[0]
        assert np.array_equal(made, np.rot90(image, turns, (1, 2)))
    padded = np.pad(image, [(0, 0), (3, 3), (3, 3)], mode="reflect")
    assert np.array_equal(snap(batch(image), translation(one(-2.0), one(3.0)))[0], padded[:, 6:14, 1:9])


@pytest.mark.parametrize("shape", [(8, 8), (9, 9), (8, 11), (11, 8), (9, 12)])
def test_blits_of_any_size_make_no_new_values(shape):
    image = np.arange(math.prod(shape), dtype=float).reshape(1, *shape)
    draws = Draws(3, 64, dtype=torch.float64)
    made = Augment({"blit": 1.0})(batch(image).expand(64, -1, -1, -1), draws, 1.0)
    assert np.isin(made.numpy(), image).all()
    assert len({tuple(m.flatten().tolist()) for m in made}) > 16


# --- the pipeline's transformations, one by one


def test_geometry_undoes_scale_turn_stretch_turn_shift():
    u = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0.9]]
    n = [[0.5, -1.0, 0.3, 2.0]]
    inverse, chosen = aug._geometry(Script(u, n), 0.5, 20, 30)
    size, stretch = 2 ** (0.2 * 0.5), 2 ** (0.2 * -1.0)

    def turn(angle):
        return np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    shift = np.array([[1, 0, 0.125 * 0.3 * 30], [0, 1, 0.125 * 2.0 * 20], [0, 0, 1]])
    before, after = turn((2 * 0.6 - 1) * math.pi), turn((2 * 0.9 - 1) * math.pi)
    forward = shift @ after @ np.diag([stretch, 1 / stretch, 1]) @ before @ np.diag([size, size, 1])
    assert chosen.all() and np.allclose(inverse[0].numpy() @ forward, np.eye(3), atol=1e-12)


def test_what_is_not_chosen_leaves_geometry_alone():
    inverse, chosen = aug._geometry(Script([[NO] * 5 + [0.6, 0.9]], [[0.5, -1.0, 0.3, 2.0]]), 0.5, 20, 30)
    assert not chosen.any() and np.array_equal(inverse[0], np.eye(3))
    inverse, chosen = aug._blit(Script([[NO] * 3 + [0.1, 0.9, 0.9, 0.9]]), 0.5, 20, 31)
    assert not chosen.any() and np.allclose(inverse[0], np.eye(3))


def test_colour_follows_the_paper_on_three_channels():
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 4, 5))
    u = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.7]]
    n = [[1.5, -0.4, 0.8]]
    made = aug._coloured(torch.as_tensor(image), Script(u, n), 0.5)[0].numpy()
    v = np.ones(3) / np.sqrt(3)
    pixels = image[0].reshape(3, -1)
    pixels = (pixels + 0.2 * 1.5) * 2 ** (0.5 * -0.4)
    pixels = pixels - 2 * np.outer(v, v @ pixels)  # the flip's coin is 0.2
    pixels = Rotation.from_rotvec((2 * 0.7 - 1) * math.pi * v).as_matrix() @ pixels
    grey = np.outer(v, v @ pixels)
    pixels = grey + (pixels - grey) * 2 ** (1.0 * 0.8)
    assert np.allclose(made.reshape(3, -1), pixels, atol=1e-12)


def test_colour_of_grey_images_is_brightness_contrast_and_flip():
    image = np.random.default_rng(0).uniform(-1, 1, (1, 1, 4, 5))
    made = aug._coloured(torch.as_tensor(image), Script([[0.0] * 5 + [0.2, 0.7]], [[1.5, -0.4, 0.8]]), 0.5)
    assert np.allclose(made, -(image + 0.3) * 2**-0.2, atol=1e-12)


def test_a_cutout_is_a_hole_of_half_each_side():
    made = aug._cut(torch.ones(2, 1, 10, 20), Script([[0.0, 0.5, 0.1], [NO, 0.5, 0.5]]), 0.5).numpy()
    wanted = np.ones((10, 20))
    for row in range(10):
        for column in range(20):
            if abs((row + 0.5) / 10 - 0.5) < 0.25 and abs((column + 0.5) / 20 - 0.1) < 0.25:
                wanted[row, column] = 0
    assert np.array_equal(made[0, 0], wanted) and made[1].min() == 1


# --- the pipeline as a whole


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_transformations_happen_as_often_as_asked(p):
    n = 20_000
    for chosen, wanted in (
        (aug._blit(Draws(0, n), p, 8, 8)[1], 1 - (1 - p) ** 3),
        (aug._geometry(Draws(1, n), p, 8, 8)[1], 1 - (1 - p) ** 4),
        ((aug._cut(torch.ones(n, 1, 8, 8), Draws(2, n), p) == 0).flatten(1).any(1), p),
        (
            (aug._coloured(torch.full((n, 1, 1, 1), 0.7), Draws(3, n), p) != 0.7).flatten(),
            1 - (1 - p) ** 2 * (1 - p / 2),
        ),
    ):
        assert abs(chosen.double().mean().item() - wanted) < 4 * math.sqrt(0.25 / n)
    inverse = aug._geometry(Draws(4, n, dtype=torch.float64), p, 8, 8)[0]
    size = -torch.log2(torch.linalg.det(inverse)) / 2  # stretching and turning keep areas
    assert abs(size.square().mean().item() - p * 0.2**2) < 0.1 * p * 0.2**2


def test_a_factor_of_a_group_is_a_factor_of_its_probability():
    image = torch.ones(20_000, 1, 4, 4)
    made = Augment({"cutout": 0.5})(image, Draws(0, 20_000), 0.6)
    assert abs((made == 0).flatten(1).any(1).double().mean().item() - 0.3) < 0.015


def test_nothing_happens_at_probability_zero_and_costs_nothing():
    image = torch.rand(4, 3, 8, 8)
    assert Augment(dict.fromkeys(GROUPS, 1.0))(image, None, 0.0) is image


def test_rows_that_nothing_was_drawn_for_stay_as_they_are():
    image = torch.rand(256, 3, 8, 8)
    made = Augment(dict.fromkeys(GROUPS, 1.0))(image, Draws(0, 256), 0.02)
    same = (made == image).flatten(1).all(1)
    assert 0.6 < same.double().mean() < 0.95


@settings(max_examples=20, deadline=None)
@given(channels=st.integers(1, 4), height=st.integers(4, 13), width=st.integers(4, 13), seed=st.integers(0, 99))
def test_images_of_any_shape_keep_it(channels, height, width, seed):
    image = torch.rand(6, channels, height, width) * 2 - 1
    made = Augment(dict.fromkeys(GROUPS, 1.0))(image, Draws(seed, 6), 0.7)
    mild = DiffAugment()(image, Draws(seed, 6))
    assert made.shape == mild.shape == image.shape
    assert torch.isfinite(made).all() and torch.isfinite(mild).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_keeps_its_values_under_colour(channels):
    image = torch.rand(8, channels, 6, 6)
    for made in (Augment({"color": 1.0})(image, Draws(0, 8), 1.0), DiffAugment(("color",))(image, Draws(0, 8))):
        assert torch.equal(made[:, -1], image[:, -1]) and not torch.equal(made[:, 0], image[:, 0])


@pytest.mark.parametrize("view", [lambda x, d: Augment(dict.fromkeys(GROUPS, 1.0))(x, d, 0.8), DiffAugment()])
def test_derivatives_of_first_and_second_order(view):
    image = torch.rand(3, 3, 5, 6, dtype=torch.float64, requires_grad=True)

    def seen(x):
        return view(x, Draws(5, 3, dtype=torch.float64))

    assert torch.autograd.gradcheck(seen, (image,))
    assert torch.autograd.gradgradcheck(lambda x: seen(x) ** 3, (image,))


@pytest.mark.parametrize("view", [lambda x, d: Augment(dict.fromkeys(GROUPS, 1.0))(x, d, 0.6), DiffAugment()])
def test_pieces_of_a_batch_see_what_the_whole_would(view):
    image = torch.rand(12, 3, 9, 8, dtype=torch.float64)
    whole = view(image, Draws(7, 12, dtype=torch.float64))
    rows = (slice(0, 5), slice(5, 12))
    pieces = [view(image[r], Draws(7, 12, r.start, r.stop, dtype=torch.float64)) for r in rows]
    assert torch.allclose(torch.cat(pieces), whole, atol=1e-12)


def test_resampling_is_exact_under_autocast():
    image = torch.rand(4, 3, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = Augment({"geom": 1.0, "color": 1.0})(image, Draws(0, 4), 1.0)
    assert torch.equal(low, Augment({"geom": 1.0, "color": 1.0})(image, Draws(0, 4), 1.0))


# --- DiffAugment, after the paper's text


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 9, 12)])
def test_the_mild_policy_follows_the_paper(shape):
    n, (height, width) = 6, shape[1:]
    rng = np.random.default_rng(1)
    image = rng.uniform(-1, 1, (n, *shape))
    u = rng.uniform(size=(n, 3, 1, 1, 1))
    most = [int(s / 8 + 0.5) for s in (height, width)]
    holes = [int(s / 2 + 0.5) for s in (height, width)]
    shift = [rng.integers(2 * m + 1, size=n) for m in most]
    corner = [rng.integers(s + 1 - h % 2, size=n) for s, h in zip((height, width), holes, strict=True)]
    made = DiffAugment(POLICIES)(torch.as_tensor(image), Script(u, *shift, *corner)).numpy()
    for i in range(n):
        x = image[i] + u[i, 0, 0] - 0.5
        grey = x.mean(0)
        x = grey + (x - grey) * 2 * u[i, 1, 0]
        x = x.mean() + (x - x.mean()) * (u[i, 2, 0] + 0.5)
        moved = np.zeros_like(x)
        for row in range(height):
            for column in range(width):
                r, c = row + shift[0][i] - most[0], column + shift[1][i] - most[1]
                if 0 <= r < height and 0 <= c < width:
                    moved[:, row, column] = x[:, r, c]
        top, left = (int(corner[k][i] - holes[k] // 2) for k in (0, 1))
        moved[:, max(top, 0) : top + holes[0], max(left, 0) : left + holes[1]] = 0
        assert np.allclose(made[i], moved, atol=1e-12)
