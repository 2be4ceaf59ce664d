"""Voices on a grid: which pitch each of them has in each time step, from the notes of a song and back to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.music.song import Note, Song, Track
from gansmith.errors import InputError

__all__ = ["MOST_VOICES", "REST", "Grid", "bar_steps", "grid_of", "notes_of", "song_of", "voices_in"]

REST = 255
"""What a voice has where it is silent."""

MOST_VOICES = 16
"""A part with more notes at once is brought to so many."""

_RARE = 0.02
"""Notes at once that are heard in less than this share of a part's time are not counted as voices of their own."""

_VELOCITY = 84

_TICKS = 120
"""MIDI ticks of a time step."""


@dataclass(frozen=True)
class Grid:
    """A piece as voices on a grid.

    Attributes:
        pitch: MIDI pitch of each voice in each step, `(steps, voices)` uint8, highest voice first; `REST` for none.
        again: Where a voice strikes the pitch once more that it has already, `(steps, voices)`.
        programs: General MIDI program of each voice.
        tempo: Quarter notes a minute.
        lost: Notes that found no free voice.
    """

    pitch: NDArray[np.uint8]
    again: NDArray[np.bool_]
    programs: tuple[int, ...]
    tempo: float = 100.0
    lost: int = 0


def bar_steps(meter: tuple[int, int], steps: int) -> int:
    """Time steps of a bar, with `steps` in a quarter note.

    Raises:
        InputError: The bar is no whole number of steps.
    """
    whole, rest = divmod(4 * steps * meter[0], meter[1])
    if rest or not whole:
        raise InputError(
            f"a bar of {meter[0]}/{meter[1]} has no whole number of steps: take another steps= (now {steps})"
        )
    return whole


def voices_in(song: Song, steps: int) -> tuple[int, ...]:
    """How many voices each pitched part of a song has, highest part first."""
    return tuple(_width(notes) for notes, _ in _parts(song, steps))


def grid_of(song: Song, steps: int, voices: int) -> Grid:
    """A song as voices on a grid.

    Where its parts together have as many voices as asked for, each part keeps its own; otherwise all notes are shared
    out among the voices, from the top. Drums are left out.

    Args:
        song: With notes.
        steps: Time steps in a quarter note; notes begin and end at the nearest one, and last at least one.
        voices: How many there shall be.
    """
    parts = _parts(song, steps)
    widths = [_width(notes) for notes, _ in parts]
    length = max((note.end for notes, _ in parts for note in notes), default=0)
    if sum(widths) != voices:
        loudest = max(parts, key=lambda part: len(part[0]), default=((), 0))[1]
        parts, widths = [(sorted((n for p, _ in parts for n in p), key=_order), loudest)], [voices]
    pitch = np.full((length, voices), REST, np.uint8)
    again = np.zeros((length, voices), bool)
    first, lost = 0, 0
    for (notes, _), width in zip(parts, widths, strict=True):
        for voice, note in _shared(notes, width):
            if voice is None:
                lost += 1
                continue
            column = pitch[:, first + voice]
            again[note.start, first + voice] = note.start > 0 and column[note.start - 1] == note.pitch
            column[note.start :] = REST
            column[note.start : note.end] = note.pitch
        first += width
    programs = tuple(program for (_, program), width in zip(parts, widths, strict=True) for _ in range(width))
    return Grid(pitch, again, programs, song.tempo, lost)


def _parts(song: Song, steps: int) -> list[tuple[list[Note], int]]:
    """Notes in time steps and the program of each pitched part, the highest first."""
    found = []
    for part in song.parts:
        if part.drums:
            continue
        scaled = ((round(n.start * steps / song.ticks), round(n.end * steps / song.ticks), n) for n in part.notes)
        notes = sorted((Note(a, max(b, a + 1), n.pitch, n.velocity) for a, b, n in scaled), key=_order)
        found.append((notes, part.program))
    return sorted(found, key=lambda part: -float(np.median([n.pitch for n in part[0]])))


def _order(note: Note) -> tuple[int, int]:
    return note.start, -note.pitch


def _width(notes: Sequence[Note]) -> int:
    """How many notes sound at once in a part, rare moments left out."""
    length = max(note.end for note in notes)
    change = np.zeros(length + 1, np.int64)
    for note in notes:
        change[note.start] += 1
        change[note.end] -= 1
    at_once = np.cumsum(change)
    counts = np.bincount(at_once[at_once > 0])
    at_least = np.cumsum(counts[::-1])[::-1] / counts.sum()
    return min(int(np.flatnonzero(at_least >= _RARE)[-1]), MOST_VOICES)


def _shared(notes: Sequence[Note], voices: int) -> Iterator[tuple[int | None, Note]]:
    """Each note with its voice, or None where all are busy; a single voice goes on to the newest note.

    Notes that begin together keep their order from the top, and go to those free voices from whose last pitches they
    are least far away.
    """
    until = [0] * voices
    centre = sum(n.pitch for n in notes) / max(1, len(notes))
    last = [centre + 6 * ((voices - 1) / 2 - v) for v in range(voices)]
    for start, group in groupby(notes, key=lambda n: n.start):
        chord = list({note.pitch: note for note in group}.values())
        free = [v for v in range(voices) if until[v] <= start] if voices > 1 else [0]
        if len(chord) > len(free):  # the outer ones are heard best
            kept = chord[: max(0, len(free) - 1)] + (chord[-1:] if free and voices > 1 else [])
            kept = chord[:1] if voices == 1 else kept
            yield from ((None, note) for note in chord if note not in kept)
            chord = kept
        ways = combinations(free, len(chord))
        best = min(ways, key=lambda way: sum(abs(last[v] - n.pitch) for v, n in zip(way, chord, strict=True)))
        for voice, note in zip(best, chord, strict=True):
            until[voice], last[voice] = note.end, note.pitch
            yield voice, note


def notes_of(pitch: NDArray[Any], again: NDArray[np.bool_]) -> list[list[tuple[int, int, int]]]:
    """Notes of each voice as `(first step, one past the last, pitch)`, from `(steps, voices)` pitches."""
    found = []
    for voice in range(pitch.shape[1]):
        column = pitch[:, voice].astype(np.int64)
        new = np.ones(len(column), bool)
        new[1:] = (column[1:] != column[:-1]) | again[1:, voice]
        edges = [*np.flatnonzero(new).tolist(), len(column)]
        found.append([(a, b, int(column[a])) for a, b in pairwise(edges) if column[a] != REST])
    return found


def song_of(grid: Grid, steps: int, meter: tuple[int, int] = (4, 4)) -> Song:
    """A grid as a song with a part for each voice that has notes."""
    parts = []
    for voice, notes in enumerate(notes_of(grid.pitch, grid.again)):
        timed = tuple(Note(a * _TICKS, b * _TICKS, pitch, _VELOCITY) for a, b, pitch in notes)
        if timed:
            parts.append(Track(timed, grid.programs[voice]))
    return Song(tuple(parts), _TICKS * steps, grid.tempo, meter)
