"""Music at a path: recognised, cut into windows, and what can't be used named in a line while the rest goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gansmith.data.music.chorales import QUARTER, chorale
from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.midi import write_midi
from gansmith.data.music.open import open_music, recognise_music
from gansmith.data.music.options import MusicOptions
from gansmith.data.music.song import Note, Song, Track
from gansmith.data.music.voices import REST, song_of
from gansmith.errors import InputError

PLAIN = MusicOptions()


def midi(mode: str = "major", seed: int = 0) -> bytes:
    return write_midi(song_of(chorale(mode, seed), QUARTER))


def rows(length: int = 64, seed: int = 0, voices: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(50, 70, (length, voices)).astype(np.int16)


@pytest.fixture
def folder(tmp_path):
    for mode in ("major", "minor"):
        (tmp_path / mode).mkdir()
        for seed in range(2):
            (tmp_path / mode / f"{seed}.mid").write_bytes(midi(mode, seed))
    return tmp_path


def test_a_folder_of_midi_files_is_classes_of_windows(folder):
    assert recognise_music(folder) == "it holds 4 MIDI files"
    items = open_music(folder, PLAIN)
    assert len(items) == 16
    assert items.classes == ("major", "minor")
    assert items.labels.tolist() == [0] * 8 + [1] * 8
    assert items.names[1] == "major/0.mid bars 3-4"
    assert items.arrays["pitch"].shape == (16, 32, 4)
    assert len({row.tobytes() for row in items.together}) == 4
    assert np.array_equal(items.arrays["pitch"][0], chorale("major", 0).pitch[:32])


def test_folders_named_like_splits_are_splits_and_hops_share_bars(folder):
    (folder / "major").rename(folder / "train")
    (folder / "minor").rename(folder / "test")
    items = open_music(folder, MusicOptions(hop=1))
    assert items.classes == ()
    assert items.given_splits.count("train") == items.given_splits.count("test") == 14
    assert np.array_equal(items.arrays["pitch"][0, 16:], items.arrays["pitch"][1, :16])


def test_npz_of_pieces_with_their_lengths(tmp_path):
    path = tmp_path / "pieces.npz"
    many = np.concatenate([rows(40, 0), rows(100, 1)])
    many[5, 2] = -1
    np.savez(path, train=many, train_len=[40, 100], test=rows(32, 2), test_len=[32])
    assert "length of each piece" in recognise_music(path)
    items = open_music(path, PLAIN)
    assert items.given_splits == ("train",) * 4 + ("test",)
    assert items.arrays["pitch"][0, 5, 2] == REST
    assert items.names[1] == "pieces.npz train[1] bars 1-2"


def test_other_grids(tmp_path):
    piece = rows(32, 3)
    np.savez(tmp_path / "a.npz", one=np.stack([piece, rows(32, 4)]))
    np.save(tmp_path / "b.npy", piece)
    lists = [[None if p == 50 else int(p) for p in row] for row in piece]
    (tmp_path / "c.json").write_text(json.dumps({"train": [lists], "valid": [lists]}))
    (tmp_path / "d.json").write_text(json.dumps([lists]))
    head = "piece,soprano,alto,tenor,bass\n"
    lines = [f"{name}," + ",".join("" if p == 50 else str(p) for p in row) for name in "xy" for row in piece]
    (tmp_path / "e.csv").write_text(head + "\n".join(lines))
    assert recognise_music(tmp_path / "e.csv") == "its columns are soprano, alto, tenor and bass"
    assert not any(recognise_music(tmp_path / name) for name in ("a.npz", "c.json", "b.npy"))
    silent = np.where(piece == 50, REST, piece)
    for name, n, wanted in (("a.npz", 2, piece), ("b.npy", 1, piece), ("c.json", 2, silent), ("d.json", 1, silent)):
        items = open_music(tmp_path / name, PLAIN)
        assert len(items) == n, name
        assert np.array_equal(items.arrays["pitch"][0], wanted), name
    items = open_music(tmp_path / "e.csv", PLAIN)
    assert [n.split()[1] for n in items.names] == ["x", "y"]
    assert np.array_equal(items.arrays["pitch"][0], silent)


def test_bad_files_are_named_and_the_rest_goes_on(folder):
    place = folder / "major"
    (place / "bad.mid").write_bytes(b"MThd what")
    (place / "cut.mid").write_bytes(midi()[:300])
    (place / "empty.mid").write_bytes(b"")
    (place / "silent.mid").write_bytes(write_midi(Song(())))
    (place / "drums.mid").write_bytes(write_midi(Song((Track((Note(0, 9, 36),), 0, True),))))
    (place / "one.mid").write_bytes(write_midi(Song((Track((Note(0, 9600, 60),)),))))
    (place / "short.mid").write_bytes(write_midi(Song((Track((Note(0, 480, 60), Note(480, 960, 62))),))))
    waltz = Song((Track(tuple(Note(480 * i, 480 * i + 480, 60 + i) for i in range(24))),), meter=(3, 4))
    (place / "waltz.mid").write_bytes(write_midi(waltz))
    items = open_music(folder, PLAIN)
    assert len(items) == 16
    told = {s.name: s.reason for s in items.skipped}
    assert told == {
        "major/bad.mid": "is cut off",
        "major/cut.mid": "is cut off",
        "major/empty.mid": "is empty",
        "major/silent.mid": "has no notes",
        "major/drums.mid": "has only drums",
        "major/one.mid": "has one pitch only, C4: nothing to learn",
        "major/short.mid": "is 0.5 bars long; a window has 2: --read bars=1 is least",
        "major/waltz.mid": "is in 3/4, and windows are in 4/4: --read meter=3/4 takes it",
    }
    assert not any("\n" in reason for reason in told.values())


def test_a_waltz_alone_is_cut_by_its_own_bars(tmp_path):
    notes = tuple(Note(480 * i, 480 * i + 480, 60 + i % 5) for i in range(24))
    (tmp_path / "waltz.mid").write_bytes(write_midi(Song((Track(notes),), meter=(3, 4))))
    items = open_music(tmp_path, PLAIN)
    assert items.arrays["pitch"].shape == (4, 24, 1)
    codec = MusicCodec.fit(items, PLAIN)
    assert codec.meter == (3, 4)
    assert codec.describe() == "2 bars of 3/4 in 1 voice, 4 steps a quarter note, C4 to E4"
    assert np.array_equal(open_music(tmp_path, MusicOptions(bars=7), like=codec).arrays["pitch"], items.arrays["pitch"])


def test_other_numbers_of_voices_are_shared_out_and_told(folder):
    solo = Song((Track(tuple(Note(480 * i, 480 * i + 480, 60 + i % 7) for i in range(16))),))
    (folder / "major" / "solo.mid").write_bytes(write_midi(solo))
    items = open_music(folder, PLAIN)
    assert "1 of 5 pieces have another number of voices than 4" in items.warnings[0]
    assert open_music(folder, MusicOptions(voices=2)).arrays["pitch"].shape[2] == 2


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.mid", b"nonsense", "x.mid: is no MIDI file"),
        ("x.txt", b"la la", "is no music: give MIDI files"),
        ("x.csv", b"a,b\n60,61\n60,la\n", "line 3, column 2 is 'la', no MIDI pitch"),
        ("x.csv", b"60,61\n200,61\n", "row 2, column 1 is 200: no MIDI pitch from 0 to 127"),
        ("x.csv", b"60,60\n" * 40, "has one pitch only, C4"),
        ("x.csv", b"", "is empty"),
        ("x.json", b"{", "cannot be read as a grid"),
        ("x.json", b'{"train": 3}', "'train' is no list of pieces"),
        ("x.json", b'[[["a"]]]', "row 1, column 1 is 'a', no pitch"),
        ("x.npz", b"PK", "cannot be read as a grid"),
        ("x.csv", b"60,61\n" * 8, "is 0.5 bars long"),
    ],
)
def test_what_cannot_be_read_at_all_is_one_line(tmp_path, name, data, told):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=told.replace("(", r"\(")) as error:
        open_music(path, PLAIN)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_lengths_that_do_not_fit_and_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", train=rows(40), train_len=[3, 4])
    with pytest.raises(InputError, match="add up to 7, but train has 40 rows"):
        open_music(tmp_path / "a.npz", PLAIN)
    np.savez(tmp_path / "b.npz", train=np.array([rows(4), None], object))
    with pytest.raises(InputError, match="Python objects, which are never loaded"):
        open_music(tmp_path / "b.npz", PLAIN)


def test_pieces_beside_class_folders_and_empty_folders_are_refused(folder, tmp_path_factory):
    (folder / "loose.mid").write_bytes(midi())
    with pytest.raises(InputError, match="lie beside the class folders"):
        open_music(folder, PLAIN)
    empty = tmp_path_factory.mktemp("empty")
    assert recognise_music(empty) is None
    with pytest.raises(InputError, match="holds no music"):
        open_music(empty, PLAIN)
