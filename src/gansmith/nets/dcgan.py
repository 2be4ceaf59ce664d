"""DCGAN (Radford et al. 2016, section 3): strided convolutions, batch normalisation, any image size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from gansmith.nets.batch_features import GROUP, Across, across_batch
from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.generator import ImageGenerator
from gansmith.nets.layout import Layout

__all__ = ["DCGANDiscriminator", "DCGANGenerator"]


class DCGANGenerator(ImageGenerator):
    """Noise to image by 4x4 transposed convolutions of stride 2, batch normalisation and ReLU.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels at the image's resolution; they double at every halving, up to 8 times.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__(shape, z_dim, head)
        layout = self.layout
        widths = _widths(width, layout.doublings)
        self.base = (widths[-1], *layout.base)
        self.condition = ConcatLabel(z_dim, classes)
        self.stem = nn.Linear(self.condition.features, widths[-1] * layout.base[0] * layout.base[1])
        self.norm = nn.BatchNorm2d(widths[-1])
        ups = zip(reversed(widths[1:]), reversed(widths[:-1]), strict=True)
        self.ups = nn.Sequential(*(layer for a, b in ups for layer in _up(a, b)))
        self.out = nn.Conv2d(widths[0], self.channels, 3, padding=1)
        self.apply(_init)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        h = self.stem(self.condition(z, label)).reshape(-1, *self.base)
        return self.image(self.out(self.ups(torch.relu(self.norm(h)))))


class DCGANDiscriminator(nn.Module):
    """Image to score by 4x4 convolutions of stride 2, batch normalisation (not on the first) and LeakyReLU.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution; they double at every halving, up to 8 times.
        classes: Number of classes; 0 for none. Labels enter by projection.
        across: Features that look across the batch.
        group: Samples whose spread they measure.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int, classes: int = 0, across: Across = "none", group: int = GROUP
    ) -> None:
        super().__init__()
        channels, *sides = shape
        layout = Layout.of(*sides)
        widths = _widths(width, layout.doublings)
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3, padding=1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        for _ in range(layout.doublings):  # a 4x4 convolution of stride 2 and padding 1 rounds down
            sides = [side // 2 for side in sides]
        self.across = across_batch(across, widths[-1] * sides[0] * sides[1], group)
        self.head = ProjectionHead(self.across.features, classes)
        self.apply(_init)

    def features(self, x: Tensor) -> Tensor:
        """From images `(n, channels, height, width)` to what the head reads, `(n, features)`."""
        h: Tensor = self.across(torch.flatten(self.body(x), 1))
        return h

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score


def _widths(width: int, doublings: int) -> list[int]:
    return [width * min(8, 2**level) for level in range(doublings + 1)]


def _up(a: int, b: int) -> tuple[nn.Module, ...]:
    return nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()


def _init(module: nn.Module) -> None:
    """Normal weights of standard deviation 0.02, as in the paper; batch normalisation around 1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
