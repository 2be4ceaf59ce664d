"""A translator applied to images of every form: sizes, depths, channels, alpha, masks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.translation.codec import TranslationCodec
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.run import apply
from gansmith.run.settings import resolve
from gansmith.run.translation_model import TranslationModel

torch.set_num_threads(1)

SMALL = {
    "srgan": {"width": 4, "blocks": 1, "factor": 2},
    "inpaint": {"width": 4, "judge": 4},
    "cyclegan": {"width": 4, "blocks": 1},
    "pix2pix": {"width": 4},
}


def model_of(recipe, task, channels=3, source=None, size=16):
    """An untrained model."""
    image = ImageCodec(Fit(size, size, channels), ())
    frame = None if source is None else ImageCodec(Fit(size, size, source), ())
    codec, found = TranslationCodec(task, image, frame), find_recipe(recipe)
    hp = resolve(found, "s", SMALL[recipe])
    torch.manual_seed(0)
    game = found.game(codec.spec, hp)
    nets = {name: net.eval().requires_grad_(False) for name, net in game.nets.items()}
    return TranslationModel.of(found, hp, codec, game, nets, {})


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
    monkeypatch.setattr(apply, "MOST_PIXELS", 2000)
    with pytest.raises(InputError, match=r"54x40 pixels would be made, 0.0 GiB: more than 2,000 pixels"):
        larger.apply(pixels())


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
