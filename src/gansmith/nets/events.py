"""Residual fully connected networks for events: vectors of a few numbers, or of some hundreds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gansmith.nets.condition import embedded
from gansmith.nets.full_precision import in_full

__all__ = ["EventCritic", "EventGenerator"]


def _bent(x: Tensor) -> Tensor:
    """LeakyReLU: a critic's slope is differentiated again, and a smooth unit would make that three times as slow."""
    return nn.functional.leaky_relu(x, 0.2)


class _Block(nn.Module):
    """x + W2 f(W1 f(x)); W2 begins small, so that a deep stack begins near the identity (Zhang et al. 2019)."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.wide, self.back = nn.Linear(width, width), nn.Linear(width, width)
        with torch.no_grad():
            self.back.weight /= depth
            self.back.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.back(_bent(self.wide(_bent(x))))
        return x + h


class _Trunk(nn.Module):
    """A vector and a condition through residual blocks, both read by the first layer."""

    def __init__(self, features: int, classes: int, width: int, depth: int) -> None:
        super().__init__()
        self.stem = nn.Linear(features, width)
        self.embed = nn.Embedding(classes, width) if classes else None
        if self.embed is not None:
            nn.init.normal_(self.embed.weight, std=features**-0.5)
        self.blocks = nn.Sequential(*(_Block(width, depth) for _ in range(depth)))

    def forward(self, x: Tensor, condition: Tensor | None) -> Tensor:
        h: Tensor = self.stem(x)
        if self.embed is not None:
            if condition is None:
                raise ValueError("this network is conditional: conditions are missing")
            h = h + embedded(self.embed, condition)
        return _bent(self.blocks(h))


class EventGenerator(nn.Module):
    """Noise and a condition to a vector.

    Args:
        features: Length of the vector.
        z_dim: Length of the noise.
        width: Units a layer.
        depth: Residual blocks.
        classes: Number of classes, or length of the condition vector; 0 for none.
        snap: Brings made vectors to the nearest ones that can be decoded; None leaves them as they are.
    """

    def __init__(
        self,
        features: int,
        z_dim: int,
        width: int,
        depth: int,
        classes: int = 0,
        snap: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.trunk = _Trunk(z_dim, classes, width, depth)
        self.out = nn.Linear(width, features)
        self.snap = snap

    @in_full
    def _snapped(self, x: Tensor) -> Tensor:
        return x if self.snap is None else self.snap(x)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and class ids `(n,)` or vectors `(n, classes)` to `(n, features)`."""
        return self._snapped(self.out(self.trunk(z, label)))


class EventCritic(nn.Module):
    """A vector and a condition to a score.

    Args:
        features: Length of the vector.
        width: Units a layer.
        depth: Residual blocks.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """

    def __init__(self, features: int, width: int, depth: int, classes: int = 0) -> None:
        super().__init__()
        self.trunk = _Trunk(features, classes, width, depth)
        self.out = nn.Linear(width, 1)

    @in_full
    def _score(self, h: Tensor) -> Tensor:
        score: Tensor = self.out(h)
        return score[:, 0]

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From vectors `(n, features)` and class ids or condition vectors to scores `(n,)`."""
        return self._score(self.trunk(x, label))
