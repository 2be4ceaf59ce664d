"""How sounds are spread over frequencies, loudness and time, and how far two such spreads lie apart."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for
from gansmith.metrics.functional.bootstrap import interval

__all__ = [
    "band_errors",
    "durations",
    "flux",
    "levels",
    "loudness",
    "spectrum_errors",
    "spread_distance",
    "spread_interval",
]

WINDOWS = (0.008, 0.032, 0.064)
"""Seconds: a short window sees when something happens, a long one sees at which pitch."""
BANDS = 24
FLOOR = -60.0
QUANTILES = 50


def _pictures(signal: Tensor, rate: float) -> list[Tensor]:
    """Levels in decibels of mel bands, `(n, bands, frames)` for each window."""
    found = []
    for seconds in WINDOWS:
        window = max(16, window_for(rate, seconds))
        spectrum = magnitudes(signal.float(), window, window // 2).square().mean(1).sqrt()
        found.append(decibels(mel_filters(rate, window, min(BANDS, window // 4)) @ spectrum, FLOOR))
    return found


def levels(signal: Tensor, rate: float) -> Tensor:
    """Mean level of every mel band over a sound, under windows of 8, 32 and 64 ms.

    Args:
        signal: `(n, channels, length)`.
        rate: Samples a second.

    Returns:
        `(n, values)` in decibels, at least -60.
    """
    return torch.cat([picture.mean(2) for picture in _pictures(signal, rate)], 1)


def flux(signal: Tensor, rate: float) -> Tensor:
    """Mean absolute change of every mel band from frame to frame, `(n, values)` in decibels; 0 of a single frame."""
    changes = [picture.diff(dim=2).abs() for picture in _pictures(signal, rate)]
    return torch.cat([change.sum(2) / max(1, change.shape[2]) for change in changes], 1)


def loudness(signal: Tensor) -> Tensor:
    """Root mean square of each sound in decibels below full scale, `(n, 1)`, at least -60."""
    return decibels(signal.float().square().mean((1, 2)).sqrt()[:, None], FLOOR)


def durations(signal: Tensor, rate: float) -> Tensor:
    """Milliseconds from the start of each clip to where it falls 50 dB below its peak for good, `(n, 1)`."""
    size = signal.float().abs().amax(1)
    heard = (size > 10 ** (-50 / 20) * size.amax(1, keepdim=True)).flip(1)
    last = size.shape[1] - heard.long().argmax(1)
    return (torch.where(heard.any(1), last, 0) * (1000 / rate))[:, None]


def band_errors(real: Tensor, made: Tensor, rate: float) -> Tensor:
    """How far each sound's mel bands lie from those of the sound that it should be, `(n,)` in decibels.

    Mean absolute difference over bands and frames under windows of 8, 32 and 64 ms; nothing counts as quieter than
    60 dB below full scale.

    Args:
        real: `(n, channels, length)`.
        made: The same shape.
        rate: Samples a second.
    """
    both = zip(_pictures(real, rate), _pictures(made, rate), strict=True)
    return torch.stack([(a - b).abs().mean((1, 2)) for a, b in both]).mean(0)


def spectrum_errors(real: Tensor, made: Tensor, rate: float) -> Tensor:
    """The multi-resolution distance of Yamamoto, Song & Kim 2020 (Parallel WaveGAN, equations 3 to 6), `(n,)`.

    Spectral convergence |S - S'| / |S| (Frobenius norms) plus the mean absolute difference of log magnitudes in nats,
    averaged over windows of 8, 32 and 64 ms. Magnitudes below -60 dB count as that.

    Args:
        real: `(n, channels, length)`.
        made: The same shape.
        rate: Samples a second.
    """
    found = []
    for seconds in WINDOWS:
        window = max(16, window_for(rate, seconds))
        a, b = (magnitudes(x.float(), window, window // 4).clamp_min(10 ** (FLOOR / 20)) for x in (real, made))
        converging = (a - b).flatten(1).norm(dim=1) / a.flatten(1).norm(dim=1)
        found.append(converging + (a.log() - b.log()).abs().flatten(1).mean(1))
    return torch.stack(found).mean(0)


def spread_distance(real: Tensor, made: Tensor) -> Tensor:
    """Wasserstein-1 distance between the distributions of each column, averaged over columns.

    That is the mean distance between the quantiles of the two (50 of them, in the middles of equal shares).

    Args:
        real: `(n, d)`.
        made: `(m, d)`.

    Returns:
        A scalar in the unit of the columns.

    Raises:
        InputError: A side is empty, or they differ in width.
    """
    if not len(real) or not len(made) or real.shape[1:] != made.shape[1:]:
        raise InputError(f"distributions of {tuple(real.shape)} and {tuple(made.shape)} can't be compared")
    return (_quantiles(real) - _quantiles(made)).abs().mean()


def spread_interval(
    real: Tensor, made: Tensor, resamples: int, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of `spread_distance` when sounds of both sides are drawn again, around the value itself.

    Raises:
        InputError: As `spread_distance`; or no resamples.
    """
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, got {resamples}")
    value = float(spread_distance(real, made))
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(resamples):
        rows = (torch.randint(len(side), (len(side),), generator=generator) for side in (real, made))
        found.append(spread_distance(*(side[row] for side, row in zip((real, made), rows, strict=True))))
    low, high = interval(torch.stack(found), confidence, around=value)
    return max(0.0, low), max(0.0, high)


def _quantiles(x: Tensor) -> Tensor:
    """The values at the middles of equal shares, `(quantiles, d)`."""
    ordered = x.sort(0).values
    place = (torch.arange(QUANTILES, dtype=torch.float64) + 0.5) / QUANTILES * len(x) - 0.5
    place = place.clamp(0, len(x) - 1)
    low = place.floor().long()
    return torch.lerp(ordered[low], ordered[(low + 1).clamp_max(len(x) - 1)], (place - low).to(x.dtype)[:, None])
