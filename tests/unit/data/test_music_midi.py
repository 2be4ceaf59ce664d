"""MIDI files: what is written is read again, what others write is read, and what is damaged is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.data.music.midi import read_midi, write_midi
from gansmith.data.music.song import Note, Song, Track, pitch_name
from gansmith.data.reader import UnreadableError


def header(form: int = 0, tracks: int = 1, ticks: int = 96) -> bytes:
    return b"MThd" + (6).to_bytes(4, "big") + b"".join(n.to_bytes(2, "big") for n in (form, tracks, ticks))


def track(*body: int) -> bytes:
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


END = (0x00, 0xFF, 0x2F, 0x00)


@st.composite
def songs(draw):
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        at, notes = 0, []
        for _ in range(draw(st.integers(1, 6))):
            start = at + draw(st.integers(0, 300))
            at = start + draw(st.integers(1, 20_000))
            notes.append(Note(start, at, draw(st.integers(0, 127)), draw(st.integers(1, 127))))
        parts.append(Track(tuple(notes), draw(st.integers(0, 127))))
    meter = (draw(st.integers(1, 12)), draw(st.sampled_from([2, 4, 8])))
    return Song(tuple(parts), draw(st.integers(1, 960)), draw(st.sampled_from([60.0, 120.0, 96.0])), meter)


@given(songs())
def test_what_is_written_is_read_again(song):
    again = read_midi(write_midi(song))
    assert (again.parts, again.ticks, again.meter, again.meters) == (song.parts, song.ticks, song.meter, False)
    assert again.tempo == pytest.approx(song.tempo, rel=1e-5)


def test_more_parts_than_channels_stay_parts():
    song = Song(tuple(Track((Note(0, 10, 40 + i),), i) for i in range(20)))
    assert read_midi(write_midi(song)).parts == song.parts


def test_running_status_silent_strikes_and_what_is_passed_over():
    body = (
        *(0x00, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20),  # 500,000 microseconds: 120
        *(0x00, 0xFF, 0x58, 4, 3, 2, 24, 8),  # 3/4
        *(0x00, 0xFF, 0x03, 2, 0x68, 0x69),  # a name
        *(0x00, 0xF0, 2, 0x01, 0xF7),  # system exclusive
        *(0x00, 0xC2, 41),
        *(0x00, 0xB2, 7, 100),
        *(0x00, 0x92, 60, 64, 0x60, 60, 0),  # running status; velocity 0 ends a note
        *(0x00, 62, 64, 0x81, 0x40, 62, 80),  # struck again after 192 ticks, never ended
        *(0x10, 0xFF, 0x2F, 0x00),
    )
    song = read_midi(header() + track(*body))
    assert song.parts == (Track((Note(0, 96, 60, 64), Note(96, 288, 62, 64), Note(288, 304, 62, 80)), 41),)
    assert (song.tempo, song.meter, song.ticks) == (120.0, (3, 4), 96)


def test_a_channel_of_a_track_is_a_part_and_drums_are_known():
    begin = (0x00, 0x90, 60, 9, 0x00, 0x99, 36, 9, 0x00, 0x91, 48, 9)
    body = (*begin, 0x10, 0x80, 60, 0, 0x00, 0x89, 36, 0, 0, 0x81, 48, 0)
    parts = read_midi(header() + track(*body, *END)).parts
    assert [(p.notes[0].pitch, p.drums) for p in parts] == [(60, False), (48, False), (36, True)]


def test_files_in_riff_and_changing_meters_are_read():
    plain = header() + track(0, 0xFF, 0x58, 4, 3, 2, 0, 0, 0, 0x90, 60, 9, 9, 0xFF, 0x58, 4, 4, 2, 0, 0, 9, 60, 0, *END)
    assert read_midi(plain).meters
    riff = b"RIFF" + (len(plain) + 12).to_bytes(4, "little") + b"RMIDdata" + len(plain).to_bytes(4, "little") + plain
    assert read_midi(riff) == read_midi(plain)


NOTE = (0x00, 0x90, 60, 64, 0x60, 0x80, 60, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not music at all", "is no MIDI file"),
        (header()[:10], "is cut off"),
        (header(2) + track(*NOTE, *END), "of type 2; types 0 and 1 are read"),
        (header(ticks=0xE728) + track(*NOTE, *END), "film frames"),
        (header(ticks=0) + track(*NOTE, *END), "no ticks"),
        (header(), "holds no track"),
        (header() + track(*NOTE, *END)[:-6], "is cut off"),
        (header() + track(*NOTE, 0x00, 0x90, 60), "ends in the middle of a track"),
        (header() + track(0x00, 0x40, 0x40), "no message"),
        (header() + track(0x00, 0x90, 0xF0, 3, *END), "out of range"),
        (header() + track(0x81, 0x81, 0x81, 0x81, 0x01), "more than four bytes"),
    ],
)
def test_what_is_damaged_is_refused_with_the_reason(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        read_midi(data)


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_damage_raises_anything_else(noise, cut):
    whole = write_midi(Song((Track((Note(0, 10, 60), Note(10, 500, 61))),)))
    for data in (header() + track(*noise), whole[:cut], whole[: cut // 2] + noise + whole[cut // 2 :]):
        try:
            song = read_midi(data)
        except UnreadableError:
            continue
        assert all(n.end > n.start and 0 <= n.pitch < 128 for part in song.parts for n in part.notes)


def test_pitches_have_names():
    assert [pitch_name(p) for p in (0, 60, 61, 127)] == ["C-1", "C4", "C#4", "G9"]
