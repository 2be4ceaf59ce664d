"""Inspection, contact sheets, grids and files to look at."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from gansmith.data.fit import Fit
from gansmith.data.grid import grid, write_image
from gansmith.data.inspect import contact_sheet, inspect
from gansmith.data.open import open_images
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError


def test_inspection_agrees_with_preparation(tree, pixels):
    files = {f"train/a/{i}.png": pixels(i, 8, 8) for i in range(4)} | {
        "train/b/1.png": pixels(9, 6, 10, 1),
        "train/b/again.png": pixels(0),
        "test/b/2.png": pixels(8),
        "test/a/bad.png": b"x",
    }
    root = tree(files)
    found, images = inspect(open_reader(root)), open_images(root)
    assert (found.count, found.readable) == (8, 7) and found.fit == images.fit and found.warnings == images.warnings
    assert found.sizes == (((8, 8), 6), ((6, 10), 1)) and found.channels == ((3, 6), (1, 1))
    assert found.classes == {"a": 4, "b": 3} and found.splits == {"train": 6, "test": 1}
    assert found.duplicates == (("train/a/0.png", "train/b/again.png"),) and found.depths == (("uint8", 7),)
    data = json.loads(json.dumps(found.to_json()))
    assert data["unreadable"] == 1 and data["skipped"][0]["name"] == "test/a/bad.png"
    assert data["fit_in_words"].startswith("centre-cropped") and data["sizes"][0] == {
        "height": 8,
        "width": 8,
        "count": 6,
    }


def test_inspection_without_labels_and_with_a_settled_fit(tree, pixels):
    said = []
    root = tree({f"{i}.png": pixels(i) for i in range(3)})
    found = inspect(open_reader(root), Fit(4, 4, 1), lambda *now: said.append(now))
    assert found.classes == {} and found.splits == {} and found.fit == Fit(4, 4, 1) and said[-1][1:] == (3, 3)


def test_inspection_of_nothing_readable(tree):
    with pytest.raises(InputError, match="not one of 2 pictures"):
        inspect(open_reader(tree({"a.png": b"x", "b.png": b"y"})))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_grids_of_every_kind(dtype, channels):
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    images = np.full((5, 28, 28, channels), top, dtype)
    images[0, ..., 0] = 0
    sheet = grid(images, 3)
    assert sheet.mode == "RGB" and sheet.size == (3 * 58 + 2, 2 * 58 + 2)
    shown = np.array(sheet)
    assert shown[10, 10].tolist() == ([0, 255, 255] if channels > 2 else [0, 0, 0])
    assert (shown[10, 70] == 255).all()


def test_grid_enlarges_by_whole_factors_and_not_beyond_need():
    assert grid(np.zeros((1, 60, 80, 3), np.uint8), 1, pad=0).size == (80, 60)
    assert grid(np.zeros((1, 8, 8), np.uint8), 1, pad=0).size == (56, 56)
    assert grid(np.zeros((1, 8, 8), np.uint8), 1, pad=1, scale=2).size == (18, 18)


def test_grid_shows_floats_in_their_range_and_nan_as_black():
    x = np.float32([[[[-1.0], [1.0]], [[np.nan], [0.0]]]])
    shown = np.array(grid(x, 1, pad=0, scale=1, value_range=(-1.0, 1.0)))[..., 0]
    assert shown.tolist() == [[0, 255], [0, 128]]


def test_grid_labels_make_room():
    x = np.zeros((4, 28, 28, 1), np.uint8)
    plain, labelled = grid(x, 2), grid(x, 2, labels=["a", "Überraschung, sehr lang und länger 日本"])
    assert labelled.width > plain.width + 20 and labelled.height == plain.height
    assert (np.array(labelled)[:, : labelled.width - plain.width] < 128).any()


@pytest.mark.parametrize(
    ("shape", "options", "part"),
    [
        ((2, 4, 4, 5), {}, "1 to 4 channels"),
        ((0, 4, 4, 3), {}, "shape"),
        ((2, 4, 4, 3), {"columns": 0}, "columns=0"),
        ((2, 4, 4, 3), {"pad": -1}, "pad=-1"),
        ((2, 4, 4, 3), {"scale": 0}, "scale=0"),
        ((2, 4, 4, 3), {"labels": ["a", "b"]}, "2 labels for 1 rows"),
    ],
)
def test_grids_that_cannot_be(shape, options, part):
    with pytest.raises(InputError, match=part):
        grid(np.zeros(shape, np.uint8), **{"columns": 2, **options})


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_written_pictures_come_back(tmp_path, dtype, channels):
    x = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (5, 7, channels), dtype=dtype)
    write_image(x, tmp_path / "new" / "a.png")
    back = open_reader(tmp_path / "new" / "a.png").read(0)
    if dtype is np.uint16 and channels > 1:  # read as 8-bit, which is all that Pillow offers for colour
        back = back if channels != 2 else back[..., [0, 3]]
        assert np.abs(back.astype(int) - x // 257).max() <= 1
    else:
        assert np.array_equal(back, x)


def test_floats_are_written_in_16_bit(tmp_path):
    write_image(np.float32([[-1.0, 1.0]]), tmp_path / "a.png", (-1.0, 1.0))
    assert np.array(Image.open(tmp_path / "a.png")).tolist() == [[0, 65535]]


def test_pictures_that_cannot_be_written(tmp_path):
    x = np.zeros((4, 4, 3), np.uint8)
    for image, path, part in (
        (x[None], tmp_path / "a.png", "shape"),
        (x, tmp_path / "a.jpg", "ends in .png"),
        (x, tmp_path / "file" / "a.png", "cannot be written"),
    ):
        (tmp_path / "file").write_text("")
        with pytest.raises(InputError, match=part):
            write_image(image, path)


def test_contact_sheets(tree, pixels):
    files = {f"a/{i}.png": pixels(i, 30, 30) for i in range(7)} | {"b/1.png": pixels(8, 30, 30)}
    images = open_images(tree(files))
    sheet = contact_sheet(images, 5, 4)
    assert sheet.height == 2 * 62 + 2 and sheet.width > 4 * 62 + 2
    assert (np.array(sheet)[100, -20] == 255).all()
    with pytest.raises(InputError, match="rows=0"):
        contact_sheet(images, 0)


def test_contact_sheet_without_classes(tree, pixels):
    images = open_images(tree({f"{i}.png": pixels(i, 60, 60) for i in range(7)}))
    assert contact_sheet(images, 2, 3).size == (3 * 62 + 2, 2 * 62 + 2)
