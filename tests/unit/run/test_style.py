"""Exemplar style transfer, from two folders to a report and restyled pictures; small nets, few rounds."""

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


def texture(i: int, high: int = 24, wide: int = 24) -> np.ndarray:
    """Stripes of two colours."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:high, :wide]
    stripes = np.sin(x * rng.uniform(0.3, 2) + y * rng.uniform(0.3, 2))[..., None] > 0
    return np.where(stripes, rng.integers(0, 256, 3), rng.integers(0, 256, 3)).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("style")
    for i in range(150):
        save(root / "photos" / f"{i}.png", texture(i)[::-1] // 2 + 40)
        save(root / "styles" / f"{i}.png", texture(1000 + i))
    return root


@pytest.fixture(scope="module", autouse=True)
def brief():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation_judging, "find_spec", lambda _: None)
        patch.setattr(assess_pictures, "find_spec", lambda _: None)
        patch.setattr(translation_judge, "SAMPLES", 32)
        for name, value in {"MEASURED": 24, "LOOKED": 8}.items():
            patch.setattr(translation_judging, name, value)
        yield


@pytest.fixture(scope="module")
def trained(root):
    return gansmith.train(
        root / "photos", "adain", second=root / "styles", budget=24, out=root / "run", width=4, blocks=1
    )


def test_two_folders_become_a_report(trained, root):
    record = json.loads(trained.folder.record.read_text())
    assert record["finished"] and record["data"]["task"] == "style" and record["data"]["of"] == "examples of styles"
    found = {r["name"]: r for r in json.loads(trained.folder.metrics.read_text())["results"]}
    assert "kernel" in found and not {"psnr", "cycle_psnr"} & set(found)
    page = trained.folder.report.read_text()
    assert "test examples of styles" in page and "The sources unchanged would score" in page
    again = gansmith.evaluate(root / "run", root / "photos", second=root / "styles")
    assert {r.name: r.value for r in again.results} == pytest.approx({n: r["value"] for n, r in found.items()})


def test_pictures_of_any_size_in_the_style_of_a_picture(trained, root, tmp_path):
    source = save(tmp_path / "in.png", texture(5, 30, 50))
    one, two = save(tmp_path / "one.png", texture(6, 60, 90)), save(tmp_path / "two.png", 255 - texture(6, 60, 90))
    words = ["apply", str(root / "run"), str(source)]
    for style in (one, two):
        assert command([*words, "--style", str(style), "--out", str(tmp_path / style.stem)]) == 0
    with Image.open(tmp_path / "one/in.png") as file:
        assert file.size == (50, 30)
        made = trained.model.styled(texture(6, 60, 90)).apply(texture(5, 30, 50))
        assert np.array_equal(made, np.asarray(file))
    assert (tmp_path / "one/in.png").read_bytes() != (tmp_path / "two/in.png").read_bytes()


def test_greyscale_and_16_bit_examples_act_alike(trained):
    image, grey = texture(5), texture(6)[..., 0]
    made = trained.model.styled(grey).apply(image)
    deep = trained.model.styled(grey.astype(np.uint16) * 257).apply(image)
    assert made.shape == image.shape and np.abs(made.astype(int) - deep).max() <= 1


def test_tiles_keep_the_statistics_of_the_whole(trained):
    image, model = texture(5, 96, 120), trained.model.styled(texture(6))
    whole, parts = model.apply(image).astype(int), model.apply(image, tile=48).astype(int)
    assert np.abs(whole - parts).mean() < 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("apply {r}/run {r}/photos/1.png --out {r}/x", "say in whose style: --style PICTURE"),
        ("apply {r}/run {r}/photos/1.png --style {r}/none.png --out {r}/x", "none.png: No such file"),
        (
            "apply {r}/run {r}/photos/1.png --style {r}/styles/1.png --to red --out {r}/x",
            "--to is for models of several",
        ),
        ("train {r}/photos --recipe adain", "--task style needs two folders"),
        ("train {r}/photos {r}/styles --task upscale", "learns from one folder, and two are given"),
        ("train {r}/photos {r}/styles --task style --recipe cut", "recipe cut is for unpaired, and this is style"),
    ],
)
def test_bad_input_is_one_line(trained, root, words, told, capsys):
    assert command(words.format(r=root).split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1] and not (root / "x").exists()


def test_a_styled_model_takes_no_second_example(trained):
    with pytest.raises(InputError, match="this one learnt: style"):
        trained.model.styled(texture(1)).styled(texture(2))
