"""Sound as a picture of mel bands over time, and back: a fixed pair of maps that no player owns."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for

__all__ = ["MelPicture"]

_UPDATES, _ROUNDS = 8, 12
"""Of the magnitudes, and of the phases: twice as many change the mel bands of the sound by about 0.1 dB."""

_MOMENTUM = 0.99
_STEPS = 128
"""Levels are rounded to half the picture's range over this, 0.23 dB, before phases are sought: the search would make
audible what differs in the last bit, as networks do between batches of different sizes."""
_QUIET = -0.9
"""Up to here, 3 dB above the floor, a band counts as silent: tanh does not reach the floor itself."""
_HELD, _LOUD = 0.995, 0.95
"""A sound beyond full scale is made quieter until this share of its samples lies below this level; the rest, a few
milliseconds of an attack, is cut off. A single sample would otherwise decide how loud the whole is."""
_NOTHING = 1e-6
"""What a silent band is taken for: 120 dB under full scale, and no denormal number, which would be slow."""

_HANN = 0.25645
"""Hann's window of M samples is nearest to the Gaussian exp(-pi t^2 / g) with g = 0.25645 M^2 (Prusa et al. 2017)."""


class MelPicture(nn.Module):
    """Levels of mel bands as a picture in [-1, 1], from `floor` decibels to full scale; and a sound of a picture.

    The way back has three steps. Magnitudes that have these mel bands are found by multiplicative updates for the
    Kullback-Leibler divergence (Lee & Seung 2001, equation 5), which keep them positive. First phases follow from how
    the magnitudes change with frequency, summed up over time (Prusa, Balazs & Sondergaard 2017, equation 19). The fast
    Griffin-Lim algorithm (Perraudin, Balazs & Sondergaard 2013) makes overlapping frames agree. Nothing in it is
    random.

    A picture has a frame for every hop; the last one of the transform, at the end of the sound, is left out.

    Args:
        length: Samples of a sound.
        rate: Samples a second; windows last about 32 ms, four of which overlap.
        bands: Mel bands: rows of the picture, the lowest first.
        floor: Decibels that count as silence.
    """

    filters: Tensor

    def __init__(self, length: int, rate: float, bands: int = 64, floor: float = -60.0) -> None:
        super().__init__()
        self.length, self.floor = length, floor
        self.window = window_for(rate)
        self.hop = self.window // 4
        self.frames = -(-length // self.hop)
        self.register_buffer("filters", mel_filters(rate, self.window, bands), persistent=False)

    def picture(self, signal: Tensor) -> Tensor:
        """From signals `(n, channels, length)` to pictures `(n, channels, bands, frames)` in [-1, 1]."""
        spectrum = magnitudes(signal, self.window, self.hop)[..., : self.frames]
        bands = self.filters @ spectrum
        return (1 - decibels(bands, self.floor) * (2 / self.floor)).clamp_max(1)

    def forward(self, picture: Tensor) -> Tensor:
        """From pictures `(n, channels, bands, frames)` in [-1, 1] to signals `(n, channels, length)` in [-1, 1]."""
        n, channels = picture.shape[:2]
        level = (picture.float().flatten(0, 1) * _STEPS).round() / _STEPS
        bands = torch.where(level <= _QUIET, _NOTHING, 10 ** ((1 - level) * (self.floor / 40)))
        spectrum = F.pad(self._spectrum(bands) * (self.window / 4), (0, 1), mode="replicate")
        signal = self._signal(spectrum[..., : self.length // self.hop + 1])
        loud = signal.abs().kthvalue(math.ceil(_HELD * self.length), 1, keepdim=True).values
        return (signal / (loud / _LOUD).clamp_min(1.0)).clamp(-1, 1).reshape(n, channels, self.length)

    def _spectrum(self, bands: Tensor) -> Tensor:
        """Magnitudes `(n, bins, frames)` with these mel bands."""
        weight = self.filters.sum(0)[:, None].clamp_min(_NOTHING)
        found = ((self.filters.T @ bands) / weight).clamp_min(_NOTHING)
        for _ in range(_UPDATES):
            ratio = bands / (self.filters @ found)
            found = (found * ((self.filters.T @ ratio) / weight)).clamp_min(_NOTHING)
        return found

    def _phase(self, magnitude: Tensor) -> Tensor:
        """Phases `(n, bins, frames)` of about these magnitudes: what their slope says of frequency, summed up."""
        logs = F.pad(magnitude.double().log(), (0, 0, 1, 1), mode="replicate")  # float32 has no room for many turns
        slope = (logs[:, 2:] - logs[:, :-2]) * (self.hop / (2 * _HANN * self.window))
        bins = torch.arange(magnitude.shape[1], device=magnitude.device, dtype=logs.dtype)
        turn = slope + (2 * math.pi * self.hop / self.window) * bins[:, None]
        summed = F.pad(((turn[..., 1:] + turn[..., :-1]) / 2).cumsum(2), (1, 0))
        return (summed % (2 * math.pi)).to(magnitude.dtype)

    def _signal(self, magnitude: Tensor) -> Tensor:
        """Signals `(n, length)` whose short-time magnitudes are about these."""
        shape = torch.hann_window(self.window, device=magnitude.device)
        phase = torch.polar(torch.ones_like(magnitude), self._phase(magnitude))
        before = torch.zeros_like(phase)
        for _ in range(_ROUNDS):
            signal = self._inverse(magnitude * phase, shape)
            now = torch.stft(signal, self.window, self.hop, window=shape, pad_mode="constant", return_complex=True)
            ahead = now - (_MOMENTUM / (1 + _MOMENTUM)) * before
            before, phase = now, ahead / ahead.abs().clamp_min(1e-9)
        return self._inverse(magnitude * phase, shape)

    def _inverse(self, spectrum: Tensor, shape: Tensor) -> Tensor:
        return torch.istft(spectrum, self.window, self.hop, window=shape, length=self.length)
