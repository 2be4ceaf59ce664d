"""Translation between several domains: a generator that is told where to go, a discriminator that names domains.

The generator is told by maps of ones and zeros beside the image's own channels. A normalisation by statistics of the
image takes every constant out of a map, and with it such a label: the first convolution therefore has none.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.translate import ResNetTranslator
from gansmith.nets.upsample import Upsample

__all__ = ["DomainDiscriminator", "DomainTranslator"]

MOST = 8
"""Channels double at every halving, up to this many times the width."""

LEFT = 4
"""Side of the smallest map: halving ends there."""


class DomainTranslator(ResNetTranslator):
    """Image and wanted domain to image, by residual blocks on a halved map (Choi et al. 2018, table 4).

    Args:
        channels: Of images.
        domains: How many there are.
        width: Channels at the image's resolution.
        blocks: Residual blocks.
        mask: Keep of the image what a learnt mask says; False paints all of it.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled.
    """

    def __init__(
        self,
        channels: int,
        domains: int,
        width: int = 64,
        blocks: int = 6,
        mask: bool = True,
        head: str | None = "tanh",
        upsample: Upsample = "repeat",
    ) -> None:
        super().__init__(channels + domains, channels, width, blocks, head=head, upsample=upsample, mask=mask)
        self.stem.norm = nn.Identity()
        self.domains = domains

    def forward(self, image: Tensor, label: Tensor) -> Tensor:  # type: ignore[override]
        """From images `(n, channels, h, w)` and wanted domains `(n,)` to images `(n, channels, h, w)`."""
        told = F.one_hot(label, self.domains).to(image.dtype)[:, :, None, None]
        return super().forward(torch.cat([image, told.expand(-1, -1, *image.shape[2:])], 1))


class DomainDiscriminator(nn.Module):
    """Image to a map of scores, each of a patch, and to the domain that it seems to be of (Choi et al. 2018, table 5).

    Args:
        shape: Image shape `(channels, height, width)`.
        domains: How many there are.
        width: Channels of the first map.
    """

    def __init__(self, shape: tuple[int, ...], domains: int, width: int = 64) -> None:
        super().__init__()
        channels, *sides = shape
        halvings = 1
        while min(sides) >> (halvings + 1) >= LEFT:
            halvings += 1
        widths = [channels, *(width * min(2**level, MOST) for level in range(halvings))]
        self.steps = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths))
        self.out = nn.Conv2d(widths[-1], 1, 3, 1, 1)
        self.read = nn.Linear(widths[-1] * prod(side >> halvings for side in sides), domains)
        for layer in (*self.steps, self.out, self.read):
            he_normal(layer)

    def maps(self, image: Tensor) -> Tensor:
        """The last map, of halved images."""
        for step in self.steps:
            image = F.leaky_relu(step(image), SLOPE)
        return image

    @in_full
    def heads(self, last: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and logits from the last map."""
        return self.out(last), self.read(last.flatten(1))

    def both(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """From images to scores of patches `(n, 1, h', w')` and logits of domains `(n, domains)`."""
        return self.heads(self.maps(image))

    def forward(self, image: Tensor) -> Tensor:
        """From images to scores of patches."""
        return self.both(image)[0]
