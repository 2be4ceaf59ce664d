"""LeCam and consistency against NumPy transcriptions of the papers, and what they pull at."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.objectives.regularisers import consistency, lecam


@given(st.integers(1, 8), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_lecam_is_the_equation(n, mean_real, mean_fake, seed):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=n), rng.normal(size=n)
    want = np.mean((real - mean_fake) ** 2) + np.mean((fake - mean_real) ** 2)
    mine = lecam(torch.tensor(real), torch.tensor(fake), torch.tensor(mean_real), torch.tensor(mean_fake)).item()
    assert math.isclose(mine, want, rel_tol=1e-6)


def test_lecam_pulls_real_scores_to_the_average_of_made_ones_and_the_other_way():
    real, fake = torch.tensor([2.0], requires_grad=True), torch.tensor([-2.0], requires_grad=True)
    lecam(real, fake, 1.5, -1.0).backward()
    assert real.grad.item() == 2 * (2 - -1) and fake.grad.item() == 2 * (-2 - 1.5)


def test_consistency_is_the_mean_square_and_moves_both_sides():
    a, b = np.array([0.0, 1.0, 4.0]), np.array([1.0, 1.0, 2.0])
    x, y = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    loss = consistency(x, y)
    assert math.isclose(loss.item(), np.mean((a - b) ** 2))
    loss.backward()
    np.testing.assert_allclose(x.grad, 2 * (a - b) / 3)
    np.testing.assert_allclose(y.grad, -2 * (a - b) / 3)
