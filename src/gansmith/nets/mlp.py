"""Fully connected networks of the first GAN (Goodfellow et al. 2014), for data of any shape."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel, ProjectionHead

__all__ = ["MLPDiscriminator", "MLPGenerator"]


class MLPGenerator(nn.Module):
    """Noise through `layers` hidden layers of LeakyReLU to one sample.

    Args:
        shape: Shape of one sample.
        z_dim: Length of the noise.
        hidden: Units a layer.
        layers: Hidden layers.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        hidden: int,
        layers: int = 2,
        classes: int = 0,
        head: str | None = "tanh",
    ) -> None:
        super().__init__()
        self.shape = shape
        self.z_dim = z_dim
        self.condition = ConcatLabel(z_dim, classes)
        sizes = [self.condition.features, *[hidden] * layers]
        self.body = _hidden(sizes)
        self.out = nn.Linear(sizes[-1], math.prod(shape))
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to samples `(n, *shape)`."""
        y: Tensor = self.head(self.out(self.body(self.condition(z, label))))
        return y.reshape(-1, *self.shape)


class MLPDiscriminator(nn.Module):
    """One sample through `layers` hidden layers of LeakyReLU to a score; labels by projection.

    Args:
        shape: Shape of one sample.
        hidden: Units a layer.
        layers: Hidden layers.
        classes: Number of classes; 0 for none.
    """

    def __init__(self, shape: tuple[int, ...], hidden: int, layers: int = 2, classes: int = 0) -> None:
        super().__init__()
        self.body = _hidden([math.prod(shape), *[hidden] * layers])
        self.head = ProjectionHead(hidden, classes)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From samples `(n, *shape)` and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.body(torch.flatten(x, 1)), label)
        return score


def _hidden(sizes: list[int]) -> nn.Sequential:
    return nn.Sequential(*(layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))))
