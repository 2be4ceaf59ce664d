"""Numbers that follow the clock: a schedule is any function from `Clock` to float; these are the usual ones."""

from __future__ import annotations

import math
from collections.abc import Callable

from gansmith.types import Clock, Scalar

__all__ = ["at", "constant_then_linear", "cosine", "linear", "progress", "ramped_half_life"]

Schedule = Callable[[Clock], float]


def at(value: Scalar, clock: Clock) -> float:
    """The value of a constant or a schedule, now."""
    return float(value(clock)) if callable(value) else float(value)


def progress(clock: Clock) -> float:
    """How much of the planned samples has been played, in [0, 1]; 0 while no end is planned."""
    return min(1.0, clock.samples / clock.total) if clock.total else 0.0


def linear(start: float, end: float) -> Schedule:
    """A straight line from `start` to `end` over the planned samples."""
    return lambda clock: start + (end - start) * progress(clock)


def cosine(start: float, end: float, over: float = 1.0) -> Schedule:
    """Half a cosine from `start` to `end` over the first `over` (a share of the planned samples), then `end`.

    R3GAN (Huang et al. 2024, training configuration) moves learning rate, beta2, gamma and EMA this way.
    """
    return lambda clock: end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress(clock) / over))) / 2


def constant_then_linear(value: float, hold: float = 0.5) -> Schedule:
    """`value` for the first `hold` (a share of the planned samples), then a straight line to zero (CycleGAN)."""
    return lambda clock: value * min(1.0, (1 - progress(clock)) / (1 - hold))


def ramped_half_life(half_life: float, ramp: float = 0.05) -> Schedule:
    """A half-life of `half_life` samples, but never over `ramp` of the samples seen so far.

    Without the ramp, an average remembers the untrained weights for too long (StyleGAN2-ADA, `ema_rampup`).
    """
    return lambda clock: min(half_life, ramp * clock.samples)
