"""A translator that keeps what a painted mask says."""

from __future__ import annotations

import pytest
import torch

from gansmith.nets.translate import ResNetTranslator


@pytest.mark.parametrize("head", ["tanh", None])
@pytest.mark.parametrize(("channels", "made"), [(3, 3), (5, 3), (1, 1)])
def test_a_mask_mixes_what_is_kept_with_what_is_painted(channels, made, head):
    torch.manual_seed(0)
    net = ResNetTranslator(channels, made, 4, 1, head=head, mask=True)
    image = torch.rand(2, channels, 18, 21) * 2 - 1
    drawn = net.drawn(net.maps(image))[..., :18, :21]
    share = 1 / (1 + torch.exp(-drawn[:, made:]))
    painted = drawn[:, :made].tanh() if head else drawn[:, :made]
    torch.testing.assert_close(net(image), share * image[:, :made] + (1 - share) * painted)
    assert 0.8 < share.mean() < 0.95


def test_without_a_mask_there_is_neither_a_channel_nor_a_share():
    net = ResNetTranslator(3, 2, 4, 1)
    image = torch.rand(1, 3, 16, 16)
    assert net.out.out_channels == 2 and torch.equal(net(image), net.painted(net.maps(image)))


def test_gradients_reach_the_mask():
    net = ResNetTranslator(1, 1, 4, 1, mask=True)
    net(torch.rand(1, 1, 16, 16)).square().sum().backward()
    assert net.out.bias.grad[-1].abs() > 0
