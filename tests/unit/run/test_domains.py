"""Translation between several domains, from a folder of folders to a report and pictures; small nets, few rounds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gansmith
from gansmith.cli.main import run as command
from gansmith.errors import InputError
from gansmith.metrics.functional import kernel_distance
from gansmith.run import assess_pictures, domains_judging, translation_judge, translation_judging
from gansmith.run.domains_judging import DomainsJudging

DOMAINS = {"blue": 2, "green": 1, "red": 0}


def picture(i: int, channel: int, side: int = 16) -> np.ndarray:
    """A slope with a patch of a colour."""
    rng = np.random.default_rng([i, channel])
    made = np.repeat(np.linspace(0, 90, side)[:, None, None], side, 1).repeat(3, 2) + rng.integers(
        0, 30, (side, side, 3)
    )
    top, left = rng.integers(2, side - 7, 2)
    made[top : top + 5, left : left + 5, channel] = 255
    return made.astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("domains")
    for name, channel in DOMAINS.items():
        for i in range(150):
            save(root / "colours" / name / f"{i}.png", picture(i, channel))
    return root


@pytest.fixture(scope="module", autouse=True)
def brief():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation_judging, "find_spec", lambda _: None)
        patch.setattr(assess_pictures, "find_spec", lambda _: None)
        patch.setattr(translation_judge, "SAMPLES", 32)
        patch.setattr(translation_judge, "TELLING", 2000)
        for module in (translation_judging, domains_judging):
            patch.setattr(module, "MEASURED", 60)
        patch.setattr(translation_judging, "LOOKED", 12)
        yield


@pytest.fixture(scope="module")
def trained(root):
    return gansmith.train(root / "colours", task="domains", budget=48, out=root / "run", width=4, blocks=1)


def test_a_folder_of_folders_becomes_a_report(trained, root):
    record = json.loads(trained.folder.record.read_text())
    assert record["finished"] and "--recipe stargan" in record["command"] and record["data"]["task"] == "domains"
    metrics = json.loads(trained.folder.metrics.read_text())
    found = {r["name"]: r for r in metrics["results"]}
    assert {"kernel", "label_reached", "cycle_psnr", "cycle_rough", "hidden"} <= set(found)
    assert not {"label_kept", "psnr"} & set(found)
    each = found["kernel"]["detail"]["domains"]
    assert list(each) == list(DOMAINS) and found["kernel"]["value"] == pytest.approx(sum(each.values()) / 3)
    assert found["kernel"]["low"] <= found["kernel"]["value"] <= found["kernel"]["high"]
    assert {"kernel", "label_reached"} <= {r["name"] for r in metrics["ceiling"]}
    page = trained.folder.report.read_text()
    assert "for each domain" in page and "to each domain: blue" in page and "The sources unchanged would score" in page
    with Image.open(trained.folder.samples / "final.png") as sheet:
        assert sheet.height >= 4 * 16  # the source and three domains


def test_the_judge_sends_every_picture_to_another_domain_and_judges_by_that(trained):
    judged = gansmith.evaluate(trained.folder.root, trained.folder.root.parent / "colours")
    told = json.loads(trained.folder.metrics.read_text())["results"]
    assert {r.name: r.value for r in judged.results} == pytest.approx({r["name"]: r["value"] for r in told})
    assert {r.name for r in judged.results} >= {"kernel", "label_reached"}
    unchanged = judged["label_reached"].detail["untrained"]
    top = next(r for r in judged.ceiling if r.name == "label_reached")
    assert unchanged < 0.2 and top.value > 0.8  # sources are not of the domain that is asked for, real pictures are


def test_distances_are_of_one_domain_after_the_other():
    class Two(DomainsJudging):
        names = ("a", "b")  # type: ignore[assignment]

    judging = object.__new__(Two)
    torch.manual_seed(0)
    label = torch.tensor([0, 1] * 20)
    real = {"features": torch.randn(40, 3) + 3 * label[:, None], "label": label}
    swapped = {"features": real["features"], "label": 1 - label}
    halves = [real["features"][label == i] for i in (0, 1)]
    by_hand = (float(kernel_distance(*halves)) + float(kernel_distance(*halves[::-1]))) / 2
    assert judging.distance(real, swapped) == pytest.approx(by_hand)
    assert judging.distance(real, swapped) > 10 * abs(judging.distance(real, real))


def test_one_domain_or_each(trained, root, tmp_path, capsys):
    source = save(tmp_path / "in/one.png", picture(1000, 0, 40)[:22])
    words = ["apply", str(trained.folder.root), str(source)]
    assert command([*words, "--to", "blue", "--out", str(tmp_path / "blue")]) == 0
    with Image.open(tmp_path / "blue/one.png") as file:
        assert file.size == (40, 22)
        made = trained.model.toward("blue").apply(picture(1000, 0, 40)[:22])
        assert np.array_equal(made, np.asarray(file))
    assert command([*words, "--to", "all", "--out", str(tmp_path / "all")]) == 0
    assert sorted(p.relative_to(tmp_path / "all").as_posix() for p in (tmp_path / "all").rglob("*.png")) == [
        f"{name}/one.png" for name in DOMAINS
    ]
    assert (tmp_path / "all/blue/one.png").read_bytes() == (tmp_path / "blue/one.png").read_bytes()
    assert (tmp_path / "all/red/one.png").read_bytes() != (tmp_path / "blue/one.png").read_bytes()
    capsys.readouterr()


def test_tiles_are_nearly_what_the_whole_gives(trained):
    image = picture(7, 1, 96)
    model = trained.model.toward("red")
    apart = model.apply(image, tile=48).astype(int) - model.apply(image).astype(int)
    assert np.abs(apart).mean() < 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("apply {r}/run {r}/colours/red --out {r}/x", "--to blue or --to green or --to red; --to all"),
        ("apply {r}/run {r}/colours/red --to gren --out {r}/x", "--to gren: no such domain; did you mean 'green'?"),
        ("apply {r}/run {r}/colours/red --to blue --reverse --out {r}/x", "learns one way only"),
        ("apply {r}/run {r}/colours/red --to blue --mask {r}/colours --out {r}/x", "--mask is for models that fill"),
        ("train {r}/colours/red --task domains", "needs two domains or more"),
        ("train {r}/colours {r}/colours --task domains", "learns from one folder"),
        ("evaluate {r}/run {r}/colours --task unpaired", "--task unpaired: the model learnt domains"),
    ],
)
def test_bad_input_is_one_line(trained, root, words, told, capsys):
    assert command(words.format(r=root).split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1] and len(said) <= 2 and not (root / "x").exists()


def test_models_are_compared_by_what_says_something_of_all_domains(trained, root, tmp_path):
    models = [trained.folder.root, shutil.copytree(trained.folder.model, tmp_path / "other")]
    found = gansmith.compare(models, root / "colours")
    assert set(found.comparison.metrics) == {"cycle_psnr", "cycle_rough", "label_reached"}
    with pytest.raises(InputError, match="kernel: it says nothing of several domains"):
        gansmith.compare(models, root / "colours", metrics=["kernel"])


def test_other_models_know_no_domains(trained):
    with pytest.raises(InputError, match="this one learnt: domains"):
        trained.model.toward("red").toward("blue")
