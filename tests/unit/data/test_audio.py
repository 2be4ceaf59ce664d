"""Sounds: files of every form in, bad ones told by name, clips of one rate and length, and back."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.audio import decode
from gansmith.data.audio.codec import SoundCodec
from gansmith.data.audio.cut import cut, usual_length
from gansmith.data.audio.decode import read_sound
from gansmith.data.audio.open import open_sounds
from gansmith.data.audio.options import AudioOptions
from gansmith.data.audio.recognise import sounds_in
from gansmith.data.audio.riff import read_wav, wav_bytes
from gansmith.data.audio.sound import clipped_share, mixed, peak_decibels, resampled, trimmed
from gansmith.data.audio.synth import INSTRUMENTS, play, write_instruments
from gansmith.data.reader import UnreadableError
from gansmith.errors import InputError

RATE = 8000


def tone(hertz=440.0, seconds=0.3, rate=RATE, loud=0.5):
    return loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)[None]


def as_wav(sound, rate=RATE):
    return wav_bytes(np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16), rate)


def riff(code, bits, payload, channels=1, rate=RATE, extensible=False, size=None):
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else code, channels, rate, rate * frame, frame, bits)
    if extensible:
        head += struct.pack("<HHIH", 22, bits, 0, code) + b"\0" * 14
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(payload) if size is None else size) + payload
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


@pytest.fixture
def folder(tmp_path):
    """Two classes of six sounds each."""
    for name, hertz in (("high", 900), ("low", 200)):
        (tmp_path / name).mkdir()
        for i in range(6):
            (tmp_path / name / f"{i}.wav").write_bytes(as_wav(tone(hertz + 10 * i, 0.2 + 0.01 * i)))
    return tmp_path


# --- WAV


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 3).flatmap(
        lambda c: st.lists(st.tuples(*[st.integers(-32768, 32767)] * c), min_size=1, max_size=40)
    ),
    st.integers(1000, 192_000),
)
def test_sixteen_bits_come_back_as_they_were(rows, rate):
    sound = np.array(rows, np.int16).T
    read, found = read_wav(wav_bytes(sound, rate))
    assert found == rate
    assert np.array_equal(read * 32768, sound)


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("code", "bits", "payload", "wanted"),
    [
        (1, 8, bytes([0, 128, 255]), [-1, 0, 127 / 128]),
        (1, 24, b"\x00\x00\x80" + b"\x00\x00\x00" + b"\x00\x00\x40", [-1, 0, 0.5]),
        (1, 32, struct.pack("<3i", -(2**31), 0, 2**30), [-1, 0, 0.5]),
        (3, 32, struct.pack("<3f", -1, 0, 0.5), [-1, 0, 0.5]),
        (3, 64, struct.pack("<3d", -1, 0, 0.5), [-1, 0, 0.5]),
    ],
)
def test_every_width_is_read(code, bits, payload, wanted, extensible):
    assert read_wav(riff(code, bits, payload, extensible=extensible))[0].tolist() == [wanted]


def test_a_size_that_a_stream_could_not_fill_in_is_what_is_there():
    assert read_wav(riff(1, 16, b"\0\0\1\0", size=0xFFFFFFFF))[0].shape == (1, 2)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"hello", "is no WAV file"),
        (riff(1, 16, b"\0" * 8)[:30], "has no format"),
        (riff(1, 16, b"\0" * 8, size=800), "is cut short: 4 of 400 samples"),
        (riff(1, 16, b""), "has no samples"),
        (riff(2, 4, b"\0" * 8), r"not known here \(format 2, 4 bits\)"),
        (riff(1, 16, b"\0" * 8, channels=0), "damaged header"),
        (riff(3, 32, struct.pack("<f", math.nan)), "NaN"),
    ],
)
def test_damaged_files_are_told(data, told, monkeypatch):
    monkeypatch.setattr(decode, "_soundfile", lambda: None)
    with pytest.raises(UnreadableError, match=told):
        read_sound(data, "x.wav")


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    for head in (b"", riff(1, 16, b"")[:48]):
        try:
            sound, rate = read_wav(head + data)
        except UnreadableError:
            continue
        assert sound.ndim == 2 and rate > 0


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_packed_sound_is_read_with_the_extra(kind, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / f"x.{kind.lower()}"
    soundfile.write(path, tone(440, 0.5)[0], RATE, format=kind)
    sound, rate = read_sound(path.read_bytes(), path.name)
    assert rate == RATE
    assert np.abs(np.fft.rfft(sound[0])).argmax() / sound.shape[1] * RATE == pytest.approx(440, abs=5)


# --- what is done to a sound


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 16000), (8000, 16000), (22050, 8000), (48000, 44100)])
def test_a_tone_keeps_its_pitch_and_phase_at_another_rate(rate, wanted):
    made = resampled(tone(700, 0.2, rate).astype(np.float32), rate, wanted)
    assert made.shape[1] == math.ceil(round(0.2 * rate) * wanted / rate)
    ideal = tone(700, made.shape[1] / wanted, wanted)
    assert np.abs(made - ideal)[:, 400:-400].max() < 1e-4


def test_what_a_lower_rate_cannot_hold_is_kept_out():
    made = resampled(tone(5000, 0.2, 44100, 1.0).astype(np.float32), 44100, 8000)
    assert np.abs(made)[:, 300:-300].max() < 1e-4


def test_silence_at_both_ends_is_cut_off_and_none_within():
    gap = np.zeros((1, 1600))
    sound = np.concatenate([gap, tone(), gap, tone(), gap], 1).astype(np.float32)
    assert trimmed(sound, RATE, 50).shape[1] == pytest.approx(2 * 2400 + 1600, abs=160)
    assert trimmed(sound, RATE, 0).shape == sound.shape


def test_clipping_and_loudness():
    assert clipped_share(tone(loud=0.9).astype(np.float32)) == 0
    cut_off = np.clip(tone(loud=2), -1, 1).astype(np.float32)
    assert clipped_share(cut_off) == pytest.approx(2 / 3, abs=0.02)  # |sin| is above 1/2 for two thirds of the time
    assert peak_decibels(np.full((1, 4), 0.1, np.float32)) == pytest.approx(-20)
    assert peak_decibels(np.zeros((1, 4), np.float32)) == -math.inf


def test_channels_are_mixed_or_doubled():
    two = np.stack([np.ones(3), np.zeros(3)]).astype(np.float32)
    assert mixed(two, 1).tolist() == [[0.5] * 3]
    assert mixed(two, 2).tolist() == two.tolist()
    assert mixed(two[:1], 2).tolist() == [[1.0] * 3] * 2


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(10, 120))
def test_clips_hold_every_sample_but_those_counted(lengths, length):
    sounds = [np.arange(1, n + 1, dtype=np.int16)[None] for n in lengths]
    clips = cut(sounds, length)
    assert clips.signal.shape[1:] == (1, length)
    assert int(clips.length.sum()) + clips.dropped == sum(lengths)
    assert sorted(set(clips.owners)) == list(range(len(lengths)))
    for row, n, owner in zip(clips.signal, clips.length, clips.owners, strict=True):
        assert not row[:, n:].any() and row[:, :n].all() and n <= lengths[owner]


def test_the_usual_length_holds_nineteen_of_twenty():
    assert usual_length([2000] * 19 + [90_000], RATE) == 2048
    assert usual_length([50_000] * 5, RATE) == 8192  # a second, and a little to make it even


# --- folders


def test_a_folder_becomes_clips_with_classes(folder):
    items = open_sounds(folder)
    assert items.classes == ("high", "low")
    assert len(items) == 12
    assert items.arrays["signal"].dtype == np.int16
    assert items.arrays["signal"].shape == (12, 1, 2048)
    assert set(items.arrays["rate"]) == {RATE}
    assert np.abs(items.arrays["signal"]).max(axis=(1, 2)) == pytest.approx(0.95 * 32767, abs=1)
    assert items.together is None and not items.warnings


def test_bad_files_are_told_and_the_rest_goes_on(folder):
    (folder / "low" / "empty.wav").write_bytes(b"")
    (folder / "low" / "none.wav").write_bytes(as_wav(np.zeros((1, 0))))
    (folder / "low" / "quiet.wav").write_bytes(as_wav(np.zeros((1, 900))))
    (folder / "low" / "hum.wav").write_bytes(as_wav(tone(loud=0.0005)))
    (folder / "low" / "text.wav").write_text("not a sound")
    (folder / "low" / "short.wav").write_bytes(as_wav(tone(seconds=0.01)))
    (folder / "low" / "halves.wav").write_bytes(as_wav(np.concatenate([tone(), -tone()])))
    (folder / "low" / "loud.wav").write_bytes(as_wav(tone(loud=3, seconds=0.2)))
    items = open_sounds(folder)
    told = {s.name.removeprefix("low/"): s.reason for s in items.skipped}
    assert told == {
        "empty.wav": "empty file",
        "none.wav": "has no samples in it",
        "quiet.wav": "is silent",
        "hum.wav": "is silent (never above -66 dB)",
        "text.wav": "is no WAV file (it does not begin with RIFF and WAVE)",
        "short.wav": "is too short: 10 ms of sound, 20 needed",
        "halves.wav": "is silent once its channels are mixed and it is resampled",
    }
    assert len(items) == 13
    assert len(items.warnings) == 1 and items.warnings[0].startswith("clipped") and "low/loud.wav" in items.warnings[0]


def test_long_sounds_become_clips_that_stay_together(folder):
    (folder / "low" / "long.wav").write_bytes(as_wav(tone(220, 1.1)))
    items = open_sounds(folder, AudioOptions(seconds=0.3))
    names = [n for n in items.names if "long" in n]
    assert names == ["low/long.wav#1", "low/long.wav#2", "low/long.wav#3", "low/long.wav#4"]
    rows = [i for i, n in enumerate(items.names) if "long" in n]
    assert len(np.unique(items.together[rows], axis=0)) == 1
    assert len(np.unique(items.together, axis=0)) == 13
    assert any("1 of 13 sounds are longer than 0.3 s" in line for line in items.warnings)


def test_one_recording_is_cut_into_clips(tmp_path):
    noise = np.random.default_rng(0).normal(size=(1, 5 * RATE)) * 0.1
    (tmp_path / "a.wav").write_bytes(as_wav(noise))
    items = open_sounds(tmp_path / "a.wav", AudioOptions(seconds=0.25))
    assert len(items) == 20 and items.together is None
    assert any("clips of one recording are in training and in test" in line for line in items.warnings)


def test_options_act(folder):
    plain = open_sounds(folder).arrays["signal"]
    read = lambda **o: open_sounds(folder, AudioOptions(**o)).arrays["signal"]  # noqa: E731
    assert read(rate=4000).shape[2] == 1024
    assert read(seconds=0.1).shape[2] == 800
    assert read(channels="stereo").shape[1] == 2
    assert np.abs(read(level="recorded")).max() == pytest.approx(0.5 * 32767, rel=0.01)
    (folder / "low" / "0.wav").write_bytes(as_wav(np.concatenate([np.zeros((1, 400)), tone(200, 0.2)], 1)))
    assert not np.array_equal(read(trim=0), plain)
    assert open_sounds(folder, AudioOptions(max_minutes=0.0035)).skipped[0].reason.startswith("is 0 minutes long")
    with pytest.raises(InputError) as error:
        AudioOptions(rate=10, seconds=0.001, channels="five", trim=-1, level="loud", max_minutes=0)
    assert len(error.value.problems) == 6


def test_the_most_frequent_rate_wins_and_is_bounded(folder):
    for path in folder.rglob("*.wav"):
        path.write_bytes(as_wav(tone(rate=44100), 44100))
    assert set(open_sounds(folder).arrays["rate"]) == {16000}


def test_what_holds_no_sound_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no such file or folder"):
        open_sounds(tmp_path / "none")
    with pytest.raises(InputError, match="is empty: no sound found"):
        open_sounds(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match="is no sound: give a folder"):
        open_sounds(tmp_path / "a.txt")
    (tmp_path / "a.wav").write_bytes(b"x")
    with pytest.raises(InputError, match=r"not one of 1 sounds can be used \(first: a.wav: is no WAV"):
        open_sounds(tmp_path)
    (tmp_path / "b.mp3").write_bytes(b"x")
    monkeypatch.setattr(decode, "_soundfile", lambda: None)
    with pytest.raises(InputError, match=r'reading MP3 needs the extra audio: pip install "gansmith\[audio\]"'):
        open_sounds(tmp_path)


def test_recognition(folder, tmp_path):
    assert sounds_in(folder) == "12 of 12 files are .wav"
    assert sounds_in(folder / "low" / "0.wav") == "a .wav file"
    (folder / "labels.csv").write_text("file,label\n")
    assert sounds_in(folder)
    for i in range(13):
        (folder / f"{i}.png").write_bytes(b"x")
    assert sounds_in(folder) is None
    assert sounds_in(tmp_path / "none") is None


# --- codec


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 2), st.lists(st.integers(-32768, 32767), min_size=8, max_size=8))
def test_the_codec_gives_back_every_sample(channels, values):
    signal = np.array(values, np.int16).reshape(-1, channels, 4)
    codec = SoundCodec(RATE, channels, 4, ("a", "b"))
    labels = np.arange(len(signal)) % 2
    batch = codec.encode({"signal": signal}, labels)
    assert batch["signal"].abs().max() <= 1
    arrays, back = codec.decode(batch)
    assert np.array_equal(arrays["signal"], signal) and np.array_equal(back, labels)
    again = SoundCodec.from_json(codec.to_json())
    assert again == codec and again.spec == codec.spec


def test_a_made_sound_ends_where_it_comes_to_rest():
    codec = SoundCodec(RATE, 1, 6)
    signal = np.array([[[0, 900, 0, 40, 10, -5]], [[0] * 6]], np.int16)
    arrays, labels = codec.decode(codec.encode({"signal": signal}))
    assert arrays["length"].tolist() == [4, 1] and labels is None


def test_the_codec_refuses_what_is_not_its_own():
    codec = SoundCodec(RATE, 1, 4, ("a", "b"))
    sound = {"signal": np.zeros((2, 1, 4), np.int16)}
    for arrays, labels, told in (
        ({"signal": np.zeros((2, 1, 5), np.int16)}, np.zeros(2, np.int64), "this codec takes int16"),
        (sound, None, "labels are missing"),
        (sound, np.zeros(3, np.int64), "3 labels for 2 sounds"),
        (sound, np.array([0, 2]), "row 1 has label 2"),
    ):
        with pytest.raises(InputError, match=told):
            codec.encode(arrays, labels)
    good = codec.to_json()
    for change, told in (
        ({"kind": "image"}, "not the description"),
        ({"format": 9}, "format 9 is not known"),
        ({"rate": 0}, "whole numbers above 0"),
        ({"classes": [1]}, "list of names"),
        ({"level": "loud"}, "'peak' or 'recorded'"),
    ):
        with pytest.raises(InputError, match=told):
            SoundCodec.from_json({**good, **change})


def test_further_sounds_are_read_into_the_form_of_a_codec(folder):
    options = AudioOptions(rate=4000, seconds=0.15, channels="stereo", trim=20, level="recorded")
    codec = SoundCodec.fit(open_sounds(folder, options), options)
    again = open_sounds(folder, codec.reading(AudioOptions()))
    assert codec.encode(again.arrays, again.labels)["signal"].shape[1:] == (2, 600)
    assert codec.reading(AudioOptions()) == options
    assert codec.describe() == "0.15 s of stereo sound at 4,000 Hz"


# --- the demo's sounds


def test_instruments_are_the_same_every_time_and_not_each_other(tmp_path):
    takes = [play(name, take) for name in INSTRUMENTS for take in range(2)]
    assert len({take.tobytes() for take in takes}) == len(takes)
    assert all(np.array_equal(play(name, 1), play(name, 1)) for name in INSTRUMENTS)
    items = open_sounds(write_instruments(tmp_path, 2))
    assert items.classes == tuple(INSTRUMENTS) and not items.skipped
