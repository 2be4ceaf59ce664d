"""Networks of games with an encoder: any shape, conditions that matter, parts that make up the whole."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gansmith.nets.encoder import JointDiscriminator, LayerDiscriminator, LightDecoder, LightEncoder, PixelNoise
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.testing import check_net

SHAPES = [(1, 28, 28), (2, 5, 7), (3, 32, 32), (4, 17, 40)]


class Flat(nn.Module):
    """An encoder's outputs as one tensor."""

    def __init__(self, net: LightEncoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, x, label=None):
        return torch.cat([part for part in self.net(x, label) if part is not None], 1)


@pytest.mark.parametrize("condition", ["none", "class", "vector"])
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_fit_any_shape_and_condition(shape, condition):
    label = {"none": [], "class": [torch.arange(4) % 3], "vector": [torch.randn(4, 3)]}[condition]
    classes = 3 if label else 0
    x, z = torch.rand(4, *shape) * 2 - 1, torch.randn(4, 6)
    check_net(lambda: Flat(LightEncoder(shape, 6, 4, classes, "point")), [x, *label], (6,))
    check_net(lambda: Flat(LightEncoder(shape, 6, 4, classes, "gaussian", names=5)), [x, *label], (17,))
    check_net(lambda: LightDecoder(shape, 6, 4, classes), [z, *label], shape)
    check_net(lambda: JointDiscriminator(shape, 6, 4, classes), [x, z, *label], ())
    check_net(lambda: LayerDiscriminator(shape, 4, classes, 1), [x, *label], ())


def test_a_point_encoder_has_no_spread_and_one_without_names_none():
    x = torch.randn(2, 1, 16, 16)
    assert LightEncoder((1, 16, 16), 4, 2, posterior="point")(x)[1:] == (None, None)
    gaussian = LightEncoder((1, 16, 16), 4, 2, names=3)(x)
    assert gaussian.log_variance.shape == (2, 4) and gaussian.names.shape == (2, 3)


def test_conditions_matter_to_the_encoder_and_are_asked_for():
    torch.manual_seed(0)
    net, x = LightEncoder((1, 16, 16), 4, 4, classes=2), torch.randn(3, 1, 16, 16)
    zero, one = torch.zeros(3, dtype=torch.long), torch.ones(3, dtype=torch.long)
    shift = net(x, one).mean - net(x, zero).mean
    assert not torch.allclose(shift[0], shift[1], atol=1e-4)  # how it matters depends on the image
    with pytest.raises(ValueError, match="labels are missing"):
        net(x)


def test_log_odds_give_the_image_s_grey_levels():
    torch.manual_seed(0)
    net, z = LightDecoder((1, 12, 12), 4, 4).double(), torch.randn(3, 4, dtype=torch.float64)
    assert torch.allclose(net.log_odds(z).sigmoid(), (net(z) + 1) / 2, atol=1e-12)
    assert sorted(LightGenerator((1, 12, 12), 4, 4).state_dict()) == sorted(net.state_dict())


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_layer_and_rest_make_up_the_discriminator(layer):
    torch.manual_seed(0)
    net, x = LayerDiscriminator((1, 16, 16), 4, 2, layer), torch.randn(3, 1, 16, 16)
    label = torch.tensor([0, 1, 1])
    shown = net.layer(x)
    assert shown.shape == (3, *{1: (32, 2, 2), 2: (16, 4, 4), 3: (8, 8, 8)}[layer])
    assert torch.equal(net.rest(shown, label), net(x, label))
    plain = LightDiscriminator((1, 16, 16), 4, 2)
    plain.load_state_dict(net.state_dict())
    assert torch.equal(plain(x, label), net(x, label))


def test_a_layer_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="layer=4: for these images the discriminator has 3"):
        LayerDiscriminator((1, 16, 16), 4, 0, 4)


def test_joint_scores_depend_on_how_image_and_code_go_together():
    torch.manual_seed(0)
    net = JointDiscriminator((1, 16, 16), 4, 8)
    x, z = torch.randn(2, 1, 16, 16), torch.randn(2, 4)
    straight, crossed = net(x, z).sum(), net(x, z.flip(0)).sum()
    assert not torch.isclose(straight, crossed, atol=1e-4)  # a sum of a part for x and a part for z would be equal


def test_pixel_noise_begins_where_it_is_told():
    assert torch.isclose(PixelNoise(0.25)().exp(), torch.tensor(0.25))
