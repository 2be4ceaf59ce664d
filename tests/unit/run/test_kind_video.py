"""Clips through the commands, as a user meets them: small data, few rounds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import gansmith
from gansmith.cli.main import run as command
from gansmith.data.video.bouncing import MOTIONS, bouncing_garments
from gansmith.data.video.prepare import open_clips
from gansmith.data.video.write import write_clip
from gansmith.run.kinds._registry import find_kind, kind_of

SMALL = {"width": 2, "batch": 8, "z_dim": 4}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    clips, labels = bouncing_garments(160, frames=4, side=16, garment=8, objects=1)
    for number, (clip, label) in enumerate(zip(clips, labels, strict=True)):
        place = folder / list(MOTIONS)[label] / f"{number}.webp"
        place.parent.mkdir(exist_ok=True)
        write_clip(place, clip, 125)
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    return gansmith.train(data, "mocogan", out=tmp_path_factory.mktemp("runs") / "run", budget="48", motion=4, **SMALL)


def sample(run, out, *words):
    return command(["sample", str(run.folder.root), "--out", str(out), *words])


def test_a_folder_of_animations_is_recognised(data):
    kind, why = kind_of(data)
    assert kind.id == "video"
    assert why == "taken for video, since 24 of 24 pictures looked at move"


def test_a_run_is_judged_and_reported(run):
    names = set(run.evaluation.names())
    assert {"kernel", "accuracy", "frame_distance", "change_distance", "motion_gap", "speed_gap"} <= names
    assert {"memory_gap", "drift_gap"} <= names
    page = run.folder.report.read_text()
    assert page.count("data:image/webp") == 2
    assert "how fast edges move" in page


@pytest.mark.parametrize(
    ("name", "frames", "size"), [("made.gif", 4, (134, 134)), ("made.webp", 4, (134, 134)), ("made.png", 1, None)]
)
def test_samples_are_files_that_move(run, tmp_path, name, frames, size):
    assert sample(run, tmp_path / name, "-n", "4") == 0
    with Image.open(tmp_path / name) as image:
        assert (getattr(image, "n_frames", 1) > 1) == (frames > 1)  # frames that are alike are held once
        assert size is None or image.size == size
    assert [f.name for f in tmp_path.iterdir()] == [name]


def test_clips_may_be_longer_than_in_training(run, tmp_path, capsys):
    assert sample(run, tmp_path / "a.npz", "-n", "3", "--length", "11", "--where", "label=across") == 0
    with np.load(tmp_path / "a.npz") as made:
        assert made["clips"].shape == (3, 11, 16, 16, 1)
        assert [made["classes"][label] for label in made["labels"]] == ["across"] * 3
    assert sample(run, tmp_path / "one.gif", "-n", "1", "--length", "6") == 0
    with Image.open(tmp_path / "one.gif") as image:
        assert image.size == (64, 64)


def test_a_folder_of_samples_can_be_trained_on_again(run, tmp_path):
    assert sample(run, tmp_path / "folder", "-n", "12") == 0
    items = open_clips(tmp_path / "folder")
    assert len(items) + len(items.skipped) == 12
    assert set(items.classes) <= set(MOTIONS)
    assert items.milliseconds == 125
    again = gansmith.load(run.folder.root).sample(12, seed=0).arrays["clip"]
    assert np.array_equal(items.arrays["clip"][0], again[int(items.names[0].split("/")[1].split(".")[0])])


def test_inspect_and_evaluate(run, data, capsys):
    assert command(["inspect", str(data)]) == 0
    shown = capsys.readouterr().out
    for words in ("160 clips", "4 frames of 16x16 grey, 8", "pixels a frame", "across"):
        assert words in shown
    asked = [str(run.folder.root), str(data), "-n", "40", "--metrics", "motion_gap,kernel", "--json"]
    assert command(["evaluate", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(r["name"] for r in told["results"]) == ["kernel", "motion_gap"]


def test_what_cannot_be_is_one_line(run, data, tmp_path, capsys):
    model = str(run.folder.root)
    for words, told in (
        (["sample", model, "--out", str(tmp_path / "x.avi")], "can't be written; give a .gif"),
        (["sample", model, "-n", "401", "--out", str(tmp_path / "x.gif")], "too many to look at"),
        (["train", str(data), "--image-size", "32"], "--image-size can't act on those"),
        (["train", str(data), "--read", "frames=99"], "no clip has 99 frames: the longest has 4"),
        (["train", str(data), "--read", "frams=4"], "did you mean 'frames'"),
        (["train", str(data), "--recipe", "dcgan", "--modality", "video"], "recipe dcgan is for images"),
        (["train", str(tmp_path), "--modality", "video"], "no clip found"),
    ):
        assert command(words) == 2, words
        told_by = capsys.readouterr().err
        assert told in told_by, (words, told_by)
        assert "Traceback" not in told_by
    assert list(tmp_path.iterdir()) == []


def test_length_is_refused_where_it_cannot_act(data, tmp_path, capsys):
    whole = gansmith.train(data, "videogan", out=tmp_path / "run", budget="16", **SMALL)
    assert sample(whole, tmp_path / "x.gif", "--length", "9") == 2
    assert "videogan makes clips of one length only" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demo(tmp_path):
    demo = find_kind("video").demo
    path = demo.data(tmp_path)
    assert kind_of(path)[0].id == "video"
    assert command(["demo", "--video", "--out", str(tmp_path / "run"), "--budget", "64"]) == 0
    assert (tmp_path / "run" / "report.html").is_file()
