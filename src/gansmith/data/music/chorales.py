"""Small chorales in four voices, made by rules of harmony: what the demo of music learns from.

A piece is a row of phrases of two bars. A phrase is a walk through chords that ends in a cadence; the four voices are
the cheapest way through all voicings of its chords, where large steps cost, and parallel fifths and octaves, crossings
and unresolved leading notes cost much (a shortest path). Then passing notes are put between thirds. No note is copied
from any music; the same seed makes the same pieces on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gansmith.data.music.midi import write_midi
from gansmith.data.music.voices import REST, Grid, song_of

__all__ = ["QUARTER", "chorale", "write_chorales"]

QUARTER = 4
"""Time steps in a quarter note."""

_PHRASES = 4
_RANGES = ((60, 79), (55, 72), (48, 67), (40, 60))
"""Lowest and highest pitch of soprano, alto, tenor and bass."""

_ORGAN = 19

_KEYS = (-2, 0, 2)
"""Semitones of the key note from C: few keys, so that minutes of training are enough."""

_CHORDS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "major": {
        "I": (0, 4, 7),
        "ii": (2, 5, 9),
        "iii": (4, 7, 11),
        "IV": (5, 9, 0),
        "V": (7, 11, 2),
        "V7": (7, 11, 2, 5),
        "vi": (9, 0, 4),
    },
    "minor": {
        "I": (0, 3, 7),
        "ii": (2, 5, 8),
        "iii": (3, 7, 10),
        "IV": (5, 8, 0),
        "V": (7, 11, 2),
        "V7": (7, 11, 2, 5),
        "vi": (8, 0, 3),
    },
}
"""Pitch classes of the chords above the key note, the root first; a minor key has the leading note in its dominants."""

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}

_NEXT: Mapping[str, Mapping[str, float]] = {
    "I": {"I": 1, "ii": 2, "iii": 1, "IV": 4, "V": 4, "vi": 3},
    "ii": {"V": 4, "V7": 3, "ii": 1},
    "iii": {"vi": 3, "IV": 3},
    "IV": {"I": 2, "ii": 2, "V": 4, "V7": 2, "IV": 1},
    "V": {"I": 5, "vi": 2, "V": 1, "V7": 1},
    "V7": {"I": 5, "vi": 1},
    "vi": {"ii": 3, "IV": 3, "V": 2, "iii": 1},
}
"""How often a chord follows another: the functions of tonic, subdominant and dominant."""

_CADENCES = (("ii", "V", "I"), ("IV", "V7", "I"), ("IV", "I", "V"), ("IV", "V", "vi"), ("V", "IV", "I"))
_LAST = (("ii", "V7", "I"), ("IV", "V", "I"))


@cache
def _voicings(mode: str, chord: str) -> NDArray[np.int64]:
    """All ways to sing a chord, `(ways, 4)`: the root or third in the bass, no voice too far from the next."""
    classes = _CHORDS[mode][chord]
    inside = [[p for p in range(low, high + 1) if p % 12 in classes] for low, high in _RANGES]
    bass = [p for p in inside[3] if p % 12 in classes[:2]]
    ways = [
        way
        for way in product(*inside[:3], bass)
        if way[0] > way[1] > way[2] > way[3] and way[0] - way[1] <= 12 and way[1] - way[2] <= 12
    ]
    whole = [way for way in ways if set(classes[:2]) <= {p % 12 for p in way} and _sound(way, classes)]
    return np.array(whole, np.int64)


def _sound(way: Sequence[int], classes: Sequence[int]) -> bool:
    """Whether no note that wants to move is sung twice, and a seventh chord has its seventh."""
    sung = [p % 12 for p in way]
    return sung.count(11) <= 1 and (len(classes) < 4 or sung.count(classes[3]) == 1)


@cache
def _alone(mode: str, chord: str) -> NDArray[np.float64]:
    """What a voicing costs by itself: inversions, missing fifths, a high or low soprano, and gaps."""
    ways, classes = _voicings(mode, chord), _CHORDS[mode][chord]
    inverted = (ways[:, 3] % 12 != classes[0]) * 2.0
    open_ = ~(ways % 12 == classes[2]).any(1) * 1.5
    return np.asarray(inverted + open_ + np.abs(ways[:, 0] - 69) * 0.15 + np.abs(ways[:, 3] - 50) * 0.1, np.float64)


@cache
def _between(mode: str, first: str, second: str) -> NDArray[np.float64]:
    """What it costs to go from each voicing of a chord to each of the next, `(ways, ways)`."""
    a, b = _voicings(mode, first)[:, None], _voicings(mode, second)[None]
    move = b - a
    size = np.abs(move)
    cost = (size * np.array([0.6, 0.5, 0.5, 0.25])).sum(2) + (size[..., :3] > 5).sum(2) * 4.0 + (size > 9).sum(2) * 9.0
    for u in range(4):
        for v in range(u + 1, 4):
            before, after = (a[..., u] - a[..., v]) % 12, (b[..., u] - b[..., v]) % 12
            same = (move[..., u] != 0) & (np.sign(move[..., u]) == np.sign(move[..., v]))
            cost = cost + ((before == after) & np.isin(before, (0, 7)) & same) * 40.0
    leading = (a % 12 == 11) & (move != 1) & (second in ("I", "vi"))
    overlap = (b[..., 1:] > a[..., :-1]).sum(2) + (b[..., :-1] < a[..., 1:]).sum(2)
    return np.asarray(cost + leading.sum(2) * 8.0 + overlap * 5.0 + (size.sum(2) == 0) * 3.0, np.float64)


def _harmony(mode: str, rng: np.random.Generator) -> list[str]:
    """Chords of a piece, eight a phrase; the last of each is held."""
    chords: list[str] = []
    for phrase in range(_PHRASES):
        last = phrase == _PHRASES - 1
        ends = _LAST if last else _CADENCES
        end = ends[int(rng.integers(len(ends)))]
        line = ["I" if phrase == 0 or rng.random() < 0.5 else "vi"]
        while len(line) < 4:
            line.append(_following(line[-1], rng))
        line.append(next((c for c in ("I", "vi", "IV") if c in _NEXT[line[-1]] and end[0] in _NEXT[c]), "I"))
        chords += [*line, *end]
    return chords


def _following(chord: str, rng: np.random.Generator) -> str:
    names = list(_NEXT[chord])
    odds = np.cumsum([_NEXT[chord][name] for name in names])
    return names[int(np.searchsorted(odds, rng.random() * odds[-1], side="right"))]


def _sung(mode: str, chords: Sequence[str], rng: np.random.Generator) -> NDArray[np.int64]:
    """The cheapest voices through the chords, `(chords, 4)`; a little chance keeps pieces apart."""
    total = _alone(mode, chords[0]) + rng.random(len(_voicings(mode, chords[0]))) * 4
    back = []
    for first, second in pairwise(chords):
        chance = rng.random(len(_voicings(mode, second))) * 6
        costs = total[:, None] + _between(mode, first, second) + _alone(mode, second) + chance
        back.append(costs.argmin(0))
        total = costs.min(0)
    at = int(total.argmin())
    path = [at]
    for step in reversed(back):
        at = int(step[at])
        path.append(at)
    return np.stack([_voicings(mode, c)[i] for c, i in zip(chords, reversed(path), strict=True)])


def chorale(mode: str, seed: int) -> Grid:
    """A piece of eight bars in four voices.

    Args:
        mode: `"major"` or `"minor"`.
        seed: The same seed makes the same piece.
    """
    rng = np.random.default_rng((seed, mode == "minor"))
    chords = _harmony(mode, rng)
    voices, scale = _sung(mode, chords, rng), _SCALES[mode]
    pitch = np.repeat(voices, QUARTER, axis=0)
    again = np.zeros(pitch.shape, bool)
    again[::QUARTER] = True
    again[0] = False
    for beat in range(len(chords) - 1):
        if beat % 8 == 7:
            continue
        for voice in range(4):
            a, b = int(voices[beat, voice]), int(voices[beat + 1, voice])
            between = [p for p in range(min(a, b) + 1, max(a, b)) if p % 12 in scale]
            if abs(a - b) in (3, 4) and len(between) == 1 and rng.random() < 0.55:
                pitch[beat * QUARTER + QUARTER // 2 : (beat + 1) * QUARTER, voice] = between[0]
    again[1:] &= pitch[1:] == pitch[:-1]
    key = _KEYS[int(rng.integers(len(_KEYS)))]
    return Grid((pitch + key).astype(np.uint8), again & (pitch != REST), (_ORGAN,) * 4, tempo=88.0)


def write_chorales(folder: Path, each: int = 160) -> Path:
    """Write chorales as MIDI files into sub-folders `major` and `minor`; returns the folder.

    Args:
        folder: Made if it isn't there; pieces that are there are written again.
        each: Pieces of each mode.
    """
    for mode in _CHORDS:
        place = folder / mode
        place.mkdir(parents=True, exist_ok=True)
        for seed in range(each):
            data = write_midi(song_of(chorale(mode, seed), QUARTER))
            (place / f"{seed + 1:03d}.mid").write_bytes(data)
    return folder
