"""Tiles make what the whole makes: exactly where the receptive field is known, nearly where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gansmith.errors import InputError
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.rrdb import RRDBNet, SpectralUNet, SRResNet
from gansmith.nets.translate import ResNetTranslator, UNetTranslator
from gansmith.run.tiles import Reach, reach_of, strips, tiled

SIDES = st.integers(9, 45)


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    net = {
        "srresnet": lambda: SRResNet(1, 2, 2, 1),
        "rrdb2": lambda: RRDBNet(1, 2, 2, 1, 2),
        "rrdb4": lambda: RRDBNet(1, 4, 2, 1, 2),
        "resnet": lambda: ResNetTranslator(1, 1, 2, 1, norm="none"),
        "resnet_batch": lambda: ResNetTranslator(1, 1, 2, 1, 1, norm="batch"),
        "unet": lambda: SpectralUNet(1, 2),
    }[name]()
    for p in net.parameters():  # begin far from the identity, so that a missing pixel shows
        nn.init.normal_(p, std=0.3)
    return net.double().eval()


NETS = ["srresnet", "rrdb2", "rrdb4", "resnet", "resnet_batch", "unet"]


@pytest.mark.parametrize("name", NETS)
@settings(max_examples=6, deadline=None)
@given(height=SIDES, width=SIDES, tile=st.integers(5, 20), seed=st.integers(0, 99))
def test_tiled_is_whole(name, height, width, tile, seed):
    net = built(name)
    image = torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1
    with torch.no_grad():
        whole = net(image[None])[0]
    made = tiled(net, image, tile)
    assert made.shape == whole.shape
    assert float((made - whole).abs().max()) < 1e-8 * float(whole.abs().max() + 1)


def test_a_missing_margin_shows():
    net, image = built("srresnet"), torch.rand(1, 40, 40, dtype=torch.float64)
    with torch.no_grad():
        whole = net(image[None])[0]
    known = reach_of(net)
    made = tiled(net, image, 8, reach=Reach(1, known.divisor, known.scale))
    assert float((made - whole).abs().max()) > 1e-3


@settings(max_examples=20, deadline=None)
@given(
    height=SIDES,
    width=SIDES,
    tile=st.integers(4, 30),
    overlap=st.integers(0, 12),
    scale=st.sampled_from([1, 2, 4]),
    divisor=st.sampled_from([1, 2, 4]),
)
def test_blending_agrees_where_tiles_agree(height, width, tile, overlap, scale, divisor):
    """A pointwise network is the same on every tile, so weights that add up to one leave it as it is."""

    def enlarge(x):
        assert x.shape[-1] % divisor == 0 and x.shape[-2] % divisor == 0
        return torch.nn.functional.interpolate(3 * x, scale_factor=float(scale))

    image = torch.rand(2, height, width, dtype=torch.float64)
    made = tiled(enlarge, image, tile, overlap=overlap, reach=Reach(None, divisor, scale))
    torch.testing.assert_close(made, torch.nn.functional.interpolate(3 * image[None], scale_factor=float(scale))[0])


def test_blending_has_no_seams():
    """A network that adds the mean of what it sees: tiles differ, and the step between neighbours stays small."""
    image = torch.linspace(0, 1, 96, dtype=torch.float64).expand(1, 96, 96)

    def net(x):
        return x + x.mean()

    reach = Reach(None)
    blended, hard = (tiled(net, image, 24, overlap=o, reach=reach)[0].diff(dim=1).abs().max() for o in (12, 0))
    assert blended < 0.05 < 0.2 < hard


def test_strips_are_small_and_in_order():
    read = []

    class Window:
        shape = (1, 400, 30)

        def __getitem__(self, window):
            read.append((window[1].stop - window[1].start) * (window[2].stop - window[2].start))
            rows = np.arange(window[1].start, window[1].stop, dtype=np.float32)[:, None]
            return np.broadcast_to(rows, (1, len(rows), window[2].stop - window[2].start)).copy()

    net = SRResNet(1, 2, 2, 1).eval()
    parts = list(strips(net, Window(), 16))
    assert sum(p.shape[1] for p in parts) == 800 and max(p.shape[1] for p in parts) <= 32
    assert all(p.shape[2] == 60 for p in parts) and max(read) <= (16 + 2 * 6) * 30


def test_what_cannot_be_tiled_is_said():
    with pytest.raises(InputError, match="does not declare receptive_field"):
        tiled(nn.Conv2d(1, 1, 3), torch.zeros(1, 8, 8))
    with pytest.raises(InputError, match="makes images smaller"):
        tiled(PatchDiscriminator((1, 32, 32), 2), torch.zeros(1, 32, 32))
    with pytest.raises(InputError, match="at least 1 and 0"):
        tiled(SRResNet(1, 2, 2, 1), torch.zeros(1, 8, 8), 0)
    assert UNetTranslator(1, 1, 2, 3).receptive_field is None
