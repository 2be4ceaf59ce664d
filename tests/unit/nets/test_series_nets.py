"""Networks of time series: any length, no look at other samples, noise at every step that acts."""

from __future__ import annotations

import pytest
import torch

from gansmith.nets.recurrent import Recurrent
from gansmith.nets.series import NOISES, SeriesDiscriminator, SeriesGenerator


@pytest.mark.parametrize("length", [2, 5, 6, 7, 24, 37, 100])
@pytest.mark.parametrize("classes", [0, 3])
def test_any_length_has_networks(length, classes):
    torch.manual_seed(0)
    net, judge = SeriesGenerator((3, length), 4, 4, classes), SeriesDiscriminator((3, length), 4, classes)
    label = torch.tensor([0, 2]) if classes else None
    z, noise = torch.randn(2, 4), torch.randn(2, NOISES, length)
    made = net(z, noise, label)
    assert made.shape == (2, 3, length)
    assert judge(made, label).shape == (2,)
    assert torch.allclose(net(z[:1], noise[:1], None if label is None else label[:1]), made[:1], atol=1e-5)
    assert not torch.allclose(net(z, noise * 2, label), made)


def test_what_is_made_begins_at_about_the_scale_of_data():
    torch.manual_seed(0)
    net = SeriesGenerator((2, 48), 32, 24)
    made = net(torch.randn(64, 32), torch.randn(64, NOISES, 48))
    assert 0.2 < float(made.detach().std()) < 3


def test_a_recurrent_network_does_not_see_what_comes():
    torch.manual_seed(0)
    net = Recurrent(3, 2, 5, 2, classes=2, squashed=True)
    x, label = torch.randn(4, 7, 3), torch.tensor([0, 1, 0, 1])
    before = net(x, label)
    x[:, 4:] += 1
    after = net(x, label)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])
    assert bool(((before > 0) & (before < 1)).all())
    with pytest.raises(ValueError, match="labels are missing"):
        net(x)
