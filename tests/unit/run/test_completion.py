"""Missing modalities, from a folder of folders to a report and files; a small net, few rounds."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gansmith
from gansmith.apps.cases import cases_in
from gansmith.cli.main import run as command
from gansmith.errors import InputError
from gansmith.metrics.functional import psnr
from gansmith.run import assess_pictures, compare_pictures, completion_judging, translation_judge, translation_judging
from gansmith.run.completion_judging import CompletionJudging
from gansmith.run.request import Request
from gansmith.run.translation_data import TranslationData

NAMES = ("FLAIR", "T1", "T2")


def case(i: int, side: int = 18) -> dict[str, np.ndarray]:
    """A disc on a slope, in three contrasts of 16 bits that follow from each other."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:side, :side] / side
    disc = np.hypot(x - rng.uniform(0.3, 0.7), y - rng.uniform(0.3, 0.7)) < rng.uniform(0.15, 0.3)
    ground = np.where(disc, 0.9, 0.5 * x)
    values = {"FLAIR": np.where(disc, 0.2, ground), "T1": ground, "T2": 1 - ground}
    return {name: (v * 65535).astype(np.uint16) for name, v in values.items()}


def write(root: Path, name: str, pictures: dict[str, np.ndarray], lacking: tuple[str, ...] = ()) -> None:
    for modality, pixels in pictures.items():
        if modality not in lacking:
            (root / modality / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / modality / f"{name}.png")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("completion")
    for i in range(260):
        write(root / "scans", str(i), case(i))
    return root


@pytest.fixture(scope="module", autouse=True)
def brief():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation_judging, "find_spec", lambda _: None)
        patch.setattr(assess_pictures, "find_spec", lambda _: None)
        patch.setattr(translation_judge, "SAMPLES", 32)
        for module in (translation_judging, completion_judging, compare_pictures):
            patch.setattr(module, "MEASURED", 60)
        patch.setattr(translation_judging, "LOOKED", 12)
        yield


@pytest.fixture(scope="module")
def trained(root):
    return gansmith.train(root / "scans", task="complete", budget=48, out=root / "run", width=4, size="s")


@pytest.fixture
def incomplete(tmp_path) -> Path:
    place = tmp_path / "incomplete"
    write(place, "a", case(900, 26), ("T2",))
    write(place, "ward/b", case(901, 20), ("FLAIR", "T1"))
    write(place, "c", case(902))
    return place


def test_a_folder_of_modalities_becomes_a_report(trained):
    record = json.loads(trained.folder.record.read_text())
    assert record["finished"] and "--recipe mmgan" in record["command"] and record["data"]["task"] == "complete"
    metrics = json.loads(trained.folder.metrics.read_text())
    found = {r["name"]: r for r in metrics["results"]}
    assert {"psnr", "ssim", "likeness", "kernel"} <= set(found)
    each = found["psnr"]["detail"]["modalities"]
    assert list(each) == list(NAMES) and found["psnr"]["value"] == pytest.approx(sum(each.values()) / 3)
    assert found["psnr"]["low"] <= found["psnr"]["value"] <= found["psnr"]["high"]
    page = trained.folder.report.read_text()
    assert "of each modality where it is missing (of the others&#x27; mean): FLAIR" in page or (
        "of each modality where it is missing (of the others' mean): FLAIR" in page
    )
    assert "each modality, and below it what was made for it of the others" in page
    with Image.open(trained.folder.samples / "final.png") as sheet:
        assert sheet.height >= 6 * 16  # each modality and what is made for it


def test_scores_are_those_of_the_channel_that_was_taken_away(trained):
    judged = gansmith.evaluate(trained.folder.root, trained.folder.root.parent / "scans")
    told = json.loads(trained.folder.metrics.read_text())["results"]
    assert {r.name: r.value for r in judged.results} == pytest.approx({r["name"]: r["value"] for r in told})
    data = TranslationData.of("complete", Request(trained.folder.root.parent / "scans"))
    images = data.domain("test", 20)
    for i, name in enumerate(NAMES):
        missing = torch.zeros(len(images), 3)
        missing[:, i] = 1
        given = {"source": images * (1 - missing[:, :, None, None]), "missing": missing}
        made = trained.model.make(given)[:, i : i + 1]
        by_hand = float(psnr(images[:, i : i + 1], made).mean())
        assert judged["psnr"].detail["modalities"][name] == pytest.approx(by_hand, rel=1e-4)


def test_distances_are_of_one_modality_after_the_other():
    class Two(CompletionJudging):
        names = ("a", "b")  # type: ignore[assignment]

    judging = object.__new__(Two)
    torch.manual_seed(0)
    label = torch.tensor([0, 1] * 20)
    real = {"features": torch.randn(40, 3) + 3 * label[:, None], "label": label}
    swapped = {"features": real["features"], "label": 1 - label}
    assert judging.distance(real, swapped) > 10 * abs(judging.distance(real, real))


