"""Spectra of sounds: windows, magnitudes and mel bands, in plain torch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["decibels", "magnitudes", "mel_filters", "window_for"]


def window_for(rate: float, seconds: float = 0.032) -> int:
    """The power of two of samples that lasts about so long: 256 at 8,000 samples a second, 512 at 16,000."""
    return int(2 ** round(math.log2(rate * seconds)))


def magnitudes(signal: Tensor, window: int, hop: int) -> Tensor:
    """Magnitudes of the short-time Fourier transform under Hann's window; a sine at full scale has 1 in its bin.

    Frames are centred on every `hop`-th sample, and there is silence around the sound.

    Args:
        signal: `(n, channels, length)`.
        window: Samples of a frame.
        hop: Samples between frames.

    Returns:
        `(n, channels, window / 2 + 1, length // hop + 1)`.
    """
    n, channels, length = signal.shape
    shape = torch.hann_window(window, device=signal.device, dtype=signal.dtype)
    found = torch.stft(signal.reshape(-1, length), window, hop, window=shape, pad_mode="constant", return_complex=True)
    return found.abs().reshape(n, channels, *found.shape[1:]) * (4 / window)


def mel_filters(rate: float, window: int, bands: int) -> Tensor:
    """Triangles on the mel scale (2595 log10(1 + f / 700)), `(bands, window / 2 + 1)`, from 0 Hz to half the rate.

    The weights of each sum to 1, so that a band is a weighted mean of magnitudes. A triangle narrower than a bin takes
    the bin that is nearest to its peak.
    """
    hertz = torch.linspace(0, rate / 2, window // 2 + 1, dtype=torch.float64)
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (torch.linspace(0, top, bands + 2, dtype=torch.float64) / 2595) - 1)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = torch.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak)).clamp_min(0)
    nearest = (hertz - peak).abs().argmin(1)
    empty = filters.sum(1) == 0
    filters[empty, nearest[empty]] = 1.0
    return (filters / filters.sum(1, keepdim=True)).float()


def decibels(magnitude: Tensor, floor: float = -80.0) -> Tensor:
    """20 log10 of magnitudes; nothing is quieter than the floor."""
    return 20 * magnitude.clamp_min(10 ** (floor / 20)).log10()
