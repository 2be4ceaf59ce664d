"""How different two images look: distances between the feature maps of a frozen network at several depths.

The recipe of LPIPS (Zhang et al. 2018, arXiv:1801.03924, equation 1) over any network that shows its maps, with equal
weights: at each place of each map the channels are scaled to unit length, so that what counts is which features are
there, not how bright or strong they are; squared differences are averaged over the places, then over the maps.

Two things differ from LPIPS. There are no weights that people's judgements were fitted to. And the length is softened,
`x / sqrt(|x|^2 + c^2)`: where a map is nearly zero it has no direction, and a direction made of rounding errors would
jump from one side to the other under any change of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from gansmith.features.base import check_images

__all__ = ["SOFTNESS", "Mapped", "Perceptual", "embedded"]

SOFTNESS = 0.1
"""c: length of a place's channels below which their direction counts less; batch-normalised channels are about 1."""


@runtime_checkable
class Mapped(Protocol):
    """An extractor that shows what it sees on the way."""

    @property
    def id(self) -> str:
        """Network, resolution and layer."""

    @property
    def hash(self) -> str:
        """sha256 of the weights, hex."""

    def maps(self, images: Tensor) -> list[Tensor]:
        """Maps `(N, C_l, H_l, W_l)` at growing depths of images `(N, C, H, W)` in [-1, 1], not rounded to levels."""


def embedded(maps: Sequence[Tensor], softness: float = SOFTNESS) -> Tensor:
    """Rows whose squared Euclidean distance is the perceptual distance.

    Args:
        maps: `(N, C_l, H_l, W_l)`, one for each depth, at least one.
        softness: c, at least 0.

    Returns:
        `(N, E)` with E the sum of the sizes of the maps. Squared distances of rows are in [0, 4], of maps without
        negative values in [0, 2].
    """
    rows = []
    for level in maps:
        length = (level.square().sum(1, keepdim=True) + softness**2).sqrt().clamp_min(torch.finfo(level.dtype).tiny)
        places = level.shape[2] * level.shape[3]
        rows.append((level / length).flatten(1) / (places * len(maps)) ** 0.5)
    return torch.cat(rows, 1)


class Perceptual:
    """The perceptual distance in the maps of an extractor.

    Args:
        network: Gives the maps.

    Attributes:
        id: The network's, with `-maps`.
        hash: The network's.
    """

    def __init__(self, network: Mapped) -> None:
        self.network = network
        self.id = f"{network.id}-maps"
        self.hash = network.hash

    def __call__(self, images: Tensor, others: Tensor) -> Tensor:
        """Distances `(N,)` float64, from 0 up, of image i to other i, both `(N, C, H, W)` in [-1, 1].

        Raises:
            InputError: They aren't images (see `check_images`).
        """
        check_images(images)
        check_images(others)
        with torch.no_grad():
            a, b = (embedded(self.network.maps(x)) for x in (images, others))
            return (a - b).square().sum(1, dtype=torch.float64)
