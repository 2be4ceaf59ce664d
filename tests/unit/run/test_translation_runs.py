"""From images to images, from folders to a report and a model that is applied; small nets, few rounds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gansmith
from gansmith.cli.main import run as command
from gansmith.errors import InputError
from gansmith.run import assess_pictures, translation_judge, translation_judging
from gansmith.run.modality import find_modality
from gansmith.run.request import Request
from gansmith.run.translation_data import TranslationData

PAIRS, PHOTOS = 90, 140


def scene(i: int, side: int) -> np.ndarray:
    """A coloured disc on a slope."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:side, :side] / side
    ground = np.stack([x, y, 1 - x], 2) * 150
    disc = (x - rng.uniform(0.3, 0.7)) ** 2 + (y - rng.uniform(0.3, 0.7)) ** 2 < 0.05
    ground[disc] = rng.integers(60, 256, 3)
    return (ground + rng.integers(0, 20, ground.shape)).clip(0, 255).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("translation")
    for i in range(PAIRS):
        save(root / "pairs/input" / f"{i}.png", scene(i, 16))
        save(root / "pairs/target" / f"{i}.png", scene(i, 16)[..., ::-1].copy())
    for i in range(PHOTOS):
        save(root / "photos" / f"{i}.png", scene(1000 + i, 40))
    return root


