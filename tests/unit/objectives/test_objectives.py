"""Losses and penalties against float64 NumPy transcriptions of the papers' equations, and their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansmith.objectives import adversarial as adv
from gansmith.objectives import penalties as pen

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(0.5, 2, 64), RNG.normal(-0.5, 2, 64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


EQUATIONS = {
    "minimax_d": lambda r, f: -np.mean(np.log(sigmoid(r))) - np.mean(np.log(1 - sigmoid(f))),
    "nonsaturating_d": lambda r, f: -np.mean(np.log(sigmoid(r))) - np.mean(np.log(1 - sigmoid(f))),
    "least_squares_d": lambda r, f: 0.5 * np.mean((r - 1) ** 2) + 0.5 * np.mean(f**2),
    "hinge_d": lambda r, f: np.mean(np.maximum(0, 1 - r)) + np.mean(np.maximum(0, 1 + f)),
    "wasserstein_d": lambda r, f: np.mean(f) - np.mean(r),
    "relativistic": lambda r, f: np.mean(np.log1p(np.exp(-(r - f)))),
    "relativistic_average_d": lambda r, f: (
        -np.mean(np.log(sigmoid(r - f.mean()))) - np.mean(np.log(1 - sigmoid(f - r.mean())))
    ),
    "relativistic_average_g": lambda r, f: (
        -np.mean(np.log(sigmoid(f - r.mean()))) - np.mean(np.log(1 - sigmoid(r - f.mean())))
    ),
    "relativistic_average_hinge_d": lambda r, f: (
        np.mean(np.maximum(0, 1 - (r - f.mean()))) + np.mean(np.maximum(0, 1 + (f - r.mean())))
    ),
    "relativistic_average_hinge_g": lambda r, f: (
        np.mean(np.maximum(0, 1 - (f - r.mean()))) + np.mean(np.maximum(0, 1 + (r - f.mean())))
    ),
}
GENERATOR = {
    "minimax_g": lambda f: np.mean(np.log(1 - sigmoid(f))),
    "nonsaturating_g": lambda f: -np.mean(np.log(sigmoid(f))),
    "least_squares_g": lambda f: 0.5 * np.mean((f - 1) ** 2),
    "hinge_g": lambda f: -np.mean(f),
    "wasserstein_g": lambda f: -np.mean(f),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_discriminator_losses_equal_their_equations(name):
    mine = getattr(adv, name)(torch.tensor(REAL), torch.tensor(FAKE)).item()
    assert math.isclose(mine, EQUATIONS[name](REAL, FAKE), rel_tol=1e-12)


@pytest.mark.parametrize("name", GENERATOR)
def test_generator_losses_equal_their_equations(name):
    assert math.isclose(getattr(adv, name)(torch.tensor(FAKE)).item(), GENERATOR[name](FAKE), rel_tol=1e-12)


@pytest.mark.parametrize("name", ["minimax", "nonsaturating", "least_squares", "hinge", "wasserstein"])
def test_players_pull_in_opposite_directions(name):
    score = torch.zeros(8, dtype=torch.float64, requires_grad=True)
    (d,) = torch.autograd.grad(getattr(adv, f"{name}_d")(torch.zeros(8, dtype=torch.float64), score), score)
    (g,) = torch.autograd.grad(getattr(adv, f"{name}_g")(score), score)
    if name == "least_squares":  # at score 0 the discriminator is content with made samples
        assert (d == 0).all() and (g < 0).all()
    else:
        assert (d > 0).all() and (g < 0).all()


def test_the_saturating_gradient_vanishes_where_the_discriminator_is_sure_and_the_other_does_not():
    sure = torch.full((1,), -20.0, dtype=torch.float64, requires_grad=True)
    saturating = torch.autograd.grad(adv.minimax_g(sure), sure)[0].abs().item()
    other = torch.autograd.grad(adv.nonsaturating_g(sure), sure)[0].abs().item()
    assert saturating < 1e-8 and other > 0.99


def test_losses_stay_finite_for_huge_scores():
    for name in (*EQUATIONS, *GENERATOR):
        args = [torch.tensor([1e4, -1e4])] * (1 if name in GENERATOR else 2)
        assert torch.isfinite(getattr(adv, name)(*args)), name


@given(st.floats(0.5, 1.0), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_one_sided_smoothing_is_the_equation_with_another_target_for_real_samples_only(target, seed):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=7), rng.normal(size=7)
    r, f = torch.tensor(real), torch.tensor(fake)
    p, q = sigmoid(real), sigmoid(fake)
    cross = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p)) - np.mean(np.log(1 - q))
    assert math.isclose(adv.nonsaturating_d(r, f, target).item(), cross, rel_tol=1e-9)
    squares = 0.5 * np.mean((real - target) ** 2) + 0.5 * np.mean(fake**2)
    assert math.isclose(adv.least_squares_d(r, f, target).item(), squares, rel_tol=1e-9)


def test_smoothed_real_samples_are_content_at_the_target_and_not_beyond():
    logit = math.log(0.9 / 0.1)
    real = torch.tensor([logit, 10.0], dtype=torch.float64, requires_grad=True)
    (pull,) = torch.autograd.grad(adv.minimax_d(real, torch.zeros(2, dtype=torch.float64), 0.9), real)
    assert abs(pull[0]) < 1e-12 and pull[1] > 0.04  # the second is too sure of itself


def test_matching_equals_its_sum_over_wrong_labels():
    scores, label = RNG.normal(size=(6, 4)), RNG.integers(0, 4, 6)
    total = [
        math.log1p(math.exp(scores[i, c] - scores[i, label[i]])) for i in range(6) for c in range(4) if c != label[i]
    ]
    mine = adv.matching(torch.tensor(scores), torch.tensor(label)).item()
    assert math.isclose(mine, np.mean(total), rel_tol=1e-12)


@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_penalties_of_a_linear_critic_have_closed_forms(n, d, seed):
    torch.manual_seed(seed)
    w = torch.randn(d, dtype=torch.float64)
    x = torch.randn(n, d, dtype=torch.float64, requires_grad=True)
    assert torch.isclose(pen.zero_centred(x @ w, x), w.square().sum() / 2)
    assert torch.isclose(pen.one_centred(x @ w, x), (w.norm() - 1) ** 2)


def test_penalties_of_a_quadratic_critic_and_their_second_derivative():
    a = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    penalty = pen.zero_centred((a * x.square()).sum(1), x)  # slope 2 a x
    assert torch.isclose(penalty, 2 * a**2 * x.square().sum(1).mean())
    penalty.backward()
    assert torch.isclose(a.grad, 4 * a * x.square().sum(1).mean())


def test_zero_centred_agrees_with_finite_differences_on_a_network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(64, 1)).double()
    x = torch.randn(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = pen.zero_centred(net(x), x)
    eps, squares = 1e-6, 0.0
    for i in range(x[0].numel()):
        step = torch.zeros_like(x).flatten(1)
        step[:, i] = eps
        step = step.view_as(x)
        with torch.no_grad():
            squares = squares + ((net(x + step) - net(x - step)) / (2 * eps)).square()[:, 0]
    assert torch.isclose(penalty, squares.mean() / 2, rtol=1e-6)
    assert torch.autograd.gradgradcheck(lambda v: net(v).sum(), (x,))


def test_penalties_of_packs_take_the_gradients_of_a_pack_as_one():
    torch.manual_seed(0)
    w = torch.randn(2, 3, dtype=torch.float64)  # a linear critic of packs of two
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    score = (x.reshape(3, 2, 3) * w).sum((1, 2))
    assert torch.isclose(pen.one_centred(score, x), (w.norm() - 1) ** 2)
    assert torch.isclose(pen.zero_centred(score, x), w.square().sum() / 2)


def test_one_centred_of_a_quadratic_critic_equals_numpy():
    x = RNG.normal(size=(5, 4))
    leaf = torch.tensor(x, requires_grad=True)
    want = np.mean((np.sqrt(((2 * 0.7 * x) ** 2).sum(1)) - 1) ** 2)  # slope of 0.7 |x|^2
    assert math.isclose(pen.one_centred(0.7 * leaf.square().sum(1), leaf).item(), want, rel_tol=1e-12)


def test_points_around_data_are_at_most_half_a_deviation_away_and_the_formula():
    x, noise, t = RNG.normal(size=(4, 2, 3, 3)), RNG.uniform(size=(4, 2, 3, 3)), RNG.uniform(size=4)
    near = pen.around(torch.tensor(x), torch.tensor(noise), torch.tensor(t)).numpy()
    for i in range(4):
        want = x[i] + t[i] * 0.5 * x[i].std() * noise[i]
        np.testing.assert_allclose(near[i], want, rtol=1e-12)


@given(st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_between_lies_on_the_segment(t):
    a, b = torch.randn(3, 2, 4, dtype=torch.float64), torch.randn(3, 2, 4, dtype=torch.float64)
    mid = pen.between(a, b, torch.full((3,), t, dtype=torch.float64))
    assert torch.allclose(mid, a + t * (b - a), atol=1e-12)
