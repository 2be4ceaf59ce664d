"""A translator applied to images of every form: sizes, depths, channels, alpha, masks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from untrained import model_of

from gansmith.errors import InputError
from gansmith.run import apply
from gansmith.run.translation_model import TranslationModel

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def larger():
    return model_of("srgan", "upscale")


@pytest.fixture(scope="module")
def filler():
    return model_of("inpaint", "inpaint")


def pixels(height=20, width=27, channels=3, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).random((height, width, channels))
    return values.astype(np.float32) if dtype == np.float32 else (values * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_and_depth_are_kept(larger, dtype, channels):
    made = larger.apply(pixels(channels=channels, dtype=dtype))
    assert made.shape == (40, 54, channels) and made.dtype == dtype


def test_alpha_is_enlarged_beside_the_colours(larger):
    image = pixels(channels=4)
    image[..., 3] = 255
    image[:, :10, 3] = 0
    made = larger.apply(image)
    assert np.array_equal(made[..., :3], larger.apply(image[..., :3]))
    assert (made[:, :16, 3] == 0).all() and (made[:, 26:, 3] == 255).all()


def test_tiles_are_what_the_whole_image_gives(larger):
    image = pixels(70, 61, dtype=np.uint16)
    whole, tiles = (larger.apply(image, tile=t).astype(int) for t in (100, 16))
    assert np.abs(whole - tiles).max() <= 65535 * 1e-4


def test_depths_agree(larger):
    image = pixels()
    deep = larger.apply(image.astype(np.uint16) * 257)
    assert np.abs(larger.apply(image).astype(float) - deep / 257).max() <= 0.51


def test_images_smaller_than_a_net_can_halve(filler):
    for height, width in ((1, 1), (3, 40), (9, 7)):
        mask = np.full((height, width), 255, np.uint8)
        assert filler.apply(pixels(height, width), mask).shape == (height, width, 3)


def test_what_is_not_missing_stays_to_the_bit(filler):
    image, mask = pixels(), np.zeros((20, 27), np.uint8)
    mask[5:9, 6:15] = 255
    made = filler.apply(image, mask)
    assert np.array_equal(made[mask == 0], image[mask == 0]) and not np.array_equal(made, image)
    hidden = image.copy()
    hidden[mask > 0] = 99  # what is missing is not looked at
    assert np.array_equal(filler.apply(hidden, mask), made)


def test_what_is_transparent_is_missing_where_there_is_no_mask(filler):
    image, mask = pixels(), np.zeros((20, 27), np.uint8)
    mask[5:9, 6:15] = 255
    made = filler.apply(np.concatenate([image, 255 - mask[..., None]], 2))
    assert np.array_equal(made, filler.apply(image, mask))


def test_a_mask_of_another_size_or_none_is_refused(filler, larger):
    with pytest.raises(InputError, match="the mask has 27x21 pixels, the image 27x20"):
        filler.apply(pixels(), np.zeros((21, 27), np.uint8))
    for image in (pixels(), np.full((8, 8, 4), 255, np.uint8)):
        with pytest.raises(InputError, match="nothing says what is missing"):
            filler.apply(image)
    with pytest.raises(InputError, match="--mask is for models that fill holes; this one learnt: upscale"):
        larger.apply(pixels(), np.zeros((20, 27), np.uint8))


def test_the_way_back_is_another_net():
    model = model_of("cyclegan", "unpaired", source=3)
    image = pixels(16, 16)
    there, back = model.apply(image), model.apply(image, reverse=True)
    assert not np.array_equal(there, back)
    given = torch.from_numpy(image).permute(2, 0, 1)[None] / 127.5 - 1
    wanted = ((model.nets["back"](given)[0].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    assert np.abs(back - wanted).max() <= 1


def test_one_way_models_and_impossible_wishes_are_refused(larger, monkeypatch):
    with pytest.raises(InputError, match="srgan learns one way only"):
        larger.apply(pixels(), reverse=True)
    with pytest.raises(InputError, match="--tile 3"):
        larger.apply(pixels(), tile=3)
    with pytest.raises(InputError, match=r"uint8, uint16 or float32, got int64 \(4, 4, 1\)"):
        larger.apply(np.zeros((4, 4), np.int64))


def test_what_would_not_fit_says_how_much_it_takes_and_what_would_do(larger, monkeypatch):
    monkeypatch.setattr(apply, "SMALL", 0)
    image = pixels(64, 2000)
    needs = {tile: larger.begin(image, tile=tile) and _taken(larger, image, tile, monkeypatch) for tile in (64, 32)}
    monkeypatch.setattr(apply, "memory_free", lambda: (needs[64] + needs[32]) // 2)
    with pytest.raises(
        InputError, match=r"4000x128 pixels would be made, which takes 0.0 GB; 0.0 GB are free: --tile 32"
    ):
        larger.begin(image, tile=64)
    larger.begin(image, tile=32)
    monkeypatch.setattr(apply, "memory_free", lambda: 1000)
    with pytest.raises(InputError, match="are free: gansmith apply, which writes row by row, takes less"):
        larger.apply(image)
    with pytest.raises(InputError, match="are free: cut the image into parts"):
        larger.begin(image)


def _taken(model, image, tile, monkeypatch):
    """The least free memory at which a tile is taken, to 4 KiB."""
    low, high = 0, 2**30
    while high - low > 4096:
        middle = (low + high) // 2
        monkeypatch.setattr(apply, "memory_free", lambda: middle)  # noqa: B023  # called at once
        try:
            made = model.begin(image, tile=tile) is not None
        except InputError:
            made = False
        low, high = (low, middle) if made else (middle, high)
    return high


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("recipe", ["larger", "filler"])
def test_strips_make_up_the_whole(recipe, channels, request):
    model, image = request.getfixturevalue(recipe), pixels(70, 45, channels, seed=3)
    mask = (pixels(70, 45, 1, seed=4) > 200).astype(np.uint8) * 255 if recipe == "filler" else None
    if channels in (2, 4):
        image[..., -1] = np.linspace(0, 255, 70 * 45).reshape(70, 45).astype(np.uint8)
    making = model.begin(image, mask, tile=16)
    made = list(making.strips(None))
    assert len(made) > 2 and np.array_equal(np.concatenate(made), model.apply(image, mask, tile=16))
    assert making.shape == np.concatenate(made).shape


def test_pairs_of_other_channels():
    model = model_of("pix2pix", "pairs", channels=3, source=1)
    assert model.apply(pixels(channels=1)).shape == (20, 27, 3)
    assert np.array_equal(model.apply(pixels(channels=1)), model.apply(np.repeat(pixels(channels=1), 3, 2)))


def test_progress_is_told(larger):
    told = []
    larger.apply(pixels(40, 20), tile=16, tick=told.append)
    assert told == pytest.approx([16 / 40, 32 / 40, 1.0])


def test_a_model_is_read_back(larger, tmp_path):
    larger.save(tmp_path / "model")
    again = TranslationModel.load(tmp_path / "model")
    assert np.array_equal(again.apply(pixels()), larger.apply(pixels())) and set(again.nets) == {"G"}
    assert "gansmith apply" in (tmp_path / "model/README.md").read_text()
