"""A piece of music as notes on a time line: what a MIDI file says, and nothing of how it says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["NAMES", "Note", "Song", "Track", "pitch_name"]

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Of the twelve pitch classes, from C."""


def pitch_name(pitch: int) -> str:
    """The name of a MIDI pitch, with its octave: 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


class Note(NamedTuple):
    """One note.

    Attributes:
        start: When it begins, in ticks.
        end: When it ends, in ticks, after `start`.
        pitch: MIDI pitch, 0 to 127; 60 is middle C.
        velocity: How hard it is struck, 1 to 127.
    """

    start: int
    end: int
    pitch: int
    velocity: int = 80


@dataclass(frozen=True)
class Track:
    """What one instrument plays.

    Attributes:
        notes: Ordered by start, then pitch.
        program: General MIDI program, 0 to 127: 0 is a piano.
        drums: Whether pitches are drums (channel 10).
    """

    notes: tuple[Note, ...]
    program: int = 0
    drums: bool = False


@dataclass(frozen=True)
class Song:
    """A piece of music.

    Attributes:
        parts: Those that have notes.
        ticks: Ticks in a quarter note.
        tempo: Quarter notes a minute, at the beginning.
        meter: Beats of a bar, and which part of a whole note a beat is: `(3, 4)`. The first that is given.
        meters: Whether the meter changes later.
    """

    parts: tuple[Track, ...]
    ticks: int = 480
    tempo: float = 120.0
    meter: tuple[int, int] = (4, 4)
    meters: bool = False
