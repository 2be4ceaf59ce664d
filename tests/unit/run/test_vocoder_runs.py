"""A vocoder from a folder of sounds to sounds made again, of any length."""

import json
import wave

import numpy as np
import pytest
import torch

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.audio.riff import read_wav, wav_bytes
from gansmith.data.audio.synth import write_instruments
from gansmith.errors import InputError
from gansmith.run import remake
from gansmith.run.kinds._registry import find_kind
from gansmith.run.remake import mel_of, sound_of

SMALL = {"width": 16, "bands": 8, "segment": 256, "warmup": 2, "judge": 4}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_instruments(tmp_path_factory.mktemp("sounds"), 6)


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(find_kind("audio")), "shown", 4)
        out = tmp_path_factory.mktemp("runs") / "run"
        yield gansmith.train(data, recipe="hifigan", out=out, budget="32", batch=8, **SMALL)


@pytest.fixture(scope="module")
def model(run):
    return gansmith.load(run.folder.root)


def tone(path, rate=16_000, seconds=0.5, channels=1):
    t = np.arange(round(rate * seconds)) / rate
    sound = np.rint(np.sin(2 * np.pi * 440 * t) * 9_000).astype(np.int16)
    path.write_bytes(wav_bytes(np.repeat(sound[None], channels, 0), rate))
    return path


def test_test_sounds_made_again_are_what_is_judged(run, data):
    assert {"band_error", "spectrum_error", "stft_distance"} <= set(run.evaluation.names())
    assert run.evaluation["band_error"].n_fake == run.evaluation["band_error"].n_real
    assert "accuracy" not in run.evaluation.names(), "no class was asked for"
    page = run.folder.report.read_text()
    assert "What it was made of" in page
    assert "Most like it in training" not in page
    assert page.count("<audio controls") == 8
    again = gansmith.evaluate(run.folder.root, data)
    assert again["band_error"].value == pytest.approx(run.evaluation["band_error"].value)


def test_it_makes_nothing_of_noise(run, tmp_path, capsys):
    assert command(["sample", str(run.folder.root), "-n", "1", "--out", str(tmp_path / "a.wav")]) == 2
    assert "use gansmith apply" in capsys.readouterr().err
    assert not (tmp_path / "a.wav").exists()


def test_parts_are_the_whole(model, monkeypatch):
    mel = torch.randn(1, 8, 75, generator=torch.Generator().manual_seed(0)) - 5
    whole = sound_of(model, mel)
    monkeypatch.setattr(remake, "PART", 10)
    shares = []
    np.testing.assert_allclose(sound_of(model, mel, shares.append), whole, atol=2e-6)
    assert shares[-1] == 1.0
    assert len(shares) == 8
    with pytest.raises(InputError, match="takes \\(channels, 8, frames\\)"):
        sound_of(model, mel[:, :5])


def test_files_are_made_again_and_a_bad_one_stops_no_other(run, model, tmp_path, capsys):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    tone(folder / "a.wav")
    tone(folder / "deep" / "b.wav", rate=44_100, seconds=3.0, channels=2)
    (folder / "bad.wav").write_bytes(b"no sound")
    mel, gain = mel_of(model, *read_wav((folder / "a.wav").read_bytes()))
    np.save(folder / "bands.npy", mel.numpy())
    np.save(folder / "words.npy", np.array(["a"]))
    out = tmp_path / "made"
    assert command(["apply", str(run.folder.root), str(folder), "--out", str(out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["made"], told["failed"]) == (3, 2)
    problems = {f["source"].rsplit("/")[-1]: f["problem"] for f in told["files"] if f["problem"]}
    assert set(problems) == {"bad.wav", "words.npy"}
    notes = [f["notes"] for f in told["files"] if f["source"].endswith("b.wav")]
    assert notes == [[f"made at {model.codec.rate:,} samples a second, and it had 44,100"]]
    with wave.open(str(out / "deep" / "b.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (model.codec.rate, 1)
        assert file.getnframes() == 3 * model.codec.rate
    sound, by_bands = (read_wav((out / name).read_bytes())[0] for name in ("a.wav", "bands.wav"))
    n = sound.shape[1]
    assert gain > 1, "the quiet tone was made louder for the model"
    np.testing.assert_allclose(sound * gain, by_bands[:, :n], atol=gain * 1e-4)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--reverse"], "--reverse: for pictures only"),
        (["--tile", "64"], "--tile: for pictures only"),
    ],
)
def test_what_acts_on_pictures_is_refused(run, tmp_path, capsys, more, said):
    words = ["apply", str(run.folder.root), str(tone(tmp_path / "a.wav")), "--out", str(tmp_path / "made"), *more]
    assert command(words) == 2
    assert said in capsys.readouterr().err


def test_a_model_of_noise_makes_nothing_again(data, tmp_path, capsys):
    small = {"width": 4, "z_dim": 8, "bands": 16}
    gansmith.train(data, out=tmp_path / "run", budget="16", batch=16, **small)
    sound = tone(tmp_path / "a.wav")
    assert command(["apply", str(tmp_path / "run"), str(sound), "--out", str(tmp_path / "made")]) == 2
    assert "makes sounds of noise: use gansmith sample" in capsys.readouterr().err


def test_two_vocoders_are_compared(run, data, tmp_path, capsys):
    other = gansmith.train(data, recipe="hifigan", out=tmp_path / "other", budget="16", batch=8, **SMALL)
    page = tmp_path / "both.html"
    words = ["compare", str(run.folder.root), str(other.folder.root), "-n", "100", "--metrics", "band_error"]
    assert command([*words, "--out", str(page)]) == 0
    assert page.stat().st_size > 10_000
    assert "no difference was seen on band error" in capsys.readouterr().out
