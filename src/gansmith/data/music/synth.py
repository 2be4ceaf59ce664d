"""Voices as sound: a small additive synthesizer, so that what is made can be heard without any instrument."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gansmith.data.music.voices import Grid, notes_of

__all__ = ["RATE", "sound", "wav_bytes"]

RATE = 22_050
"""Samples a second: enough for the fifteenth harmonic of a high voice."""

_ATTACK, _RELEASE, _TAIL = 0.012, 0.09, 0.4
"""Seconds in which a note swells, dies away, and in which the last one may ring."""

_DECAY = 0.9
"""Seconds in which a plucked or struck string falls to a third."""

_PLUCKED = (range(0, 16), range(24, 40), range(104, 120))
"""General MIDI programs of pianos, bells, guitars, basses and drums that decay; all others are held."""

_PARTIALS = {True: (1.0, 0.5, 0.28, 0.16, 0.1, 0.06), False: (1.0, 0.38, 0.3, 0.12, 0.14, 0.05, 0.06)}
"""Loudness of the harmonics of what is plucked, and of what is held."""


def sound(grid: Grid, steps: int, rate: int = RATE) -> NDArray[np.int16]:
    """A piece as mono sound.

    Args:
        grid: Voices, instruments and tempo.
        steps: Time steps in a quarter note.
        rate: Samples a second.

    Returns:
        `(samples,)` int16; its loudest moment is at 0.8 of full scale, silence stays silence.
    """
    step = 60 / grid.tempo / steps
    out = np.zeros(round((len(grid.pitch) * step + _TAIL) * rate))
    for voice, notes in enumerate(notes_of(grid.pitch, grid.again)):
        plucked = any(grid.programs[voice] in programs for programs in _PLUCKED)
        for first, last, pitch in notes:
            tone = _tone(440 * 2 ** ((pitch - 69) / 12), (last - first) * step, plucked, rate)
            start = round(first * step * rate)
            out[start : start + len(tone)] += tone[: len(out) - start]
    peak = float(np.abs(out).max(initial=0.0))
    return np.round(out * (0.8 * 32767 / peak if peak else 0.0)).astype(np.int16)


def _tone(hertz: float, seconds: float, plucked: bool, rate: int) -> NDArray[np.float64]:
    """One note, and its release after it."""
    time = np.arange(round((seconds + _RELEASE) * rate)) / rate
    partials = [(k, loud) for k, loud in enumerate(_PARTIALS[plucked], 1) if k * hertz < 0.45 * rate]
    tone = sum((loud * np.sin(2 * np.pi * k * hertz * time) for k, loud in partials), np.zeros(len(time)))
    swell = np.minimum(time / _ATTACK, 1) * np.clip((seconds + _RELEASE - time) / _RELEASE, 0, 1)
    decay = np.exp(-time / _DECAY) if plucked else 1.0
    return np.asarray(tone * swell * decay * (220 / hertz) ** 0.25, np.float64)


def wav_bytes(samples: Sequence[int] | NDArray[np.int16], rate: int = RATE) -> bytes:
    """Mono sound `(samples,)` int16 as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.asarray(samples, "<i2").tobytes())
    return file.getvalue()
