"""Judges, assessments and reports."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from run_fixtures import bands, save_npz

from gansmith import api
from gansmith.data.image_codec import ImageCodec
from gansmith.data.open import open_images
from gansmith.errors import InputError
from gansmith.run.assess import assess
from gansmith.run.evaluation import Ruler, measure_model
from gansmith.run.eye import Eye
from gansmith.run.folder import RunFolder
from gansmith.run.image_data import ImageData
from gansmith.run.judge import load_judge, save_judge, train_judge
from gansmith.run.judging import Judging
from gansmith.run.log import Log
from gansmith.run.report import write_report
from gansmith.run.request import Request
from gansmith.run.train import Run


@pytest.mark.parametrize("labelled", [True, False])
def test_a_judge_comes_back(data: Path, plain_data: Path, tmp_path: Path, labelled: bool) -> None:
    images = open_images(data if labelled else plain_data)
    codec = ImageCodec.fit(images)
    shares: list[float] = []
    judge = train_judge(images, codec, samples=256, tick=shares.append)
    save_judge(judge, tmp_path / "j")
    again = load_judge(tmp_path / "j")
    x = codec.encode(images.images[:5], None if images.labels is None else images.labels[:5])["image"]
    assert torch.equal(judge.net(x), again.net(x)) and shares[-1] >= 1
    assert again.knows_classes is labelled and again.info["task"] == ("classes" if labelled else "turns")
    again.check(codec)


@pytest.mark.parametrize("content", ["{}", "[]", '{"sha256": 3}'])
def test_a_damaged_judge_is_refused(judge: Path, tmp_path: Path, content: str) -> None:
    bad = Path(shutil.copytree(judge, tmp_path / "j"))
    (bad / "judge.json").write_text(content)
    with pytest.raises(InputError, match="judge"):
        load_judge(bad)


@pytest.mark.parametrize("field", ["shape", "classes", "task"])
def test_a_judge_without_its_facts_is_refused(judge: Path, tmp_path: Path, field: str) -> None:
    bad = Path(shutil.copytree(judge, tmp_path / "j"))
    info = json.loads((bad / "judge.json").read_text())
    for value in (..., "x", 7, [3, 3, 3]):
        (bad / "judge.json").write_text(json.dumps({k: v for k, v in {**info, field: value}.items() if v is not ...}))
        with pytest.raises(InputError, match="judge"):
            load_judge(bad)


def test_images_saved_anew_in_another_split_leak(tmp_path: Path) -> None:
    """Half of the validation images are training images a level brighter: other bytes, the same picture."""
    generator = np.random.default_rng(0)
    waves = np.sin(np.arange(16) * generator.uniform(0.2, 3, (120, 1)) + generator.uniform(0, 6, (120, 1)))
    train = (np.linspace(60, 190, 120)[:, None] + 40 * waves).astype(np.uint8)[:, None, :].repeat(16, 1)
    parts = {"train": train, "val": np.concatenate([train[:15] + 1, 255 - train[:15]]), "test": 255 - train[20:40]}
    for part, images in parts.items():
        (tmp_path / "data" / part).mkdir(parents=True)
        for i, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / "data" / part / f"{part}{i}.png")
    request = Request(tmp_path / "data", recipe="gan", budget="320", out=tmp_path / "run", settings={"batch": 16})
    found = Judging.prepare(ImageData.of(request), RunFolder(tmp_path / "run"), Log()).facts()
    assert found.numbers["leaking"] >= 0.5 and "val0.png" in found.names["leaking"]


@pytest.mark.parametrize("labelled", [True, False])
def test_an_eye_counts_modes_by_class_or_by_cluster(
    data: Path, plain_data: Path, finished: Run, labelled: bool
) -> None:
    images = open_images(data if labelled else plain_data)
    codec = ImageCodec.fit(images)
    ruler = Ruler.of(train_judge(images, codec, samples=256))
    half = len(images) // 2
    real, train = (ruler.measure_images(images.subset(r), codec) for r in (range(half), range(half, len(images))))
    settings, names = ruler.settings("val", 0), (images.classes, images.names)
    eye = Eye.of(lambda model, n: measure_model(model, ruler, n), settings, real, train, *names)
    seen = eye.look(finished.model, finished.model)
    assert {"kernel", "coverage", "raw_kernel", "spread"} <= set(seen.scores) and seen.scores["spread"] >= 0
    assert ("accuracy" in seen.scores) is labelled
    expected, made = (sum(pair[i] for pair in seen.modes.values()) for i in (0, 1))
    assert expected == pytest.approx(1, abs=0.1) and made <= 1.001
    assert set(seen.modes) == {"dark", "mid", "light"} if labelled else all(n.startswith("like ") for n in seen.modes)
    assert "raw_kernel" not in eye.look(finished.model).scores


def test_the_runs_own_data_are_known(finished: Run, data: Path) -> None:
    found = assess(finished.folder.root, data, n=100)
    assert any("the one that the model was trained on" in note for note in found.notes)
    assert {"coverage", "accuracy", "train_closer"} <= set(found.evaluation.names())
    assert found.evaluation["coverage"].protocol["split"] == "test"
    assert api.evaluate(finished.model, data, n=100)["coverage"].n_fake == 100


def test_other_data_are_told_apart(finished: Run, tmp_path: Path) -> None:
    other = save_npz(tmp_path / "other.npz", seed=9)
    assert any("none of them was in training" in note for note in assess(finished.folder.root, other, n=50).notes)
    images, labels = bands()
    more, more_labels = bands(seed=9)
    both = {"images": np.concatenate([images, more])[::-1], "labels": np.concatenate([labels, more_labels])[::-1]}
    np.savez(tmp_path / "both.npz", **both, names=np.array(["dark", "mid", "light"]))
    notes = assess(finished.folder.root, tmp_path / "both.npz", n=50).notes
    assert any("none of them" in note or "were in the model's training data" in note for note in notes)
    assert any("is not known" in note for note in assess(finished.model, other, n=50, features="pixels").notes)


def test_what_is_wrong_is_said_before_anything_takes_time(finished: Run, data: Path, plain_data: Path) -> None:
    root = finished.folder.root
    tasks: list[str] = []
    for options, message in (
        ({"metrics": ["coverage", "frehcet"]}, "did you mean 'frechet'"),
        ({"features": "pixls"}, "did you mean 'pixels'"),
        ({"features": "inception:nofile"}, "nofile"),
    ):
        with pytest.raises(InputError, match=message):
            assess(root, data, listener=lambda e: tasks.append(e["task"]), **options)  # type: ignore[arg-type]
    assert not tasks
    with pytest.raises(InputError, match="the model was trained on dark, mid, light"):
        assess(root, plain_data)
    with pytest.raises(InputError, match="holds no model"):
        assess("nowhere", data)
    with pytest.raises(InputError, match="ask for at least 1"):
        assess(root, data, n=0)


def test_only_what_is_asked_for_is_measured(finished: Run, data: Path) -> None:
    found = assess(finished.folder.root, data, n=60, metrics=["kernel", "coverage"], features="pixels").evaluation
    assert found.names() == ("kernel", "coverage") and found["kernel"].protocol["extractor"] == "pixels-16"


def test_what_takes_further_passes_is_measured_when_asked(finished: Run, data: Path) -> None:
    names = ["authenticity", "diversity", "class_diversity", "path_length", "kernel_subsets"]
    found = assess(finished.folder.root, data, n=40, metrics=names).evaluation
    assert set(found.names()) == set(names[:4]) and "1000 samples" in found.skipped["kernel_subsets"]
    assert {r.name for r in found.ceiling} == set(names[:3])
    assert found["path_length"].protocol["extractor"].endswith("-maps")


# --- the report


def test_the_report_needs_nothing_else(finished: Run) -> None:
    page = finished.folder.report.read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<link|<iframe|@import|url\(|src=\"(?!data:image/png;base64,)", page)
    assert page.count("data:image/png;base64,") >= 4
    for part in ("Diagnosis", "underway", "Scores", "coverage", "<svg", "Progress", "Game", "Again"):
        assert part in page, part
    assert "gansmith train" in page and "gan on bands" in page


def test_the_report_is_the_same_again(copied: Path) -> None:
    before = (copied / "report.html").read_bytes()
    (copied / "report.html").unlink()
    assert write_report(RunFolder.existing(copied)).read_bytes() == before


def test_the_report_of_an_unfinished_run(copied: Path) -> None:
    for name in ("metrics.json", "samples/final.png", "samples/real.png"):
        (copied / name).unlink()
    record = json.loads((copied / "run.json").read_text())
    record.pop("result")
    (copied / "run.json").write_text(json.dumps({**record, "finished": False}))
    lines = (copied / "events.jsonl").read_text().splitlines(keepends=True)
    for kept in (len(lines) // 2, 1):
        (copied / "events.jsonl").write_text("".join(lines[:kept]) + '{"event":"rou')
        page = write_report(RunFolder(copied)).read_text(encoding="utf-8")
        assert "has not finished" in page and "Versions" in page


def test_the_report_survives_numbers_that_broke(copied: Path) -> None:
    with (copied / "events.jsonl").open("a") as file:
        file.write('{"event":"round","samples":336,"rate":1.0,"values":{"D/adv":"nan","contest":"inf"}}\n')
        file.write('{"event":"broke","what":"D/adv"}\n')
    page = write_report(RunFolder(copied)).read_text(encoding="utf-8")
    assert "D/adv stopped being a number" in page


def test_names_in_the_report_are_text(copied: Path) -> None:
    record = json.loads((copied / "run.json").read_text())
    record["data"]["name"] = "<script>alert(1)</script>"
    record["data"]["warnings"] = ["<b>{x}</b>"]
    (copied / "run.json").write_text(json.dumps(record))
    page = write_report(RunFolder(copied)).read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;b&gt;{x}" in page


def test_a_run_that_has_logged_nothing_has_no_report(copied: Path) -> None:
    (copied / "events.jsonl").unlink()
    with pytest.raises(InputError, match="has logged nothing yet"):
        write_report(RunFolder(copied))
    os.unlink(copied / "run.json")
    with pytest.raises(InputError, match="is no run folder"):
        RunFolder.existing(copied)
