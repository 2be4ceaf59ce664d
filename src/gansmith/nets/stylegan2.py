"""The networks of StyleGAN2 (Karras et al. 2020, arXiv:1912.04958, configuration F), for any image size.

A mapping network turns noise into a style vector; the generator is a constant image that modulated convolutions paint
over, each told by its style which features to strengthen; every resolution adds its part to the image (skip
connections). The discriminator is residual. For sides that are 4 times a power of two the outputs equal those of the
reference architecture with the same weights: `docs/guide/stylegan2-layout.md` says which parameter is which.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.batch_features import MinibatchStd
from gansmith.nets.equalised import GAIN, EqualConv2d, EqualEmbedding, EqualLinear, normalised
from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE
from gansmith.nets.layout import Layout, crop
from gansmith.nets.resample import blur, double, halve

__all__ = ["Mapping", "StyleGAN2Discriminator", "StyleGAN2Generator", "StyledConv", "ToImage"]

MEMORY = 0.995
"""How much of the average style is kept at every batch (decay of `w_avg` in StyleGAN2-ADA)."""

SPEED = 0.01
"""Learning rate of mapping networks, relative to the others."""


class Mapping(nn.Module):
    """Noise, a condition, or both, to styles.

    Args:
        z_dim: Length of the noise; 0 for a mapping of conditions only.
        classes: Number of classes; 0 for none.
        dim: Length of a style.
        layers: Fully connected layers.
    """

    mean: Tensor

    def __init__(self, z_dim: int, classes: int, dim: int, layers: int) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.embed = EqualEmbedding(classes, dim) if classes else None
        sizes = [z_dim + (dim if classes else 0), *[dim] * layers]
        self.layers = nn.Sequential(*(EqualLinear(a, b, speed=SPEED, active=True) for a, b in pairwise(sizes)))
        if z_dim:
            self.register_buffer("mean", torch.zeros(dim))

    def forward(self, z: Tensor | None, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to `(n, dim)`; in training, the average style follows."""
        parts = [] if z is None else [normalised(z)]
        if self.embed is not None:
            parts.append(self.embed(label))
        w: Tensor = self.layers(torch.cat(parts, 1))
        if self.training and z is not None:
            with torch.no_grad():
                self.mean.lerp_(w.detach().mean(0).to(self.mean.dtype), 1 - MEMORY)
        return w


