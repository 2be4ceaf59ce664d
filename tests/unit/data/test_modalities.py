"""Cases in several modalities: which belong together, what is refused, and that channels keep their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gansmith.data.fit import FitOptions
from gansmith.data.translation.codec import TranslationCodec
from gansmith.data.translation.domains import JITTER, open_domains
from gansmith.data.translation.modalities import Layers
from gansmith.data.translation.source import TranslationSource
from gansmith.errors import InputError

NAMES = ("T1", "T2", "T10")
"""In natural order."""


def picture(i: int, modality: int, side: int = 18, kind: type = np.uint8) -> np.ndarray:
    """Pictures that differ in every pixel from those of other cases and modalities."""
    rng = np.random.default_rng([i, modality])
    return rng.integers(0, np.iinfo(kind).max + 1, (side, side), dtype=kind)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    for i in range(12):
        for m, name in enumerate(NAMES):
            save(tmp_path / "scans" / name / f"{i}.{'png' if m else 'bmp'}", picture(i, m))
    return tmp_path / "scans"


def opened(path, **wish):
    return open_domains("complete", path, None, FitOptions(**wish))


def test_every_channel_is_the_file_of_its_modality(scans):
    found = opened(scans, size=round(18 / JITTER))
    assert found.modalities == NAMES and found.image.shape == (18, 18, 1) and found.source is None
    assert found.image.images.shape == (12, 18, 18, 3) and len(found.image.hashes) == 12
    for i, name in enumerate(found.image.names):
        for m in range(3):
            assert np.array_equal(found.image.images[i][..., m], picture(int(name), m))


def test_a_case_that_lacks_a_modality_is_left_out_and_said(scans):
    (scans / "T2/3.png").unlink()
    (scans / "T10/4.png").unlink()
    found = opened(scans)
    assert len(found.image) == 10 and not {"3", "4"} & set(found.image.names)
    assert any("2 cases lack a modality" in n and "3 is not in T2" in n for n in found.notes)


def test_a_picture_that_is_broken_takes_its_case_with_it(scans):
    (scans / "T2/3.png").write_bytes(b"nothing")
    found = opened(scans)
    assert len(found.image) == 11 and "3" not in found.image.names
    assert any("1 cases were left out" in n for n in found.notes)
    with pytest.raises(InputError, match=r"3\.png"):
        open_domains("complete", scans, None, FitOptions(), strict=True)


def test_one_of_16_bits_makes_all_of_16_bits(scans):
    for i in range(12):
        save(scans / "T2" / f"{i}.png", picture(i, 1, kind=np.uint16))
    found = opened(scans, size=round(18 / JITTER))
    assert found.image.images.dtype == np.uint16
    at = found.image.names.index("5")
    assert np.array_equal(found.image.images[at][..., 1], picture(5, 1, kind=np.uint16))
    assert np.array_equal(found.image.images[at][..., 0], picture(5, 0).astype(np.uint16) * 257)


def test_codec_and_stream_keep_channels_apart(scans):
    found = opened(scans, size=16)
    codec = TranslationCodec.of(found)
    assert codec.spec["image"].shape == (3, 16, 16) and codec.spec["image"].names == NAMES
    again = TranslationCodec.from_json(codec.to_json())
    assert again == codec and again.modalities == NAMES
    pixels = found.image.images[:4][:, 1:17, 1:17]
    batch = codec.encode(pixels)
    torch.testing.assert_close(batch["image"], torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1)
    assert np.array_equal(codec.decode(batch)[0], pixels)
    first, second = (
        next(TranslationSource(found.image.images, None, found.paired, codec, batch=4, seed=3)) for _ in range(2)
    )
    assert first["image"].shape == (4, 3, 16, 16) and torch.equal(first["image"], second["image"])


@pytest.mark.parametrize("wrong", ["T1", [1, 2], {"a": 1}])
def test_a_description_with_other_modalities_is_refused(scans, wrong):
    about = dict(TranslationCodec.of(opened(scans)).to_json()) | {"modalities": wrong}
    with pytest.raises(InputError, match="modalities must be a list of names"):
        TranslationCodec.from_json(about)


@given(shape=st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4)), sets=st.integers(1, 4), data=st.data())
@settings(max_examples=40, deadline=None)
def test_layers_read_like_the_array(shape, sets, data):
    parts = [np.random.default_rng(i).integers(0, 256, (*shape, 1), dtype=np.uint8) for i in range(sets)]
    layers, whole = Layers(parts), np.concatenate(parts, -1)
    assert layers.shape == whole.shape and layers.dtype == whole.dtype and len(layers) == len(whole)
    rows = data.draw(st.lists(st.integers(0, shape[0] - 1), max_size=5))
    for key in (slice(None), slice(1, 3), np.array(rows, int), 0):
        assert np.array_equal(layers[key], whole[key])
    assert np.array_equal(np.asarray(layers), whole)


def _twice(scans: Path) -> None:
    save(scans / "T1/3.png", picture(3, 0))


def _splits(scans: Path) -> None:
    (scans / "T2").rename(scans / "train")


def _single(scans: Path) -> None:
    for name in NAMES[1:]:
        (scans / name).rename(scans.parent / name)


def _none(scans: Path) -> None:
    for i in range(12):
        (scans / f"T2/{i}.png").rename(scans / f"T2/x{i}.png")


def _wide(scans: Path) -> None:
    save(scans / "T2/3.png", picture(3, 1)[:9])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_twice, "T1: several pictures are called 3: a case has one of each modality"),
        (_splits, r"train would be a modality: put splits into each modality \(T1/train/\)"),
        (_single, "--task complete needs a sub-folder of grey pictures for each modality"),
        (_none, "no case is there in all of T1, T2, T10"),
        (_wide, "3"),
    ],
)
def test_what_is_no_folder_of_modalities_is_refused(scans, spoil, told):
    spoil(scans)
    with pytest.raises(InputError, match=told):
        opened(scans)


def test_channels_are_no_choice(scans):
    with pytest.raises(InputError, match="--channels 3: modalities are grey pictures"):
        opened(scans, channels=3)


def test_splits_lie_inside_modalities_and_cases_of_folders_are_spoken_of(tmp_path):
    for part in ("train", "test"):
        for i in range(6):
            for m, name in enumerate(NAMES):
                save(tmp_path / "given" / name / part / f"{part}{i}.png", picture(i, m))
    assert len(opened(tmp_path / "given").image) == 12
    for i in range(6):
        for m, name in enumerate(NAMES):
            save(tmp_path / "patients" / name / f"p{i % 2}" / f"{i}.png", picture(i, m))
    assert any("where it is one patient" in n for n in opened(tmp_path / "patients").notes)
