"""Every format and mode becomes plain pixels; broken files have a reason."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gansmith.data.reader import Peek, ReadOptions, UnreadableError
from gansmith.data.sniff import open_reader


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def only(root, **options):
    reader = open_reader(root, ReadOptions(**options))
    peek, pixels = reader.peek(0), reader.read(0)
    assert peek == Peek(*pixels.shape, pixels.dtype.name)
    return pixels


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp", "gif", "ppm"])
def test_lossless_formats_are_exact(tree, pixels, ending):
    x = pixels(1) if ending != "gif" else pixels(1) // 86 * 86
    kind = {"tif": "TIFF"}.get(ending, ending.upper())
    options = {"lossless": True} if ending == "webp" else {}
    image = Image.fromarray(x)
    if ending == "gif":
        image = image.quantize(64)
        x = np.array(image.convert("RGB"))
    assert np.array_equal(only(tree({f"a.{ending}": saved(image, kind, **options)})), x)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_of_png(tree, pixels, channels):
    x = pixels(2, channels=channels)
    assert np.array_equal(only(tree({"a.png": x})), x)


def test_jpeg_is_close_and_grey_jpeg_has_one_channel(tree, pixels):
    x = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    assert np.abs(only(tree({"a.jpg": saved(Image.fromarray(x), "JPEG", quality=95)})).astype(int) - x).max() < 8
    assert only(tree({"a.jpg": saved(Image.fromarray(x[..., 0]), "JPEG")})).shape == (16, 16, 1)


def test_cmyk_becomes_rgb(tree):
    cmyk = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    assert np.array_equal(only(tree({"a.tif": saved(cmyk, "TIFF")})), np.full((8, 8, 3), 255))


def test_bits_become_bytes(tree):
    bits = np.random.default_rng(0).random((8, 9)) > 0.5
    assert np.array_equal(only(tree({"a.png": saved(Image.fromarray(bits), "PNG")}))[..., 0], bits * 255)


def test_palettes_are_expanded(tree, pixels):
    coloured = Image.fromarray(pixels(3)).quantize(16)
    assert only(tree({"a.png": saved(coloured, "PNG")})).shape == (8, 8, 3)
    assert only(tree({"a.png": saved(coloured, "PNG", transparency=3)})).shape == (8, 8, 4)
    grey = Image.fromarray(pixels(3)[..., 0]).convert("P", palette=Image.Palette.ADAPTIVE)
    out = only(tree({"a.png": saved(grey, "PNG")}))
    assert np.array_equal(out[..., 0], pixels(3)[..., 0]) and out.shape[2] == 1


def test_transparent_colour_becomes_alpha(tree):
    grey, red = Image.new("L", (4, 4), 7), Image.new("RGB", (4, 4), (9, 0, 0))
    assert only(tree({"a.png": saved(grey, "PNG", transparency=7)})).shape == (4, 4, 2)
    out = only(tree({"a.png": saved(red, "PNG", transparency=(9, 0, 0))}))
    assert out.shape == (4, 4, 4) and not out[..., 3].any()


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_grey_stays_16_bit(tree, ending):
    x = np.random.default_rng(0).integers(0, 65536, (6, 5), dtype=np.uint16)
    kind = {"png": "PNG", "tif": "TIFF"}[ending]
    assert np.array_equal(only(tree({f"a.{ending}": saved(Image.fromarray(x), kind)}))[..., 0], x)


def test_float_tiff_and_its_nan(tree):
    x = np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4)
    assert np.array_equal(only(tree({"a.tif": saved(Image.fromarray(x), "TIFF")}))[..., 0], x)
    x[0, 0] = np.nan
    with pytest.raises(UnreadableError, match="1 pixels are NaN"):
        open_reader(tree({"a.tif": saved(Image.fromarray(x), "TIFF")})).read(0)


def test_wide_integers_must_fit(tree):
    good = Image.fromarray(np.full((4, 4), 65535, np.int32))
    assert only(tree({"a.tif": saved(good, "TIFF")})).max() == 65535
    bad = Image.fromarray(np.full((4, 4), 70000, np.int32))
    with pytest.raises(UnreadableError, match="70000 do not fit 16 bits"):
        open_reader(tree({"a.tif": saved(bad, "TIFF")})).read(0)


@pytest.mark.parametrize(("ending", "kind"), [("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF"), ("webp", "WEBP")])
@pytest.mark.parametrize("orientation", [3, 6])
def test_exif_orientation_is_applied(tree, ending, kind, orientation):
    x = np.zeros((16, 32, 3), np.uint8)
    x[:8, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = only(tree({f"a.{ending}": saved(Image.fromarray(x), kind, exif=exif.tobytes())}))
    turned = np.rot90(x, -1 if orientation == 6 else 2)
    assert out.shape == turned.shape and np.abs(out.astype(int) - turned).mean() < 8


@pytest.mark.parametrize("path", ["stack.tif", ""])
def test_pages_of_a_tiff_are_items(tree, pixels, path):
    first, *rest = (Image.fromarray(pixels(i)) for i in range(4))
    root = tree({"stack.tif": saved(first, "TIFF", save_all=True, append_images=rest)})
    reader = open_reader(root / path)
    assert list(reader.names) == [f"stack.tif#page{i}" for i in (1, 2, 3, 4)]
    for i in (0, 3, 1, 2):
        assert np.array_equal(reader.read(i), pixels(i)) and reader.peek(i).height == 8


def test_animation_counts_as_its_first_frame(tree):
    frames = [Image.new("L", (8, 8), v) for v in (10, 200)]
    root = tree({"a.gif": saved(frames[0], "GIF", save_all=True, append_images=frames[1:])})
    assert len(open_reader(root)) == 1 and open_reader(root).read(0).max() == 10


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", b"not a picture at all", "not a picture in a known format"),
        ("a.jpg", b"", "empty file"),
        ("a.tif", b"II*\x00garbage", "damaged|known format"),
        ("a.gif", b"GIF89a", "damaged|known format"),
    ],
)
def test_broken_files_have_a_reason(tree, name, content, reason):
    reader = open_reader(tree({name: content}))
    assert len(reader) == 1
    with pytest.raises(UnreadableError, match=reason):
        reader.read(0)


@pytest.mark.parametrize(("ending", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("tif", "TIFF")])
def test_truncated_files_are_unreadable(tree, pixels, ending, kind):
    whole = saved(Image.fromarray(pixels(1, 64, 64)), kind)
    with pytest.raises(UnreadableError):
        open_reader(tree({f"a.{ending}": whole[: len(whole) // 2]})).read(0)


def huge_png(side: int) -> bytes:
    """A few bytes that claim to be side x side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(("side", "reason"), [(10_100, "max_pixels=100,000,000"), (40_000, "the decoder ever accepts")])
def test_huge_pictures_are_unreadable_without_a_warning(tree, side, reason):
    reader = open_reader(tree({"huge.png": huge_png(side)}))
    for look in (reader.peek, reader.read):
        with pytest.raises(UnreadableError, match=reason):
            look(0)


def test_the_limit_can_be_lowered(tree, pixels):
    with pytest.raises(UnreadableError, match=r"8x8 is 64 pixels, more than max_pixels=60"):
        open_reader(tree({"a.png": pixels(1)}), ReadOptions(max_pixels=60)).read(0)
