"""Statistics of windows of music: one number, or one histogram, for each window.

All are reckoned in float64 from pitches alone, so they don't depend on tempo or sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gansmith.metrics.music.windows import Bools, Floats, Ints, Windows, shares

__all__ = [
    "chord_agreement",
    "crossings",
    "degrees",
    "density",
    "durations",
    "in_scale",
    "intervals",
    "leaps",
    "parallels",
    "pitch_classes",
    "polyphony",
    "tonal_distance",
]

CHORDS = ((0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 10), (0, 3, 6, 9))
"""Semitones above the root: dominant, major and minor sevenths, half and fully diminished; triads are parts of them."""

LEAP = 9
"""Semitones beyond which a melodic interval counts as a leap: a major sixth."""

OCTAVE = 12


def polyphony(windows: Windows) -> Floats:
    """Voices that sound at once, mean over the steps, `(N,)`."""
    return np.asarray(windows.sounds.sum(2).mean(1), np.float64)


def density(windows: Windows) -> Floats:
    """Notes that begin in a quarter note, over all voices, `(N,)`."""
    quarters = windows.pitch.shape[1] / windows.quarter
    return np.asarray(windows.begins.sum((1, 2)) / quarters, np.float64)


def in_scale(windows: Windows) -> Floats:
    """Share of the sounding time in the major scale that fits best, `(N,)`; a rolled dice has about 0.7.

    The in-scale rate of Mogren 2016 with the key found for each window. A window that is silent has 0.
    """
    return np.asarray(windows.scales.max(1), np.float64)


def pitch_classes(windows: Windows) -> Floats:
    """Share of each pitch class from C in the sounding time, `(N, 12)` (Yang & Lerch 2020)."""
    return windows.classes


def degrees(windows: Windows) -> Floats:
    """Share of each semitone above the first note of the best-fitting major scale, `(N, 12)`: no key matters."""
    root = windows.scales.argmax(1)
    at = (np.arange(12) + root[:, None]) % 12
    return np.take_along_axis(windows.classes, at, 1)


def intervals(windows: Windows) -> Floats:
    """Share of each melodic interval from an octave down to an octave up, `(N, 25)`; larger ones count as octaves."""
    moved = np.clip(windows.motion, -OCTAVE, OCTAVE)
    repeated = windows.again[:, 1:] & windows.sounds[:, 1:]
    counts = [((moved == k) & ((moved != 0) | repeated)).sum((1, 2)) for k in range(-OCTAVE, OCTAVE + 1)]
    return shares(np.stack(counts, 1))


def durations(windows: Windows) -> Floats:
    """Share of notes by length, `(N, 6)`: up to 1/4, 1/2, 1, 2 and 4 quarter notes, and longer.

    A note that goes on beyond the window ends with it.
    """
    n, steps, _ = windows.pitch.shape
    ends = ~windows.sounds | windows.begins
    length = np.zeros(windows.pitch.shape, np.int64)
    run = np.ones((n, windows.pitch.shape[2]), np.int64)
    for t in range(steps - 1, -1, -1):
        length[:, t] = run
        run = np.where(ends[:, t], 1, run + 1)
    bin_of = np.clip(np.ceil(np.log2(length / windows.quarter)) + 2, 0, 5).astype(np.int64)
    return shares(np.stack([((bin_of == k) & windows.begins).sum((1, 2)) for k in range(6)], 1))


def chord_agreement(windows: Windows) -> Floats:
    """Share of the steps with two or more pitch classes whose notes all belong to one chord, `(N,)`.

    Chords are triads and sevenths of thirds: what tonal music is made of beside passing notes and suspensions. 0 where
    there is no such step.
    """
    marks = (np.int64(1) << (windows.pitch % 12)) * windows.sounds
    chord = np.bitwise_or.reduce(marks, axis=2)
    several = _BITS[chord] >= 2
    return np.asarray((_KNOWN[chord] & several).sum(1) / np.maximum(several.sum(1), 1), np.float64)


def tonal_distance(windows: Windows) -> Floats:
    """Mean distance between voices in a six-dimensional space of keys and thirds, `(N,)` (Harte et al. 2006).

    Of each pair of voices in each quarter note in which both sound; 0 where there is none. Voices that agree in
    harmony are near; MuseGAN reports the same of its tracks (Dong et al. 2018, section 5.3).
    """
    n, steps, voices = windows.pitch.shape
    beats = -(-steps // windows.quarter)
    chroma = np.zeros((n, beats, voices, 12))
    for t in range(steps):
        of = windows.pitch[:, t] % 12
        chroma[:, t // windows.quarter] += np.eye(12)[of] * windows.sounds[:, t, :, None]
    there = chroma.sum(3) > 0
    centroid = shares(chroma) @ _TONAL
    total, count = np.zeros(n), np.zeros(n)
    for u, v in combinations(range(voices), 2):
        both = there[:, :, u] & there[:, :, v]
        total += (np.linalg.norm(centroid[:, :, u] - centroid[:, :, v], axis=2) * both).sum(1)
        count += both.sum(1)
    return np.asarray(total / np.maximum(count, 1), np.float64)


def parallels(windows: Windows) -> Floats:
    """Parallel fifths and octaves among the moves of two voices at once, `(N,)`; 0 where no two voices move.

    Two voices that move in the same direction, and are a fifth, or an octave or unison, apart before and after.
    """
    faults, moves = np.zeros(len(windows)), np.zeros(len(windows))
    for before, after, du, dv in _pairs(windows):
        both = (du != 0) & (dv != 0)
        perfect = np.isin(before % 12, (0, 7)) & (before % 12 == after % 12)
        faults += (both & perfect & (np.sign(du) == np.sign(dv))).sum(1)
        moves += both.sum(1)
    return np.asarray(faults / np.maximum(moves, 1), np.float64)


def _pairs(windows: Windows) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
    """Of each pair of voices: how far they are apart before and after each step, and how each of them moves."""
    for u, v in combinations(range(windows.pitch.shape[2]), 2):
        apart = windows.pitch[:, :, u] - windows.pitch[:, :, v]
        yield apart[:, :-1], apart[:, 1:], windows.motion[:, :, u], windows.motion[:, :, v]


def crossings(windows: Windows) -> Floats:
    """Share of the steps of neighbouring voices in which the upper is the lower one, `(N,)`; 0 for a single voice."""
    upper, lower = windows.pitch[:, :, :-1], windows.pitch[:, :, 1:]
    both: Bools = windows.sounds[:, :, :-1] & windows.sounds[:, :, 1:]
    return np.asarray(((upper < lower) & both).sum((1, 2)) / np.maximum(both.sum((1, 2)), 1), np.float64)


def leaps(windows: Windows) -> Floats:
    """Share of the moves of a voice that are larger than a major sixth, `(N,)`; 0 where no voice moves."""
    moves = (windows.motion != 0).sum((1, 2))
    return np.asarray((np.abs(windows.motion) > LEAP).sum((1, 2)) / np.maximum(moves, 1), np.float64)


def _known() -> Bools:
    """Whether a set of pitch classes, as bits, lies within a chord, `(4096,)`."""
    chords = [sum(1 << (root + k) % 12 for k in chord) for chord in CHORDS for root in range(12)]
    return np.array([any(marks & ~chord == 0 for chord in chords) for marks in range(4096)])


def _tonal() -> Floats:
    """The tonal centroid of each pitch class, `(12, 6)`: circles of fifths, minor and major thirds."""
    at = np.arange(12)
    circles = ((7 * np.pi / 6, 1.0), (3 * np.pi / 2, 1.0), (2 * np.pi / 3, 0.5))
    return np.stack([r * f(at * angle) for angle, r in circles for f in (np.sin, np.cos)], 1)


_KNOWN = _known()
_BITS = np.array([marks.bit_count() for marks in range(4096)])
_TONAL = _tonal()
