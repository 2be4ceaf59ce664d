"""Fully connected networks of the first GAN (Goodfellow et al. 2014), for data of any shape."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from gansmith.nets.batch_features import GROUP, Across, across_batch
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

    @property
    def stem(self) -> nn.Linear:
        """The layer that reads the noise."""
        first: nn.Linear = self.body[0]  # type: ignore[assignment]
        return first

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to samples `(n, *shape)`."""
        y: Tensor = self.head(self.out(self.body(self.condition(z, label))))
        return y.reshape(-1, *self.shape)


class MLPDiscriminator(nn.Module):
    """One sample through `layers` hidden layers of LeakyReLU to a score; labels by projection, or beside the sample.

    Args:
        shape: Shape of one sample.
        hidden: Units a layer.
        layers: Hidden layers.
        classes: Number of classes; 0 for none.
        across: Features that look across the batch.
        group: Samples whose spread they measure.
        concat: Labels enter beside the sample (Mirza & Osindero 2014) in place of a projection.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        hidden: int,
        layers: int = 2,
        classes: int = 0,
        across: Across = "none",
        group: int = GROUP,
        concat: bool = False,
    ) -> None:
        super().__init__()
        self.beside = ConcatLabel(math.prod(shape), classes if concat else 0)
        self.body = _hidden([self.beside.features, *[hidden] * layers])
        self.across = across_batch(across, hidden, group)
        self.head = ProjectionHead(self.across.features, 0 if concat else classes)

    def features(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From samples `(n, *shape)`, and labels if they enter beside them, to what the head reads, `(n, features)`."""
        h: Tensor = self.across(self.body(self.beside(torch.flatten(x, 1), label)))
        return h

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From samples and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x, label), label)
        return score


def _hidden(sizes: list[int]) -> nn.Sequential:
    return nn.Sequential(*(layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))))
