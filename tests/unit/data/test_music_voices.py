"""Notes to voices on a grid and back; the codec, transposition, sound, pictures, and the demo's chorales."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.items import Items, digests
from gansmith.data.music.chorales import QUARTER, chorale
from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.options import MusicOptions, meter_of
from gansmith.data.music.roll import draw_rolls
from gansmith.data.music.song import Note, Song, Track
from gansmith.data.music.synth import RATE, sound, wav_bytes
from gansmith.data.music.transpose import transposing
from gansmith.data.music.voices import REST, Grid, bar_steps, grid_of, notes_of, song_of, voices_in
from gansmith.data.music.write import in_a_row
from gansmith.errors import InputError
from gansmith.testing import check_codec


def grid(columns, again=()) -> Grid:
    pitch = np.array(columns, np.uint8).T
    marks = np.zeros(pitch.shape, bool)
    for step, voice in again:
        marks[step, voice] = True
    return Grid(pitch, marks, (0,) * pitch.shape[1])


@st.composite
def grids(draw, steps=16):
    n = draw(st.integers(1, 3))
    lanes = [draw(st.lists(st.sampled_from([REST, 10, 11, 15]), min_size=steps, max_size=steps)) for _ in range(n)]
    pitch = np.array([[p if p == REST else p + 100 - 30 * v for p in lane] for v, lane in enumerate(lanes)], np.uint8).T
    struck = np.array(draw(st.lists(st.booleans(), min_size=steps * n, max_size=steps * n))).reshape(steps, n)
    again = np.zeros(pitch.shape, bool)
    again[1:] = struck[1:] & (pitch[1:] == pitch[:-1]) & (pitch[1:] != REST)
    return Grid(pitch, again, (0,) * n)


@given(grids())
def test_voices_become_notes_and_the_same_voices_again(there):
    heard = [v for v in range(there.pitch.shape[1]) if (there.pitch[:, v] != REST).any()]
    back = grid_of(song_of(there, 4), 4, len(heard)) if heard else None
    if back is not None:
        end = len(back.pitch)
        assert np.array_equal(back.pitch, there.pitch[:end, heard])
        assert np.array_equal(back.again, there.again[:end, heard])
        assert (there.pitch[end:] == REST).all()


def song(*parts, ticks=4) -> Song:
    return Song(tuple(Track(tuple(sorted(Note(*n) for n in notes))) for notes in parts), ticks)


def test_chords_of_a_part_become_voices_from_the_top():
    chords = song([(0, 4, 60), (0, 4, 64), (0, 4, 67), (4, 8, 59), (4, 8, 62), (4, 8, 67)])
    assert voices_in(chords, 4) == (3,)
    found = grid_of(chords, 4, 3)
    assert found.pitch[[0, 4]].tolist() == [[67, 64, 60], [67, 62, 59]]
    assert found.again[4].tolist() == [True, False, False]


def test_parts_keep_their_voices_highest_first_where_they_are_as_many_as_asked_for():
    duet = song([(0, 8, 40)], [(0, 4, 70), (4, 8, 30)])
    assert grid_of(duet, 4, 2).pitch[[0, 5]].tolist() == [[70, 40], [30, 40]]
    assert grid_of(duet, 4, 1).pitch[0].tolist() == [70]


def test_other_numbers_of_voices_share_out_the_notes_and_count_what_is_lost():
    chord = song([(0, 4, p) for p in (48, 52, 55, 60, 64)])
    found = grid_of(chord, 4, 3)
    assert found.pitch[0].tolist() == [64, 60, 48]
    assert found.lost == 2
    wider = grid_of(chord, 4, 6)
    assert sorted(wider.pitch[0].tolist()) == [48, 52, 55, 60, 64, REST]


def test_a_held_note_keeps_its_voice_and_a_single_voice_goes_on_to_the_newest():
    held = song([(0, 8, 60), (0, 4, 72), (4, 8, 74)])
    assert grid_of(held, 4, 2).pitch[[0, 4]].tolist() == [[72, 60], [74, 60]]
    over = Song((Track((Note(0, 100, 60), Note(50, 60, 72))),), 100)
    assert grid_of(over, 4, 1).pitch[:, 0].tolist() == [60, 60, 72, REST]


def test_drums_are_left_out_and_short_notes_last_a_step():
    mixed = Song((Track((Note(0, 1, 60),)), Track((Note(0, 400, 36),), 0, True)), 100)
    found = grid_of(mixed, 4, 1)
    assert found.pitch.tolist() == [[60]]


def test_bars_and_meters():
    assert [bar_steps(m, 4) for m in ((4, 4), (3, 4), (6, 8), (2, 2))] == [16, 12, 12, 16]
    with pytest.raises(InputError, match="no whole number of steps"):
        bar_steps((7, 8), 1)
    with pytest.raises(InputError, match="is no meter"):
        meter_of("4")
    with pytest.raises(InputError, match=r"bars=0 must lie between 1 and 64.*\n.*tempo=1 must"):
        MusicOptions(bars=0, tempo=1)


def items(*there: Grid, classes=(), labels=None) -> Items:
    pitch, again = np.stack([g.pitch for g in there]), np.stack([g.again for g in there])
    n = len(there)
    arrays = {
        "pitch": pitch,
        "again": again,
        "program": np.array([g.programs for g in there], np.uint8),
        "tempo": np.full(n, 100, np.float32),
        "meter": np.tile(np.array([4, 4], np.uint8), (n, 1)),
    }
    from pathlib import Path

    return Items(arrays, ("x",) * n, digests(pitch, again), Path("x"), labels, classes)


@pytest.fixture
def pieces() -> Items:
    there = [chorale(mode, seed) for mode in ("major", "minor") for seed in range(3)]
    cut = [Grid(g.pitch[:32], g.again[:32], g.programs) for g in there]
    return items(*cut, classes=("major", "minor"), labels=np.array([0, 0, 0, 1, 1, 1]))


def test_the_codec_keeps_what_it_encodes(pieces):
    codec = MusicCodec.fit(pieces, MusicOptions())
    check_codec(codec, pieces.arrays, pieces.labels)
    batch = codec.encode(pieces.arrays, pieces.labels)
    found, labels = codec.decode(batch)
    assert np.array_equal(found["pitch"], pieces.arrays["pitch"])
    assert np.array_equal(found["again"], pieces.arrays["again"])
    assert np.array_equal(labels, pieces.labels)
    assert batch["signal"].shape[1:] == codec.spec["signal"].shape
    assert codec.spec["signal"].names[-1] == "again"
    assert (batch["signal"][..., :-1].sum(3) == 1).all()
    assert MusicCodec.from_json(codec.to_json()) == codec


def test_pitches_beyond_the_training_range_are_moved_into_it_by_octaves():
    codec = MusicCodec.fit(items(grid([[60, 71]])), MusicOptions(bars=1))
    beyond = items(grid([[59, 72]])).arrays
    assert codec.decode(codec.encode(beyond))[0]["pitch"].ravel().tolist() == [71, 60]
    narrow = MusicCodec.fit(items(grid([[60, 62]])), MusicOptions(bars=1))
    assert narrow.decode(narrow.encode(beyond))[0]["pitch"].ravel().tolist() == [60, 60]


def test_data_of_one_pitch_and_damaged_codecs_are_refused(pieces):
    with pytest.raises(InputError, match="all notes in training have one pitch"):
        MusicCodec.fit(items(grid([[60, REST]])), MusicOptions())
    good = MusicCodec.fit(pieces, MusicOptions()).to_json()
    for bad in ({**good, "format": 2}, {**good, "lowest": []}, {**good, "bars": 0}, {**good, "odd": 1}, []):
        with pytest.raises(InputError, match=r"codec\.json"):
            MusicCodec.from_json(bad)


def test_transposition_moves_whole_windows_within_the_ranges_whatever_the_batch(pieces):
    codec = MusicCodec.fit(pieces, MusicOptions())
    vary = transposing(codec, 5)
    assert transposing(codec, 0) is None
    many = {name: np.tile(column, (40,) + (1,) * (column.ndim - 1)) for name, column in pieces.arrays.items()}
    moved = vary(many, 3, 0)["pitch"]
    by = moved.astype(int) - many["pitch"]
    assert (by == by[:, :1, :1]).all()
    assert len(set(by[:, 0, 0].tolist())) > 3
    assert np.abs(by).max() <= 5
    assert (moved.min((0, 1)) >= codec.lowest).all() and (moved.max((0, 1)) <= codec.highest).all()
    part = vary({name: column[7:20] for name, column in many.items()}, 3, 7)["pitch"]
    assert np.array_equal(part, moved[7:20])


def test_sound_has_the_right_pitch_length_and_loudness():
    there = grid([[69] * 16])
    heard = sound(there, 4)
    assert abs(len(heard) / RATE - (16 * 60 / 100 / 4 + 0.4)) < 1e-3
    spectrum = np.abs(np.fft.rfft(heard.astype(float)))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(440, abs=1)
    assert np.abs(heard).max() == round(0.8 * 32767)
    assert not sound(grid([[REST] * 4]), 4).any()
    assert wav_bytes(heard)[:4] == b"RIFF"


def test_rolls_show_notes_in_the_colour_of_their_voice():
    sheet = draw_rolls([grid([[62, 62], [60, REST]])], (60, 62), 4, 16, 1)
    colours = {sheet.getpixel((8 + 3, 8 + y)) for y in (1, 9)}
    assert len(colours) == 2
    assert sheet.getpixel((8 + 3 + 6, 8 + 9)) not in colours


def test_windows_in_a_row_begin_with_new_notes():
    row = in_a_row([grid([[60, 60]]), grid([[60, 62]])])
    assert notes_of(row.pitch, row.again) == [[(0, 2, 60), (2, 3, 60), (3, 4, 62)]]


def test_chorales_are_the_same_everywhere_and_keep_the_rules():
    parallels = beats = 0
    for mode in ("major", "minor"):
        for seed in range(6):
            piece = chorale(mode, seed)
            assert piece.pitch.shape == (32 * QUARTER, 4)
            chords = piece.pitch[::QUARTER].astype(int)
            assert (np.diff(chords, axis=1) < 0).all(), "voices cross"
            for a, b in pairwise(chords):
                for u in range(4):
                    for v in range(u + 1, 4):
                        same = (a[u] - a[v]) % 12 == (b[u] - b[v]) % 12 and (a[u] - a[v]) % 12 in (0, 7)
                        parallels += same and a[u] != b[u] and (b[u] - a[u]) * (b[v] - a[v]) > 0
                beats += 1
    assert parallels / beats < 0.02
    digest = hashlib.sha256(b"".join(chorale("minor", s).pitch.tobytes() for s in range(3))).hexdigest()
    assert digest[:16] == "865c7e15cb2f1c6e"


def test_encoded_batches_are_float_tensors(pieces):
    batch = MusicCodec.fit(pieces, MusicOptions()).encode(pieces.arrays, pieces.labels)
    assert batch["signal"].dtype == torch.float32
    assert batch["label"].dtype == torch.int64