class StyledConv(nn.Module):
    """A 3x3 convolution whose input features are scaled by a style, and whose output is scaled back to unit variance.

    Modulating each sample's weights (2020, eq. 1 and 3) equals scaling its input by the style and its output by the
    demodulation: one convolution for the whole batch instead of one for each sample. Then noise, bias, LeakyReLU.

    Args:
        a: Channels in.
        b: Channels out.
        dim: Length of the style.
        size: Height and width of what comes in.
        up: Whether the size is doubled.
        noisy: Whether noise is added, by a strength that is learnt.
    """

    noise: Tensor | None
    strength: nn.Parameter | None

    def __init__(self, a: int, b: int, dim: int, size: tuple[int, int], up: bool = False, noisy: bool = True) -> None:
        super().__init__()
        self.affine = EqualLinear(dim, a, bias=1.0)
        self.weight = nn.Parameter(torch.randn(b, a, 3, 3))
        self.bias = nn.Parameter(torch.zeros(b))
        self.strength = nn.Parameter(torch.zeros(())) if noisy else None
        self.up = up
        height, width = (2 * size[0], 2 * size[1]) if up else size
        self.blur = blur((2 * size[0] + 1, 2 * size[1] + 1), 1) if up else nn.Identity()
        self.register_buffer("noise", torch.randn(height, width) if noisy else None)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """From `(n, a, height, width)` and styles `(n, dim)`; noise is drawn anew in training and fixed otherwise."""
        style = self.affine(w)
        demodulation = (style.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * style[:, :, None, None]
        if self.up:  # the filter's gain of 4 makes up for the zeros of the transposed convolution
            x = self.blur(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
            demodulation = demodulation * 4
        else:
            x = F.conv2d(x, self.weight, padding=1)
        bias = (self.bias * GAIN)[:, None, None]
        x = torch.addcmul(bias, x, (demodulation * GAIN)[:, :, None, None])
        noise, strength = self.noise, self.strength
        if noise is not None and strength is not None:
            if self.training:
                noise = torch.randn(x.shape[0], 1, *x.shape[2:], device=x.device, dtype=x.dtype)
            x = x + noise * (strength * GAIN)
        return F.leaky_relu(x, SLOPE)


class ToImage(nn.Module):
    """A modulated 1x1 convolution to an image's channels, without demodulation.

    Args:
        a: Channels in.
        channels: Of the image.
        dim: Length of the style.
    """

    def __init__(self, a: int, channels: int, dim: int) -> None:
        super().__init__()
        self.affine = EqualLinear(dim, a, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, a, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = 1 / math.sqrt(a)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """From `(n, a, height, width)` and styles `(n, dim)` to `(n, channels, height, width)`."""
        mixing = self.weight[:, :, 0, 0].T * (self.affine(w) * self.scale)[:, :, None]  # each sample's own matrix
        pixels = torch.baddbmm(self.bias, x.permute(0, 2, 3, 1).flatten(1, 2), mixing)
        return pixels.reshape(x.shape[0], *x.shape[2:], -1).permute(0, 3, 1, 2)


class _Up(nn.Module):
    def __init__(self, a: int, b: int, channels: int, dim: int, size: tuple[int, int], noisy: bool) -> None:
        super().__init__()
        self.up = StyledConv(a, b, dim, size, up=True, noisy=noisy)
        self.conv = StyledConv(b, b, dim, (2 * size[0], 2 * size[1]), noisy=noisy)
        self.rgb = ToImage(b, channels, dim)
        self.enlarge = double(size)

    def forward(self, x: Tensor, image: Tensor, styles: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv(self.up(x, styles[:, 0]), styles[:, 1])
        return x, self.enlarge(image) + self.rgb(x, styles[:, 2])


class StyleGAN2Generator(nn.Module):
    """Noise to styles to images. The output is linear, as in the paper: clamp it to the range of images.

    Doublings start from the smallest size of the image's `Layout`; what they overshoot is cropped.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels at the image's resolution; they double at every halving, up to `most`.
        classes: Number of classes; 0 for none.
        most: Most channels of a layer.
        w_dim: Length of a style.
        layers: Layers of the mapping network.
        noisy: Whether every layer adds noise.

    Attributes:
        layers: Styles that an image is made of.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        width: int,
        classes: int = 0,
        most: int = 512,
        w_dim: int = 512,
        layers: int = 8,
        noisy: bool = True,
    ) -> None:
        super().__init__()
        channels, *self.size = shape
        self.z_dim, self.w_dim = z_dim, w_dim
        layout = Layout.of(*self.size)
        widths = _widths(width, most, layout)[::-1]
        height, breadth = layout.base
        self.mapping = Mapping(z_dim, classes, w_dim, layers)
        self.constant = nn.Parameter(torch.randn(widths[0], height, breadth))
        self.conv = StyledConv(widths[0], widths[0], w_dim, layout.base, noisy=noisy)
        self.rgb = ToImage(widths[0], channels, w_dim)
        sizes = [(height << i, breadth << i) for i in range(layout.doublings)]
        self.blocks = nn.ModuleList(
            _Up(a, b, channels, w_dim, size, noisy) for (a, b), size in zip(pairwise(widths), sizes, strict=True)
        )
        self.layers = 2 * layout.doublings + 2

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to one style for every layer, `(n, layers, w_dim)`."""
        w: Tensor = self.mapping(z, label)
        return w[:, None].expand(-1, self.layers, -1)

    def paint(self, styles: Tensor) -> Tensor:
        """From styles `(n, layers, w_dim)` to images `(n, channels, height, width)`."""
        x = self.conv(self.constant.expand(styles.shape[0], -1, -1, -1), styles[:, 0])
        image = self.rgb(x, styles[:, 1])
        for i, block in enumerate(self.blocks):  # a block's image shares its style with the next block's first layer
            x, image = block(x, image, styles[:, 2 * i + 1 : 2 * i + 4])
        return crop(image, *self.size)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        return self.paint(self.styles(z, label))


class _Down(nn.Module):
    def __init__(self, a: int, b: int, size: tuple[int, int], residual: bool) -> None:
        super().__init__()
        half = math.sqrt(0.5) if residual else 1.0  # a sum of two keeps the variance of one
        self.conv = EqualConv2d(a, a, 3)
        self.blur = blur(size, 2)
        self.down = EqualConv2d(a, b, 3, stride=2, gain=half)
        self.halve = halve(size) if residual else None
        self.skip = EqualConv2d(a, b, 1, gain=half, active=False) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.down(self.blur(self.conv(x)))
        return y if self.skip is None or self.halve is None else y + self.skip(self.halve(x))


class StyleGAN2Discriminator(nn.Module):
    """Images to scores by residual blocks, the spread within small groups of images, and two dense layers.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution; they double at every halving, up to `most`.
        classes: Number of classes; 0 for none. Labels enter by projection, through a mapping network.
        most: Most channels of a layer.
        group: Images of a group; 1 for no minibatch standard deviation.
        residual: False leaves the blocks' skip connections out (the CIFAR configuration of StyleGAN2-ADA).
        layers: Layers of the labels' mapping network.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        classes: int = 0,
        most: int = 512,
        group: int = 4,
        residual: bool = True,
        layers: int = 8,
    ) -> None:
        super().__init__()
        channels, height, breadth = shape
        widths = _widths(width, most, Layout.of(height, breadth))
        last = widths[-1]
        self.rgb = EqualConv2d(channels, widths[0], 1)
        self.blocks = nn.Sequential()
        for a, b in pairwise(widths):
            self.blocks.append(_Down(a, b, (height, breadth), residual))
            height, breadth = height // 2, breadth // 2
        self.spread = MinibatchStd(last * height * breadth, group) if group > 1 else None
        self.conv = EqualConv2d(last + (group > 1), last, 3)
        self.dense = EqualLinear(last * height * breadth, last, active=True)
        self.out = EqualLinear(last, last if classes else 1)
        self.mapping = Mapping(0, classes, last, layers) if classes else None

    def features(self, x: Tensor) -> Tensor:
        """From images `(n, channels, height, width)` to what the score is read from, `(n, features)`."""
        x = self.blocks(self.rgb(x))
        if self.spread is not None:
            spread = self.spread(x.flatten(1))[:, -1, None, None, None]
            x = torch.cat([x, spread.expand(-1, 1, *x.shape[2:])], 1)
        h: Tensor = self.dense(self.conv(x).flatten(1))
        return h

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n,)`."""
        return self.scored(self.features(x), label)

    @in_full
    def scored(self, h: Tensor, label: Tensor | None) -> Tensor:
        """From features `(n, features)` and labels to scores `(n,)`."""
        out: Tensor = self.out(h)
        if self.mapping is None:
            return out.squeeze(1)
        projected: Tensor = (out * self.mapping(None, label)).sum(1)
        return projected / math.sqrt(out.shape[1])


def _widths(width: int, most: int, layout: Layout) -> list[int]:
    return [min(width << level, most) for level in range(layout.doublings + 1)]
