"""Everything decoded once: in memory or in a cache that is whole or not there."""

from __future__ import annotations

import errno
import os
import time

import numpy as np
import pytest

from gansmith.data import cache as cache_module
from gansmith.data import prepare as prepare_module
from gansmith.data.cache import FileSink, default_cache
from gansmith.data.fit import Fit, FitOptions
from gansmith.data.image_set import RowView, content_hash, duplicate_groups
from gansmith.data.open import open_images
from gansmith.data.prepare import prepare
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError


@pytest.fixture
def good(tree, pixels):
    return tree({f"{c}/{i}.png": pixels(10 * n + i) for n, c in enumerate("ab") for i in range(5)})


def same(a, b):
    assert np.array_equal(np.asarray(a.images), np.asarray(b.images))
    assert np.array_equal(a.hashes, b.hashes) and a.names == b.names and a.classes == b.classes
    assert (a.labels is None and b.labels is None) or np.array_equal(a.labels, b.labels)
    assert (a.given_splits, a.skipped, a.fit, a.fingerprint, a.warnings) == (
        b.given_splits,
        b.skipped,
        b.fit,
        b.fingerprint,
        b.warnings,
    )


def test_memory_and_cache_agree_and_the_cache_is_found_again(good, tmp_path, monkeypatch):
    first = open_images(good)
    cached = open_images(good, cache=tmp_path / "cache")
    same(first, cached)
    assert isinstance(cached.images, np.memmap) and len(first) == 10 and first.bits == 8 and first.shape == (8, 8, 3)
    monkeypatch.setattr(prepare_module, "_decode", None)
    same(first, open_images(good, cache=tmp_path / "cache"))


