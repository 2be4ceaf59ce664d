"""Light convolutional networks without normalisation: the most quality for the arithmetic of a few CPU cores.

The shape is DCGAN's; batch normalisation is left out (gradient penalties forbid it in the discriminator), weights
begin at the scale of He et al. (2015) and doublings without a checkerboard, and the discriminator works at half
resolution from its first layer on.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.batch_features import GROUP, Across, across_batch
from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.generator import ImageGenerator
from gansmith.nets.initial import SLOPE, even_doubling, he_normal
from gansmith.nets.layout import Layout
from gansmith.nets.upsample import Upsample, doubling

__all__ = ["LightDiscriminator", "LightGenerator", "LightTrunk"]

LABEL = 32
MOST = 8
"""Channels double at every halving, up to this many times the width."""


class LightGenerator(ImageGenerator):
    """Noise to image by 4x4 transposed convolutions of stride 2.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels at the image's resolution.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled: `transposed` convolutions, or `repeat`, which keeps a checkerboard away.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        width: int,
        classes: int = 0,
        head: str | None = "tanh",
        upsample: Upsample = "transposed",
    ) -> None:
        super().__init__(shape, z_dim, head)
        layout = self.layout
        widths = [width * min(MOST, 2**level) for level in range(layout.doublings + 1)][::-1]
        self.base = (widths[0], *layout.base)
        self.condition = ConcatLabel(z_dim, classes, LABEL)
        self.stem = nn.Linear(self.condition.features, widths[0] * layout.base[0] * layout.base[1])
        self.ups = nn.ModuleList(doubling(a, b, 4, True, upsample) for a, b in pairwise(widths))
        self.out = nn.Conv2d(widths[-1], self.channels, 3, padding=1)
        he_normal(self.stem)
        for up in self.ups:
            if isinstance(up, nn.ConvTranspose2d):
                even_doubling(up)
        he_normal(self.out)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        h = self.stem(self.condition(z, label)).reshape(-1, *self.base)
        if self.out.weight.is_contiguous(memory_format=torch.channels_last):
            h = h.contiguous(memory_format=torch.channels_last)
        for up in self.ups:
            h = up(F.leaky_relu(h, SLOPE))
        return self.image(self.out(F.leaky_relu(h, SLOPE)))


class LightTrunk(nn.Module):
    """Image to a small map by convolutions of stride 2 and LeakyReLU; who inherits or holds it sets the first weights.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution, of which the first layer makes twice as many at half of it.

    Attributes:
        last: Channels of the map.
        flat: Numbers of the map.
    """

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        channels, *sides = shape
        doublings = Layout.of(*sides).doublings
        widths = [channels, *(width * min(MOST, 2**level) for level in range(1, doublings + 2))]
        convs = [nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths[:-1])]
        convs.append(nn.Conv2d(widths[-2], widths[-1], 3, 2, 1))
        self.convs = nn.ModuleList(convs)
        for _ in range(doublings):
            sides = [side // 2 for side in sides]
        height, breadth = (-(-side // 2) for side in sides)
        self.last, self.flat = widths[-1], widths[-1] * height * breadth

    def begin(self) -> None:
        """Weights at the scale of He et al. (2015)."""
        for conv in self.convs:
            assert isinstance(conv, nn.Conv2d)
            he_normal(conv)

    def through(self, x: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """The convolutions from number `start` on, up to number `stop`, each with its LeakyReLU."""
        for conv in self.convs[start:stop]:
            x = F.leaky_relu(conv(x), SLOPE)
        return x


class LightDiscriminator(LightTrunk):
    """Image to features by convolutions of stride 2, then a score and class logits from them.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution, of which the first layer makes twice as many at half of it.
        classes: Number of classes; 0 for none. Labels enter by projection.
        across: Features that look across the batch; here before the last hidden layer.
        group: Samples whose spread they measure.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int, classes: int = 0, across: Across = "none", group: int = GROUP
    ) -> None:
        super().__init__(shape, width)
        self.across = across_batch(across, self.flat, group)
        self.mix = nn.Linear(self.across.features, self.last)
        self.head = ProjectionHead(self.last, classes)
        self.begin()
        he_normal(self.mix)

    def mixed(self, x: Tensor) -> Tensor:
        """From the trunk's map to what the head reads, `(n, features)`."""
        return F.leaky_relu(self.mix(self.across(torch.flatten(x, 1))), SLOPE)

    def features(self, x: Tensor) -> Tensor:
        """From images `(n, channels, height, width)` to what the head reads, `(n, features)`."""
        return self.mixed(self.through(x))

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score
