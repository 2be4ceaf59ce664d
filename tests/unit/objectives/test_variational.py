"""Terms of the variational bound against torch.distributions, closed forms and gradients written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from gansmith.objectives.reconstruction import bernoulli, gaussian, squared
from gansmith.objectives.variational import kl_to_normal, reparametrised

F64 = torch.float64


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_distance_to_the_prior_is_that_of_torch_distributions(n, d, seed):
    torch.manual_seed(seed)
    mean, log_variance = torch.randn(n, d, dtype=F64) * 2, torch.randn(n, d, dtype=F64)
    theirs = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    assert torch.isclose(kl_to_normal(mean, log_variance), theirs, rtol=1e-12)


def test_distance_to_the_prior_in_closed_form():
    mean, variance = np.array([[0.5, -1.0], [0.0, 2.0]]), np.array([[0.25, 1.0], [4.0, 0.5]])
    by_hand = np.mean(np.sum((mean**2 + variance - 1 - np.log(variance)) / 2, axis=1))
    assert math.isclose(kl_to_normal(torch.tensor(mean), torch.tensor(variance).log()).item(), by_hand, rel_tol=1e-12)
    assert kl_to_normal(torch.zeros(3, 4), torch.zeros(3, 4)).item() == 0


def test_samples_have_the_posterior_s_mean_and_variance():
    torch.manual_seed(0)
    mean, log_variance = torch.tensor([[1.5, -2.0]], dtype=F64), torch.tensor([[1.0, -1.0]], dtype=F64)
    drawn = reparametrised(mean, log_variance, torch.randn(200_000, 2, dtype=F64))
    assert torch.allclose(drawn.mean(0), mean[0], atol=0.02)
    assert torch.allclose(drawn.var(0), log_variance[0].exp(), rtol=0.02)


def test_likelihoods_are_those_of_torch_distributions():
    torch.manual_seed(0)
    made, target = torch.randn(5, 2, 3, 4, dtype=F64), torch.randn(5, 2, 3, 4, dtype=F64)
    sigma = torch.tensor(0.3, dtype=F64)
    theirs = -Normal(made, sigma).log_prob(target).flatten(1).sum(1).mean()
    assert torch.isclose(gaussian(made, target, sigma.log()), theirs, rtol=1e-12)
    unit = -Normal(made, 1.0).log_prob(target).flatten(1).sum(1).mean() - 12 * math.log(2 * math.pi)
    assert torch.isclose(squared(made, target), unit, rtol=1e-12)
    coins = (target > 0).double()
    theirs = -Bernoulli(logits=made).log_prob(coins).flatten(1).sum(1).mean()
    assert torch.isclose(bernoulli(made, coins), theirs, rtol=1e-12)


def test_the_best_standard_deviation_is_the_root_mean_squared_error():
    torch.manual_seed(0)
    made, target = torch.randn(6, 7, dtype=F64), torch.randn(6, 7, dtype=F64)
    best = (made - target).square().mean().sqrt().log().requires_grad_()
    (slope,) = torch.autograd.grad(gaussian(made, target, best), best)
    assert abs(slope.item()) < 1e-10


@pytest.mark.parametrize("grey", [0.0, 0.2, 0.5, 1.0])
def test_grey_levels_are_best_met_by_their_own_log_odds(grey):
    p = torch.linspace(0.001, 0.999, 999, dtype=F64)
    losses = [bernoulli(torch.logit(q)[None, None], torch.tensor([[grey]], dtype=F64)).item() for q in p]
    assert abs(p[int(np.argmin(losses))].item() - grey) < 2e-3
    extreme = bernoulli(torch.tensor([[1e4]]), torch.tensor([[grey]]))
    assert math.isclose(extreme.item(), (1 - grey) * 1e4, rel_tol=1e-5, abs_tol=1e-3)  # finite however sure


def test_gradient_of_the_bound_of_a_linear_model_equals_one_written_by_hand():
    rng = np.random.default_rng(0)
    n, pixels, dim = 5, 7, 3
    x, noise = rng.normal(size=(n, pixels)), rng.normal(size=(n, dim))
    a, b, w = rng.normal(size=(dim, pixels)), rng.normal(size=(dim, pixels)) * 0.2, rng.normal(size=(pixels, dim))
    mean, log_variance = x @ a.T, x @ b.T
    sigma = np.exp(log_variance / 2)
    z = mean + sigma * noise
    wrong = z @ w.T - x
    to_z = wrong @ w  # of the reconstruction term, for each sample
    to_w = wrong.T @ z / n
    to_a = (to_z + mean).T @ x / n
    to_b = (to_z * noise * sigma / 2 + (sigma**2 - 1) / 2).T @ x / n

    ta, tb, tw = (torch.tensor(v, requires_grad=True) for v in (a, b, w))
    tx = torch.tensor(x)
    tm, tl = tx @ ta.T, tx @ tb.T
    loss = squared(reparametrised(tm, tl, torch.tensor(noise)) @ tw.T, tx) + kl_to_normal(tm, tl)
    loss.backward()
    for mine, hand in ((ta, to_a), (tb, to_b), (tw, to_w)):
        assert np.allclose(mine.grad.numpy(), hand, rtol=1e-10, atol=1e-12)
