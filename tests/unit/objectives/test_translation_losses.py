"""Losses of translation, against NumPy in float64; all have right gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.objectives.translation import absolute, feature_matching, patch_nce, total_variation

RNG = np.random.default_rng(0)


def test_absolute():
    a, b = RNG.normal(size=(2, 3, 2, 4, 4))
    assert absolute(torch.tensor(a), torch.tensor(b)).item() == pytest.approx(np.abs(a - b).mean(), rel=1e-12)


def test_patch_nce_asks_for_the_own_place():
    q, k = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in RNG.normal(size=(2, 3, 5, 4)))
    lost = []
    for i in range(3):
        for place in range(5):
            scores = np.array([q[i, place] @ k[i, other] for other in range(5)]) / 0.07
            lost.append(-np.log(np.exp(scores[place]) / np.exp(scores).sum()))
    assert patch_nce(torch.tensor(q), torch.tensor(k)).item() == pytest.approx(np.mean(lost), rel=1e-9)


def test_feature_matching_weighs_maps():
    made, wanted = ([RNG.normal(size=s) for s in ((2, 3, 4, 4), (2, 5, 2, 2))] for _ in range(2))
    apart = [np.abs(a - b).mean() for a, b in zip(made, wanted, strict=True)]
    x, y = [[torch.tensor(m) for m in maps] for maps in (made, wanted)]
    assert feature_matching(x, y).item() == pytest.approx(np.mean(apart), rel=1e-6)
    assert feature_matching(x, y, [3, 1]).item() == pytest.approx((3 * apart[0] + apart[1]) / 4, rel=1e-6)


def test_total_variation():
    x = RNG.normal(size=(2, 3, 5, 4))
    wanted = np.abs(np.diff(x, axis=2)).mean() + np.abs(np.diff(x, axis=3)).mean()
    assert total_variation(torch.tensor(x)).item() == pytest.approx(wanted, rel=1e-12)


def test_gradients():
    x = torch.tensor(RNG.normal(size=(2, 3, 4)), requires_grad=True)
    y = torch.tensor(RNG.normal(size=(2, 3, 4)), requires_grad=True)
    for loss in (
        absolute,
        lambda a, b: patch_nce(a, b.detach(), 0.5),
        lambda a, b: feature_matching([a], [b.detach()]),
    ):
        torch.autograd.gradcheck(loss, (x, y) if loss is absolute else (x, y.detach()))
    torch.autograd.gradcheck(total_variation, torch.tensor(RNG.normal(size=(1, 1, 3, 3)), requires_grad=True))
    assert all(loss.grad_fn is not None for loss in (patch_nce(x, y), feature_matching([x], [y])))
    assert torch.autograd.grad(patch_nce(x, y), y, allow_unused=True) == (None,)
