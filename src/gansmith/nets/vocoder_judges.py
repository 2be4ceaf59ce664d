"""HiFi-GAN's discriminators (Kong, Kim & Bae 2020, section 2.3): of samples a period apart, and of whole scales."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

__all__ = ["SoundJudges"]

SLOPE = 0.1
PERIODS = (2, 3, 5, 7, 11)
"""Primes, so that the discriminators see as little as possible of the same."""
SCALES = 3
GROWTH = (1, 4, 16, 32, 32)
"""Channels of a period's maps, as multiples of the width (appendix A: 32, 128, 512, 1024, 1024)."""
LAYERS = ((1, 15, 1, 1), (1, 41, 2, 4), (2, 41, 2, 16), (4, 41, 4, 16), (8, 41, 4, 16), (8, 41, 1, 16), (8, 5, 1, 1))
"""Of a scale: channels as multiples of four times the width, kernel, stride, groups (MelGAN's, wider)."""


class SoundJudges(nn.Module):
    """Eight discriminators of a sound.

    Five see it in rows of 2, 3, 5, 7 and 11 samples; three see it as it is, at half and at a quarter of its rate.

    Args:
        width: Channels of the first maps of periods; a quarter of those of scales (paper: 32). A multiple of 4.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        scales = [_Scale(width, spectral_norm if i == 0 else weight_norm) for i in range(SCALES)]
        self.judges = nn.ModuleList([*(_Period(width, p) for p in PERIODS), *scales])

    def forward(self, signal: Tensor) -> list[list[Tensor]]:
        """From signals `(n, 1, length)` to each discriminator's maps; the last are scores, one a place."""
        found, scaled = [], signal
        for judge in self.judges:
            found.append(judge(scaled))
            if isinstance(judge, _Scale):
                scaled = F.avg_pool1d(scaled, 4, 2, padding=2)
        return found


class _Period(nn.Module):
    """The sound as rows of `period` samples; convolutions run down the columns."""

    def __init__(self, width: int, period: int) -> None:
        super().__init__()
        self.period = period
        widths = [1, *(width * g for g in GROWTH)]
        strides = [3] * (len(GROWTH) - 1) + [1]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (stride, 1), padding=(2, 0)))
            for (a, b), stride in zip(pairwise(widths), strides, strict=True)
        )
        self.out = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, signal: Tensor) -> list[Tensor]:
        short = -signal.shape[-1] % self.period
        padded = F.pad(signal, (0, short), mode="reflect")
        rows = padded.reshape(len(signal), 1, -1, self.period)
        return _maps(rows, self.layers, self.out)


class _Scale(nn.Module):
    """The sound at one rate; strided convolutions in groups."""

    def __init__(self, width: int, normed: object) -> None:
        super().__init__()
        assert callable(normed)
        before, layers = 1, []
        for growth, kernel, stride, groups in LAYERS:
            channels = 4 * width * growth
            layers.append(normed(nn.Conv1d(before, channels, kernel, stride, kernel // 2, groups=groups)))
            before = channels
        self.layers = nn.ModuleList(layers)
        self.out = normed(nn.Conv1d(before, 1, 3, padding=1))

    def forward(self, signal: Tensor) -> list[Tensor]:
        return _maps(signal, self.layers, self.out)


def _maps(x: Tensor, layers: Sequence[nn.Module] | nn.ModuleList, out: nn.Module) -> list[Tensor]:
    found = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        found.append(x)
    return [*found, out(x).flatten(1)]
