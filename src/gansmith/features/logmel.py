"""Log-mel statistics of sounds: what is heard where, without any trained network."""

from __future__ import annotations

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for

__all__ = ["LogMel"]

LEAST = 0.1
"""Of a standard deviation, in decibels over 10."""

FLOOR = -60.0
"""Decibels below full scale that count as silence."""


class LogMel:
    """A sound as the levels of mel bands in cells of time, and how much each band varies and moves.

    Features of different loudness and restlessness weigh alike once it is fitted (`fitted`): each is then counted from
    its mean, in standard deviations.

    Levels are decibels over 10, above a floor of -60 dB, averaged over channels; windows last 32 ms. The first
    `bands * cells` features are mean levels, the next `bands` their standard deviations over the frames, the last
    `bands` the mean absolute changes from frame to frame.

    Args:
        rate: Samples a second.
        bands: Mel bands.
        cells: Parts that the time is divided into.
        mean: What is subtracted from the features, `(dim,)`; None for nothing.
        spread: What they are divided by after that, `(dim,)`; None for nothing.
    """

    def __init__(
        self,
        rate: float,
        bands: int = 16,
        cells: int = 6,
        mean: Tensor | None = None,
        spread: Tensor | None = None,
    ) -> None:
        self.rate, self.bands, self.cells = rate, bands, cells
        self.mean = torch.zeros(self.dim) if mean is None else mean
        self.spread = torch.ones(self.dim) if spread is None else spread
        self.window = window_for(rate)
        self._filters = mel_filters(rate, self.window, bands)

    @property
    def id(self) -> str:
        """Bands, cells and rate: `logmel-16x6-8000`."""
        return f"logmel-{self.bands}x{self.cells}-{self.rate:g}"

    @property
    def hash(self) -> str:
        """sha256 of what it was fitted to."""
        return hashlib.sha256(torch.stack([self.mean, self.spread]).numpy().tobytes()).hexdigest()

    @property
    def dim(self) -> int:
        """Number of features."""
        return self.bands * (self.cells + 2)

    def fitted(self, features: Tensor) -> LogMel:
        """The same, with the mean and spread of features `(n, dim)` that this one gave.

        What hardly varies in them is not blown up: 1 dB is added to every standard deviation.
        """
        mean, spread = features.mean(0), features.std(0, unbiased=False) + LEAST
        return LogMel(self.rate, self.bands, self.cells, self.mean + mean * self.spread, self.spread * spread)

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
        found = torch.cat([cells, level.std(2, unbiased=False), moves], 1)
        return (found - self.mean.to(found)) / self.spread.to(found)
