"""StyleGAN2 written down plainly from the papers' equations, in float64: what the networks are compared with.

Grouped convolutions with one set of weights for each sample, resampling by zeros, padding, filtering and dropping,
gains where the papers put them. The parameters are those of the networks under test, found by the names of the public
weights through `docs/guide/stylegan2-layout.md`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def upfirdn(x, up=1, down=1, before=0, after=0, gain=1.0):
    n, c, h, w = x.shape
    spread = x.new_zeros(n, c, h * up, w * up)
    spread[:, :, ::up, ::up] = x
    spread = F.pad(spread, (before, after, before, after))
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = taps[:, None] * taps[None] / 64 * gain
    y = F.conv2d(spread.reshape(n * c, 1, *spread.shape[2:]), kernel[None, None])
    return y.reshape(n, c, *y.shape[2:])[:, :, ::down, ::down]


def lrelu(x):
    return torch.where(x > 0, x, 0.2 * x) * math.sqrt(2)


def normalise(x):
    return x / (x.pow(2).mean(1, keepdim=True) + 1e-8).sqrt()


def dense(p, name, x, speed=1.0):
    weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
    return x @ (weight * speed / math.sqrt(weight.shape[1])).T + bias * speed


def mapping(p, name, z, one_hot, layers):
    x = [] if z is None else [normalise(z)]
    if one_hot is not None:
        x.append(normalise(dense(p, f"{name}.embed", one_hot)))
    x = torch.cat(x, 1)
    for i in range(layers):
        x = lrelu(dense(p, f"{name}.fc{i}", x, 0.01))
    return x


def modulated(p, name, x, w, up=False, demodulate=True, gain=1.0):
    """Equations 1 and 3: one kernel a sample, all samples in one grouped convolution."""
    n, a, height, width = x.shape
    style = dense(p, f"{name}.affine", w) * gain
    kernel = p[f"{name}.weight"][None] * style[:, None, :, None, None]
    if demodulate:
        kernel = kernel / (kernel.pow(2).sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    b, side = kernel.shape[1], kernel.shape[3]
    if up:  # zeros between pixels, a true convolution that keeps every overlap, the filter
        spread = x.new_zeros(n, a, 2 * height - 1, 2 * width - 1)
        spread[:, :, ::2, ::2] = x
        flipped = kernel.flip(3, 4).reshape(n * b, a, side, side)
        y = F.conv2d(spread.reshape(1, n * a, *spread.shape[2:]), flipped, padding=side - 1, groups=n)
        return upfirdn(y.reshape(n, b, *y.shape[2:]), before=1, after=1, gain=4.0)
    y = F.conv2d(x.reshape(1, n * a, height, width), kernel.reshape(n * b, a, side, side), padding=side // 2, groups=n)
    return y.reshape(n, b, height, width)


def synthesis_layer(p, name, x, w, up=False):
    y = modulated(p, name, x, w, up)
    y = y + p[f"{name}.noise_const"] * p[f"{name}.noise_strength"]
    return lrelu(y + p[f"{name}.bias"][:, None, None])


def to_rgb(p, name, x, w):
    gain = 1 / math.sqrt(x.shape[1])
    return modulated(p, name, x, w, demodulate=False, gain=gain) + p[f"{name}.bias"][:, None, None]


def synthesis(p, ws, resolution):
    x = p["synthesis.b4.const"][None].repeat(len(ws), 1, 1, 1)
    x = synthesis_layer(p, "synthesis.b4.conv1", x, ws[:, 0])
    image, i, size = to_rgb(p, "synthesis.b4.torgb", x, ws[:, 1]), 1, 8
    while size <= resolution:
        x = synthesis_layer(p, f"synthesis.b{size}.conv0", x, ws[:, i], up=True)
        x = synthesis_layer(p, f"synthesis.b{size}.conv1", x, ws[:, i + 1])
        image = upfirdn(image, up=2, before=2, after=1, gain=4.0)
        image = image + to_rgb(p, f"synthesis.b{size}.torgb", x, ws[:, i + 2])
        i, size = i + 2, size * 2
    return image


def conv(p, name, x, down=False, active=True, gain=1.0):
    weight = p[f"{name}.weight"]
    side = weight.shape[2]
    weight = weight / math.sqrt(weight[0].numel())
    if down:
        pad = side // 2
        x = upfirdn(x, before=pad + 1, after=pad + 1)
        y = F.conv2d(x, weight, stride=2)
    else:
        y = F.conv2d(x, weight, padding=side // 2)
    if active:
        y = lrelu(y + p[f"{name}.bias"][:, None, None])
    return y * gain


def minibatch_std(x, group):
    n, c, h, w = x.shape
    y = x.reshape(group, n // group, c, h, w)
    y = (y - y.mean(0)).pow(2).mean(0)
    y = (y + 1e-8).sqrt().mean((1, 2, 3))
    return torch.cat([x, y.repeat(group)[:, None, None, None].expand(n, 1, h, w)], 1)


def discriminator(p, x, one_hot, group, residual, layers=8):
    size = x.shape[2]
    x = conv(p, f"b{size}.fromrgb", x)
    half = math.sqrt(0.5) if residual else 1.0
    while size > 4:
        y = conv(p, f"b{size}.conv1", conv(p, f"b{size}.conv0", x), down=True, gain=half)
        x = y + conv(p, f"b{size}.skip", x, down=True, active=False, gain=half) if residual else y
        size //= 2
    if group > 1:
        x = minibatch_std(x, group)
    x = conv(p, "b4.conv", x).flatten(1)
    x = dense(p, "b4.out", lrelu(dense(p, "b4.fc", x)))
    if one_hot is None:
        return x[:, 0]
    return (x * mapping(p, "mapping", None, one_hot, layers)).sum(1) / math.sqrt(x.shape[1])


def generator_names(net, resolution):
    """Our parameters and buffers under the public names."""
    ours = dict(net.state_dict())
    names = {
        "mapping.mean": "mapping.w_avg",
        "constant": "synthesis.b4.const",
        "mapping.embed.bias": "mapping.embed.bias",
    }
    pairs = [("conv.", "synthesis.b4.conv1."), ("rgb.", "synthesis.b4.torgb.")]
    for i, size in enumerate(2**k for k in range(3, int(math.log2(resolution)) + 1)):
        parts = {"up": "conv0", "conv": "conv1", "rgb": "torgb"}
        pairs += [(f"blocks.{i}.{mine}.", f"synthesis.b{size}.{theirs}.") for mine, theirs in parts.items()]
    return _renamed(ours, names, pairs)


def discriminator_names(net, resolution):
    """The same for a discriminator."""
    pairs = [("rgb.", f"b{resolution}.fromrgb."), ("conv.", "b4.conv."), ("dense.", "b4.fc."), ("out.", "b4.out.")]
    for i in range(int(math.log2(resolution)) - 2):
        parts = {"conv": "conv0", "down": "conv1", "skip": "skip"}
        pairs += [(f"blocks.{i}.{mine}.", f"b{resolution >> i}.{theirs}.") for mine, theirs in parts.items()]
    return _renamed(dict(net.state_dict()), {"mapping.embed.bias": "mapping.embed.bias"}, pairs)


def _renamed(ours, names, pairs):
    found = {}
    for name, value in ours.items():
        if name == "mapping.embed.table.weight":
            found["mapping.embed.weight"] = value.T
        elif name in names:
            found[names[name]] = value
        elif name.startswith("mapping.layers."):
            found[f"mapping.fc{name.removeprefix('mapping.layers.')}"] = value
        else:
            mine, theirs = next(pair for pair in pairs if name.startswith(pair[0]))
            last = name.removeprefix(mine).replace("strength", "noise_strength")
            found[theirs + ("noise_const" if last == "noise" else last)] = value
    assert len(found) == len(ours)
    return found
