"""Recipes of time series: masks, and TimeGAN's terms by hand."""

from __future__ import annotations

import pytest
import torch

from gansmith.objectives.course import moments_apart, root_mean_square
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._series import apart, hardened, joined, joint_shape
from gansmith.types import Field

MASKED = {"signal": Field((2, 5)), "mask": Field((2, 5), "mask")}


def test_numbers_and_masks_are_one_array_and_come_apart_again():
    signal = torch.randn(4, 2, 5)
    mask = (torch.rand(4, 2, 5) > 0.5).float()
    both = joined(signal * mask, mask)
    assert both.shape == (4, *joint_shape(MASKED))
    found = apart(both, masked=True)
    assert torch.equal(found["signal"], signal * mask)
    assert torch.equal(found["mask"], mask)
    assert joined(signal, None) is signal
    assert apart(signal, masked=False) == {"signal": signal}


def test_a_made_mask_is_hard_and_has_the_gradient_of_its_tanh():
    made = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    found = hardened(made, masked=True)
    signal, mask = found.chunk(2, 1)
    assert torch.allclose(mask.abs(), torch.ones_like(mask))
    assert bool((signal[mask < 0] == 0).all())
    (slope,) = torch.autograd.grad(mask.sum(), made)
    assert torch.allclose(slope[:, 2:], 1 - made[:, 2:].tanh().square())
    assert bool((slope[:, :2] == 0).all())


def test_losses_of_courses_by_hand():
    made, real = torch.randn(9, 4, 2).double(), torch.randn(9, 4, 2).double() * 2
    spreads = (made.numpy().var(0) + 1e-6) ** 0.5 - (real.numpy().var(0) + 1e-6) ** 0.5
    means = made.numpy().mean(0) - real.numpy().mean(0)
    assert float(moments_apart(made, real)) == pytest.approx(abs(means).mean() + abs(spreads).mean())
    assert float(root_mean_square(made)) == pytest.approx(float((made**2).mean() ** 0.5))
    zero = torch.zeros(3, requires_grad=True)
    root_mean_square(zero).backward()
    assert bool(zero.grad.isfinite().all())


def test_timegan_plays_its_three_stages():
    recipe = find_recipe("timegan")
    game = recipe.game(MASKED, recipe.hp(embedding=4, supervising=5))
    assert [stage.rounds for stage in game.stages] == [4, 5, None]
    assert [[turn.player for turn in stage.turns] for stage in game.stages] == [["auto"], ["S"], ["G", "auto", "D"]]
    gate = game.stages[2].turns[2].gate
    assert gate(0.2) and not gate(0.1)
