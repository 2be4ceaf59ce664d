"""Discriminators that score patches: pix2pix's and CycleGAN's, and pix2pixHD's at several scales.

`receptive_field` is the side in pixels of what one score depends on, or None where that is the whole image (statistics
of the image). With the same weights they give what the public implementations give (`nets.public_layouts`).
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE
from gansmith.nets.normed import MOST, Norm, Normed, small_normal

__all__ = ["MultiScaleDiscriminator", "PatchDiscriminator"]


class PatchDiscriminator(nn.Module):
    """Image to a map of scores, each of a patch: pix2pix's PatchGAN.

    Isola et al. 2017, section 6.1.2: with 3 halvings a score sees 70x70 pixels. 2,764,737 parameters with 3 channels,
    width 64 and instance normalisation. Small images have fewer halvings, so that a map is left.

    Args:
        shape: Image shape `(channels, height, width)`: channels of all that is judged together.
        width: Channels of the first map.
        halvings: At most so many convolutions of stride 2.
        norm: How maps are normalised.
        padding: Zeros at each border before a convolution: 1 in pix2pix, 2 in pix2pixHD.

    Attributes:
        patch: Side in pixels of what a score sees through the convolutions, statistics of the image left out.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int = 64, halvings: int = 3, norm: Norm = "instance", padding: int = 1
    ) -> None:
        super().__init__()
        channels, *sides = shape
        while halvings > 1 and min(sides) >> halvings < 3:
            halvings -= 1
        widths = [channels, *(width * min(2**level, MOST) for level in range(halvings + 1))]
        bias = norm != "batch" or padding == 2
        self.steps = nn.ModuleList(
            Normed(
                nn.Conv2d(a, b, 4, 2 if level < halvings else 1, padding, bias=bias or not level),
                norm if level else "none",
            )
            for level, (a, b) in enumerate(pairwise(widths))
        )
        self.out = nn.Conv2d(widths[-1], 1, 4, 1, padding)
        small_normal(self)
        self.divisor, self.scale = 1, 1 / 2**halvings
        self.patch = 4
        for level in reversed(range(halvings + 1)):
            self.patch = (self.patch - 1) * (2 if level < halvings else 1) + 4
        self.receptive_field = None if norm == "instance" else self.patch

    def features(self, image: Tensor) -> list[Tensor]:
        """The maps of all hidden layers."""
        h, found = image, []
        for step in self.steps:
            h = F.leaky_relu(step(h), SLOPE)
            found.append(h)
        return found

    @in_full
    def score(self, last: Tensor) -> Tensor:
        """Scores `(n, 1, h', w')` from the last hidden map."""
        scores: Tensor = self.out(last)
        return scores

    def forward(self, image: Tensor) -> Tensor:
        """From images to a map of scores `(n, 1, h', w')`."""
        return self.score(self.features(image)[-1])


class MultiScaleDiscriminator(nn.Module):
    """Patch discriminators of the image, of its half and so on: pix2pixHD's (Wang et al. 2018, section 3.2).

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels of the first maps.
        scales: How many discriminators.
        norm: How maps are normalised.
    """

    receptive_field = None

    def __init__(self, shape: tuple[int, ...], width: int = 64, scales: int = 3, norm: Norm = "instance") -> None:
        super().__init__()
        channels, *sides = shape
        sizes = [(channels, *(max(1, side >> level) for side in sides)) for level in range(scales)]
        self.judges = nn.ModuleList(PatchDiscriminator(size, width, 3, norm, padding=2) for size in sizes)

    def features(self, image: Tensor) -> list[list[Tensor]]:
        """For each scale, finest first: the maps of all hidden layers, and the scores last."""
        found = []
        for judge in self.judges:
            assert isinstance(judge, PatchDiscriminator)
            maps = judge.features(image)
            found.append([*maps, judge.score(maps[-1])])
            image = F.avg_pool2d(image, 3, 2, 1, count_include_pad=False)
        return found

    def forward(self, image: Tensor) -> list[Tensor]:
        """From images to a map of scores for each scale, finest first."""
        return [maps[-1] for maps in self.features(image)]
