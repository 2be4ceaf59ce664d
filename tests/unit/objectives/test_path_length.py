"""Path lengths against a Jacobian taken one output at a time, and in closed form."""

from __future__ import annotations

import pytest
import torch

from gansmith.objectives.path_length import path_lengths, path_penalty
from gansmith.recipes._stylegan import PathMean


def test_lengths_are_those_of_the_jacobian():
    torch.manual_seed(0)
    a = torch.randn(2 * 3 * 4, 5 * 6, dtype=torch.float64)

    def net(w):  # one sample: (5, 6) -> (2, 3, 4)
        return torch.sin(a @ w.reshape(-1)).reshape(2, 3, 4)

    styles = torch.randn(3, 5, 6, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(3, 2, 3, 4, dtype=torch.float64)
    got = path_lengths(torch.stack([net(w) for w in styles]), styles, noise)
    want = []
    for w, y in zip(styles.detach(), noise, strict=True):
        jacobian = torch.autograd.functional.jacobian(net, w).reshape(24, 5, 6)
        product = (jacobian * (y.reshape(24, 1, 1) / (3 * 4) ** 0.5)).sum(0)
        want.append(((product**2).sum(1).sum() / 5) ** 0.5)
    assert torch.allclose(got, torch.stack(want), atol=1e-12)


def test_of_a_linear_generator_in_closed_form():
    """An image that is c times its style: each step of one moves it by c."""
    styles = torch.randn(2, 1, 12, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(2, 1, 3, 4, dtype=torch.float64)
    lengths = path_lengths(3 * styles.reshape(2, 1, 3, 4), styles, noise)
    assert torch.allclose(lengths, 3 * noise.flatten(1).norm(dim=1) / 12**0.5)
    mean = torch.tensor(1.0, dtype=torch.float64)
    assert float(path_penalty(lengths, mean).detach()) == pytest.approx(float(((lengths - 1) ** 2).mean().detach()))


def test_the_mean_follows_slowly_and_is_remembered_without_its_graph():
    mean, value = PathMean(), 0.0
    for lengths in torch.rand(5, 4, requires_grad=True):
        got = mean(lengths)
        value += 0.01 * (float(lengths.detach().mean()) - value)
        assert float(got.detach()) == pytest.approx(value, rel=1e-5)
        assert float(mean.mean) == pytest.approx(value, rel=1e-5)
        assert got.requires_grad and not mean.mean.requires_grad
