"""The inputs of the golden values, made afresh from seeds; NumPy only."""

from __future__ import annotations

import numpy as np

CASES = {
    "plain": {"seed": 1, "n": 200, "m": 300, "d": 12, "shift": 0.3, "scale": 1.1, "k": 5},
    "small_k": {"seed": 2, "n": 150, "m": 150, "d": 5, "shift": 0.0, "scale": 0.7, "k": 3},
    "wide": {"seed": 3, "n": 120, "m": 80, "d": 64, "shift": 0.1, "scale": 1.3, "k": 1},
    "far_from_zero": {"seed": 4, "n": 100, "m": 130, "d": 8, "shift": 0.2, "scale": 1.0, "k": 5, "offset": 1e4},
    "ties": {"seed": 5, "n": 140, "m": 160, "d": 3, "shift": 0.0, "scale": 1.0, "k": 4, "grid": True},
    "same": {"seed": 6, "n": 90, "m": 90, "d": 6, "shift": 0.0, "scale": 1.0, "k": 5, "same": True},
}


def make(seed, n, m, d, shift, scale, k, offset=0.0, grid=False, same=False):
    """Real `(n, d)` and fake `(m, d)`: correlated normal features, whole numbers (with ties), or one set twice."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(d, d)) / d**0.5
    real = rng.normal(size=(n, d)) @ mix + offset
    fake = (rng.normal(size=(m, d)) * scale + shift) @ mix + offset
    if grid:
        real, fake = np.round(real * 2), np.round(fake * 2)
    return real, real.copy() if same else fake
