"""Sounds from a folder to a trained model and back: by the same commands as every other kind of data."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.audio.open import open_sounds
from gansmith.data.audio.riff import read_wav
from gansmith.data.audio.synth import write_instruments
from gansmith.run.demo import item_demo
from gansmith.run.kinds._registry import find_kind, kind_of
from gansmith.run.sound_pictures import spectrogram_sheet
from gansmith.run.train import train

KIND = find_kind("audio")
SMALL = {"width": 4, "z_dim": 8, "bands": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_instruments(tmp_path_factory.mktemp("sounds"), 6)


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(KIND), "samples", 40)
        out = tmp_path_factory.mktemp("runs") / "run"
        yield gansmith.train(data, out=out, budget="64", batch=16, **SMALL)


def test_a_folder_is_taken_for_sounds(data):
    kind, why = kind_of(data)
    assert kind is KIND
    assert why == "taken for sounds: 36 of 36 files are .wav"


def test_a_run_is_judged_and_its_report_plays(run):
    assert {"accuracy", "stft_distance", "flux_distance", "loudness_distance", "duration_distance"} <= set(
        run.evaluation.names()
    )
    assert run.evaluation["stft_distance"].low is not None
    page = run.folder.report.read_text()
    assert page.count("<audio controls") == 16
    assert "Test sounds, which the model never saw" in page
    assert "how far spectra lie from real ones, in decibels" in page
    assert (run.folder.samples / "made.png").stat().st_size > 1000


def test_samples_in_parts_are_the_samples(run):
    model = gansmith.load(run.folder.root)
    made = model.sample(5, {"label": "kick"}, seed=3)
    parts = [part.arrays["signal"] for part in model.stream(5, {"label": "kick"}, seed=3, chunk=2)]
    assert np.array_equal(np.concatenate(parts), made.arrays["signal"])
    assert set(made.labels.tolist()) == {model.classes.index("kick")}


def test_sounds_are_written_as_files_that_are_read_back(run, tmp_path, capsys):
    model, out = str(run.folder.root), tmp_path / "made"
    assert command(["sample", model, "-n", "7", "--out", str(out)]) == 0
    rows = list(csv.DictReader((out / "labels.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == [f"{i:04}.wav" for i in range(7)]
    sound, rate = read_wav((out / rows[0]["file"]).read_bytes())
    assert rate == 8000 and 0 < sound.shape[1] <= 4096
    found = open_sounds(out)
    assert set(found.classes) == {row["label"] for row in rows}
    one = tmp_path / "bell.wav"
    assert command(["sample", model, "-n", "1", "--where", "label=bell", "--out", str(one)]) == 0
    assert read_wav(one.read_bytes())[1] == 8000
    sheet = tmp_path / "sheet.png"
    assert command(["sample", model, "-n", "9", "--out", str(sheet)]) == 0
    assert sheet.read_bytes()[:4] == b"\x89PNG"
    capsys.readouterr()
    for words, told in (
        (["-n", "3", "--out", str(tmp_path / "x.wav")], "a .wav holds one sound, and 3 are asked for"),
        (["-n", "900", "--out", str(tmp_path / "x.png")], "a sheet of 900 spectrograms is too large"),
        (["-n", "1", "--out", str(tmp_path / "x.csv")], "give a .wav (one sound)"),
        (["-n", "1", "--where", "label=bel", "--out", str(tmp_path / "x.wav")], "did you mean 'bell'"),
    ):
        assert command(["sample", model, *words]) == 2
        assert told in capsys.readouterr().err
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("x.")]


def test_a_model_is_judged_on_other_sounds_in_its_own_form(run, data, tmp_path, capsys):
    asked = [str(run.folder.root), str(data), "-n", "32", "--metrics", "accuracy,flux_distance", "--json"]
    assert command(["evaluate", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in told["results"]] == ["accuracy", "flux_distance"]


def test_inspect_tells_of_lengths_rates_and_bad_files(data, tmp_path, capsys):
    for path in data.rglob("0*.wav"):
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        (tmp_path / path.parent.name / path.name).write_bytes(path.read_bytes())
    (tmp_path / "hat" / "bad.wav").write_bytes(b"RIFF")
    assert command(["inspect", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "36 sounds" in shown
    assert "clips of 0.512 s of mono sound at 8,000 Hz" in shown
    assert "unreadable: hat/bad.wav: is no WAV file" in shown
    assert command(["inspect", str(tmp_path), "--read", "rate=4000", "--read", "channels=stereo"]) == 0
    assert "stereo sound at 4,000 Hz" in capsys.readouterr().out
    assert command(["inspect", str(tmp_path), "--read", "rate=fast"]) == 2
    assert "rate" in capsys.readouterr().err
    assert command(["train", str(tmp_path), "--strict", "--out", str(tmp_path / "run")]) == 2
    assert "hat/bad.wav: is no WAV file" in capsys.readouterr().err


def test_a_sheet_has_a_tile_for_each_sound():
    sounds = np.zeros((5, 2, 4000), np.int16)
    sounds[0, :, :] = np.rint(9000 * np.sin(np.arange(4000) * 0.5))
    sheet = np.asarray(spectrogram_sheet(sounds, 8000, list("abcde"), columns=3))
    wide, high = (sheet.shape[1] - 6) // 3, (sheet.shape[0] - 6) // 2
    bright = [int(sheet[6 + 20 : high, 6 + i * wide : i * wide + wide].sum()) for i in range(3)]
    assert bright[0] > 2 * bright[1] == 2 * bright[2]


@pytest.mark.slow
def test_the_demo_learns_its_instruments(tmp_path):
    request = item_demo(KIND, "2k", out=str(tmp_path / "demo"), seed=0)
    found = train(request)
    assert Path(request.data, "bell", "000.wav").is_file()
    assert found.evaluation["accuracy"].value > 0.6
    assert found.evaluation["stft_distance"].value < 8
