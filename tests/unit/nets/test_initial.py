"""First weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gansmith.nets.initial import even_doubling


def test_a_doubling_begins_as_repetition_and_a_convolution():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(3, 2, 4, 2, 1)
    even_doubling(layer)
    x = torch.randn(2, 3, 8, 6)
    # unfold the sums: a corner of the 4x4 kernel is a corner of the 3x3 one, and so on inwards
    four = layer.weight
    rows = [four[..., 0, :], four[..., 1, :] - four[..., 0, :], four[..., 3, :]]
    half = torch.stack(rows, -2)
    small = torch.stack([half[..., 0], half[..., 1] - half[..., 0], half[..., 3]], -1)
    kernel = small.transpose(0, 1).flip(-1, -2)
    doubled = F.conv2d(F.interpolate(x, scale_factor=2.0), kernel, padding=1)
    torch.testing.assert_close(layer(x)[..., 1:-1, 1:-1], doubled[..., 1:-1, 1:-1], rtol=1e-4, atol=1e-5)
    assert not layer.bias.any()


def test_a_doubling_keeps_the_scale_of_independent_weights():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(64, 128, 4, 2, 1)
    even_doubling(layer)
    assert layer.weight.square().mean().item() == pytest.approx(1 / (4 * 64), rel=0.03)
