"""State dicts named as the public implementations name them give, loaded here, what their equations give in float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gansmith.errors import InputError
from gansmith.nets.inpaint import InpaintDiscriminator, InpaintGenerator, contextual_attention
from gansmith.nets.patches import MultiScaleDiscriminator, PatchDiscriminator
from gansmith.nets.public_layouts import (
    load_multiscale,
    load_rrdb,
    load_spectral_unet,
    load_srresnet,
    load_translator,
)
from gansmith.nets.rrdb import RRDBNet, SpectralUNet, SRResNet
from gansmith.nets.translate import ResNetTranslator, UNetTranslator


class Made(dict):
    """A state dict made as it is asked for: convolutions by name."""

    def __init__(self):
        super().__init__()
        self.rng = torch.Generator().manual_seed(0)

    def add(self, name, *shape):
        self[name] = torch.randn(*shape, generator=self.rng, dtype=torch.float64) * 0.3

    def conv(self, name, out, inputs, side, bias=True):
        self.add(f"{name}.weight", out, inputs, side, side)
        if bias:
            self.add(f"{name}.bias", out)

    def norm(self, name, width):
        self.add(f"{name}.weight", width)
        self.add(f"{name}.bias", width)
        self.add(f"{name}.running_mean", width)
        self[f"{name}.running_var"] = torch.rand(width, generator=self.rng, dtype=torch.float64) + 0.5
        self[f"{name}.num_batches_tracked"] = torch.tensor(3)

    def run(self, x, name, how=F.conv2d, **more):
        return how(x, self[f"{name}.weight"], self.get(f"{name}.bias"), **more)

    def normed(self, x, name):
        n = [self[f"{name}.{k}"][None, :, None, None] for k in ("running_mean", "running_var", "weight", "bias")]
        return (x - n[0]) / (n[1] + 1e-5).sqrt() * n[2] + n[3]


def plain_norm(x):
    mean = x.mean((2, 3), keepdim=True)
    return (x - mean) / ((x - mean).square().mean((2, 3), keepdim=True) + 1e-5).sqrt()


def image(channels=3, side=16):
    return torch.rand(2, channels, side, side, generator=torch.Generator().manual_seed(5), dtype=torch.float64) * 2 - 1


def same(net, x, wanted):
    with torch.no_grad():
        torch.testing.assert_close(net.double().eval()(x), wanted, rtol=0, atol=1e-10)


def test_resnet_generator():
    """`model.N`: padding, 7x7, norm, relu; two halvings; blocks at 10; two doublings; padding, 7x7, tanh."""
    w, blocks, p = 4, 2, Made()
    p.conv("model.1", w, 3, 7)
    p.conv("model.4", 2 * w, w, 3)
    p.conv("model.7", 4 * w, 2 * w, 3)
    for i in range(blocks):
        p.conv(f"model.{10 + i}.conv_block.1", 4 * w, 4 * w, 3)
        p.conv(f"model.{10 + i}.conv_block.5", 4 * w, 4 * w, 3)
    p.add("model.12.weight", 4 * w, 2 * w, 3, 3)
    p.add("model.12.bias", 2 * w)
    p.add("model.15.weight", 2 * w, w, 3, 3)
    p.add("model.15.bias", w)
    p.conv("model.19", 3, w, 7)
    p["model.2.running_mean"] = torch.zeros(w)  # what old files keep for instance normalisation
    net = ResNetTranslator(3, 3, w, blocks)
    load_translator(net.double(), p)
    x = image()
    h = F.relu(plain_norm(p.run(F.pad(x, (3,) * 4, "reflect"), "model.1")))
    for at in (4, 7):
        h = F.relu(plain_norm(p.run(h, f"model.{at}", stride=2, padding=1)))
    for i in range(blocks):
        y = F.relu(plain_norm(p.run(F.pad(h, (1,) * 4, "reflect"), f"model.{10 + i}.conv_block.1")))
        h = h + plain_norm(p.run(F.pad(y, (1,) * 4, "reflect"), f"model.{10 + i}.conv_block.5"))
    for at in (12, 15):
        h = F.relu(plain_norm(p.run(h, f"model.{at}", F.conv_transpose2d, stride=2, padding=1, output_padding=1)))
    same(net, x, torch.tanh(p.run(F.pad(h, (3,) * 4, "reflect"), "model.19")))
    with pytest.raises(InputError, match="layers with weights"):
        load_translator(ResNetTranslator(3, 3, w, 3), p)
    with pytest.raises(InputError, match="another network"):
        load_translator(ResNetTranslator(3, 3, w + 1, blocks), p)


def test_unet_generator():
    """Each level inside the one above: convolution, norm, the level below at 3 (1 in the outermost), up, norm."""
    w, p, down, up = 2, Made(), [], []
    widths = [w, 2 * w, 4 * w, 8 * w, 8 * w]
    prefix = "model.model"
    for level, width in enumerate(widths):
        inputs, first, last = (3 if not level else widths[level - 1]), level == 0, level == len(widths) - 1
        d, u = (f"{prefix}.0", f"{prefix}.3") if first else (f"{prefix}.1", f"{prefix}.{3 if last else 5}")
        p.conv(d, width, inputs, 4, bias=False)
        p.add(f"{u}.weight", width * (1 if last else 2), inputs, 4, 4)
        if first:
            p.add(f"{u}.bias", inputs)
        else:
            p.norm(f"{prefix}.{4 if last else 6}", inputs)
            if not last:
                p.norm(f"{prefix}.2", width)
        down.append((d, f"{prefix}.2"))
        up.append((u, f"{prefix}.{4 if last else 6}"))
        prefix += ".1.model" if first else ".3.model"
    net = UNetTranslator(3, 3, w, 5, "batch")
    load_translator(net.double(), p)
    x = image(side=32)

    def level(h, at):
        y = p.run(F.leaky_relu(h, 0.2) if at else h, down[at][0], stride=2, padding=1)
        if 0 < at < 4:
            y = p.normed(y, down[at][1])
        inner = torch.cat([y, level(y, at + 1)], 1) if at < 4 else y
        z = p.run(F.relu(inner), up[at][0], F.conv_transpose2d, stride=2, padding=1)
        return p.normed(z, up[at][1]) if at else torch.tanh(z)

    same(net, x, level(x, 0))


def test_dropout_is_an_input():
    net = UNetTranslator(3, 3, 4, 4, "instance").eval()
    x, z = image().float(), torch.randn(2, net.noise_size(16, 16))
    with torch.no_grad():
        a, b, other, plain = net(x, z), net(x, z), net(x, z.flip(1)), net(x)
        large = net(image(side=32).float(), z)
    assert torch.equal(a, b) and not torch.equal(a, other) and not torch.equal(a, plain)
    assert large.shape[-1] == 32 and net.noise_size(20, 20) == net.noise_size(32, 32) == 4 * net.noise_size(16, 16)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_patch_discriminator(norm):
    p, w = Made(), 2
    p.conv("model.0", w, 3, 4)
    for at, (a, b) in zip((2, 5, 8), ((w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w)), strict=True):
        p.conv(f"model.{at}", b, a, 4, bias=norm == "instance")
        if norm == "batch":
            p.norm(f"model.{at + 1}", b)
    p.conv("model.11", 1, 8 * w, 4)
    x = image(side=40)
    h = F.leaky_relu(p.run(x, "model.0", stride=2, padding=1), 0.2)
    for at, stride in ((2, 2), (5, 2), (8, 1)):
        h = p.run(h, f"model.{at}", stride=stride, padding=1)
        h = F.leaky_relu(plain_norm(h) if norm == "instance" else p.normed(h, f"model.{at + 1}"), 0.2)
    net = PatchDiscriminator((3, 40, 40), w, norm=norm)
    load_translator(net.double(), p)
    same(net, x, p.run(h, "model.11", padding=1))


def test_multiscale_discriminator():
    p, w, x = Made(), 2, image(side=64)
    for scale in range(2):
        for layer, (a, b) in enumerate(((3, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w), (8 * w, 1))):
            p.conv(f"scale{scale}_layer{layer}.0", b, a, 4)
    net = MultiScaleDiscriminator((3, 64, 64), w, 2)
    load_multiscale(net.double(), p)
    with torch.no_grad():
        made = net.double()(x)
    for scale, scores in zip((1, 0), made, strict=True):
        h = x
        for layer in range(5):
            h = p.run(h, f"scale{scale}_layer{layer}.0", stride=2 if layer < 3 else 1, padding=2)
            h = h if layer == 4 else F.leaky_relu(plain_norm(h) if layer else h, 0.2)
        torch.testing.assert_close(scores, h, rtol=0, atol=1e-10)
        x = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)


@pytest.mark.parametrize("factor", [2, 4])
def test_srresnet(factor):
    p, w = Made(), 4
    p.conv("conv_first", w, 3, 3)
    for i in range(2):
        p.conv(f"body.{i}.conv1", w, w, 3)
        p.conv(f"body.{i}.conv2", w, w, 3)
    for i in range(factor // 2):
        p.conv(f"upconv{i + 1}", 4 * w, w, 3)
    p.conv("conv_hr", w, w, 3)
    p.conv("conv_last", 3, w, 3)
    net = SRResNet(3, factor, w, 2)
    load_srresnet(net.double(), p)
    x = image(side=8)
    h = F.leaky_relu(p.run(x, "conv_first", padding=1), 0.1)
    for i in range(2):
        h = h + p.run(F.relu(p.run(h, f"body.{i}.conv1", padding=1)), f"body.{i}.conv2", padding=1)
    for i in range(factor // 2):
        h = F.leaky_relu(F.pixel_shuffle(p.run(h, f"upconv{i + 1}", padding=1), 2), 0.1)
    y = p.run(F.leaky_relu(p.run(h, "conv_hr", padding=1), 0.1), "conv_last", padding=1)
    same(net, x, y + F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False))


def rrdb_state(w, g, inputs, old):
    p = Made()
    body, dense, after, up, late = (
        ("RRDB_trunk", "RDB", "trunk_conv", "upconv", "HRconv")
        if old
        else ("body", "rdb", "conv_body", "conv_up", "conv_hr")
    )
    p.conv("conv_first", w, inputs, 3)
    for i in range(3):
        for j in range(5):
            p.conv(f"{body}.0.{dense}{i + 1}.conv{j + 1}", g if j < 4 else w, w + j * g, 3)
    for name in (after, f"{up}1", f"{up}2", late):
        p.conv(name, w, w, 3)
    p.conv("conv_last", 3, w, 3)
    return p, (body, dense, after, up, late)


@pytest.mark.parametrize(("factor", "old", "unit"), [(4, False, False), (4, True, True), (2, False, True)])
def test_rrdb(factor, old, unit):
    p, (body, dense, after, up, late) = rrdb_state(4, 2, 12 if factor == 2 else 3, old)
    net = RRDBNet(3, factor, 4, 1, 2, unit)
    load_rrdb(net.double(), p)
    x = image(side=8)
    h = (x + 1) / 2 if unit else x
    h = first = p.run(F.pixel_unshuffle(h, 2) if factor == 2 else h, "conv_first", padding=1)
    for i in range(3):
        maps = [h]
        for j in range(5):
            y = p.run(torch.cat(maps, 1), f"{body}.0.{dense}{i + 1}.conv{j + 1}", padding=1)
            maps.append(F.leaky_relu(y, 0.2))
        h = h + 0.2 * y
    h = first + p.run(first + 0.2 * h, after, padding=1)
    for i in (1, 2):
        h = F.leaky_relu(p.run(h.repeat_interleave(2, 2).repeat_interleave(2, 3), f"{up}{i}", padding=1), 0.2)
    y = p.run(F.leaky_relu(p.run(h, late, padding=1), 0.2), "conv_last", padding=1)
    same(net, x, 2 * y - 1 if unit else y)


def test_spectral_unet():
    p, w = Made(), 2
    p.conv("conv0", w, 3, 3)
    sizes = [(2 * w, w, 4), (4 * w, 2 * w, 4), (8 * w, 4 * w, 4), (4 * w, 8 * w, 3), (2 * w, 4 * w, 3), (w, 2 * w, 3)]
    weights = {}
    for i, (out, inputs, side) in enumerate([*sizes, (w, w, 3), (w, w, 3)], 1):
        p.add(f"conv{i}.weight_orig", out, inputs, side, side)
        matrix = p[f"conv{i}.weight_orig"].flatten(1)
        u, s, v = torch.linalg.svd(matrix)
        p[f"conv{i}.weight_u"], p[f"conv{i}.weight_v"] = u[:, 0], v[0]
        weights[i] = p[f"conv{i}.weight_orig"] / s[0]
    p.conv("conv9", 1, w, 3)
    net = SpectralUNet(3, w)
    load_spectral_unet(net.double(), p)
    x = image()
    maps = [F.leaky_relu(p.run(x, "conv0", padding=1), 0.2)]
    for i in (1, 2, 3):
        maps.append(F.leaky_relu(F.conv2d(maps[-1], weights[i], stride=2, padding=1), 0.2))
    h = maps[3]
    for i in (4, 5, 6):
        h = F.interpolate(h, scale_factor=2, mode="bilinear", align_corners=False)
        h = F.leaky_relu(F.conv2d(h, weights[i], padding=1), 0.2) + maps[6 - i]
    for i in (7, 8):
        h = F.leaky_relu(F.conv2d(h, weights[i], padding=1), 0.2)
    same(net, x, p.run(h, "conv9", padding=1))


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda: ResNetTranslator(3, 3, 64, 6), 7_837_699),
        (lambda: ResNetTranslator(3, 3, 64, 9), 11_378_179),
        (lambda: ResNetTranslator(36, 3, 64, 9, 4), 182_546_755),
        (lambda: UNetTranslator(3, 3), 54_413_955),
        (lambda: UNetTranslator(3, 3, halvings=7), 41_828_995),
        (lambda: PatchDiscriminator((3, 256, 256)), 2_764_737),
        (lambda: PatchDiscriminator((6, 256, 256), norm="batch"), 2_768_705),
        (SRResNet, 1_517_571),
        (RRDBNet, 16_697_987),
        (SpectralUNet, 4_376_897),
        (lambda: InpaintGenerator(3), 4_053_678),
        (lambda: InpaintDiscriminator((3, 256, 256)), 5_946_816),
    ],
)
def test_parameter_counts_are_the_published_ones(make, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in make().parameters()) == count


def test_a_score_sees_70_pixels():
    with torch.device("meta"):
        assert PatchDiscriminator((3, 256, 256)).patch == 70


def test_attention_copies_what_is_alike():
    """A map of random stripes with a hole: what fills it are patches of the known part with the same stripes."""
    torch.manual_seed(0)
    known = torch.randn(1, 6, 1, 16, dtype=torch.float64).repeat(1, 1, 16, 1) * 9
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
    hole[..., 4:8, 4:8] = 1
    made = contextual_attention(known, known * (1 - hole) + 100 * hole, hole, fuse=False)
    inner = (slice(None), slice(None), slice(2, 14), slice(2, 14))
    torch.testing.assert_close(made[inner], known[inner], rtol=0, atol=0.2)
    assert not contextual_attention(known, known, torch.ones_like(hole)).any()


def test_what_is_in_the_hole_is_not_looked_at():
    torch.manual_seed(0)
    net, x = InpaintGenerator(3, 2), image(side=17).float()
    mask = torch.zeros(2, 1, 17, 17)
    mask[..., 5:9, 3:12] = 1
    a, b = net(x, mask), net(torch.where(mask > 0, 7.0, x), mask)
    assert torch.equal(a.fine, b.fine) and torch.equal(a.coarse, b.coarse) and a.fine.shape == x.shape
    assert InpaintDiscriminator((3, 17, 17), 2)(x, mask).shape == (2, 8, 1, 1)


def test_features_are_those_of_the_forward_pass():
    net = ResNetTranslator(3, 3, 2, 3).eval()
    assert tuple(m.shape[1] for m in net.features(image().float())) == net.tapped
    assert isinstance(net.stem, nn.Module)
