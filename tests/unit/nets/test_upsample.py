"""Doubling of maps: what a repeating layer is, that it begins without a checkerboard, and that public layouts stay."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.nets.translate import ResNetTranslator, UNetTranslator
from gansmith.nets.upsample import RepeatConv, doubling


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 7), st.integers(1, 7), st.booleans())
@settings(max_examples=30, deadline=None)
def test_it_is_a_convolution_of_repeated_pixels(inputs, outputs, height, width, bias):
    layer = RepeatConv(inputs, outputs, bias).double()
    x = torch.randn(2, inputs, height, width, dtype=torch.float64, requires_grad=True)
    wanted = F.conv2d(F.interpolate(x, scale_factor=2.0), layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(x), wanted)
    found, same = (torch.autograd.grad(y.square().sum(), layer.weight)[0] for y in (layer(x), wanted))
    torch.testing.assert_close(found, same)


def grid(layer):
    """How much odd and even pixels differ where the input is flat."""
    with torch.no_grad():
        made = layer(torch.ones(1, 8, 6, 6))[..., 4:8, 4:8]
    return float((made - made.mean((2, 3), keepdim=True)).abs().max())


@pytest.mark.parametrize("side", [3, 4])
def test_flat_maps_stay_flat(side):
    assert grid(doubling(8, 4, side, True, "repeat")) < 1e-5 < 1e-2 < grid(doubling(8, 4, side, True, "transposed"))


@pytest.mark.parametrize("make", [ResNetTranslator, UNetTranslator])
def test_networks_keep_the_public_layout_unless_they_are_asked(make):
    wide = {"blocks": 1} if make is ResNetTranslator else {"halvings": 3}
    public, ours = make(3, 2, 4, **wide), make(3, 2, 4, **wide, upsample="repeat")
    kinds = [{type(m) for m in net.modules()} for net in (public, ours)]
    assert torch.nn.ConvTranspose2d in kinds[0] and RepeatConv not in kinds[0]
    assert RepeatConv in kinds[1] and torch.nn.ConvTranspose2d not in kinds[1]
    assert public.state_dict().keys() == ours.state_dict().keys()
    image = torch.rand(1, 3, 19, 24)
    assert public(image).shape == ours(image).shape == (1, 2, 19, 24)


def test_inpainting_networks_begin_with_maps_of_one_scale():
    """The signal neither vanishes nor grows behind sixteen gated layers."""
    from gansmith.nets.inpaint import GatedConv, InpaintGenerator

    torch.manual_seed(0)
    net, found = InpaintGenerator(3, 16), []
    for layer in net.modules():
        if isinstance(layer, GatedConv):
            layer.register_forward_hook(lambda _, __, made: found.append(float(made.square().mean().sqrt())))
    with torch.no_grad():
        net(torch.rand(2, 3, 64, 64) * 2 - 1, F.pad(torch.ones(2, 1, 16, 16), (20, 28, 24, 24)))
    assert len(found) > 30 and min(found) > 0.05 and max(found) < 4
