"""The commands that work in a latent space, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansmith.run.sample import sample
from gansmith.run.train import Run

Call = Callable[[str], Any]


@pytest.fixture
def model(finished: Run) -> Path:
    """A conditional model of one layer of styles, its noise."""
    return finished.folder.root


def test_ways_are_drawn(call: Call, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "strip.png"
    assert call(f"interpolate {model} --from 3 --to 8:2 --out {out}") == (0, f"{out}\n", "")
    with Image.open(out) as strip:
        assert strip.size == (9 * 58 + 2, 60)
    words = "--where label=dark --where-to label=light --steps 3"
    assert call(f"interpolate {model} --from 5 {words} --out {tmp_path / 'a'}").code == 0
    found = [np.asarray(Image.open(p)) for p in sorted((tmp_path / "a").iterdir())]
    for picture, label in zip((found[0], found[2]), ("dark", "light"), strict=True):
        want = sample(loaded(model), 1, {"label": label}, seed=5).images[0, ..., 0]
        assert np.abs(picture.astype(int) - want).max() <= 1
    loop = tmp_path / "loop.gif"
    assert call(f"interpolate {model} --via 4 --to 2 --steps 4 --loop --truncation 0.8 --out {loop}").code == 0
    with Image.open(loop) as film:
        assert film.n_frames == 9


def loaded(folder: Path) -> Any:
    from gansmith import Model

    return Model.load(folder)


def test_directions_are_found_shown_saved_and_applied(call: Call, model: Path, tmp_path: Path) -> None:
    sheet, kept, edited = tmp_path / "sheet.png", tmp_path / "d.npz", tmp_path / "edited.npz"
    said = call(f"edit {model} --directions sefa --show 3 --out {sheet} --save {kept} --seed 7:2")
    assert said == (0, f"{kept}\n{sheet}\n", "")
    told = json.loads(call(f"edit {model} --directions pca --show 2 --where label=mid --json").out)
    assert told["method"] == "pca" and [d["number"] for d in told["directions"]] == [0, 1]
    assert call(f"edit {model} --apply {kept} --out {sheet}").code == 0
    words = f"edit {model} --apply {kept} --direction 2 -n 5 --seed 4"
    assert call(f"{words} --strength 0 --out {edited}") == (0, f"{edited}\n", "")
    with np.load(edited) as found:
        assert np.array_equal(found["images"], sample(loaded(model), 5, seed=4).images)
    assert call(f"{words} --out {tmp_path / 'grid.png'}").code == 0
    assert call(f"edit {model} --directions labels --out {sheet} --save {kept}").code == 0
    assert call(f"edit {model} --apply {kept} --direction light --strength 1 --out {edited}").code == 0
    with np.load(edited) as found:
        want = sample(loaded(model), 16, {"label": "light"}).images.astype(int)
        assert np.abs(found["images"] - want).max() <= 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("interpolate M --out a.mp4", "--out a.mp4: .mp4 can't be written; give a .png (a strip), .gif, .webp or"),
        ("interpolate M --from x --out a.png", "'x' is neither a seed (7, or 7:12 for sample 12 of seed 7) nor a"),
        ("interpolate M --steps 1 --out a.png", "steps 1: give a whole number from 2 up to 1,000,000"),
        ("interpolate M --fps 0 --out a.gif", "--fps 0: give more than 0 and at most 50"),
        ("interpolate M --where label=nine --out a.png", "no class 'nine'"),
        ("interpolate M --out /", "--out /: give the name of a file or of a new folder"),
        ("interpolate M --truncation 3 --out a.png", "truncation 3 is out of range"),
        ("interpolate M --space w --out a.png", "recipe gan has no space w of styles, only its noise z; recipes that"),
        ("interpolate M --from me.png --out a.png", "'me.png' is neither a seed"),
        ("mix M --rows 0 --columns 1 --out a.png", "recipe gan has a single layer of styles, so there is nothing to"),
        ("mix M --rows x --columns 1 --out a.png", "--rows 'x': 'x' is neither a seed (7, 7:12) nor a range of up to"),
        ("mix M --rows 0 --columns 1 --out a.gif", "--out a.gif: this is one picture; give a name that ends in .png"),
        ("edit M --out a.png", "give either --directions METHOD (find some) or --apply FILE.npz (use saved ones)"),
        ("edit M --directions sefa", "nothing would be kept: give --out sheet.png, or --save directions.npz"),
        ("edit M --directions pac --out a.png", "--directions 'pac' is not known; did you mean 'pca'?"),
        ("edit M --directions sefa --strength 2 --out a.png", "--strength and -n go with --direction"),
        ("edit M --directions sefa --data d --out a.png", "--data goes with --directions labels"),
        ("edit M --directions sefa --layers 3 --out a.png", "layers 3: this model has 1 layer of styles, number 0"),
        ("edit M --apply none.npz --out a.png", "none.npz does not exist"),
        ("edit M --apply none.npz --direction 1 --seed x --out a.png", "--seed x: give a whole number from 0 up to"),
        ("edit M --directions sefa --save a.txt", "a.txt: directions are saved as a file whose name ends in .npz"),
        ("edit M --directions sefa --out dir.png", "--out dir.png is a folder; choose another name"),
        ("reconstruct M DATA --out a.png", "recipe gan has no encoder, so images can't be turned into noise; recipes"),
        ("reconstruct M DATA", "nothing would be kept: give --out pairs.png, --latents codes.npz, or --json"),
        ("interpolate M --steps 99999999 --out a.png", "steps 99999999: give a whole number from 2 up to 1,000,000"),
        ("interpolate M --from -1 --out a.png", "seed -1: give a whole number from 0 up to 2^63 - 1"),
        ("interpolate M --to 9223372036854775808 --out a.png", "seed 9223372036854775808: give a whole number from 0"),
        ("interpolate M --from DATA --out a.png", "recipe gan has no encoder"),
        ("edit M --directions sefa --seed DATA --out a.png", "recipe gan has no encoder"),
        ("interpolate M --fps 30 --out strip.png", "--fps goes with an animation: give --out a name that ends in .gif"),
        ("interpolate M --fps 30 --out frames", "--fps goes with an animation"),
        ("interpolate M --truncation-layers 1 --out a.png", "--truncation-layers acts only with --truncation: give"),
        ("mix M --rows 0 --columns 1 --truncation-layers 1 --out a.png", "--truncation-layers acts only with"),
        ("mix M --rows 0, --columns 1 --out a.png", "--rows '0,': a seed is missing before or after a comma"),
        ("mix M --rows 0 --columns 3-1 --out a.png", "--columns 3-1: a range goes from the lower number to the higher"),
        ("edit M --apply d.npz --show 2 --out a.png", "--show goes with --directions, not with --apply"),
        ("edit M --apply d.npz --layers all --out a.png", "--layers goes with --directions, not with --apply"),
        ("edit M --directions labels --show 2 --out a.png", "--show goes with --directions sefa or pca"),
        ("edit M --directions labels --layers 0 --out a.png", "--layers goes with --data here"),
        ("edit M --directions sefa --save d.npz --seed 0", "--seed goes with --out: it is of the sheet"),
        ("edit M --directions sefa --save d.npz --truncation 1", "--truncation goes with --out: it is of the sheet"),
        ("edit M --directions sefa --save d.npz --truncation-layers 1 --out a.png", "--truncation-layers acts only"),
        ("edit M --directions sefa --save d.npz --truncation 3 --out a.png", "truncation 3 is out of range"),
        ("edit M --directions sefa --save d.npz --seed x --out a.png", "'x' is neither a seed"),
        ("edit M --apply d.npz --direction 1 --seed -1 --out a.png", "--seed -1: give a whole number from 0 up to"),
        ("edit M --apply dir.png --out a.png", "dir.png is a folder: give a file that gansmith edit --save wrote"),
        ("sample M --truncation-layers 2 --out a.png", "--truncation-layers acts only with --truncation: give both"),
        ("sample M --columns 2 --out a.npz", "--columns goes with a grid: give --out a name that ends in .png"),
        ("sample M --columns 2 --out folder", "--columns goes with a grid"),
        ("sample M --truncation 0.5 --truncation-layers 2 --out a.png", "truncation for 2 layers (--truncation-layers"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(
    call: Call, model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dir.png").mkdir()
    said = call(words.replace(" M", f" {model}").replace("DATA", str(data)))
    assert said.code == 2 and not said.out
    assert said.err.startswith(f"gansmith: {message}") and said.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["dir.png"]


def test_mistakes_are_told_together(call: Call) -> None:
    said = call("edit M --directions sefa --apply d.npz --data x")
    assert said.code == 2 and said.err.count("\n") == 4


def test_images_are_rebuilt(call: Call, data: Path, judge: Path, tmp_path: Path) -> None:
    """A recipe with an encoder, from training to pictures."""
    run = tmp_path / "run"
    words = f"train {data} --recipe aae --budget 64 --out {run} --judge {judge} width=4 z_dim=4 hidden=8 batch=16"
    assert call(words).code == 0
    said = call(f"reconstruct {run} {data} --out {tmp_path / 'pairs.png'} --latents {tmp_path / 'z.npz'}")
    assert said.code == 0 and "mean of 180" in said.out and "pairs.png" in said.out
    with np.load(tmp_path / "z.npz") as found:
        assert found["z"].shape == (180, 4) and len(found["names"]) == 180
    Image.fromarray(np.full((20, 20), 90, np.uint8)).save(tmp_path / "me.png")
    told = json.loads(call(f"reconstruct {run} {tmp_path / 'me.png'} --where label=dark --json").out)
    assert len(told["images"]) == 1 and told["mean"] == told["images"][0]["distance"] > 0
    said = call(f"interpolate {run} --from {tmp_path / 'me.png'} --to 3 --where label=dark --out {tmp_path / 's.png'}")
    assert said.code == 0
    for kind, line in (("reconstruct", "have no classes: name one"), ("interpolate", "needs the condition 'label'")):
        option = f"{tmp_path / 'me.png'}" if kind == "reconstruct" else f"--from {tmp_path / 'me.png'}"
        said = call(f"{kind} {run} {option} --out {tmp_path / 'x.png'}")
        assert said.code == 2 and line in said.err
