"""StyleGAN2's networks against a plain transcription of the papers, and for any image size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference_stylegan2 as reference
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import upfirdn

from gansmith.nets.resample import Resample, double, halve
from gansmith.nets.stylegan2 import Mapping, StyledConv, StyleGAN2Discriminator, StyleGAN2Generator
from gansmith.testing import check_net

SHAPES = [(1, 28, 28), (3, 32, 32), (4, 17, 40), (2, 5, 7), (3, 64, 48)]


def shaken(net):
    """The net in float64 and eval, with biases and noise strengths that are not what they begin at."""
    net = net.double().eval()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return net


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("resolution", [4, 8, 32, 128])
def test_generator_equals_the_reference(resolution, classes):
    torch.manual_seed(0)
    width = 2 if resolution == 128 else 5
    net = shaken(StyleGAN2Generator((3, resolution, resolution), 7, width, classes, most=11, w_dim=6, layers=3))
    z = torch.randn(4, 7, dtype=torch.float64)
    label = torch.tensor([0, 2, 1, 1])
    one_hot = F.one_hot(label, 3).double() if classes else None
    p = reference.generator_names(net, resolution)
    w = reference.mapping(p, "mapping", z, one_hot, 3)
    assert torch.allclose(net.mapping(z, label if classes else None), w, atol=1e-10, rtol=0)
    styles = w[:, None] + 0.1 * torch.randn(4, net.layers, 6, dtype=torch.float64)  # each layer its own
    want = reference.synthesis(p, styles, resolution)
    assert want.abs().mean() > 0.1
    assert torch.allclose(net.paint(styles), want, atol=1e-10, rtol=0)
    same = net(z, label if classes else None)
    assert torch.allclose(same, reference.synthesis(p, w[:, None].repeat(1, net.layers, 1), resolution), atol=1e-10)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize(("group", "residual"), [(4, True), (2, True), (1, False)])
@pytest.mark.parametrize("resolution", [4, 32, 128])
def test_discriminator_equals_the_reference(resolution, classes, group, residual):
    torch.manual_seed(0)
    width = 2 if resolution == 128 else 5
    net = shaken(StyleGAN2Discriminator((3, resolution, resolution), width, classes, 11, group, residual))
    x = torch.randn(8, 3, resolution, resolution, dtype=torch.float64)
    label = torch.arange(8) % 3
    one_hot = F.one_hot(label, 3).double() if classes else None
    p = reference.discriminator_names(net, resolution)
    want = reference.discriminator(p, x, one_hot, group, residual)
    got = net(x, label if classes else None)
    assert torch.allclose(got, want, atol=1e-10, rtol=1e-10)
    if classes:  # a one-hot vector is the label
        assert torch.allclose(net(x, one_hot), want, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("up", [False, True])
def test_scaling_features_equals_modulating_weights_also_in_gradients(up):
    torch.manual_seed(0)
    layer = shaken(StyledConv(5, 7, 6, (4, 4), up))
    x = torch.randn(3, 5, 4, 4, dtype=torch.float64, requires_grad=True)
    w = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    p = {f"a.{k.replace('strength', 'noise_strength')}": v for k, v in layer.named_parameters()}
    p["a.noise_const"] = layer.noise
    probe = torch.randn(3, 7, *layer.noise.shape, dtype=torch.float64)
    wrt = [x, w, *layer.parameters()]
    ours = torch.autograd.grad((layer(x, w) * probe).sum(), wrt)
    theirs = torch.autograd.grad((reference.synthesis_layer(p, "a", x, w, up) * probe).sum(), wrt)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, atol=1e-10)


@pytest.mark.parametrize("up", [False, True])
def test_demodulated_features_have_unit_variance_whatever_the_style(up):
    torch.manual_seed(0)
    layer = StyledConv(64, 64, 8, (16, 16), up).eval()
    x, w = torch.randn(16, 64, 16, 16), torch.randn(16, 8) * 5
    with torch.no_grad():
        layer.strength.zero_()
        y = layer(x, w) / math.sqrt(2)
        y = torch.where(y < 0, y / 0.2, y)  # what LeakyReLU was given
    inner = y[..., 2:-2, 2:-2]
    # doubled features are not white any more: the filter has averaged them
    want = filtered_variance() if up else 1.0
    assert float(inner.var()) == pytest.approx(want, rel=0.05)


def filtered_variance():
    """Variance of white noise that was spread by zeros, convolved with white weights of norm 1, and filtered.

    In one direction, three weights of variance 1/3, with the gain of 2: an output pixel sums the filter's squares over
    the weights and the filter's places that meet a pixel of the image and not a zero, which are every second.
    """
    taps = np.array([1, 3, 3, 1]) / 4
    met = [
        [taps[place] ** 2 / 3 for weight in range(3) for place in range(4) if (phase + place + weight) % 2 == 0]
        for phase in range(2)
    ]
    return float(np.mean([sum(squares) for squares in met]) ** 2)


def test_average_style_follows_in_training_only():
    torch.manual_seed(0)
    net = Mapping(8, 0, 4, 2)
    z = torch.randn(32, 8)
    net.eval()(z)
    assert not net.mean.any()
    net.train()
    first = net(z).detach().mean(0) * 0.005
    assert torch.allclose(net.mean, first, atol=1e-7)
    second = first * 0.995 + net(z).detach().mean(0) * 0.005
    assert torch.allclose(net.mean, second, atol=1e-7)


def test_noise_is_drawn_in_training_and_fixed_in_eval():
    torch.manual_seed(0)
    net = StyleGAN2Generator((1, 16, 16), 8, 4, w_dim=8, layers=2)
    z = torch.randn(2, 8)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.endswith("strength"):
                p.fill_(0.5)
    assert not torch.equal(net(z), net(z))
    net.eval()
    assert torch.equal(net(z), net(z))


@pytest.mark.parametrize(
    ("resolution", "width", "layers", "generator", "discriminator"),
    [
        (1024, 32, 8, 30_370_060, 29_012_513),
        (1024, 32, 2, 28_794_124, 29_012_513),
        (256, 64, 8, 24_767_458, 24_001_089),
    ],
)
def test_parameter_counts_are_the_published_ones(resolution, width, layers, generator, discriminator):
    """As the reference implementations print them for FFHQ at 1024 and at 256 pixels."""
    shape = (3, resolution, resolution)
    nets = StyleGAN2Generator(shape, 512, width, layers=layers), StyleGAN2Discriminator(shape, width)
    assert [sum(p.numel() for p in net.parameters()) for net in nets] == [generator, discriminator]


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_fit_any_shape(shape, classes):
    label = [torch.arange(4) % classes] if classes else []
    z, x = torch.randn(4, 8), torch.rand(4, *shape) * 2 - 1
    check_net(lambda: StyleGAN2Generator(shape, 8, 4, classes, w_dim=8, layers=2), [z, *label], shape)
    check_net(lambda: StyleGAN2Discriminator(shape, 4, classes, group=1), [x, *label], ())
    assert StyleGAN2Discriminator(shape, 4, classes)(x, *label).shape == (4,)


def test_labels_matter_and_may_not_be_missing():
    torch.manual_seed(0)
    g = StyleGAN2Generator((1, 16, 16), 8, 4, classes=2, w_dim=8, layers=2).eval()
    d = StyleGAN2Discriminator((1, 16, 16), 4, classes=2).eval()
    z, x = torch.randn(4, 8), torch.randn(4, 1, 16, 16)
    zero, one = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    assert not torch.allclose(g(z, zero), g(z, one)) and not torch.allclose(d(x, zero), d(x, one))
    for net, value in ((g, z), (d, x)):
        with pytest.raises(ValueError, match="labels are missing"):
            net(value)


@given(
    st.sampled_from([(1, 1, (1, 1)), (1, 1, (2, 2)), (1, 2, (1, 1)), (2, 1, (2, 1))]),
    st.sampled_from([5, 8, 13, 64, 65, 70]),
    st.sampled_from([4, 7, 66]),
)
@settings(max_examples=40, deadline=None)
def test_resampling_is_scipys(how, height, width):
    up, down, pad = how
    torch.manual_seed(0)
    x = torch.randn(2, 3, height, width, dtype=torch.float64)
    taps = np.array([1, 3, 3, 1]) / 8 * up

    def line(row):
        full = upfirdn(taps, np.pad(np.pad(np.kron(row, np.eye(up)[0]), pad), 0))
        return full[3 : len(row) * up + sum(pad)][::down]

    want = np.apply_along_axis(line, 3, np.apply_along_axis(line, 2, x.numpy()))
    got = Resample((height, width), up, down, pad).double()(x)
    assert np.allclose(got.numpy(), want, atol=1e-12)


def test_a_constant_stays_a_constant_inside():
    x = torch.full((1, 2, 12, 10), 3.0)
    assert torch.allclose(double((12, 10))(x)[..., 2:-2, 2:-2], torch.tensor(3.0))
    assert torch.allclose(halve((12, 10))(x)[..., 1:-1, 1:-1], torch.tensor(3.0))