@pytest.fixture(scope="module", autouse=True)
def brief():
    """Short judging, by a judge of the run's own: these tests are not about how good a model is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation_judging, "find_spec", lambda _: None)
        patch.setattr(assess_pictures, "find_spec", lambda _: None)
        patch.setattr(translation_judge, "SAMPLES", 32)
        for name, value in {"MEASURED": 24, "LOOKED": 8}.items():
            patch.setattr(translation_judging, name, value)
        yield


@pytest.fixture(scope="module")
def translated(folders):
    return gansmith.train(folders / "pairs", budget=24, out=folders / "runs/pairs", width=4, batch=4)


def scores(run) -> dict[str, float]:
    return {r["name"]: r["value"] for r in json.loads(run.folder.metrics.read_text())["results"]}


def test_pairs_become_a_report_and_a_model(translated, folders, capsys):
    record = json.loads(translated.folder.record.read_text())
    assert record["finished"] and record["data"]["task"] == "pairs" and record["data"]["items"] == PAIRS
    assert {"psnr", "ssim", "likeness", "kernel"} <= set(scores(translated))
    page = translated.folder.report.read_text()
    assert "taken as pairs" in page and "The sources unchanged would score: psnr" in page
    assert "the source, what it made of it, and the pair" in page
    again = ["train", str(folders / "pairs"), "--budget", "24", "--out", str(translated.folder.root)]
    assert command([*again, "width=4", "batch=4"]) == 0
    assert "is finished already" in capsys.readouterr().out


def test_what_needs_no_training_scores_as_reckoned_by_hand(translated, folders):
    metrics = json.loads(translated.folder.metrics.read_text())
    told = next(r["detail"]["untrained"] for r in metrics["results"] if r["name"] == "psnr")
    data = TranslationData.of("pairs", Request(folders / "pairs"))
    batch = data.some("test", 24)
    a, b = batch["source"].double().numpy(), batch["image"].double().numpy()
    wanted = 10 * np.log10(4 / ((a - b) ** 2).mean((1, 2, 3)))
    assert told == pytest.approx(wanted.mean(), rel=1e-5)


def test_the_model_is_applied_to_other_sizes(translated, folders, tmp_path):
    save(tmp_path / "wide.png", scene(7, 50)[:20])
    words = [str(translated.folder.root), str(tmp_path / "wide.png"), "--out", str(tmp_path / "out")]
    assert command(["apply", *words]) == 0
    with Image.open(tmp_path / "out/wide.png") as file:
        assert file.size == (50, 20)
        assert np.array_equal(translated.model.apply(scene(7, 50)[:20]), np.asarray(file))


def test_other_commands_say_what_to_use(translated, folders, tmp_path, capsys):
    assert command(["sample", str(translated.folder.root), "-n", "2", "--out", str(tmp_path / "x.png")]) == 2
    assert "use gansmith apply" in capsys.readouterr().err


def test_evaluate_gives_what_the_report_says(translated, folders):
    found = gansmith.evaluate(translated.folder.root, folders / "pairs")
    assert {r.name: r.value for r in found.results} == pytest.approx(scores(translated))


def test_two_domains_and_back(folders):
    run = gansmith.train(
        folders / "pairs/input",
        "cyclegan",
        budget=8,
        out=folders / "runs/both",
        second=folders / "pairs/target",
        width=4,
        blocks=1,
        batch=4,
        pool=4,
    )
    record = json.loads(run.folder.record.read_text())
    assert record["data"]["task"] == "unpaired" and record["data"]["name"] == "input-to-target"
    assert f"{folders / 'pairs/target'} --recipe cyclegan" in record["command"]
    assert {"kernel", "cycle_psnr"} <= set(scores(run)) and "psnr" not in scores(run)
    assert [s["name"] for s in record["shown"]] == ["final.png", "back.png"]
    assert run.model.apply(scene(3, 16), reverse=True).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("upscale", {"factor": 2, "width": 4, "blocks": 1, "judge": 4, "warmup": 1}),
        ("inpaint", {"width": 4, "judge": 4}),
        ("denoise", {"width": 4}),
        ("colourise", {"width": 4}),
    ],
)
def test_photos_and_a_task(folders, task, settings):
    run = gansmith.train(
        folders / "photos",
        budget=8,
        out=folders / "runs" / task,
        task=task,
        request={"image_size": 16},
        batch=4,
        **settings,
    )
    record = json.loads(run.folder.record.read_text())
    assert record["data"]["task"] == task and f"--task {task}" in record["command"]
    assert {"psnr", "ssim", "likeness"} <= set(scores(run))
    photo, mask = scene(5, 33), np.full((33, 33), 255, np.uint8)
    made = run.model.apply(photo, mask) if task == "inpaint" else run.model.apply(photo)
    assert made.shape == ((66, 66, 3) if task == "upscale" else (33, 33, 3))


@pytest.mark.parametrize(
    ("asked", "kind", "recipe"),
    [
        ({"data": "pairs"}, "pairs", "pix2pix"),
        ({"data": "pairs", "task": "image"}, None, "r3gan"),
        ({"data": "pairs", "recipe": "dcgan"}, None, "r3gan"),
        ({"data": "photos"}, None, "r3gan"),
        ({"data": "photos", "recipe": "srgan"}, "upscale", "srgan"),
        ({"data": "photos", "second": "pairs/input"}, "unpaired", "cut"),
        ({"data": "pairs/input", "second": "pairs/target", "recipe": "pix2pix"}, "pairs", "pix2pix"),
        ({"data": "photos", "task": "denoise", "recipe": "pix2pix"}, "denoise", "pix2pix"),
    ],
)
def test_what_is_meant(folders, asked, kind, recipe):
    paths = {name: folders / value if name in ("data", "second") else value for name, value in asked.items()}
    found = find_modality(Request(**paths))
    assert getattr(found, "task", None) == kind and found.recipe == recipe


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"task": "enlarge"}, "--task 'enlarge'"),
        ({"task": "upscale", "second": "pairs/input"}, "learns from one folder, and two are given"),
        ({"task": "upscale", "recipe": "pix2pix"}, "pix2pix is for pairs, denoise, colourise, and this is upscale"),
        ({"task": "upscale", "recipe": "dcgan"}, "recipe dcgan makes images of noise"),
        ({"recipe": "pix2pix"}, "has no two folders of equal names"),
    ],
)
def test_what_does_not_go_together_is_refused(folders, asked, told):
    paths = {name: folders / value if name == "second" else value for name, value in asked.items()}
    with pytest.raises(InputError, match=told):
        find_modality(Request(folders / "photos", **paths))


def test_options_of_other_data_are_refused(folders):
    with pytest.raises(InputError, match="is no table, and --schema and --target can act on tables only"):
        gansmith.train(folders / "pairs", request={"schema": "x.json", "target": "y"})
