"""The demo's data: noisy two-channel oscillations of three machines, from a formula."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

__all__ = ["simulate"]

STATES = ("idle", "running", "worn")
SERIES, STEPS = 900, 48


def simulate(folder: Path, series: int = SERIES, seed: int = 0) -> Path:
    """Write `machines.csv`: series of 48 steps with `id`, `step`, `label`, `vibration` and `load`.

    A series' frequency is drawn evenly from a range of its class; `vibration` is a sine of that frequency and random
    phase with its third harmonic (strong where worn) and noise from an autoregression; `load` is a count of a Poisson
    distribution whose rate follows the envelope with a lag, and in 3 % of steps it is missing.

    Args:
        folder: A new folder.
        series: How many.
        seed: Of all chance.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, len(STATES), series)
    cycles = rng.uniform(np.array([1.0, 4.0, 4.0])[kind], np.array([2.0, 6.0, 6.0])[kind])[:, None]
    amplitude = rng.uniform(np.array([0.2, 1.0, 1.2])[kind], np.array([0.4, 1.6, 2.0])[kind])[:, None]
    angle = rng.uniform(0, 2 * np.pi, (series, 1)) + 2 * np.pi * cycles * np.arange(STEPS) / STEPS
    swell = 1 + 0.4 * np.sin(2 * np.pi * np.arange(STEPS) / STEPS + rng.uniform(0, 2 * np.pi, (series, 1)))
    third = np.where(kind == STATES.index("worn"), 0.5, 0.05)[:, None]
    noise = np.zeros((series, STEPS))
    for t in range(1, STEPS):
        noise[:, t] = 0.6 * noise[:, t - 1] + rng.normal(0, 0.05, series)
    vibration = amplitude * swell * (np.sin(angle) + third * np.sin(3 * angle)) + noise
    load = rng.poisson(2 + 8 * amplitude * np.roll(swell, 3, axis=1))
    absent = rng.random((series, STEPS)) < 0.03
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "machines.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["id", "step", "label", "vibration", "load"])
        for i in range(series):
            for t in range(STEPS):
                count = "" if absent[i, t] else load[i, t]
                lines.writerow([i, t, STATES[kind[i]], f"{vibration[i, t]:.3f}", count])
    return path
