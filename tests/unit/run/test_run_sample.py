"""Sampling and the files that samples go to."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data.open import open_images
from gansmith.errors import InputError
from gansmith.run import sample as sampling
from gansmith.run.model import Model
from gansmith.run.plan import make_plan
from gansmith.run.request import Request
from gansmith.run.sample import draw, sample, stream
from gansmith.run.train import Run
from gansmith.run.write_samples import write_samples


@pytest.fixture(scope="module")
def model(finished: Run) -> Model:
    return finished.model


@pytest.fixture(scope="module")
def free(plain: Run) -> Model:
    """An unconditional model."""
    return plain.model


def tensors(model: Model, n: int, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    parts = list(draw(model, n, **options))
    return torch.cat([p["image"] for p in parts]), torch.cat([p["label"] for p in parts])


@pytest.mark.parametrize("where", [None, {"label": ["light", 0]}])
def test_a_sample_is_the_same_whatever_is_drawn_with_it(model: Model, where: Any) -> None:
    images, labels = tensors(model, 40, where=where, seed=3)
    for n, chunk in ((40, 7), (17, 256), (1, 1), (40, 40)):
        some, asked = tensors(model, n, where=where, seed=3, chunk=chunk)
        assert torch.equal(asked, labels[:n])
        torch.testing.assert_close(some, images[:n], rtol=0, atol=2e-6)  # a matrix product's last bits know its size
    other, _ = tensors(model, 40, where=where, seed=4)
    assert not torch.allclose(other, images)


def test_drawing_leaves_the_global_generator_alone(model: Model) -> None:
    state = torch.random.get_rng_state()
    sample(model, 3)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("light", [2, 2, 2]),
        (1, [1, 1, 1]),
        ("1", [1, 1, 1]),
        (["dark", "light"], [0, 2, 0]),
        ((0, "mid"), [0, 1, 0]),
        (np.array([2, 1]), [2, 1, 2]),
        (np.int64(2), [2, 2, 2]),
        (np.array(["mid"]), [1, 1, 1]),
        (torch.tensor([0, 1, 2]), [0, 1, 2]),
        (torch.tensor(1), [1, 1, 1]),
        (range(3), [0, 1, 2]),
    ],
    ids=str,
)
def test_classes_are_asked_for_by_name_or_number(model: Model, asked: Any, labels: list[int]) -> None:
    made = sample(model, 3, where={"label": asked})
    assert made.labels is not None and made.labels.tolist() == labels


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"label": "drak"}, "no class 'drak'.*did you mean 'dark'"),
        ({"label": 3}, "no class 3: numbers go from 0 to 2"),
        ({"label": -1}, "no class -1"),
        ({"label": "²"}, "no class '²'"),
        ({"label": 1.5}, "no class 1.5"),
        ({"label": None}, "no class None"),
        ({"label": True}, "no class True"),
        ({"label": ["dark", "lihgt"]}, "did you mean 'light'"),
        ({"label": []}, "empty list"),
        ({"lable": "dark"}, "no condition 'lable'; did you mean 'label'"),
    ],
    ids=str,
)
def test_conditions_that_are_none_are_named(model: Model, where: Any, message: str) -> None:
    for ask in (stream, draw):  # at once, not when the first sample is fetched
        with pytest.raises(InputError, match=message):
            ask(model, 2, where)


@pytest.mark.parametrize("truncation", [0, -0.1, 1.01, float("nan"), float("inf")])
def test_truncation_has_a_range(model: Model, truncation: float) -> None:
    with pytest.raises(InputError, match="truncation"):
        stream(model, 2, truncation=truncation)


def test_truncation_makes_samples_alike(model: Model) -> None:
    spread = [tensors(model, 64, where={"label": 1}, truncation=t)[0].std(0).mean() for t in (0.1, 0.5, 1.0)]
    assert spread[0] < spread[1] < spread[2]


def test_none_can_not_be_drawn(model: Model) -> None:
    with pytest.raises(InputError, match="0 samples"):
        stream(model, 0)


def test_classes_come_as_often_as_in_training(model: Model) -> None:
    skewed = Model(model.recipe, model.hp, model.codec, model.nets, model.drawing, (0.7, 0.0, 0.3))
    labels = sample(skewed, 2000).labels
    assert labels is not None
    assert np.bincount(labels, minlength=3) / 2000 == pytest.approx([0.7, 0, 0.3], abs=0.04)


def test_an_unconditional_model_takes_no_conditions(free: Model) -> None:
    assert sample(free, 2).labels is None
    with pytest.raises(InputError, match="unconditional"):
        stream(free, 2, {"label": 0})


# --- files


def test_a_grid(model: Model, tmp_path: Path) -> None:
    path = write_samples(model, 7, tmp_path / "deep/grid.png", columns=3)
    with Image.open(path) as picture:
        assert picture.size[0] > picture.size[1] * 0.9 and picture.mode == "RGB"
    with pytest.raises(InputError, match="too large to look at"):
        write_samples(model, 10_001, tmp_path / "big.png")


def test_an_archive(model: Model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("gansmith.run.write_samples.stream", lambda *a: stream(*a, chunk=8))
    shares: list[float] = []
    path = write_samples(model, 20, tmp_path / "a.npz", where={"label": ["mid", "dark"]}, tick=shares.append)
    with np.load(path, allow_pickle=False) as found:
        expected = sample(model, 20, {"label": ["mid", "dark"]})
        assert found["images"].dtype == np.uint8 and found["images"].shape == (20, 8, 8, 1)
        assert np.abs(found["images"].astype(int) - expected.images).max() <= 1
        assert found["labels"].tolist() == [1, 0] * 10 and found["names"].tolist() == ["dark", "mid", "light"]
    assert shares == [0.4, 0.8, 1.0]


def test_an_archive_without_labels(free: Model, tmp_path: Path) -> None:
    with np.load(write_samples(free, 3, tmp_path / "a.npz")) as found:
        assert found.files == ["images"]


@pytest.mark.parametrize("name", ["a.npz", "folder"])
def test_samples_are_written_as_they_are_made(model: Model, tmp_path: Path, monkeypatch, name: str) -> None:
    """No two chunks are alive together, so memory does not grow with their number."""
    alive, most = 0, 0
    real = sampling.draw

    class Counted(torch.Tensor):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal alive, most
        for part in real(*arguments, **options):
            alive += 1
            most = max(most, alive)
            image = part["image"].as_subclass(Counted)
            del part["image"]
            yield {"image": image, **part}
            del image

    monkeypatch.setattr(sampling, "draw", counting)
    monkeypatch.setattr("gansmith.run.write_samples.stream", lambda *a: stream(*a, chunk=4))
    monkeypatch.setattr("gansmith.run.write_samples.sample", lambda *a: pytest.fail("drawn into memory"))
    write_samples(model, 40, tmp_path / name)
    assert 1 <= most <= 2


def test_the_archive_is_compressed_and_whole(model: Model, tmp_path: Path) -> None:
    with zipfile.ZipFile(write_samples(model, 5, tmp_path / "a.npz")) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"images.npy", "labels.npy", "names.npy"}


def test_a_folder_can_be_trained_on(model: Model, tmp_path: Path, judge: Path) -> None:
    path = write_samples(model, 30, tmp_path / "samples-0.7", where={"label": [0, 1, 2]})
    images = open_images(path)
    assert len(images) == 30 and set(images.classes) == {"dark", "mid", "light"}
    assert [images.classes[k] for k in images.labels[:3]] == ["dark", "mid", "light"]
    pixels = sample(model, 30, {"label": [0, 1, 2]}).images
    assert np.array_equal(np.asarray(images.images), pixels)
    assert make_plan(Request(path, recipe="gan", settings={"batch": 4}, out=tmp_path / "r")).codec.classes


def test_a_folder_without_labels(free: Model, tmp_path: Path) -> None:
    path = write_samples(free, 3, tmp_path / "out")
    assert sorted(p.name for p in path.iterdir()) == ["000000.png", "000001.png", "000002.png"]


def test_places_that_are_taken_are_refused(model: Model, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dir.png").mkdir()
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("full", "not empty"), ("file", "is a file"), ("dir.png", "is a folder"), ("a.jpg", "can't be written"),
        ("a.zip", "can't be written"), ("file/a.png", "can't be written"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            write_samples(model, 2, tmp_path / name)
    for nameless in ("", ".", "/"):
        with pytest.raises(InputError, match="--out"):
            write_samples(model, 2, nameless)
    assert write_samples(model, 2, tmp_path / "empty").is_dir()
    assert (tmp_path / "file").read_text() == "mine" and (tmp_path / "full/a.txt").read_text() == "mine"


def test_nothing_is_left_where_asking_fails(model: Model, tmp_path: Path) -> None:
    for name in ("deep/a.npz", "deep/folder"):
        with pytest.raises(InputError):
            write_samples(model, 2, tmp_path / name, where={"label": "none"})
    assert not list(tmp_path.iterdir())
