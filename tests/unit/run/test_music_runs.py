"""Music from end to end, as a user meets it: trained on, judged, heard, written, read again, and refused."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest
from PIL import Image

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.music.chorales import write_chorales
from gansmith.data.music.midi import read_midi
from gansmith.data.music.voices import REST
from gansmith.metrics.music.measures import MUSIC_MEASURES
from gansmith.run.kinds._registry import find_kind, kind_of

SMALL = {"width": 8, "depth": 1, "critic_width": 8, "batch": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_chorales(tmp_path_factory.mktemp("music") / "chorales", 24)


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    return gansmith.train(data, budget="128", out=out, **SMALL)


def test_midi_files_are_recognised_judged_and_reported(run, data):
    assert kind_of(data)[1] == "taken for music, since it holds 48 MIDI files"
    assert run.model.recipe.id == "transformer-gan"
    assert set(MUSIC_MEASURES) <= set(run.evaluation.names())
    assert run.evaluation["in_scale"].low is not None
    page = run.folder.report.read_text()
    assert page.count("<audio") == 8
    assert "piano rolls of made windows" in page
    assert "steps whose notes make one chord" in page


def test_samples_are_files_that_can_be_played_and_read_again(run, tmp_path, capsys):
    root = str(run.folder.root)
    for name in ("a.mid", "a.wav", "a.png", "a.npz"):
        assert command(["sample", root, "-n", "3", "--where", "label=minor", "--out", str(tmp_path / name)]) == 0
    song = read_midi((tmp_path / "a.mid").read_bytes())
    assert len(song.parts) <= 4
    assert max(n.end for p in song.parts for n in p.notes) <= 3 * 2 * 4 * song.ticks
    with wave.open(str(tmp_path / "a.wav")) as heard:
        assert heard.getnframes() / heard.getframerate() == pytest.approx(24 * 60 / 88 + 0.4, abs=0.1)
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.size[0] > 100
    with np.load(tmp_path / "a.npz") as archive:
        windows = archive["windows"]
    assert windows.shape == (3, 32, 4)
    pitch = run.model.sample(3, {"label": "minor"}).arrays["pitch"].astype(int)
    assert np.array_equal(windows, np.where(pitch == REST, -1, pitch))
    assert command(["sample", root, "-n", "24", "--out", str(tmp_path / "many")]) == 0
    assert len(list((tmp_path / "many").rglob("*.mid"))) == 24
    items = find_kind("music").open(tmp_path / "many", find_kind("music").options(), None)
    assert set(items.classes) <= {"major", "minor"}
    capsys.readouterr()
    assert command(["sample", root, "--out", str(tmp_path / "a.mp3")]) == 2
    assert "give a .mid, .wav, .png or .npz, or a folder" in capsys.readouterr().err


def test_inspect_and_evaluate(run, data, capsys):
    assert command(["inspect", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "192 windows" in shown
    assert "from 48 pieces in 4/4; 32 time steps a window, 4 voices" in shown
    assert "MIDI programs [19]" in shown
    asked = ["evaluate", str(run.folder.root), str(data), "-n", "40", "--metrics", "kernel,parallels", "--json"]
    assert command(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in told["results"]] == ["kernel", "parallels"]
    assert "training part is the one" in told["notes"][-1]


def test_runs_are_the_same_to_the_bit_and_transposition_acts(data, tmp_path):
    def made(name: str, **more) -> np.ndarray:
        run = gansmith.train(data, "musegan", budget="96", out=tmp_path / name, width=8, batch=16, **more)
        return run.model.nets["G"].out.weight.detach().numpy()

    assert np.array_equal(made("one", transpose=3), made("two", transpose=3))
    assert not np.array_equal(made("plain"), made("other", transpose=3))


def test_what_cannot_be_meant_is_one_line(data, tmp_path, capsys):
    (tmp_path / "bad.mid").write_bytes(b"no")
    for words, told in (
        (["train", str(tmp_path / "bad.mid")], "bad.mid: is no MIDI file"),
        (["train", str(data), "--read", "bars=0"], "bars=0 must lie between 1 and 64"),
        (["train", str(data), "--read", "bar=2"], "did you mean 'bars'"),
        (["train", str(data), "--read", "bars=60"], "no piece can be used"),
        (["train", str(data), "--read", "meter=waltz"], "is no meter: give one such as 4/4"),
        (["train", str(data), "--image-size", "8"], "--image-size can't act on those"),
    ):
        assert command(words) == 2, words
        found = capsys.readouterr().err
        assert told in found, words
        assert "Traceback" not in found


@pytest.mark.slow
def test_the_demo_makes_music(tmp_path, capsys):
    out = tmp_path / "demo"
    assert command(["demo", "--music", "--budget", "3k", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "chord agreement" in shown
    assert (tmp_path / "demo-data/minor/001.mid").is_file()
    assert (out / "samples/made-1.wav").is_file()
