"""Losses of reading conditions and codes, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.objectives.auxiliary import Part, category_loss, number_loss, reading_loss

rng = np.random.default_rng(0)


def log_softmax(a: np.ndarray) -> np.ndarray:
    return a - np.log(np.exp(a).sum(1, keepdims=True))


def test_category_loss_is_the_mean_negative_log_likelihood():
    logits, ids = rng.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
    want = -log_softmax(logits)[np.arange(6), ids].mean()
    assert float(category_loss(torch.tensor(logits), torch.tensor(ids))) == pytest.approx(want, rel=1e-12)


def test_an_empty_condition_adds_nothing():
    logits = torch.tensor(rng.normal(size=(3, 4)), requires_grad=True)
    whole = category_loss(logits, torch.tensor([1, -1, -1]))
    first = category_loss(logits[:1], torch.tensor([1]))
    assert whole.item() == pytest.approx(first.item() / 3)
    whole.backward()
    assert not logits.grad[1:].any() and logits.grad[0].any()
    assert category_loss(logits, torch.full((3,), -1)).item() == 0


def test_number_loss_is_a_normal_density():
    mean, log_var, c = rng.normal(size=(3, 5, 2))
    density = np.exp(-((c - mean) ** 2) / (2 * np.exp(log_var))) / np.sqrt(2 * np.pi * np.exp(log_var))
    want = -np.log(density.prod(1)).mean()
    assert float(number_loss(*map(torch.tensor, (mean, log_var, c)))) == pytest.approx(want, rel=1e-12)


def test_reading_loss_treats_each_part_as_what_it_is():
    read, asked = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    asked[:, :3] = np.eye(3)[[2, 0, 1, 1]]
    asked[3] = 0
    parts = [Part("category", 0, 3), Part("numbers", 3, 4), Part("numbers", 4, 6)]
    want = 0.0
    for r, a in zip(read[:3], asked[:3], strict=True):
        want -= log_softmax(r[None, :3])[0, a[:3].argmax()]
        want += (r[3] - a[3]) ** 2 / 2 + ((r[4:] - a[4:]) ** 2).mean() / 2
    got = reading_loss(torch.tensor(read), torch.tensor(asked), parts)
    assert float(got) == pytest.approx(want / 4 / 3, rel=1e-12)


def test_the_entropy_of_the_code_bounds_the_information():
    """H(c) - loss <= H(c) for categories, and is 0 for a reader that knows nothing (Chen et al. 2016, eq. 5)."""
    ids = torch.arange(10)
    assert float(category_loss(torch.zeros(10, 10), ids)) == pytest.approx(np.log(10))
    assert float(category_loss(50 * torch.eye(10), ids)) == pytest.approx(0, abs=1e-9)
