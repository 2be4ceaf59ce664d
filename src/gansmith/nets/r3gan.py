"""The networks of R3GAN (Huang et al. 2024, section 4): residual, without normalisation, generator mirrors critic.

A stage is a change of resolution (and a 1x1 convolution where the channels change too) followed by residual blocks; a
block is 1x1 (widening), 3x3 in groups, 1x1. Doubling is bilinear; halving averages 2x2 pixels. The smallest resolution
is reached through a learnt basis.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel, embedded
from gansmith.nets.full_precision import in_full
from gansmith.nets.generator import ImageGenerator
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.layout import Layout

__all__ = ["LinearProjection", "R3GANDiscriminator", "R3GANGenerator"]

EXPAND = 2


class R3GANGenerator(ImageGenerator):
    """Noise to image.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels at the image's resolution; they double at every halving, up to `most`.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
        blocks: Residual blocks a stage.
        group: Channels of a group of the 3x3 convolutions.
        most: Most channels between blocks; None for 8 times `width`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        width: int,
        classes: int = 0,
        head: str | None = "tanh",
        blocks: int = 2,
        group: int = 16,
        most: int | None = None,
    ) -> None:
        super().__init__(shape, z_dim, head)
        layout = self.layout
        widths = _widths(width, layout, most)[::-1]
        self.condition = ConcatLabel(z_dim, classes)
        self.basis = nn.Parameter(torch.randn(widths[0], *layout.base))
        self.stem = nn.Linear(self.condition.features, widths[0], bias=False)
        self.ups = nn.ModuleList(_change(a, b) for a, b in pairwise(widths))
        self.stages = nn.ModuleList(nn.Sequential(*(_Block(w, group) for _ in range(blocks))) for w in widths)
        self.out = nn.Conv2d(widths[-1], self.channels, 1)
        nn.init.normal_(self.stem.weight, std=self.condition.features**-0.5)
        _init(self, (*self.ups, self.out), blocks * len(widths))

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        x = self.stages[0](self.stem(self.condition(z, label))[:, :, None, None] * self.basis)
        for up, stage in zip(self.ups, list(self.stages)[1:], strict=True):
            x = stage(F.interpolate(up(x), scale_factor=2.0, mode="bilinear", align_corners=False))
        return self.image(self.out(x))


class R3GANDiscriminator(nn.Module):
    """Image to features, a score and class logits; the generator's mirror image.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution; they double at every halving, up to `most`.
        classes: Number of classes; 0 for none. Labels enter by projection.
        blocks: Residual blocks a stage.
        group: Channels of a group of the 3x3 convolutions.
        most: Most channels between blocks; None for 8 times `width`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        classes: int = 0,
        blocks: int = 2,
        group: int = 16,
        most: int | None = None,
    ) -> None:
        super().__init__()
        channels, *sides = shape
        layout = Layout.of(*sides)
        widths = _widths(width, layout, most)
        self.inp = nn.Conv2d(channels, widths[0], 1)
        self.stages = nn.ModuleList(nn.Sequential(*(_Block(w, group) for _ in range(blocks))) for w in widths)
        self.downs = nn.ModuleList(_change(a, b) for a, b in pairwise(widths))
        # the read-out by a basis is written as an einsum: a depthwise convolution is slow under double backward
        self.basis = nn.Parameter(torch.randn(widths[-1], *layout.base) / (layout.base[0] * layout.base[1]) ** 0.5)
        self.head = LinearProjection(widths[-1], classes)
        _init(self, (self.inp, *self.downs), blocks * len(widths))

    def features(self, x: Tensor) -> Tensor:
        """From images `(n, channels, height, width)` to what the head reads, `(n, features)`."""
        x = self.stages[0](self.inp(x))
        for down, stage in zip(self.downs, list(self.stages)[1:], strict=True):
            x = stage(down(F.avg_pool2d(x, 2, ceil_mode=True)))
        return torch.einsum("nchw,chw->nc", x, self.basis)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score


class LinearProjection(nn.Module):
    """Score = <embed(label), W h>; without classes, <w, h>.

    Args:
        features: Length of h.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, features if classes else 1, bias=False)
        self.embed = nn.Embedding(classes, features) if classes else None
        nn.init.normal_(self.linear.weight, std=features**-0.5)
        if self.embed is not None:
            nn.init.normal_(self.embed.weight, std=features**-0.5)

    @in_full
    def projections(self, h: Tensor) -> Tensor:
        """What each class adds to the score, `(n, classes)`, from `(n, features)`."""
        if self.embed is None:
            raise ValueError("this network has no classes")
        mixed: Tensor = self.linear(h)
        return mixed @ self.embed.weight.T

    @in_full
    def forward(self, h: Tensor, label: Tensor | None) -> Tensor:
        """From `(n, features)` and labels `(n,)` to scores `(n,)`."""
        mixed: Tensor = self.linear(h)
        if self.embed is None:
            return mixed.squeeze(1)
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        return (mixed * embedded(self.embed, label)).sum(1)


class _Block(nn.Module):
    def __init__(self, width: int, group: int) -> None:
        super().__init__()
        wide = width * EXPAND
        self.widen = nn.Conv2d(width, wide, 1)
        self.mix = nn.Conv2d(wide, wide, 3, padding=1, groups=max(1, wide // group) if wide % group == 0 else 1)
        self.narrow = nn.Conv2d(wide, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.widen(x), SLOPE)
        y: Tensor = x + self.narrow(F.leaky_relu(self.mix(h), SLOPE))
        return y


def _widths(width: int, layout: Layout, most: int | None) -> list[int]:
    return [min(width << level, most or 8 * width) for level in range(layout.doublings + 1)]


def _change(a: int, b: int) -> nn.Module:
    return nn.Identity() if a == b else nn.Conv2d(a, b, 1, bias=False)


def _init(net: nn.Module, plain: tuple[nn.Module, ...], blocks: int) -> None:
    """Residual branches begin at zero, their inner layers scaled by L^(-1/4) for L blocks, so depth is no burden."""
    for module in net.modules():
        if isinstance(module, _Block):
            he_normal(module.widen, blocks**-0.25)
            he_normal(module.mix, blocks**-0.25)
            he_normal(module.narrow, 0.0)
    for layer in plain:
        if isinstance(layer, nn.Conv2d):
            he_normal(layer)
