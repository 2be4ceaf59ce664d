"""Picture files through a translator: formats, orientation, colour profiles, masks by name, and files that are bad."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms

from gansmith.apps.photos import apply_files, read_photo
from gansmith.cli.main import run
from gansmith.errors import InputError
from gansmith.run.apply import Making


class Double:
    """Twice as large, pixel by pixel; one way."""

    modalities = ()

    def check(self, reverse=False, tile=None, masked=False):
        if reverse:
            raise InputError("one way only")

    def apply(self, image, mask=None):
        made = image.repeat(2, 0).repeat(2, 1)
        return made if mask is None else np.where(mask.repeat(2, 0).repeat(2, 1) > 0, 0, made).astype(made.dtype)

    def begin(self, image, mask=None, *, reverse=False, tile=None):
        made = self.apply(image, mask)
        return Making(made.shape, lambda tick: iter([made[:5], made[5:]]), "in two strips")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(rng.integers(0, 256, (6, 9), np.uint8)).save(folder / "a.bmp")
    Image.fromarray(rng.integers(0, 65536, (6, 9)).astype(np.uint16)).save(folder / "deep/b.png")
    return folder


def made_of(photos, tmp_path, **more):
    return list(apply_files(Double(), [photos], tmp_path / "out", **more))


def test_every_file_keeps_its_place_and_none_takes_anothers(photos, tmp_path):
    done = made_of(photos, tmp_path)
    assert [str(d.made.relative_to(tmp_path / "out")) for d in done] == ["a.png", "a.png.png", "deep/b.png"]
    for file in done:
        assert np.array_equal(read_photo(file.made).pixels, Double().apply(read_photo(file.source).pixels))
    assert read_photo(done[2].made).pixels.dtype == np.uint16


def test_orientation_camera_and_profile(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    file = tmp_path / "a.jpg"
    Image.new("RGB", (40, 24), (200, 30, 30)).save(file, exif=exif, icc_profile=profile)
    (done,) = apply_files(Double(), [file], tmp_path / "out")
    with Image.open(done.made) as made:
        assert made.size == (48, 80)  # upright
        assert made.info["icc_profile"] == profile
        assert made.getexif()[0x010F] == "A camera" and 0x0112 not in made.getexif()


def test_profiles_go_along_in_16_bits_and_only_with_their_channels(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = tmp_path / "grey.png"
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(grey, icc_profile=profile[:16] + b"GRAY" + profile[20:])
    (done,) = apply_files(Double(), [grey], tmp_path / "out")
    with Image.open(done.made) as made:
        assert made.info["icc_profile"][16:20] == b"GRAY" and np.asarray(made).max() == 40_000
    wrong = tmp_path / "wrong.png"
    Image.new("L", (4, 4)).save(wrong, icc_profile=profile)
    (done,) = apply_files(Double(), [wrong], tmp_path / "out")
    with Image.open(done.made) as made:
        assert "icc_profile" not in made.info


def test_one_bad_file_stops_no_other(photos, tmp_path):
    (photos / "b.png").write_bytes(b"no picture")
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 255)]
    frames[0].save(photos / "c.gif", save_all=True, append_images=frames[1:])
    found = {d.source.name: d.problem for d in made_of(photos, tmp_path) if d.problem}
    assert set(found) == {"b.png", "c.gif"} and len(made_of(photos, tmp_path)) == 5
    assert "not a picture in a known format" in found["b.png"] and "holds 2 pictures" in found["c.gif"]


def test_masks_by_name(photos, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.new("L", (9, 6), 255).save(masks / "a.png")
    told = {d.source.name: d for d in made_of(photos, tmp_path, mask=masks)}
    assert not told["a.bmp"].problem and read_photo(told["a.bmp"].made).pixels.max() == 0
    assert "holds no mask called 'b'" in told["b.png"].problem
    with pytest.raises(InputError, match="no such file or folder"):
        made_of(photos, tmp_path, mask=tmp_path / "none")


def test_inputs_are_never_overwritten_or_missing(photos, tmp_path):
    with pytest.raises(InputError, match=r"a\.png.* would be overwritten"):
        apply_files(Double(), [photos], photos)
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        apply_files(Double(), [photos, tmp_path / "nowhere"], tmp_path / "out")
    with pytest.raises(InputError, match="one way only"):
        apply_files(Double(), [photos], tmp_path / "out", reverse=True)
    with pytest.raises(InputError, match="is a file; give a folder"):
        apply_files(Double(), [photos], photos / "a.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no picture found"):
        apply_files(Double(), [tmp_path / "empty"], tmp_path / "out")


def test_the_command(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gansmith.run.load.load_translator", lambda *_: Double())
    out = str(tmp_path / "out")
    assert run(["apply", "m", str(photos), "--out", out]) == 0
    assert capsys.readouterr().out.split() == [f"{out}/a.png", f"{out}/a.png.png", f"{out}/deep/b.png"]
    (photos / "b.png").write_bytes(b"")
    assert run(["apply", "m", str(photos), "--out", out, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["made"] == 3 and told["failed"] == 1
    assert run(["apply", "m", str(photos / "b.png"), "--out", out]) == 2
    assert "nothing was made" in capsys.readouterr().err


def test_a_made_picture_is_a_png_that_others_read(photos, tmp_path):
    done = made_of(photos, tmp_path)
    assert all(Image.open(io.BytesIO(d.made.read_bytes())).format == "PNG" for d in done)
