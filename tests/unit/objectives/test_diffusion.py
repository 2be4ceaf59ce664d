"""EDM against its equations: the loss's weights, the noise levels, and the sampler where the score is known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from gansmith.objectives.diffusion import denoising, heun, noise_levels


def test_loss_is_the_equation():
    rng = np.random.default_rng(0)
    denoised, clean = rng.normal(size=(2, 5, 3, 4, 4))
    sigma, data = rng.lognormal(size=5), 0.7
    weight = (sigma**2 + data**2) / (sigma * data) ** 2
    want = np.mean([w * np.mean((a - b) ** 2) for w, a, b in zip(weight, denoised, clean, strict=True)])
    found = denoising(*map(torch.tensor, (denoised, clean, sigma)), data)
    assert found.item() == pytest.approx(want, rel=1e-12)


def test_noise_levels_are_the_equation():
    """Eq. 5, at rho 7 and 18 steps; the values at both ends are the paper's."""
    levels = noise_levels(18)
    i = np.arange(18)
    want = (80 ** (1 / 7) + i / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    np.testing.assert_allclose(levels[:-1], want, rtol=1e-12)
    assert levels[0] == pytest.approx(80) and levels[-2] == pytest.approx(0.002) and levels[-1] == 0
    assert noise_levels(1) == pytest.approx([80, 0])


def gaussian(mean: float, spread: float):
    """The best denoiser of data N(mean, spread^2): E[x | x + sigma n]."""

    def denoise(x, sigma):
        s = sigma[:, None]
        return (spread**2 * x + s**2 * mean) / (spread**2 + s**2)

    return denoise


def exact(noise, mean, spread, high):
    """The ODE's solution for Gaussian data: x - mean shrinks as sqrt(spread^2 + sigma^2)."""
    return mean + (noise * high - mean) * spread / math.sqrt(spread**2 + high**2)


def test_sampler_finds_the_data_distribution_of_a_gaussian():
    noise = torch.randn(20_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    made = heun(gaussian(0.3, 0.5), noise, noise_levels(160))
    assert made.mean().item() == pytest.approx(0.3, abs=0.015)
    assert made.std().item() == pytest.approx(0.5, abs=0.01)
    assert torch.allclose(made, exact(noise, 0.3, 0.5, 80.0), atol=2e-3)


def test_error_falls_with_the_square_of_the_steps():
    """Heun's method is of second order: half the step, a quarter of the error. (Euler's would halve it.)"""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]

    def error(steps):  # down to a level where the last, first-order step to 0 is exact to 1e-12
        levels = noise_levels(steps, low=1e-6, high=10.0)
        return (heun(gaussian(0.3, 0.5), noise, levels) - exact(noise, 0.3, 0.5, 10.0)).abs().max().item()

    errors = [error(n) for n in (32, 64, 128)]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert all(1.8 < order < 2.3 for order in orders), orders


def test_calls_are_twice_the_steps_less_one():
    calls = []

    def denoise(x, sigma):
        calls.append(sigma.tolist())
        return torch.zeros_like(x)

    made = heun(denoise, torch.ones(2, 3), noise_levels(6))
    assert len(calls) == 11 and all(len(c) == 2 for c in calls)
    assert torch.equal(made, torch.zeros(2, 3)), "the last step lands on what the denoiser says"
