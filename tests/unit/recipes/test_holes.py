"""Random holes: boxes and strokes of the asked sizes, anywhere, each image's its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gansmith.core import Draws
from gansmith.recipes._holes import Holes, boxes, strokes


def test_boxes_are_holes_of_the_asked_size():
    hole = boxes(Draws(0, 200), torch.zeros(200, 1, 20, 30), 1, 0.5)
    assert hole.shape == (200, 1, 20, 30) and set(hole.unique().tolist()) == {0.0, 1.0}
    assert hole.any(3).sum(2).max() <= 11 and hole.any(2).sum(2).max() <= 16 and hole.flatten(1).any(1).all()


@given(
    form=st.sampled_from(["strokes", "boxes", "both"]),
    count=st.integers(1, 5),
    largest=st.floats(0.01, 1),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**40),
)
@settings(max_examples=40, deadline=None)
def test_every_image_has_a_hole_of_its_own(form, count, largest, height, width, seed):
    holes, image = Holes(form, count, largest), torch.zeros(3, 2, height, width)
    made = holes(Draws(seed, 3), image)
    assert made.shape == (3, 1, height, width) and set(made.unique().tolist()) <= {0.0, 1.0}
    assert bool(made.flatten(1).any(1).all())
    assert torch.equal(holes(Draws(seed, 3, 1), image[1:]), made[1:])


def test_a_stroke_is_one_piece_as_wide_as_its_brush():
    made = strokes(Draws(1, 60), torch.zeros(60, 1, 96, 96), 1, 0.4)[:, 0].numpy()
    for hole in made:
        assert ndimage.label(hole, np.ones((3, 3)))[1] == 1
    # the middle of a brush of 12 to 40 of 256 pixels is up to half of that from its border
    deep = [ndimage.distance_transform_edt(np.pad(hole, 1)).max() for hole in made]
    assert min(deep) < 5 and max(deep) > 6 and np.median(deep) < 0.4 * 0.4 * 96
    assert 0.02 < made.mean() < 0.25


@pytest.mark.parametrize("kind", ["count", "largest"])
def test_more_and_larger_strokes_cover_more(kind):
    few, many = ({"count": 2, "largest": 0.2} | {kind: v} for v in ((1, 6) if kind == "count" else (0.2, 0.6)))
    covered = [float(Holes("strokes", **s)(Draws(0, 60), torch.zeros(60, 1, 48, 48)).mean()) for s in (few, many)]
    assert covered[1] > 1.5 * covered[0]


def test_strokes_reach_all_of_the_image():
    seen = Holes()(Draws(5, 400), torch.zeros(400, 1, 32, 48)).mean((0, 1))
    assert float(seen.min()) > 0.05 and float(seen.max()) < 4 * float(seen.min())
    both = Holes("both", 2)(Draws(5, 50), torch.zeros(50, 1, 32, 48))
    alone = Holes("strokes", 2)(Draws(5, 50), torch.zeros(50, 1, 32, 48))
    assert bool((both >= alone).all()) and float(both.mean()) > float(alone.mean())
