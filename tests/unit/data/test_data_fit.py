"""Pictures of any size become arrays of one shape."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gansmith.data.fit import Fit, FitOptions
from gansmith.data.reader import Peek
from gansmith.data.resample import convert_channels, convert_depth, is_grey, is_opaque, resize
from gansmith.data.survey import Survey, settle
from gansmith.errors import InputError


def ramp(height: int, width: int) -> np.ndarray:
    """Red tells the row, green the column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 255 // (height - 1), columns * 255 // (width - 1), rows * 0], -1).astype(np.uint8)


def test_crop_keeps_the_middle_of_the_long_side():
    x = np.zeros((20, 60, 1), np.uint8)
    x[:, 20:40] = 200
    assert (Fit(10, 10, 1).apply(x)[:, 3:-3] == 200).all()
    assert (Fit(10, 10, 1).apply(x.transpose(1, 0, 2))[3:-3] == 200).all()


def test_crop_to_a_shape_that_is_no_square():
    out = Fit(10, 20, 3).apply(ramp(40, 40))
    assert out.shape == (10, 20, 3) and 50 < out[0, :, 0].mean() < 80 and out[0, 0, 1] < 10 < 245 < out[0, -1, 1]


@pytest.mark.parametrize("fill", ["edge", "black", "white"])
def test_pad_keeps_everything(fill):
    x = np.full((20, 40, 3), 90, np.uint8)
    out = Fit(16, 16, 3, mode="pad", fill=fill).apply(x)
    border = {"edge": 90, "black": 0, "white": 255}[fill]
    assert (out[:4] == border).all() and (out[-4:] == border).all() and (out[4:12] == 90).all()


def test_pad_makes_borders_opaque():
    out = Fit(8, 8, 4, mode="pad", fill="black").apply(np.full((4, 8, 4), 100, np.uint8))
    assert (out[0, :, 3] == 255).all() and (out[0, :, :3] == 0).all()


def test_stretch_takes_all_of_it():
    out = Fit(8, 8, 3, mode="stretch").apply(ramp(40, 80))
    assert out[0, 0, :2].max() < 30 and out[-1, -1, :2].min() > 225


def test_same_size_is_untouched(pixels):
    assert np.array_equal(Fit(8, 8, 3).apply(pixels(1)), pixels(1))


def test_shrinking_does_not_alias():
    stripes = (np.arange(128) % 2 * 255).astype(np.uint8)[None, :, None].repeat(128, 0)
    assert np.abs(Fit(16, 16, 1).apply(stripes).astype(int) - 127).max() < 12


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(4, 4), (20, 20)])
def test_16_bit_and_float_resize_like_8_bit(pixels, channels, size):
    x = pixels(5, 10, 10, channels) // 3 + 85  # no overshoot, which 8-bit arithmetic clips between its two passes
    eight = resize(x, *size).astype(float)
    sixteen = resize(x.astype(np.uint16) * np.uint16(257), *size) / 257.0
    floats = resize((x / np.float32(255)).astype(np.float32), *size) * 255.0
    allowed = 1.5 if channels in (1, 3) else 6
    assert np.abs(sixteen - eight).max() < allowed and np.abs(floats - eight).max() < allowed
    assert np.abs(sixteen - floats).max() < 0.1


