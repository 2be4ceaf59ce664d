"""Log-mel statistics of sounds: what is heard where, without any trained network."""

from __future__ import annotations

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for

__all__ = ["LogMel"]

FLOOR = -60.0
"""Decibels below full scale that count as silence."""


class LogMel:
    """A sound as the levels of mel bands in cells of time, and how much each band varies and moves.

    Levels are decibels over 10, above a floor of -60 dB, averaged over channels; windows last 32 ms. The first
    `bands * cells` features are mean levels, the next `bands` their standard deviations over the frames, the last
    `bands` the mean absolute changes from frame to frame.

    Args:
        rate: Samples a second.
        bands: Mel bands.
        cells: Parts that the time is divided into.
    """

    def __init__(self, rate: float, bands: int = 16, cells: int = 6) -> None:
        self.rate, self.bands, self.cells = rate, bands, cells
        self.window = window_for(rate)
        self._filters = mel_filters(rate, self.window, bands)

    @property
    def id(self) -> str:
        """Bands, cells and rate: `logmel-16x6-8000`."""
        return f"logmel-{self.bands}x{self.cells}-{self.rate:g}"

    @property
    def hash(self) -> str:
        """sha256 of an empty string: there are no weights."""
        return hashlib.sha256(b"").hexdigest()

    @property
    def dim(self) -> int:
        """Number of features."""
        return self.bands * (self.cells + 2)

    def picture(self, signal: Tensor) -> Tensor:
        """Levels `(n, bands, frames)` in decibels over 10 above the floor, of signals `(n, channels, length)`."""
        spectrum = magnitudes(signal.float(), self.window, self.window // 4).square().mean(1).sqrt()
        bands = self._filters.to(signal.device) @ spectrum
        return (decibels(bands, FLOOR) - FLOOR) / 10

    @torch.no_grad()
    def __call__(self, signal: Tensor) -> Tensor:
        """Features `(n, dim)` of signals `(n, channels, length)` in [-1, 1].

        Raises:
            InputError: They are no such signals, or hold NaN or infinity.
        """
        if signal.ndim != 3 or not signal.is_floating_point():
            raise InputError(f"sounds must be floating (n, channels, length), got {signal.dtype} {tuple(signal.shape)}")
        if not bool(torch.isfinite(signal).all()):
            raise InputError("sounds hold NaN or infinity")
        level = self.picture(signal)
        cells = F.adaptive_avg_pool1d(level, self.cells).flatten(1)
        moves = level.diff(dim=2).abs().mean(2) if level.shape[2] > 1 else torch.zeros_like(level[:, :, 0])
        return torch.cat([cells, level.std(2, unbiased=False), moves], 1)
