"""Images to be translated: recognised, paired, refused, and served in the same views to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data.fit import FitOptions
from gansmith.data.translation.codec import TranslationCodec
from gansmith.data.translation.degrade import grey, noisy
from gansmith.data.translation.domains import open_domains
from gansmith.data.translation.source import TranslationSource
from gansmith.data.translation.task import recognise
from gansmith.errors import InputError

SIDE = 16


def picture(i: int, side: int = SIDE, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(i)
    return rng.integers(0, 256, (side, side, channels) if channels > 1 else (side, side), dtype=np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """The target is the inverted source, so that what belongs together can be told."""
    for i in range(12):
        save(tmp_path / "pairs/input" / f"{i}.png", picture(i))
        save(tmp_path / "pairs/target" / f"{i}.bmp", 255 - picture(i))
    return tmp_path / "pairs"


def opened(task, path, second=None, **wish):
    return open_domains(task, path, second, FitOptions(**wish))


def source_of(domains, **options):
    sources = None if domains.source is None else domains.source.images
    codec = TranslationCodec.of(domains)
    return TranslationSource(domains.image.images, sources, domains.paired, codec, batch=4, seed=3, **options)


# --- what a path holds


def test_folders_of_equal_names_are_pairs(pairs):
    found = recognise(pairs)
    assert found is not None and found.task == "pairs" and "input and target" in found.why
    (pairs / "target/3.bmp").unlink()
    assert recognise(pairs) is None


def test_pictures_twice_as_wide_as_high_are_pairs_and_others_are_not(tmp_path):
    for i in range(10):
        save(tmp_path / f"{i}.png", np.concatenate([picture(i), 255 - picture(i)], 1))
    found = recognise(tmp_path)
    assert found is not None and "twice as wide" in found.why
    save(tmp_path / "10.png", picture(10))
    assert recognise(tmp_path) is None
    assert recognise(tmp_path / "10.png") is None and recognise(tmp_path / "nowhere") is None


def test_sides_in_one_picture_are_cut_apart(tmp_path):
    for i in range(10):
        save(tmp_path / f"{i}.png", np.concatenate([picture(i), 255 - picture(i)], 1))
    domains = opened("pairs", tmp_path, size=8)
    assert domains.source is not None and domains.view == (8, 8) and domains.image.shape == (9, 9, 3)
    together = np.asarray(domains.image.images).astype(int) + np.asarray(domains.source.images)
    assert np.abs(together - 255).max() <= 1


@pytest.mark.parametrize("width", [31, 33])
def test_an_odd_width_has_no_halves(tmp_path, width):
    for i in range(10):
        save(tmp_path / f"{i}.png", np.zeros((16, width, 3), np.uint8))
    with pytest.raises(InputError, match=f"{width} pixels wide, which two halves"):
        opened("pairs", tmp_path)


# --- what does not go together


def test_pictures_without_a_partner_are_named(pairs):
    (pairs / "target/3.bmp").rename(pairs / "target/x.bmp")
    with pytest.raises(InputError) as told:
        opened("pairs", pairs)
    lines = told.value.problems
    assert len(lines) == 2 and all("1 pictures have no partner" in line for line in lines)
    assert ": 3; give both" in lines[0] and ": x; give both" in lines[1] and "--task unpaired" in lines[0]


def test_pairs_of_different_proportions_are_named(pairs):
    save(pairs / "target/3.bmp", np.zeros((16, 24, 3), np.uint8))
    with pytest.raises(InputError, match=r"1 pairs have pictures of different proportions: 3.png \(16x16 and 24x16\)"):
        opened("pairs", pairs)


def test_a_broken_picture_takes_its_pair_along(pairs):
    (pairs / "input/3.png").write_bytes(b"no picture")
    domains = opened("pairs", pairs)
    assert len(domains.image) == 11 and any("1 pairs were left out" in n for n in domains.notes)
    assert domains.source is not None
    assert [Path(n).stem for n in domains.image.names] == [Path(n).stem for n in domains.source.names]


def test_domains_of_other_channels_are_read_alike(tmp_path):
    for i in range(10):
        save(tmp_path / "a" / f"{i}.png", picture(i, channels=1))
        save(tmp_path / "b" / f"x{i}.png", picture(i))
    domains = opened("unpaired", tmp_path / "a", tmp_path / "b")
    assert domains.source is not None and domains.source.shape == domains.image.shape == (18, 18, 3)
    assert "different channels" in domains.notes[0]


def test_colours_can_not_be_learnt_from_grey_pictures(tmp_path):
    for i in range(10):
        save(tmp_path / f"{i}.png", picture(i, channels=1))
    with pytest.raises(InputError, match="every picture is grey"):
        opened("colourise", tmp_path)


def test_one_folder_is_not_two_domains(pairs):
    with pytest.raises(InputError, match="needs two folders"):
        opened("unpaired", pairs / "input")


# --- what is served


def test_both_pictures_of_a_pair_are_seen_through_one_view(pairs):
    domains = opened("pairs", pairs, size=12)
    seen = set()
    for _, batch in zip(range(8), source_of(domains), strict=False):
        assert batch["image"].shape == batch["source"].shape == (4, 3, 12, 12)
        assert torch.allclose(batch["image"], -batch["source"], atol=2.1 / 255)
        seen |= {tuple(row[:, 0, 0].tolist()) for row in batch["image"]}
    assert len(seen) > 12  # other views of the same pictures


def test_a_stream_goes_on_to_the_bit_and_joined_processes_equal_one(pairs):
    domains = opened("denoise", pairs / "input", size=8)
    whole = [next(s) for s in [source_of(domains)] for _ in range(5)]
    halves = [source_of(domains, rank=r, world=2, prefetch=0) for r in (0, 1)]
    late = source_of(domains)
    late.load_state_dict({"served": 8, "seed": 3, "images": len(domains.image)})
    for i, batch in enumerate(whole):
        parts = [next(h) for h in halves]
        resumed = next(late) if i >= 2 else batch
        for name, values in batch.items():
            assert torch.equal(values, torch.cat([p[name] for p in parts])) and torch.equal(values, resumed[name])


def test_an_unpaired_source_has_an_order_of_its_own(tmp_path):
    for i in range(12):
        save(tmp_path / "a" / f"{i}.png", picture(i))
        save(tmp_path / "b" / f"{i}.png", picture(i))
    domains = opened("unpaired", tmp_path / "a", tmp_path / "b")
    stream = source_of(domains)
    assert not any(torch.equal(b["image"], b["source"]) for b in (next(stream) for _ in range(6)))


def test_degradations():
    image = torch.rand(3, 3, 32, 32) * 2 - 1
    assert torch.allclose(grey(image[:, :1].expand(-1, 3, -1, -1)), image[:, :1], atol=1e-6)
    some = noisy(torch.zeros(2, 1, 64, 64), [1, 2], 25.0)
    assert float(some.std()) == pytest.approx(50 / 255, rel=0.05)
    assert torch.equal(some[1:], noisy(torch.zeros(1, 1, 64, 64), [2], 25.0))  # each by its own seed
    spread = noisy(torch.zeros(40, 1, 64, 64), list(range(40))).std((1, 2, 3))
    assert spread.min() < 0.06 and 0.3 < spread.max() < 0.44


@pytest.mark.parametrize("task", ["pairs", "denoise", "colourise", "upscale"])
def test_a_codec_is_read_back(pairs, task):
    codec = TranslationCodec.of(opened(task, pairs if task == "pairs" else pairs / "input"))
    again = TranslationCodec.from_json(codec.to_json())
    assert again == codec and again.spec == codec.spec
    batch = codec.encode(np.stack([picture(i, codec.image.frame.height) for i in range(2)]))
    assert torch.equal(again.encode(*codec.decode(batch)[:1])["image"], batch["image"])
    assert ("source" in codec.spec) == (task != "upscale")
    with pytest.raises(InputError, match="not known"):
        TranslationCodec.from_json({**codec.to_json(), "task": "fly"})