def test_large_sets_go_to_the_default_cache(good, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    reader = open_reader(good)
    assert isinstance(prepare(reader, in_memory=100).images, np.memmap)
    assert default_cache() == tmp_path / "xdg" / "gansmith" / "images" and len(list(default_cache().iterdir())) == 1
    monkeypatch.setattr(prepare_module, "_decode", None)
    assert isinstance(prepare(reader, in_memory=100).images, np.memmap)


def test_other_options_or_files_are_another_entry(good, tmp_path, pixels, tree):
    cache = tmp_path / "cache"
    open_images(good, cache=cache)
    assert open_images(good, size=4, cache=cache).shape == (4, 4, 3)
    tree({"a/new.png": pixels(99)})
    assert len(open_images(good, cache=cache)) == 11 and len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("name", ["images.npy", "set.json", "kept.npy", "hashes.npy"])
def test_damaged_cache_is_made_again(good, tmp_path, name):
    cache = tmp_path / "cache"
    open_images(good, cache=cache)
    (entry,) = cache.iterdir()
    (entry / name).write_bytes((entry / name).read_bytes()[:-3])
    same(open_images(good), open_images(good, cache=cache))


def test_unreadable_pictures_are_left_out_and_named(good, tree, pixels, encoded, tmp_path):
    tree({"a/cut.jpg": encoded(pixels(1, 40, 40), "JPEG")[:300], "b/cut.png": encoded(pixels(2, 40, 40))[:200]})
    images = open_images(good)
    assert [s.name for s in images.skipped] == ["a/cut.jpg", "b/cut.png"] and len(images) == 10
    assert any(w.startswith("2 pictures cannot be read and are left out: a/cut.jpg (damaged:") for w in images.warnings)
    same(images, open_images(good, cache=tmp_path / "cache"))
    for cache in (None, tmp_path / "cache"):
        with pytest.raises(InputError, match=r"2 of 12 pictures cannot be read: mend or remove them") as error:
            open_images(good, strict=True, cache=cache)
        assert len(error.value.problems) == 3


def test_strict_names_the_first_twenty(tree, pixels):
    root = tree({f"bad{i}.png": b"x" for i in range(30)} | {"good.png": pixels(1)})
    with pytest.raises(InputError) as error:
        open_images(root, strict=True)
    assert len(error.value.problems) == 21


@pytest.mark.parametrize("fit", ["crop", Fit(8, 8, 3)])
def test_not_one_readable(tree, tmp_path, fit):
    root = tree({f"{i}.png": b"x" for i in range(3)})
    with pytest.raises(InputError, match=r"not one of 3 pictures can be read \(first: 0.png: not a picture"):
        open_images(root, fit=fit, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*"))


def test_a_settled_fit_is_followed_to_the_letter(good):
    assert open_images(good, fit=Fit(4, 6, 1, 16)).images.shape == (10, 4, 6, 1)


def test_mixed_sizes_and_channels_are_said(tree, pixels):
    files = {f"{i}.png": pixels(i, 64, 64) for i in range(9)} | {"odd.png": pixels(9, 48, 32, 1)}
    images = open_images(tree(files))
    assert images.shape == (64, 64, 3)
    assert images.warnings[0].startswith("mixed sizes: 64x64 (9), 32x48 (1); centre-cropped to a square")
    assert images.warnings[1] == "mixed channels: RGB (9), grey (1); all become RGB"


def test_grey_stored_as_rgb_becomes_grey(tree, pixels):
    assert open_images(tree({f"{i}.png": pixels(i, channels=1).repeat(3, 2) for i in range(3)})).shape == (8, 8, 1)


def test_alpha_is_kept_where_it_says_something(tree, pixels):
    assert open_images(tree({f"{i}.png": pixels(i, channels=4) for i in range(3)})).shape == (8, 8, 4)
    opaque = [np.concatenate([pixels(i), np.full((8, 8, 1), 255, np.uint8)], 2) for i in range(3)]
    assert open_images(tree({f"{i}.png": x for i, x in enumerate(opaque)})).shape == (8, 8, 3)


def test_duplicates_and_poor_classes_are_said(tree, pixels):
    files = {f"a/{i}.png": pixels(i) for i in range(4)} | {"a/again.png": pixels(0), "b/1.png": pixels(1)}
    images = open_images(tree(files))
    assert [g.tolist() for g in duplicate_groups(images.hashes)] == [[0, 4], [1, 5]]
    assert images.warnings == (
        "2 duplicate pictures (kept; duplicates always share a split)",
        "1 picture is there under more than one class",
        "class 'b': one picture",
    )


@pytest.mark.parametrize(
    ("dtype", "top", "message"),
    [(np.uint8, 2, "no pixel is brighter than 1 of 255"), (np.uint16, 4096, "no pixel is brighter than 4095 of 65535")],
)
def test_nearly_black_pictures_are_said(tmp_path, dtype, top, message):
    x = (np.arange(320) % top).astype(dtype).reshape(5, 8, 8)
    x[-1, -1, -1] = top - 1
    np.save(tmp_path / "x.npy", x)
    assert any(w.startswith(message) for w in open_images(tmp_path / "x.npy").warnings)


def test_floats_keep_their_values_and_say_their_range(tmp_path):
    x = np.linspace(-3, 81, 5 * 64, dtype=np.float32).reshape(5, 8, 8)
    x[2, 0, 0] = np.nan
    np.save(tmp_path / "x.npy", x)
    images = open_images(tmp_path / "x.npy")
    assert images.bits == 32 and np.array_equal(images.images[0, ..., 0], x[0]) and len(images) == 4
    assert images.skipped[0].name == "row 2" and images.skipped[0].reason == "1 pixels are NaN or infinite"
    assert "floats from -3 (black) to 81 (white)" in images.warnings


def test_content_hash_is_of_the_original_and_stable():
    x = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert content_hash(x).hex() == "a8478a97d405d2c878c465cf9b790ed3"
    assert content_hash(x) != content_hash(x.reshape(2, 3, 2)) != content_hash(x.astype(np.uint16))
    assert content_hash(x.astype(">u2")) == content_hash(x.astype("<u2"))
    assert content_hash(np.asfortranarray(x)) == content_hash(x)


def test_fingerprint_ignores_order_names_and_format(tree, zipped, good, pixels):
    files = {f"set/{c}/other{9 - i}.png": pixels(10 * n + i) for n, c in enumerate("ab") for i in range(5)}
    assert open_images(zipped(files)).fingerprint == open_images(good).fingerprint
    tree({"a/6.png": pixels(77)})
    assert open_images(zipped(files)).fingerprint != open_images(good).fingerprint


@pytest.mark.parametrize("cached", [False, True])
def test_subset(good, tmp_path, cached):
    images = open_images(good, cache=tmp_path if cached else None)
    part = images.subset([7, 2, 2])
    assert part.names == tuple(images.names[i] for i in (7, 2, 2)) and part.labels.tolist() == [1, 0, 0]
    assert np.array_equal(np.asarray(part.images), np.asarray(images.images)[[7, 2, 2]])
    assert isinstance(part.images, RowView) == cached
    again = part.subset([2, 0])
    assert np.array_equal(np.asarray(again.images), np.asarray(images.images)[[2, 7]])
    assert np.array_equal(again.images[np.array([1, 0, 1])], np.asarray(images.images)[[7, 2, 7]])
    assert np.array_equal(again.images[0], images.images[2]) and len(again) == len(again.images) == 2
    assert part.images.dtype == np.uint8 and part.images.shape == (3, 8, 8, 3)


def test_progress_counts_to_the_end(good):
    said = []
    open_images(good, progress=lambda *now: said.append(now))
    assert said[-1] == ("reading pictures", 10, 10) and said[0] == ("looking at pictures", 1, 10)


def test_full_disk_leaves_nothing_behind(good, tmp_path, monkeypatch):
    cache = tmp_path / "cache"

    def full(self, pixels):
        with self._guard(0):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSink, "add", full)
    with pytest.raises(InputError, match=r"no room for the prepared pictures \(the disk is full\): free some"):
        open_images(good, cache=cache)
    assert list(cache.iterdir()) == []


def test_real_write_failure_leaves_nothing_behind(tree, pixels, tmp_path):
    resource = pytest.importorskip("resource")
    root = tree({f"{i}.png": pixels(i, 64, 64) for i in range(20)})
    cache = tmp_path / "cache"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(InputError, match="no room for the prepared pictures"):
            open_images(root, cache=cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(cache.iterdir()) == []


def test_too_little_room_is_known_beforehand(good, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match=r"0 MB needed, 0 MB free"):
        open_images(good, cache=tmp_path / "cache")


def test_cache_that_cannot_be_written(good, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="the cache folder cannot be written"):
        open_images(good, cache=tmp_path / "file")


def test_interruption_leaves_nothing_behind(good, tmp_path):
    def stop(what, done, total):
        if what == "reading pictures" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_images(good, cache=tmp_path / "cache", progress=stop)
    assert list((tmp_path / "cache").iterdir()) == []


def test_old_leftovers_are_swept_and_young_ones_kept(good, tmp_path):
    for name, age in (("old", 3 * 24 * 3600), ("young", 60)):
        (tmp_path / f".making-{name}").mkdir()
        then = time.time() - age
        os.utime(tmp_path / f".making-{name}", (then, then))
    open_images(good, cache=tmp_path)
    assert [p.name for p in tmp_path.glob(".making-*")] == [".making-young"]


def test_another_process_may_be_faster(good, tmp_path, monkeypatch):
    def late(folder, target):
        raise FileExistsError

    reader = open_reader(good)
    expected = prepare(reader, FitOptions(), cache=tmp_path / "theirs")
    real = cache_module._rename

    def beaten(folder, target):
        real(folder, target)
        raise FileExistsError

    monkeypatch.setattr(cache_module, "_rename", beaten)
    same(expected, prepare(reader, FitOptions(), cache=tmp_path / "ours"))
    monkeypatch.setattr(cache_module, "_rename", late)
    with pytest.raises(InputError, match="try again"):
        prepare(reader, FitOptions(), cache=tmp_path / "gone")