def test_invisible_colours_do_not_bleed():
    x = np.zeros((16, 16, 4), np.uint8)
    x[:, :8] = (255, 0, 0, 255)
    x[:, 8:] = (0, 255, 0, 0)
    for picture in (x, x.astype(np.uint16) * np.uint16(257)):
        out = resize(picture, 5, 5)
        assert out[..., 1][out[..., 3] > np.iinfo(picture.dtype).max // 8].max() <= np.iinfo(picture.dtype).max // 50


def test_depths_convert_and_come_back():
    eight = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    sixteen = convert_depth(eight, 16, 0, 1)
    assert sixteen.max() == 65535 and np.array_equal(convert_depth(sixteen, 8, 0, 1), eight)
    floats = convert_depth(eight, 32, -1.0, 1.0)
    assert floats.min() == -1 and floats.max() == 1 and np.array_equal(convert_depth(floats, 8, -1.0, 1.0), eight)
    assert np.array_equal(convert_depth(floats, 16, -1.0, 1.0), sixteen)
    assert convert_depth(np.float32([[[5.0]]]), 8, 0.0, 1.0).item() == 255


def test_channels_convert():
    red_half = np.zeros((2, 2, 4), np.uint8)
    red_half[:] = (255, 0, 0, 128)
    assert convert_channels(red_half, 3, 0, 255)[0, 0].tolist() == [255, 127, 127]
    assert convert_channels(red_half, 1, 0, 255)[0, 0].tolist() == [165]
    assert convert_channels(red_half, 2, 0, 255)[0, 0].tolist() == [76, 128]
    grey = np.full((2, 2, 1), 9, np.uint8)
    assert convert_channels(grey, 3, 0, 255)[0, 0].tolist() == [9, 9, 9]
    assert convert_channels(grey, 4, 0, 255)[0, 0].tolist() == [9, 9, 9, 255]
    clear = np.float32([[[-1.0, -1.0]]])
    assert convert_channels(clear, 1, -1.0, 1.0).item() == 1.0


def test_grey_and_opaque(pixels):
    assert is_grey(pixels(1, channels=2)) and not is_grey(pixels(1)) and is_grey(pixels(1, channels=1).repeat(3, 2))
    assert is_opaque(pixels(1), 255) and not is_opaque(pixels(1, channels=4), 255)


def test_json_round_trip_and_its_problems():
    fit = Fit(32, 48, 4, 32, "pad", "white", -2.5, 7.0)
    assert Fit.from_json(json.loads(json.dumps(fit.to_json()))) == fit
    with pytest.raises(InputError) as error:
        Fit.from_json({"height": True, "width": 8, "channels": 9, "mode": "corp", "fil": 1, "float_low": "x"})
    text = str(error.value)
    for part in ("height=True", "channels=9", "mode='corp'", "'fil'; did you mean 'fill'", "bits is missing", "number"):
        assert part in text
    for bad in (3, None, {**fit.to_json(), "float_low": 9}):
        with pytest.raises(InputError):
            Fit.from_json(bad)


def test_descriptions():
    assert Fit(64, 64, 3).describe() == "centre-cropped to a square, scaled to 64x64 with Lanczos, RGB, 8-bit"
    assert "scaled to fit 64x32" in Fit(32, 64, 1, mode="pad").describe()
    assert "stretched to 8x8" in Fit(8, 8, 1, mode="stretch").describe()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"mode": "corp"}, "did you mean 'crop'"),
        ({"size": 2}, "^image size 2 must lie between 4 and 8192 pixels$"),
        ({"size": (8, 9999)}, "image size 8x9999 must"),
        ({"channels": 5}, "channels=5"),
        ({"fill": "grey"}, "fill='grey'"),
    ],
)
def test_wishes_are_checked(options, part):
    with pytest.raises(InputError, match=part):
        FitOptions(**options)


def seen(*peeks: Peek, grey=False, transparent=False, low=np.inf, high=-np.inf) -> Survey:
    found = Survey(grey=grey, transparent=transparent, float_low=low, float_high=high)
    for peek in peeks:
        found.add(peek)
    return found


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 3, (28, 28)),
        ([(96, 128)] * 3, (96, 128)),
        ([(256, 256)] * 3, (64, 64)),
        ([(50, 90), (50, 90), (300, 20)], (48, 48)),
        ([(500, 400), (300, 300)], (64, 64)),
        ([(5, 9), (6, 6)], (8, 8)),
    ],
)
def test_automatic_size(sizes, expected):
    fit = settle(seen(*(Peek(h, w, 3, "uint8") for h, w in sizes)), FitOptions(), "here")
    assert (fit.height, fit.width) == expected


@pytest.mark.parametrize(
    ("channels", "grey", "transparent", "expected"),
    [
        ([1, 1], True, False, 1),
        ([1, 3], False, False, 3),
        ([3, 3], True, False, 1),
        ([4, 4], False, True, 4),
        ([4, 4], False, False, 3),
        ([4, 3], False, True, 3),
        ([2, 2], True, True, 2),
        ([2, 4], False, True, 4),
    ],
)
def test_automatic_channels(channels, grey, transparent, expected):
    found = seen(*(Peek(8, 8, c, "uint8") for c in channels), grey=grey, transparent=transparent)
    assert settle(found, FitOptions(), "here").channels == expected


@pytest.mark.parametrize(
    ("dtypes", "bits"),
    [(["uint16"] * 2, 16), (["uint16", "uint8"], 8), (["float32"] * 2, 32), (["float32", "uint8"], 8)],
)
def test_automatic_depth(dtypes, bits):
    assert settle(seen(*(Peek(8, 8, 1, d) for d in dtypes)), FitOptions(), "here").bits == bits


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.9, (0, 1)), (-0.2, 0.9, (-1, 1)), (0, 200, (0, 255)), (-3.0, 81.0, (-3, 81)), (300.0, 300.0, (300, 301))],
)
def test_range_of_floats(low, high, expected):
    fit = settle(seen(Peek(8, 8, 1, "float32"), low=low, high=high), FitOptions(), "here")
    assert (fit.low, fit.high) == expected
