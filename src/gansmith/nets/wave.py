"""The networks of WaveGAN (Donahue, McAuley & Puckette 2019, section 3.1): DCGAN's, flattened to one dimension.

Kernels of 25 samples and strides of 4 take the place of 5x5 pixels and 2. The critic's maps are shifted at random
between its layers (phase shuffle), so that it can't tell made sounds by the phase that the generator's strides leave.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.initial import SLOPE

__all__ = ["WaveDiscriminator", "WaveGenerator", "shuffle_phase"]

KERNEL, STRIDE, PAD = 25, 4, 11
LONGEST = 64
"""The shortest map is at most so long."""
MOST = 16
"""Channels double at every quartering, up to this many times the width."""


class WaveGenerator(nn.Module):
    """Noise to sound by transposed convolutions.

    Args:
        shape: Shape of a sound `(channels, length)`, of any length.
        z_dim: Length of the noise.
        width: Channels next to the sound.
        classes: Number of classes; 0 for none.
    """

    def __init__(self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.z_dim = z_dim
        channels, self.length = shape
        widths = _widths(width, self.length)[::-1]
        self.base = (widths[0], -(-self.length // STRIDE ** len(widths)))
        self.condition = ConcatLabel(z_dim, classes)
        self.stem = nn.Linear(self.condition.features, self.base[0] * self.base[1])
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(a, b, KERNEL, STRIDE, PAD, 1) for a, b in pairwise([*widths, channels])
        )
        _begin(self.stem, self.condition.features)
        for up in self.ups:
            assert isinstance(up, nn.ConvTranspose1d)
            _begin(up, up.in_channels * KERNEL / STRIDE)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to sounds `(n, channels, length)` in [-1, 1]."""
        h = self.stem(self.condition(z, label)).reshape(-1, *self.base)
        for up in self.ups:
            h = up(F.leaky_relu(h, SLOPE))
        return torch.tanh(h[..., : self.length])


class WaveDiscriminator(nn.Module):
    """Sound to features, a score and class logits; the generator's mirror image.

    Args:
        shape: Shape of a sound `(channels, length)`, of any length.
        width: Channels next to the sound.
        classes: Number of classes; 0 for none. Labels enter by projection.
        shuffle: Most steps that a map is shifted by between layers, in training; 0 for never.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, shuffle: int = 2) -> None:
        super().__init__()
        channels, length = shape
        self.shuffle = shuffle
        widths = _widths(width, length)
        self.convs = nn.ModuleList(nn.Conv1d(a, b, KERNEL, STRIDE, PAD) for a, b in pairwise([channels, *widths]))
        for _ in widths:
            length = (length + 2 * PAD - KERNEL) // STRIDE + 1
        self.mix = nn.Linear(widths[-1] * length, widths[-1])
        self.head = ProjectionHead(widths[-1], classes)
        for layer in (*self.convs, self.mix):
            assert isinstance(layer, nn.Conv1d | nn.Linear)
            _begin(layer, layer.weight[0].numel())

    def features(self, x: Tensor) -> Tensor:
        """From sounds `(n, channels, length)` to what the head reads, `(n, features)`."""
        for number, conv in enumerate(self.convs):
            if number and self.shuffle and self.training:
                x = shuffle_phase(x, torch.randint(-self.shuffle, self.shuffle + 1, (len(x),), device=x.device))
            x = F.leaky_relu(conv(x), SLOPE)
        return F.leaky_relu(self.mix(x.flatten(1)), SLOPE)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From sounds and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score


def shuffle_phase(x: Tensor, shift: Tensor) -> Tensor:
    """Each map moved along time by its own number of steps; what it leaves free is filled by reflection.

    Args:
        x: `(n, channels, length)`.
        shift: Whole numbers `(n,)`, smaller than the length: x[t - shift] comes to place t.
    """
    last = x.shape[2] - 1
    place = (torch.arange(last + 1, device=x.device) - shift[:, None]).abs()
    place = last - (last - place).abs()
    return x.gather(2, place[:, None].expand_as(x))


def _widths(width: int, length: int) -> list[int]:
    """Channels after each quartering, from the sound to the shortest map."""
    levels = 1
    while -(-length // STRIDE**levels) > LONGEST:
        levels += 1
    return [width * min(MOST, 2**level) for level in range(levels)]


def _begin(layer: nn.Conv1d | nn.ConvTranspose1d | nn.Linear, inputs: float) -> None:
    """Normal weights that keep the variance of so many inputs through LeakyReLU (He et al. 2015); biases zero."""
    nn.init.normal_(layer.weight, std=(2 / ((1 + SLOPE**2) * inputs)) ** 0.5)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
