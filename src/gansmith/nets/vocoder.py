"""HiFi-GAN's generator (Kong, Kim & Bae 2020, section 2.2 and appendix A): from mel bands to sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from gansmith.features.sound import mel_filters, window_for

__all__ = ["Blocks", "MelLevels", "Vocoder"]

Blocks = Literal["light", "full"]
"""Residual blocks: those of the paper's third variant, or those of its first and second."""

SECONDS = 0.04
"""About how long a window is: 1,024 samples at 22,050 a second, as in the paper; four overlap."""
SILENCE = 1e-5
"""Magnitudes below count as this one: 100 dB under full scale."""
SPAN = -math.log(SILENCE) / 2
"""Half of the range of levels, in nats."""
SLOPE, LAST_SLOPE = 0.1, 0.01
"""Of LeakyReLU before every layer, and before the last."""

LIGHT = ((3, 5, 7), ((1, 2), (2, 6), (3, 12)))
FULL = ((3, 7, 11), ((1, 3, 5),) * 3)
"""Kernels of the blocks of a stage, and dilations within each (appendix A, tables 4 and 5)."""


class MelLevels(nn.Module):
    """Levels of mel bands in nats: logarithms of magnitudes, where a sine at full scale has about 0 in its band.

    A frame stands for the `hop` samples in its middle, and there is silence around the sound.

    Args:
        rate: Samples a second.
        bands: Number of bands, from 0 Hz to half the rate.
    """

    filters: Tensor

    def __init__(self, rate: float, bands: int) -> None:
        super().__init__()
        self.window = window_for(rate, SECONDS)
        self.hop = self.window // 4
        self.register_buffer("filters", mel_filters(rate, self.window, bands), persistent=False)

    def frames(self, length: int) -> int:
        """Frames of a sound of so many samples."""
        return -(-length // self.hop)

    def forward(self, signal: Tensor) -> Tensor:
        """From signals `(n, length)` to levels `(n, bands, frames)`, at least -11.5."""
        around = (self.window - self.hop) // 2
        padded = F.pad(signal.float(), (around, around - signal.shape[1] % -self.hop))
        shape = torch.hann_window(self.window, device=signal.device)
        spectrum = torch.stft(padded, self.window, self.hop, window=shape, center=False, return_complex=True)
        magnitude = (spectrum.real.square() + spectrum.imag.square() + SILENCE**2).sqrt() * (4 / self.window)
        return (self.filters @ magnitude).clamp_min(SILENCE).log()


class Vocoder(nn.Module):
    """Mel bands to sound: transposed convolutions, each before blocks of several reaches whose outcomes are averaged.

    Args:
        bands: Mel bands of a frame.
        hop: Samples of a frame: a power of two, at least 2.
        width: Channels before the first stage; every stage halves them. It must be divisible by that.
        blocks: `"light"`: one convolution a step; `"full"`: two.

    Attributes:
        reach: Frames on either side that a frame's sound depends on.
    """

    def __init__(self, bands: int, hop: int, width: int, blocks: Blocks = "light") -> None:
        super().__init__()
        kernels, dilations = LIGHT if blocks == "light" else FULL
        self.rates = _rates(hop, blocks)
        self.stem = weight_norm(nn.Conv1d(bands, width, 7, padding=3))
        self.ups, self.stages = nn.ModuleList(), nn.ModuleList()
        reach, done, channels = 3.0, 1, width
        for rate in self.rates:
            self.ups.append(weight_norm(nn.ConvTranspose1d(channels, channels // 2, 2 * rate, rate, rate // 2)))
            channels //= 2
            self.stages.append(
                nn.ModuleList(_Block(channels, k, d, blocks) for k, d in zip(kernels, dilations, strict=True))
            )
            reach += 1 / done
            done *= rate
            reach += max(_Block.reach(k, d, blocks) for k, d in zip(kernels, dilations, strict=True)) / done
        self.out = weight_norm(nn.Conv1d(channels, 1, 7, padding=3))
        self.reach = math.ceil(reach + 3 / done)

    def forward(self, mel: Tensor) -> Tensor:
        """From levels `(n, bands, frames)` in nats, as `MelLevels` gives them, to signals `(n, 1, frames * hop)`."""
        h = self.stem(mel / SPAN + 1)
        for up, stage in zip(self.ups, self.stages, strict=True):
            h = up(F.leaky_relu(h, SLOPE))
            assert isinstance(stage, nn.ModuleList)
            h = torch.stack([block(h) for block in stage]).mean(0)
        return torch.tanh(self.out(F.leaky_relu(h, LAST_SLOPE)))


class _Block(nn.Module):
    """Dilated convolutions, each added to what it saw."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int], blocks: Blocks) -> None:
        super().__init__()
        self.steps = nn.ModuleList()
        for dilation in dilations:
            parts = [dilation] if blocks == "light" else [dilation, 1]
            self.steps.append(nn.ModuleList(_conv(channels, kernel, part) for part in parts))

    @staticmethod
    def reach(kernel: int, dilations: Sequence[int], blocks: Blocks) -> int:
        """Samples on either side that it sees."""
        return (kernel // 2) * sum(d + (blocks == "full") for d in dilations)

    def forward(self, h: Tensor) -> Tensor:
        """From maps `(n, channels, length)` to maps of the same shape."""
        for step in self.steps:
            assert isinstance(step, nn.ModuleList)
            seen = h
            for conv in step:
                seen = conv(F.leaky_relu(seen, SLOPE))
            h = h + seen
        return h


def _rates(hop: int, blocks: Blocks) -> list[int]:
    """Factors of the stages: eights first, as in the paper, where 256 is 8, 8, 4 or 8, 8, 2, 2."""
    found: list[int] = []
    while hop > 1:
        rate = min(hop, 8) if blocks == "light" or len(found) < 2 else 2
        found.append(rate)
        hop //= rate
    return found


def _conv(channels: int, kernel: int, dilation: int) -> nn.Module:
    padding = (kernel // 2) * dilation
    conv: nn.Module = weight_norm(nn.Conv1d(channels, channels, kernel, padding=padding, dilation=dilation))
    return conv
