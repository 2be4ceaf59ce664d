"""Chance that belongs to an event's own numbers: the same wherever and whenever it is looked at."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["chance"]


def chance(numbers: NDArray[np.float64], columns: int) -> Tensor:
    """Numbers in (0, 1) `(n, columns)`, float64, that are mixed of the bits of each row `(n, d)`."""
    bits = np.ascontiguousarray(numbers).view(np.uint64)
    state = np.zeros(len(bits), np.uint64)
    for column in bits.T:
        state = _mixed(state ^ column)
    steps = np.arange(1, columns + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found = _mixed(state[:, None] + steps)
    return torch.from_numpy(((found >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
