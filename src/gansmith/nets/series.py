"""Convolutional networks of time series: residual, without normalisation, generator mirrors critic.

A level halves the steps (rounding up), so that any length has one; a block is two convolutions of 3 steps. Besides its
noise vector the generator is given noise at every step: a series can be as rough as it is long, and a vector can't say
that.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.r3gan import LinearProjection

__all__ = ["NOISES", "SeriesDiscriminator", "SeriesGenerator"]

NOISES = 4
"""Channels of the noise at every step."""

MOST = 4
"""Channels double at every halving, up to this many times the width."""

SHORTEST = 6
"""Steps that are not halved any more."""


def _levels(length: int, width: int) -> tuple[list[int], list[int]]:
    """Steps and channels of each level, finest first."""
    steps = [length]
    while steps[-1] > SHORTEST:
        steps.append(-(-steps[-1] // 2))
    return steps, [width * min(MOST, 2**level) for level in range(len(steps))]


class _Block(nn.Module):
    """Two convolutions whose sum with the input goes on; it begins as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        _he(self.first)
        _he(self.second, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, width, steps)` to the same shape."""
        out: Tensor = x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, SLOPE)), SLOPE))
        return out


def _he(layer: nn.Conv1d, scale: float = 1.0) -> None:
    """As `he_normal`, of convolutions over time."""
    nn.init.normal_(layer.weight, std=scale * (2 / (1 + SLOPE**2) / layer.weight[0].numel()) ** 0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _stack(width: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(width) for _ in range(blocks)))


class SeriesGenerator(nn.Module):
    """Noise to series.

    Args:
        shape: `(channels, length)` of what is made.
        z_dim: Length of the noise vector.
        width: Channels at full length; they double at every halving, up to four times as many.
        classes: Number of classes; 0 for none.
        blocks: Residual blocks a level.
    """

    def __init__(self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, blocks: int = 1) -> None:
        super().__init__()
        channels, length = shape
        self.z_dim, self.noise_shape = z_dim, (NOISES, length)
        steps, widths = _levels(length, width)
        self.steps, widths = steps[::-1], widths[::-1]
        self.condition = ConcatLabel(z_dim, classes)
        self.stem = nn.Linear(self.condition.features, widths[0] * self.steps[0])
        self.ups = nn.ModuleList(nn.Conv1d(a, b, 1, bias=False) for a, b in pairwise(widths))
        self.rough = nn.ModuleList(nn.Conv1d(NOISES, w, 1, bias=False) for w in widths)
        self.stages = nn.ModuleList(_stack(w, blocks) for w in widths)
        self.out = nn.Conv1d(widths[-1], channels, 3, padding=1)
        he_normal(self.stem)
        for conv in (*self.ups, self.out):
            assert isinstance(conv, nn.Conv1d)
            nn.init.normal_(conv.weight, std=conv.weight[0].numel() ** -0.5)
        for conv in self.rough:
            assert isinstance(conv, nn.Conv1d)
            nn.init.normal_(conv.weight, std=0.1)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, z: Tensor, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and `(n, NOISES, length)`, and labels `(n,)`, to series `(n, channels, length)`."""
        x = self.stem(self.condition(z, label)).reshape(len(z), -1, self.steps[0])
        for level, (steps, stage) in enumerate(zip(self.steps, self.stages, strict=True)):
            if level:
                x = F.interpolate(self.ups[level - 1](x), size=steps, mode="linear", align_corners=False)
            thinned = noise[:, :, :: 2 ** (len(self.steps) - 1 - level)]
            x = stage(x + self.rough[level](thinned))
        made: Tensor = self.out(F.leaky_relu(x, SLOPE))
        return made


class SeriesDiscriminator(nn.Module):
    """Series to features and a score; labels enter by projection.

    Args:
        shape: `(channels, length)` of what is judged.
        width: Channels at full length; they double at every halving, up to four times as many.
        classes: Number of classes; 0 for none.
        blocks: Residual blocks a level.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, blocks: int = 1) -> None:
        super().__init__()
        channels, length = shape
        steps, widths = _levels(length, width)
        self.inp = nn.Conv1d(channels, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(_stack(w, blocks) for w in widths)
        self.downs = nn.ModuleList(nn.Conv1d(a, b, 1, bias=False) for a, b in pairwise(widths))
        self.mix = nn.Linear(widths[-1] * steps[-1], widths[-1])
        self.head = LinearProjection(widths[-1], classes)
        for conv in (self.inp, *self.downs):
            assert isinstance(conv, nn.Conv1d)
            nn.init.normal_(conv.weight, std=conv.weight[0].numel() ** -0.5)
        nn.init.zeros_(self.inp.bias)  # type: ignore[arg-type]
        he_normal(self.mix)

    def features(self, x: Tensor) -> Tensor:
        """From series `(n, channels, length)` to what the head reads, `(n, features)`."""
        x = self.stages[0](self.inp(x))
        for down, stage in zip(self.downs, list(self.stages)[1:], strict=True):
            x = stage(down(F.avg_pool1d(x, 2, ceil_mode=True)))
        return F.leaky_relu(self.mix(F.leaky_relu(torch.flatten(x, 1), SLOPE)), SLOPE)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From series and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score
