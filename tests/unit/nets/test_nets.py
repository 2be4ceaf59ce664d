"""Every network: shapes from the data for any size, gradients everywhere, samples that do not mix."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansmith.nets.condition import ProjectionHead
from gansmith.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gansmith.nets.layout import Layout, crop
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.nets.r3gan import R3GANDiscriminator, R3GANGenerator
from gansmith.nets.resnet import ResNetDiscriminator, ResNetGenerator
from gansmith.testing import check_net

PAIRS = {
    "mlp": (MLPGenerator, MLPDiscriminator),
    "dcgan": (DCGANGenerator, DCGANDiscriminator),
    "resnet": (ResNetGenerator, ResNetDiscriminator),
    "light": (LightGenerator, LightDiscriminator),
    "r3gan": (R3GANGenerator, R3GANDiscriminator),
}
SHAPES = [(1, 28, 28), (3, 32, 32), (4, 17, 40), (2, 5, 7), (3, 64, 48)]


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("family", PAIRS)
def test_networks_fit_any_shape(family, shape, classes):
    generator, discriminator = PAIRS[family]
    label = [torch.arange(4) % classes] if classes else []
    z, x = torch.randn(4, 8), torch.rand(4, *shape) * 2 - 1
    check_net(lambda: generator(shape, 8, 4, classes=classes), [z, *label], shape)
    check_net(lambda: discriminator(shape, 4, classes=classes), [x, *label], ())
    made = generator(shape, 8, 4, classes=classes)(z, *label)
    assert made.abs().max() <= 1


@pytest.mark.parametrize("family", PAIRS)
def test_labels_matter_to_both(family):
    torch.manual_seed(0)
    generator, discriminator = PAIRS[family]
    g, d = generator((1, 16, 16), 8, 4, classes=2).eval(), discriminator((1, 16, 16), 4, classes=2).eval()
    z, x = torch.randn(4, 8), torch.randn(4, 1, 16, 16)
    zero, one = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    assert not torch.allclose(g(z, zero), g(z, one)) and not torch.allclose(d(x, zero), d(x, one))
    with pytest.raises(ValueError, match="labels are missing"):
        g(z)
    with pytest.raises(ValueError, match="labels are missing"):
        d(x)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([2, 4, 8]))
@settings(max_examples=60, deadline=None)
def test_layout_halves_to_a_small_base_and_covers_the_image(height, width, base):
    layout = Layout.of(height, width, base)
    side = min(layout.base)
    assert side < 2 * base and (layout.doublings == 0 or side >= base)
    up = [n * 2**layout.doublings for n in layout.base]
    assert up[0] >= height and up[1] >= width
    assert crop(torch.zeros(1, 1, *up), height, width).shape == (1, 1, height, width)


def test_projection_head_is_the_equation():
    torch.manual_seed(0)
    head = ProjectionHead(5, 3)
    h, label = torch.randn(4, 5), torch.tensor([0, 2, 1, 1])
    want = h @ head.linear.weight[0] + head.linear.bias + (head.embed.weight[label] * h).sum(1)
    assert torch.allclose(head(h, label), want, atol=1e-6)
    assert torch.allclose(head.projections(h).gather(1, label[:, None])[:, 0] + head.linear(h)[:, 0], want, atol=1e-6)


def test_spectral_norm_bounds_every_layer():
    torch.manual_seed(0)
    net = ResNetDiscriminator((1, 16, 16), 8)
    for _ in range(50):
        net(torch.randn(2, 1, 16, 16))
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert torch.linalg.matrix_norm(module.weight.flatten(1), 2) < 1.02


@pytest.mark.parametrize("family", ["light", "r3gan"])
def test_scores_have_second_derivatives(family):
    torch.manual_seed(0)
    net = PAIRS[family][1]((1, 8, 8), 2).double()
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    first = net.convs[0].weight if family == "light" else net.inp.weight
    assert first.grad is not None and first.grad.abs().sum() > 0


def test_r3gan_residual_branches_begin_as_identity():
    torch.manual_seed(0)
    net = R3GANDiscriminator((1, 16, 16), 4)
    x = torch.randn(2, 4, 16, 16)
    assert torch.equal(net.stages[0](x), x)


def test_signals_keep_their_scale_through_light_networks():
    torch.manual_seed(0)
    d = LightDiscriminator((1, 32, 32), 16)
    h = d.features(torch.randn(64, 1, 32, 32))
    assert 0.2 < h.square().mean().sqrt().item() / math.sqrt(0.5) < 3
