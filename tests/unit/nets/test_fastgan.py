"""FastGAN's networks against the paper's equations, written out in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.parametrize import is_parametrized

from gansmith.nets.fastgan import Decoder, FastDiscriminator, FastGenerator, PatchHead, SkipExcitation, gated
from gansmith.testing import check_net

SHAPES = [(1, 28, 28), (3, 64, 64), (3, 17, 24), (1, 8, 8), (2, 8, 13), (1, 11, 9), (1, 16, 48)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_fit_any_shape(shape, classes, spectral):
    label = [torch.arange(4) % classes] if classes else []
    z, x = torch.randn(4, 8), torch.rand(4, *shape) * 2 - 1
    check_net(lambda: FastGenerator(shape, 8, 4, classes=classes), [z, *label], shape)
    d = FastDiscriminator(shape, 4, classes, spectral)
    patches = math.prod(side - min(4, *d.grid) + 1 for side in d.grid)
    check_net(lambda: FastDiscriminator(shape, 4, classes, spectral), [x, *label], (patches,))
    assert FastGenerator(shape, 8, 4, classes=classes)(z, *label).abs().max() <= 1
    fine, coarse = d.features(x)
    assert min(d.grid) in (3, 4, 5) and coarse.shape == (4, d.widths[1], *d.grid)
    assert fine.shape == (4, d.widths[0], *(2 * side for side in d.grid))
    for side, cells, stretched in zip(shape[1:], d.grid, d.sides, strict=True):
        assert stretched == cells * 2**d.halvings and 0 <= stretched - side < 2**d.halvings


def test_conditions_may_be_vectors():
    torch.manual_seed(0)
    g, d = FastGenerator((1, 16, 16), 8, 4, classes=3).eval(), FastDiscriminator((1, 16, 16), 4, classes=3).eval()
    z, x, label = torch.randn(4, 8), torch.randn(4, 1, 16, 16), torch.tensor([0, 2, 1, 1])
    vectors = torch.nn.functional.one_hot(label, 3).float()
    assert torch.allclose(g(z, label), g(z, vectors), atol=1e-6)
    assert torch.allclose(d(x, label), d(x, vectors), atol=1e-6)
    assert not torch.allclose(d(x, label), d(x, label.flip(0)))


@pytest.mark.parametrize(("side", "pairs"), [(256, {6: 2, 5: 1, 4: 0}), (64, {4: 1, 3: 0}), (28, {2: 0}), (8, {})])
def test_which_map_gates_which(side, pairs):
    """At 256 pixels as in the paper: 4 -> 64, 8 -> 128, 16 -> 256 pixels."""
    net = FastGenerator((3, side, side), 4, 1)
    found = {at + net.far: at for at in range(len(net.gates))}
    assert found == pairs


def test_skip_layer_excitation_is_the_equation():
    torch.manual_seed(0)
    net = SkipExcitation(3, 5).double()
    for p in net.parameters():
        torch.nn.init.normal_(p)
    low, high = torch.randn(2, 3, 8, 8, dtype=torch.float64), torch.randn(2, 5, 16, 12, dtype=torch.float64)
    x = low.numpy().reshape(2, 3, 4, 2, 4, 2).mean((3, 5))
    w1, b1 = (p.detach().numpy() for p in net.squeeze.parameters())
    w2, b2 = (p.detach().numpy() for p in net.excite.parameters())
    h = np.einsum("nchw,ochw->no", x, w1) + b1
    h = np.where(h > 0, h, 0.2 * h)
    gate = sigmoid(h @ w2[:, :, 0, 0].T + b2)
    want = gate[:, :, None, None] * high.numpy()
    np.testing.assert_allclose(net(low, high).detach().numpy(), want, rtol=1e-12)


def test_gated_linear_unit_is_the_equation():
    x = torch.randn(2, 6, 3, 3, dtype=torch.float64)
    a, b = x.numpy()[:, :3], x.numpy()[:, 3:]
    np.testing.assert_allclose(gated(x).numpy(), a * sigmoid(b), rtol=1e-12)


def test_discriminator_keeps_maps_and_pixels_aligned():
    """A pixel moves only the cells that cover it and their near neighbours, at the places that `grid` says."""
    torch.manual_seed(0)
    d = FastDiscriminator((1, 64, 64), 4).eval()
    assert d.halvings == 4 and d.grid == (4, 4) and d.sides == (64, 64)
    x = torch.zeros(1, 1, 64, 64)
    y = x.clone()
    y[..., 41, 22] = 1
    for one, other, cell in zip(d.features(x), d.features(y), (8, 16), strict=True):
        moved = (one - other).abs().sum((0, 1)).nonzero()
        assert len(moved) and (moved - torch.tensor([41 // cell, 22 // cell])).abs().max() <= 1


def weighted(net):
    """The layers of a network that have weights."""
    return [m for m in net.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear | torch.nn.Embedding)]


def test_discriminator_is_spectrally_normalised_everywhere_if_asked():
    torch.manual_seed(0)
    d = FastDiscriminator((1, 16, 16), 4, classes=3, spectral=True)
    for _ in range(60):
        d(torch.randn(2, 1, 16, 16), torch.tensor([0, 1]))
    assert len(weighted(d)) == 1 + 2 * d.halvings + 3, "stem, two a halving, and the head's three"
    for module in weighted(d):
        assert is_parametrized(module, "weight")
        assert torch.linalg.matrix_norm(module.weight.flatten(1), 2) < 1.02


def test_discriminator_is_left_as_it_is_otherwise():
    d = FastDiscriminator((1, 16, 16), 4, classes=3)
    assert not any(is_parametrized(module) for module in d.modules())
    assert d.gain == 1 and not list(d.buffers()), "nothing is given back, and no power iteration has a state"


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("side", [28, 64, 256])
def test_signals_keep_their_scale_through_the_discriminator(side, spectral):
    torch.manual_seed(0)
    d = FastDiscriminator((3, side, side), 16, spectral=spectral)
    image = torch.nn.functional.interpolate(torch.randn(8, 3, 4, 4), (side, side), mode="bicubic").clamp(-1, 1)
    for _ in range(5):  # power iterations
        maps = d.features(image)
    assert all(0.2 < m.square().mean().sqrt() < 3 for m in maps)
    assert 0.1 < d(image).std() < 3


def test_patch_head_scores_every_patch_by_projection():
    """Each score is that of its own 4x4 cells alone."""
    torch.manual_seed(0)
    head = PatchHead(3, 5, 2, 5).double()
    x, label = torch.randn(2, 3, 5, 6, dtype=torch.float64), torch.tensor([1, 0])
    found = head(x, label)
    score, table = head.score.linear, head.score.embed.weight
    assert found.shape == (2, 2 * 3)
    for n, r, c in np.ndindex(2, 2, 3):
        patch = x[n, :, r : r + 4, c : c + 4]
        h = torch.einsum("chw,ochw->o", patch, head.conv.weight) + head.conv.bias
        h = torch.where(h > 0, h, 0.2 * h)
        want = h @ score.weight[0] + score.bias[0] + h @ table[label[n]]
        assert found[n, 3 * r + c].item() == pytest.approx(want.item(), rel=1e-12)


@pytest.mark.parametrize(("sides", "patches"), [((8, 8), 25), ((4, 4), 1), ((2, 2), 1), ((3, 7), 5), ((4, 12), 9)])
def test_how_many_patches_a_map_has(sides, patches):
    head = PatchHead(3, 4, 0, min(sides))
    assert head(torch.randn(2, 3, *sides), None).shape == (2, patches)
    assert head.features(torch.randn(2, 3, *sides)).shape == (2, patches, 4)


@pytest.mark.parametrize("side", [4, 6])
def test_projections_are_what_each_class_adds_to_the_mean_score(side):
    """Scores under each label, less what all labels share: the linear part, taken from the head itself."""
    torch.manual_seed(0)
    head = PatchHead(3, 5, 4, side).double()
    x = torch.randn(6, 3, side, side, dtype=torch.float64)
    under = torch.stack([head(x, torch.full((6,), label)).mean(1) for label in range(4)], 1)
    found = head.projections(x)
    assert found.shape == (6, 4) and found.std() > 0.1
    shared = head.score.linear(head.features(x)).mean(1)
    torch.testing.assert_close(found + shared, under, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found - found[:, :1], under - under[:, :1], rtol=1e-12, atol=1e-12)


def test_a_head_without_classes_has_no_projections():
    with pytest.raises(ValueError, match="no classes"):
        PatchHead(3, 5, 0, 4).projections(torch.randn(2, 3, 4, 4))


def test_decoder_doubles_as_asked():
    for doublings in range(4):
        made = Decoder(6, 3, doublings, width=4)(torch.randn(2, 6, 5, 4))
        assert made.shape == (2, 3, 5 * 2**doublings, 4 * 2**doublings) and made.abs().max() <= 1
