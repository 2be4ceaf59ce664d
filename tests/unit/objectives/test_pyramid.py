"""The pyramid distance, level by level."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.objectives.pyramid import pyramid_l1


def test_is_the_mean_over_halved_copies():
    a, b = np.random.default_rng(0).normal(size=(2, 2, 3, 8, 8))
    want = [np.abs(a - b).mean()]
    for side in (4, 2):
        x, y = (v.reshape(2, 3, side, 8 // side, side, 8 // side).mean((3, 5)) for v in (a, b))
        want.append(np.abs(x - y).mean())
    assert pyramid_l1(torch.tensor(a), torch.tensor(b)).item() == pytest.approx(np.mean(want), rel=1e-12)
    assert pyramid_l1(torch.tensor(a), torch.tensor(b), levels=1).item() == pytest.approx(want[0], rel=1e-12)


def test_small_images_have_fewer_levels():
    a, b = torch.zeros(1, 1, 3, 5), torch.ones(1, 1, 3, 5)
    assert pyramid_l1(a, b, levels=5).item() == 1


def test_colour_weighs_more_than_texture():
    flat = torch.zeros(1, 1, 16, 16)
    board = torch.ones(16, 16)
    board[::2, 1::2] = board[1::2, ::2] = -1
    assert pyramid_l1(flat, flat + 1) > 2 * pyramid_l1(flat, board[None, None])
