"""What looks across the batch, against loops over samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansmith.nets.batch_features import MinibatchDiscrimination, MinibatchStd, Packed, across_batch
from gansmith.nets.dcgan import DCGANDiscriminator
from gansmith.nets.light import LightDiscriminator
from gansmith.nets.mlp import MLPDiscriminator
from gansmith.nets.resnet import ResNetDiscriminator

FAMILIES = {
    "mlp": MLPDiscriminator,
    "dcgan": DCGANDiscriminator,
    "light": LightDiscriminator,
    "resnet": ResNetDiscriminator,
}


@given(st.integers(1, 13), st.integers(2, 6), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_minibatch_std_is_the_mean_deviation_within_each_group(n, group, seed):
    h = np.random.default_rng(seed).normal(size=(n, 3))
    groups = math.ceil(n / group)
    out = MinibatchStd(3, group)(torch.tensor(h)).numpy()
    np.testing.assert_array_equal(out[:, :3], h)
    for i in range(n):
        mine = h[i % groups :: groups]
        assert len(mine) <= group
        want = np.sqrt(mine.var(0) + 1e-8).mean()
        assert math.isclose(out[i, 3], want, rel_tol=1e-9)


def test_minibatch_std_groups_as_the_reshape_of_stylegan2_where_the_batch_divides():
    h = torch.randn(8, 5, dtype=torch.float64)
    y = h.reshape(4, 2, 5)  # group, groups, features
    want = (y.var(0, unbiased=False) + 1e-8).sqrt().mean(1).repeat(4)
    assert torch.allclose(MinibatchStd(5, 4)(h)[:, 5], want)


def test_a_collapsed_batch_has_no_spread_and_a_finite_gradient():
    h = torch.ones(8, 5, requires_grad=True)
    out = MinibatchStd(5)(h)
    assert out[:, 5].max() < 1e-3
    out[:, 5].sum().backward()
    assert torch.isfinite(h.grad).all()


def test_minibatch_discrimination_is_the_sum_over_samples():
    torch.manual_seed(0)
    part = MinibatchDiscrimination(4, kernels=3, dim=2).double()
    h = torch.randn(5, 4, dtype=torch.float64)
    out = part(h).detach().numpy()
    tensor = part.tensor.weight.detach().numpy().reshape(3, 2, 4)
    m = np.einsum("bca,na->nbc", tensor, h.numpy())
    np.testing.assert_array_equal(out[:, :4], h.numpy())
    for i in range(5):
        for b in range(3):
            want = sum(math.exp(-np.abs(m[i, b] - m[j, b]).sum()) for j in range(5))
            assert math.isclose(out[i, 4 + b], want, rel_tol=1e-9)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("kind", ["std", "discrimination"])
@pytest.mark.parametrize("family", FAMILIES)
def test_discriminators_see_whether_a_batch_is_all_alike(family, kind, classes):
    torch.manual_seed(0)
    net = FAMILIES[family]((1, 16, 16), 4, classes=classes, across=kind).eval()
    label = [torch.zeros(6, dtype=torch.long)] if classes else []
    x = torch.randn(6, 1, 16, 16)
    alike = x[:1].expand_as(x)
    alone = FAMILIES[family]((1, 16, 16), 4, classes=classes).eval()
    assert torch.allclose(alone(x, *label)[0], alone(alike, *label)[0], atol=1e-4)
    assert not torch.allclose(net(x, *label)[0], net(alike, *label)[0], atol=1e-6)
    assert net(x, *label).shape == (6,)


def test_none_keeps_features_and_adds_no_state():
    part = across_batch("none", 7)
    h = torch.randn(2, 7)
    assert torch.equal(part(h), h) and part.features == 7 and not part.state_dict()


class Sees(nn.Module):
    """A net that shows what it is given."""

    def forward(self, x, label=None):
        self.x, self.label = x, label
        return x.flatten(1).sum(1)


def test_packs_are_consecutive_images_stacked_over_channels():
    x = torch.arange(5 * 2 * 3 * 3.0).reshape(5, 2, 3, 3)
    seen = Sees()
    score = Packed(seen, 2)(x)
    by_hand = torch.stack([torch.cat([x[0], x[1]]), torch.cat([x[2], x[3]])])
    assert torch.equal(seen.x, by_hand) and seen.label is None
    assert torch.equal(score, by_hand.flatten(1).sum(1))  # the fifth is left over
    with pytest.raises(ValueError, match="a pack needs 8 samples; there are 5"):
        Packed(seen, 8)(x)
    Packed(seen, 8).eval()(x)
    assert torch.equal(seen.x, torch.cat([*x, *x[:3]])[None])


def test_a_pack_has_the_condition_of_each_of_its_images_in_order():
    x, seen = torch.randn(4, 1, 2, 2), Sees()
    Packed(seen, 2, 3)(x, torch.tensor([2, 0, 1, -1]))
    want = [[0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 0, 0]]  # -1 is no condition
    assert seen.label.tolist() == want
    vectors = torch.randn(4, 3)
    Packed(seen, 2, 3)(x, vectors)
    assert torch.equal(seen.label, torch.stack([torch.cat([*vectors[:2]]), torch.cat([*vectors[2:]])]))


def test_a_packed_discriminator_tells_which_image_has_which_label():
    torch.manual_seed(0)
    net = Packed(LightDiscriminator((2, 16, 16), 4, classes=6), 2, 3).eval()
    x = torch.randn(4, 1, 16, 16)
    a, b = net(x, torch.tensor([0, 1, 2, 2])), net(x, torch.tensor([1, 0, 2, 2]))
    assert not torch.isclose(a[0], b[0]) and torch.equal(a[1], b[1])
