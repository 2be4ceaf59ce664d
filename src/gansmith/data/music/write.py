"""Voices as files: MIDI, sound, grids and piano rolls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.midi import write_midi
from gansmith.data.music.roll import draw_rolls
from gansmith.data.music.synth import sound, wav_bytes
from gansmith.data.music.voices import REST, Grid, song_of

__all__ = ["WRITTEN", "in_a_row", "write_music"]

WRITTEN = (".mid", ".wav", ".npz", ".png")
"""Endings of files that windows can be written to."""


def write_music(codec: MusicCodec, grids: Sequence[Grid], path: Path, ending: str) -> None:
    """Write windows to one file.

    Args:
        codec: Knows the grid.
        grids: One or more windows.
        path: Where.
        ending: `.mid` and `.wav`: one after the other; `.npz`: an array `windows` `(N, steps, voices)` int16 with -1
            for rests, which loses where notes are struck again; `.png`: a sheet of piano rolls.
    """
    if ending == ".mid":
        path.write_bytes(write_midi(song_of(in_a_row(grids), codec.steps, codec.meter)))
    elif ending == ".wav":
        path.write_bytes(wav_bytes(sound(in_a_row(grids), codec.steps)))
    elif ending == ".npz":
        pitch = np.stack([grid.pitch for grid in grids]).astype(np.int16)
        with path.open("wb") as file:
            np.savez_compressed(file, windows=np.where(pitch == REST, -1, pitch))
    else:
        draw_rolls(grids, codec.range, codec.steps, codec.bar).save(path, "PNG")


def in_a_row(grids: Sequence[Grid]) -> Grid:
    """Windows one after the other; each begins with new notes."""
    first = grids[0]
    again = [grid.again.copy() for grid in grids]
    for before, grid, marks in zip(grids, grids[1:], again[1:], strict=False):
        marks[0] = (grid.pitch[0] == before.pitch[-1]) & (grid.pitch[0] != REST)
    return Grid(np.concatenate([grid.pitch for grid in grids]), np.concatenate(again), first.programs, first.tempo)
