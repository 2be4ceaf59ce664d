"""Short sounds of six instruments, made by formulas: what the demo learns from, without a file to fetch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gansmith.data.audio.riff import wav_bytes

__all__ = ["INSTRUMENTS", "RATE", "SECONDS", "play", "write_instruments"]

RATE = 8_000
SECONDS = 0.5

Sound = NDArray[np.float64]
Random = np.random.Generator

_TIME = np.arange(int(RATE * SECONDS)) / RATE


def _bell(rng: Random) -> Sound:
    """Partials that are no multiples of each other, the higher ones fading sooner (a struck plate)."""
    pitch, fade = rng.uniform(350, 800), rng.uniform(5, 9)
    ratios, weights = np.array([1.0, 2.76, 4.1]), np.array([1.0, 0.6, 0.35])
    waves = np.sin(2 * np.pi * pitch * ratios[:, None] * _TIME) * np.exp(-fade * ratios[:, None] ** 0.5 * _TIME)
    return np.asarray((weights[:, None] * waves).sum(0))


def _chirp(rng: Random) -> Sound:
    """A tone that glides up or down by one or two octaves."""
    start, octaves = rng.uniform(400, 800), rng.uniform(1, 2)
    if rng.random() < 0.5:
        start, octaves = start * 2**octaves, -octaves
    place = np.clip(_TIME / rng.uniform(0.2, 0.45), 0, 1)
    pitch = start * 2 ** (octaves * place)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.sin(np.pi * place) ** 0.5)


def _flute(rng: Random) -> Sound:
    """A breath: few harmonics, a slow beginning, vibrato and a little noise."""
    pitch, depth = 440 * 2 ** (rng.integers(-5, 13) / 12), rng.uniform(0.002, 0.01)
    turns = np.cumsum(pitch * (1 + depth * np.sin(2 * np.pi * rng.uniform(4, 6) * _TIME))) / RATE
    tone = sum(w * np.sin(2 * np.pi * k * turns) for k, w in ((1, 1.0), (2, 0.3), (3, 0.1)))
    shape = np.minimum(_TIME / rng.uniform(0.04, 0.1), 1) * np.minimum((SECONDS - _TIME) / 0.08, 1)
    return np.asarray((tone + 0.03 * rng.normal(size=len(_TIME))) * shape)


def _hat(rng: Random) -> Sound:
    """Noise above a corner that fades at once (a closed cymbal)."""
    noise = np.fft.rfft(rng.normal(size=len(_TIME)))
    hertz = np.fft.rfftfreq(len(_TIME), 1 / RATE)
    noise *= 1 / (1 + (rng.uniform(2000, 3000) / np.maximum(hertz, 1)) ** 6)
    return np.asarray(np.fft.irfft(noise, len(_TIME)) * np.exp(-_TIME * rng.uniform(12, 50)))


def _kick(rng: Random) -> Sound:
    """A tone that falls to a low pitch and fades (a bass drum)."""
    low, high, fall = rng.uniform(45, 70), rng.uniform(150, 300), rng.uniform(20, 40)
    turns = np.cumsum(low + high * np.exp(-fall * _TIME)) / RATE
    return np.asarray(np.sin(2 * np.pi * turns) * np.exp(-_TIME * rng.uniform(7, 14)))


def _pluck(rng: Random) -> Sound:
    """A string: noise that goes round in a delay and loses its edge (Karplus & Strong 1983)."""
    period = int(RATE / (110 * 2 ** (rng.integers(0, 20) / 12)))
    string, keep = rng.uniform(-1, 1, period), rng.uniform(0.985, 0.998)
    rounds = [string]
    while len(rounds) * period < len(_TIME):
        string = keep * (string + np.roll(string, 1)) / 2
        rounds.append(string)
    return np.concatenate(rounds)[: len(_TIME)]


INSTRUMENTS: Mapping[str, Callable[[Random], Sound]] = {
    "bell": _bell,
    "chirp": _chirp,
    "flute": _flute,
    "hat": _hat,
    "kick": _kick,
    "pluck": _pluck,
}
"""What is played, by its name."""


def play(instrument: str, take: int) -> NDArray[np.int16]:
    """One sound `(1, samples)`: half a second at 8,000 Hz, the same for the same take."""
    number = list(INSTRUMENTS).index(instrument)
    sound = INSTRUMENTS[instrument](np.random.default_rng([number, take]))
    return np.asarray(np.rint(sound / np.abs(sound).max() * 0.9 * 32767), np.int16)[None]


def write_instruments(folder: Path, takes: int = 150) -> Path:
    """Write so many sounds of every instrument into sub-folders, where they aren't there yet; returns the folder."""
    for name in INSTRUMENTS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for take in range(takes):
            path = folder / name / f"{take:03}.wav"
            if not path.exists():
                path.write_bytes(wav_bytes(play(name, take), RATE))
    return folder