def test_what_cases_lack_is_made(trained, incomplete, tmp_path, capsys):
    out = tmp_path / "made"
    assert command(["apply", str(trained.folder.root), str(incomplete), "--out", str(out)]) == 0
    capsys.readouterr()
    made = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.png"))
    assert made == ["FLAIR/ward/b.png", "T1/ward/b.png", "T2/a.png"]
    with Image.open(out / "T2/a.png") as file:
        assert file.size == (26, 26) and file.mode == "I;16"
        pixels = np.asarray(file)
    there = case(900, 26)
    stack = np.stack([there["FLAIR"], there["T1"], np.zeros_like(there["T1"])], 2)
    model = trained.model.completing("T2")
    assert np.array_equal(model.apply(stack)[..., 2], pixels)
    kept = model.apply(stack)[..., :2].astype(int) - stack[..., :2]
    assert np.abs(kept).max() <= 1  # what is there stays


def test_a_case_that_can_not_be_read_stops_no_other(trained, incomplete, tmp_path, capsys):
    (incomplete / "FLAIR/a.png").write_bytes(b"nothing")
    out = tmp_path / "made"
    assert command(["apply", str(trained.folder.root), str(incomplete), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "a.png" in said and sorted(p.name for p in out.rglob("*.png")) == ["b.png", "b.png"]


def test_modalities_of_other_sizes_are_not_registered(trained, incomplete, tmp_path, capsys):
    write(incomplete, "a", {"FLAIR": case(1, 20)["FLAIR"]})
    assert command(["apply", str(trained.folder.root), str(incomplete), "--out", str(tmp_path / "made")]) == 1
    assert re.search(r"FLAIR 20x20.*T1 26x26.*registered", capsys.readouterr().err)


def test_cases_are_found_by_name_below_any_modality(incomplete):
    found = {case.name: sorted(case.files) for case in cases_in(incomplete, NAMES)}
    assert found == {"a": ["FLAIR", "T1"], "c": ["FLAIR", "T1", "T2"], "ward/b": ["T2"]}
    shutil.copy(incomplete / "T1/c.png", incomplete / "T1/c.tif")
    with pytest.raises(InputError, match="are the same case: keep one"):
        cases_in(incomplete, NAMES)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("apply {r}/run {r}/scans --out {r}/x", "no case lacks any of FLAIR, T1, T2"),
        ("apply {r}/run {r}/scans/T1/1.png --out {r}/x", "takes a folder with a sub-folder for each"),
        ("apply {r}/run {r}/scans --out {r}/scans", "would lie among what was measured"),
        ("apply {r}/run {r}/scans {r}/scans --out {r}/x", "give one folder"),
        ("apply {r}/run {r}/scans --to T1 --out {r}/x", "--to: not for a model that completes modalities"),
        ("apply {r}/run {r} --out {r}/x", "is no modality"),
        ("train {r}/scans {r}/scans --task complete", "learns from one folder"),
        ("train {r}/scans --recipe pix2pix --task complete", "recipe pix2pix is for"),
        ("train {r}/scans/T1 --task complete", "needs a sub-folder of grey pictures for each modality"),
    ],
)
def test_bad_input_is_one_line(trained, root, words, told, capsys):
    assert command(words.format(r=root).split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1] and len(said) <= 2 and not (root / "x").exists()


@pytest.mark.parametrize(
    ("missing", "told"),
    [((), "name what is missing"), (NAMES, "not all of"), (("T3",), "T3: no such modality; known: FLAIR, T1, T2")],
)
def test_a_model_is_told_what_it_knows(trained, missing, told):
    with pytest.raises(InputError, match=told):
        trained.model.completing(*missing)


def test_a_model_that_was_not_told_what_is_missing_says_so(trained):
    with pytest.raises(InputError, match="say which of FLAIR, T1, T2 is missing"):
        trained.model.apply(np.zeros((18, 18, 3), np.uint8))
    with pytest.raises(InputError, match="a channel for each of FLAIR, T1, T2"):
        trained.model.completing("T1").apply(np.zeros((18, 18), np.uint8))


def test_models_of_other_modalities_are_not_judged(trained, root, tmp_path):
    for i in range(40):
        write(tmp_path / "others", str(i), {f"band {k}": v for k, v in case(i).items()})
    with pytest.raises(InputError, match="FLAIR, T1, T2"):
        gansmith.evaluate(trained.folder.root, tmp_path / "others")


def test_models_are_compared(trained, root, tmp_path):
    models = [trained.folder.root, shutil.copytree(trained.folder.model, tmp_path / "other")]
    found = gansmith.compare(models, root / "scans")
    assert {"psnr", "ssim", "likeness"} <= set(found.comparison.metrics)
    with pytest.raises(InputError, match="kernel: it says nothing"):
        gansmith.compare(models, root / "scans", metrics=["kernel"])
