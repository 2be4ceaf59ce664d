"""PNG files written by rows, and 16-bit colours read with all of their bits."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gansmith.apps.photos import read_photo
from gansmith.data.decode import deep_picture
from gansmith.data.deep import is_deep
from gansmith.data.png import png16, write_png

DTYPES = (np.uint8, np.uint16)


def picture(height, width, channels, dtype, seed=0):
    rng = np.random.default_rng(seed)
    smooth = np.linspace(0, np.iinfo(dtype).max, height * width * channels).reshape(height, width, channels)
    return np.where(rng.random(smooth.shape) < 0.5, smooth, rng.random(smooth.shape) * np.iinfo(dtype).max).astype(
        dtype
    )


def written(pixels, cuts=(), **more):
    buffer = io.BytesIO()
    write_png(buffer, pixels.shape, np.split(pixels, list(cuts)), **more)
    return buffer.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 150), st.integers(1, 20), st.integers(1, 4), st.sampled_from(DTYPES), st.integers(0, 99))
def test_rows_come_back_however_they_were_cut(height, width, channels, dtype, seed):
    pixels = picture(height, width, channels, dtype, seed)
    data = written(pixels, sorted({seed % height, seed * 7 % height} - {0}))
    image = opened(data)
    if is_deep(image):
        assert np.array_equal(deep_picture(image, opened(data)), pixels)
    else:
        assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def test_filters_make_smooth_pictures_small():
    ramp = (np.add.outer(np.arange(64), np.arange(64))[..., None] * np.array([1, 2, 1])).astype(np.uint8)
    assert len(written(ramp)) < len(zlib.compress(ramp.tobytes()))


def test_profile_and_camera_go_along():
    image = opened(written(picture(4, 4, 3, np.uint8), icc=b"a profile", exif=b"II*\0\x08\0\0\0\0\0\0\0\0\0"))
    assert image.info["icc_profile"] == b"a profile" and "exif" in image.info


def tiff(pixels, order="<", packed=False, orientation=1, planar=1):
    """A TIFF file of `(H, W, C)` in uint16: one strip, either byte order, plain or deflated."""
    height, width, channels = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    data += b"\0" * (len(data) % 2)
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, 8 + len(data)), (259, 3, 1, 8 if packed else 1)]
    tags += [(262, 3, 1, 2), (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, channels), (278, 4, 1, height)]
    tags += [(279, 4, 1, len(data)), (284, 3, 1, planar), *([(338, 3, 1, 2)] if channels == 4 else [])]
    body = data + struct.pack(f"{order}{channels}H", *[16] * channels)
    listed = struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        shown = struct.pack(f"{order}HH", value, 0) if (kind, count) == (3, 1) else struct.pack(f"{order}I", value)
        listed += struct.pack(f"{order}HHI", tag, kind, count) + shown
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8 + len(body)) + body + listed + bytes(4)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_keeps_all_bits_of_colours(tmp_path, channels, order, packed):
    pixels = picture(9, 7, channels, np.uint16)
    (tmp_path / "a.tif").write_bytes(tiff(pixels, order, packed))
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(photo.pixels, pixels) and not photo.note


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_are_turned_as_others_are(tmp_path, orientation):
    pixels = picture(9, 7, 3, np.uint16)
    (tmp_path / "a.tif").write_bytes(tiff(pixels, orientation=orientation))
    plain = Image.fromarray((pixels >> 8).astype(np.uint8))
    plain.getexif()[0x0112] = orientation
    plain.save(tmp_path / "b.png", exif=plain.getexif())
    turned = read_photo(tmp_path / "a.tif").pixels
    assert np.array_equal(turned >> 8, read_photo(tmp_path / "b.png").pixels)


def test_grey_with_alpha_keeps_all_bits(tmp_path):
    pixels = picture(5, 6, 2, np.uint16)
    (tmp_path / "a.png").write_bytes(png16(pixels))
    assert np.array_equal(read_photo(tmp_path / "a.png").pixels, pixels)


def test_colours_in_separate_planes_are_read_as_8_bit_and_that_is_said(tmp_path):
    pixels = picture(8, 8, 3, np.uint16)
    pixels[...] = pixels[..., :1]
    planes = tiff(np.ascontiguousarray(pixels.transpose(2, 0, 1)).reshape(8, 8, 3), planar=2)
    (tmp_path / "a.tif").write_bytes(planes)
    with Image.open(tmp_path / "a.tif") as image:
        deep = is_deep(image)
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.dtype == np.uint8 and (not deep or "read as 8-bit" in photo.note)
