"""Conditions in networks, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from gansmith.nets.condition import AuxiliaryHead, ConcatLabel, ConditionalBatchNorm2d, ProjectionHead, embedded
from gansmith.nets.mlp import MLPDiscriminator

IDS = torch.tensor([0, 2, 1, 2, 0])


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(5, 4, 3, 2, generator=torch.Generator().manual_seed(0))


def test_conditional_batch_norm_is_the_papers(x):
    net = ConditionalBatchNorm2d(4, 3).double()
    got = net(x.double(), IDS).detach().numpy()
    a, gain, bias = (v.detach().double().numpy() for v in (x, net.gain.weight, net.bias.weight))
    mean, var = a.mean((0, 2, 3), keepdims=True), a.var((0, 2, 3), keepdims=True)
    want = np.stack(
        [
            (1 + gain[c])[:, None, None] * ((a - mean) / np.sqrt(var + 1e-5))[i] + bias[c][:, None, None]
            for i, c in enumerate(IDS.tolist())
        ]
    )
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def test_conditional_batch_norm_takes_vectors_and_none(x):
    net = ConditionalBatchNorm2d(4, 3).eval()
    torch.testing.assert_close(net(x, one_hot(IDS, 3).float()), net(x, IDS))
    torch.testing.assert_close(net(x, torch.zeros(5, 3)), net.norm(x))
    torch.testing.assert_close(net(x, torch.full((5,), -1)), net.norm(x))
    with pytest.raises(ValueError, match="labels are missing"):
        net(x)
    plain = ConditionalBatchNorm2d(4)
    assert plain.norm.affine and torch.equal(plain(x), plain.norm(x))
    assert (net.gain.weight != 0).all()  # spectral normalisation divides by its largest singular value


def test_no_condition_is_a_row_of_zeros():
    table = torch.nn.Embedding(3, 6)
    found = embedded(table, torch.tensor([1, -1]))
    assert torch.equal(found[0], table.weight[1]) and not found[1].any()
    found.sum().backward()
    assert table.weight.grad[0].abs().sum() == 0 and (table.weight.grad[1] == 1).all()


def test_heads_without_a_condition_score_unconditionally():
    h, head = torch.randn(2, 6), ProjectionHead(6, 3)
    for empty in (torch.tensor([-1, -1]), torch.zeros(2, 3)):
        torch.testing.assert_close(head(h, empty), head.linear(h)[:, 0])
    shown = ConcatLabel(2, 3, 4)(torch.zeros(2, 2), torch.tensor([-1, 0]))
    assert not shown[0].any() and shown[1].any()


def test_concatenation_in_the_discriminator_is_a_layer_on_both():
    """Mirza & Osindero (2014): image and condition side by side, as one longer input."""
    torch.manual_seed(0)
    net = MLPDiscriminator((1, 2, 2), 5, layers=1, classes=3, concat=True)
    x = torch.randn(5, 1, 2, 2)
    first, out = net.body[0], net.head.linear
    side = torch.cat([x.flatten(1), net.beside.embed.weight[IDS]], 1)
    h = side @ first.weight.T + first.bias
    want = torch.where(h > 0, h, 0.2 * h) @ out.weight.T + out.bias
    torch.testing.assert_close(net(x, IDS), want[:, 0])
    torch.testing.assert_close(net(x, one_hot(IDS, 3).float()), net(x, IDS))


def test_an_auxiliary_head_reads_every_class():
    assert AuxiliaryHead(6, 3)(torch.randn(2, 6)).shape == (2, 3)
