"""What is done to a sound before it becomes clips: mixed, resampled, trimmed, made equally loud."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.data.audio.riff import Wave

__all__ = ["clipped_share", "mixed", "peak_decibels", "resampled", "trimmed"]

_ZEROS, _ROLL = 24, 0.95
"""Zero crossings of the filter on each side, and the share of the lower half rate that passes."""
_BETA = 9.0
"""Kaiser's window parameter: what is kept out lies about 90 dB lower."""


def mixed(sound: Wave, channels: int) -> Wave:
    """`(c, samples)` as `channels` channels: their mean for one; for two the first two, or the one twice."""
    if channels == 1:
        return np.asarray(sound.mean(0, keepdims=True, dtype=np.float64), np.float32)
    return np.ascontiguousarray(sound[:2]) if len(sound) >= 2 else np.repeat(sound, 2, 0)


def resampled(sound: Wave, rate: int, wanted: int) -> Wave:
    """A sound at another rate, band-limited to the lower of the two (a sinc under Kaiser's window).

    Args:
        sound: `(channels, samples)`.
        rate: Its samples a second.
        wanted: Samples a second of the result.

    Returns:
        `(channels, ceil(samples * wanted / rate))`.
    """
    if rate == wanted:
        return sound
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    kernels, reach = _kernels(up, down)
    length = -(-sound.shape[1] * up // down)
    x = F.pad(torch.from_numpy(sound)[:, None], (reach, reach + down))
    made = F.conv1d(x, kernels, stride=down)  # (channels, up, blocks): phase by phase
    found: Wave = made.transpose(1, 2).reshape(len(sound), -1)[:, :length].numpy()
    return np.ascontiguousarray(found)


@lru_cache(maxsize=8)
def _kernels(up: int, down: int) -> tuple[Tensor, int]:
    """Weights `(up, 1, taps)`, one filter for each phase of the new samples, and how far they reach back."""
    scale = min(1.0, up / down) * _ROLL
    half = _ZEROS / scale
    reach = math.ceil(half)
    taps = torch.arange(-reach, reach + down + 1, dtype=torch.float64)
    at = torch.arange(up, dtype=torch.float64)[:, None] * down / up
    t = (taps - at) * scale
    window = torch.special.i0(_BETA * (1 - (t / _ZEROS).square()).clamp_min(0).sqrt()) / torch.special.i0(
        torch.tensor(_BETA, dtype=torch.float64)
    )
    weights = torch.where(t.abs() < _ZEROS, torch.sinc(t) * window, 0.0) * scale
    weights /= weights.sum(1, keepdim=True)  # a constant stays what it is
    return weights[:, None].float(), reach


def trimmed(sound: Wave, rate: int, decibels: float) -> Wave:
    """The part between the first and the last moment that is not silent; moments are 10 ms long.

    Args:
        sound: `(channels, samples)`.
        rate: Samples a second.
        decibels: How far below the loudest moment silence begins; 0 cuts nothing.
    """
    frame = max(1, rate // 100)
    power = np.square(sound, dtype=np.float64).sum(0)
    energy = np.add.reduceat(power, np.arange(0, len(power), frame))
    if not decibels or not energy.max() > 0:
        return sound
    loud = np.flatnonzero(energy > energy.max() * 10 ** (-decibels / 10))
    return sound[:, loud[0] * frame : (loud[-1] + 1) * frame]


def peak_decibels(sound: Wave) -> float:
    """The loudest sample in decibels below full scale (0 or less); minus infinity for digital silence."""
    peak = float(np.abs(sound).max())
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def clipped_share(sound: Wave) -> float:
    """Share of samples that stand in runs of three or more at the loudest value, which is near full scale."""
    at = np.abs(sound)
    top = float(at.max())
    if top < 0.98:
        return 0.0
    flat = at >= top * 0.9999
    run = flat[:, 2:] & flat[:, 1:-1] & flat[:, :-2]
    inside = np.zeros_like(flat)
    for shift in range(3):
        inside[:, shift : shift + run.shape[1]] |= run
    return float(inside.mean())
