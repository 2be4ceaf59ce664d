"""Clips of any source: found, decoded, fitted, cut into windows, kept together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gansmith.data.split import split_rows
from gansmith.data.video.bouncing import MOTIONS, bouncing_garments, write_bouncing
from gansmith.data.video.codec import VideoCodec
from gansmith.data.video.find import find_clips, recognise_clips
from gansmith.data.video.options import VideoOptions
from gansmith.data.video.prepare import open_clips
from gansmith.data.video.write import (
    animation_bytes,
    enlarged,
    side_by_side,
    strip,
    write_clip,
    write_frames,
)
from gansmith.errors import InputError
from gansmith.testing.codecs import check_codec


@pytest.fixture(scope="module")
def clips():
    return bouncing_garments(12, frames=5, side=16, garment=8)[0]


def coloured(clips):
    return np.concatenate([clips, clips // 2, 255 - clips], -1)


def folder_of(folder, clips, ending, milliseconds=120.0):
    for number, clip in enumerate(clips):
        place = folder / ("across" if number % 2 else "down") / f"{number}{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_clip(place, clip, milliseconds)
    return folder


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_animations_are_read_as_they_were_written(tmp_path, clips, ending, colour):
    wanted = coloured(clips) if colour else clips
    folder = folder_of(tmp_path, wanted, ending)
    assert "move" in recognise_clips(folder)
    items = open_clips(folder)
    assert items.classes == ("across", "down")
    assert items.milliseconds == pytest.approx(120)
    assert items.arrays["clip"].shape == wanted.shape
    order = [int(name.split("/")[1].split(".")[0]) for name in items.names]
    assert items.labels.tolist() == [1 - n % 2 for n in order]
    if not (ending == ".gif" and colour):  # 256 colours for all frames of a GIF
        assert np.array_equal(items.arrays["clip"], wanted[order])
    assert len(np.unique(items.together, axis=0)) == 12


def test_folders_of_frames_are_clips(tmp_path, clips):
    for number, clip in enumerate(clips):
        write_frames(tmp_path / ["a", "b"][number % 2] / f"clip{number}", clip)
    assert "12 folders of numbered frames" in recognise_clips(tmp_path)
    items = open_clips(tmp_path, VideoOptions(every=2))
    assert items.arrays["clip"].shape == (12, 3, 16, 16, 1)
    assert np.array_equal(items.arrays["clip"][0], clips[0][::2])
    assert items.classes == ("a", "b")


def test_numbered_pictures_of_classes_are_no_clips(tmp_path, clips):
    for number, clip in enumerate(clips):
        write_frames(tmp_path / f"class{number}", clip)
    assert recognise_clips(tmp_path) is None
    assert len(find_clips(tmp_path).places) == 12  # but they can be asked for


@pytest.mark.parametrize("layout", ["nthwc", "ntchw", "ncthw"])
def test_arrays_in_any_order_of_axes(tmp_path, clips, layout):
    order = {"nthwc": (0, 1, 2, 3, 4), "ntchw": (0, 1, 4, 2, 3), "ncthw": (0, 4, 1, 2, 3)}[layout]
    np.savez(tmp_path / "x.npz", x=coloured(clips).transpose(order), y=np.arange(12) % 3, classes=np.array(list("abc")))
    assert "five axes" in recognise_clips(tmp_path / "x.npz")
    items = open_clips(tmp_path / "x.npz")
    assert np.array_equal(items.arrays["clip"], coloured(clips))
    assert items.classes == ("a", "b", "c")


def test_given_splits_floats_and_clips_that_are_no_numbers(tmp_path, clips):
    train = clips.astype(np.float32) / 255
    train[3, 2, 5] = np.nan
    np.savez(tmp_path / "x.npz", x_train=train, x_test=clips.astype(np.float32) / 255)
    items = open_clips(tmp_path / "x.npz")
    assert [(s.name, s.reason) for s in items.skipped] == [("train clip 3", "holds NaN or infinity")]
    assert items.given_splits == ("train",) * 11 + ("test",) * 12
    assert np.array_equal(items.arrays["clip"][11:], clips)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 7), st.integers(1, 3), st.integers(1, 4), st.integers(8, 30))
def test_windows_are_what_they_say(tmp_path_factory, frames, every, step, length):
    path = tmp_path_factory.mktemp("w") / "x.npz"
    clips = np.arange(11 * length, dtype=np.uint8).reshape(11, length, 1, 1, 1) * np.ones((1, 1, 8, 8, 1), np.uint8)
    np.savez(path, clips=clips)
    taken = -(-length // every)
    options = VideoOptions(frames=frames, every=every, step=step)
    if taken < frames:
        with pytest.raises(InputError, match=f"no clip has {frames} frames: the longest has {taken}"):
            open_clips(path, options)
        return
    items = open_clips(path, options)
    starts = list(range(0, taken - frames + 1, step))
    wanted = np.stack([clips[n, ::every][s : s + frames] for n in range(11) for s in starts])
    assert np.array_equal(items.arrays["clip"], wanted)
    splits = split_rows(items.together, minimum=10, things="clips")
    owners = [{int(i) // len(starts) for i in part} for part in (splits.train, splits.val, splits.test)]
    assert not (owners[0] & owners[1] or owners[0] & owners[2] or owners[1] & owners[2])


def test_one_long_clip_is_told_apart_by_place(tmp_path):
    rng = np.random.default_rng(0)
    write_clip(tmp_path / "long.webp", rng.integers(0, 255, (60, 16, 16, 1), dtype=np.uint8), 100)
    items = open_clips(tmp_path / "long.webp", VideoOptions(frames=4))
    assert len(items) == 15
    assert items.names[1] == "long.webp frames 5-8"
    assert len(np.unique(items.together, axis=0)) == 15
    assert "only 1 clips" in items.warnings[0]


def test_clips_of_different_sizes_are_fitted(tmp_path, clips):
    for number, clip in enumerate(clips):
        write_clip(tmp_path / f"{number}.gif", clip.repeat(1 + number % 3, 1).repeat(2, 2), 100)
    items = open_clips(tmp_path)
    assert items.arrays["clip"].shape == (12, 5, 32, 32, 1)
    assert open_clips(tmp_path, VideoOptions(size=8, channels=3)).arrays["clip"].shape == (12, 5, 8, 8, 3)


def test_what_cannot_be_decoded_is_told_and_the_rest_goes_on(tmp_path, clips):
    folder_of(tmp_path, clips, ".gif")
    (tmp_path / "down" / "0.gif").write_bytes((tmp_path / "down" / "0.gif").read_bytes()[:200])
    (tmp_path / "across" / "1.gif").write_bytes(b"")
    write_clip(tmp_path / "across" / "99.gif", clips[0][:2], 100)
    items = open_clips(tmp_path, VideoOptions(frames=4))
    reasons = {s.name: s.reason for s in items.skipped}
    assert len(items) == 10
    assert "2 frames are fewer than 4" in reasons["across/99.gif"]
    assert reasons["across/1.gif"] == "empty file"
    assert "cannot be decoded" in reasons["down/0.gif"] or "single frame" in reasons["down/0.gif"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: p.mkdir(), "no clip found"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: None, "no such file or folder"),
    ],
)
def test_nothing_to_read_is_one_line(tmp_path, make, told):
    make(tmp_path / "x.gif")
    with pytest.raises(InputError, match=told):
        open_clips(tmp_path / "x.gif")


def test_bad_arrays_and_options_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", clips=np.zeros((4, 5, 8, 9, 7), np.uint8))
    with pytest.raises(InputError, match="no axis is 1, 3 or 4 channels long"):
        open_clips(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", clips=np.full((4, 5, 8, 8, 1), 3000))
    with pytest.raises(InputError, match="numbers from 3000 to 3000 are no pixels"):
        open_clips(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", clips=np.zeros((4, 5, 8, 8, 1), np.uint8), labels=np.zeros(3, int))
    with pytest.raises(InputError, match="3 labels in 'labels' for 4 clips in 'clips'"):
        open_clips(tmp_path / "c.npz")
    with pytest.raises(InputError, match="frames=1 must lie between 2 and 512") as found:
        VideoOptions(frames=1, every=0, fit="corp", size=3)
    assert len(found.value.problems) == 4


def test_clips_beside_class_folders_are_refused(tmp_path, clips):
    folder_of(tmp_path, clips, ".gif")
    write_clip(tmp_path / "loose.gif", clips[0], 100)
    with pytest.raises(InputError, match="1 clips lie beside the class folders across, down"):
        open_clips(tmp_path)


def test_folders_named_like_splits_are_splits(tmp_path, clips):
    for number, clip in enumerate(clips):
        place = tmp_path / ["train", "test"][number % 2] / "ab"[number // 6] / f"{number}.webp"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_clip(place, clip, 100)
    items = open_clips(tmp_path)
    assert items.classes == ("a", "b")
    assert set(items.given_splits) == {"train", "test"}


def test_the_codec_keeps_every_pixel(tmp_path):
    items = open_clips(write_bouncing(tmp_path / "x.npz"))
    assert items.classes == tuple(MOTIONS)
    part = items.subset(range(6))
    codec = VideoCodec.fit(part)
    assert codec.describe() == "8 frames of 24x24 grey, 8 a second"
    batch = codec.encode(part.arrays, part.labels)
    assert tuple(batch["signal"].shape) == (6, *codec.spec["signal"].shape)
    arrays, labels = codec.decode(batch)
    assert np.array_equal(arrays["clip"], part.arrays["clip"]) and np.array_equal(labels, part.labels)
    assert VideoCodec.from_json(codec.to_json()) == codec
    assert check_codec(_Plain(codec), part.arrays["clip"])
    for broken in ({}, {**codec.to_json(), "format": 9}, {**codec.to_json(), "frames": "x"}):
        with pytest.raises(InputError):
            VideoCodec.from_json(broken)
    with pytest.raises(InputError, match="are needed"):
        codec.encode({"clip": part.arrays["clip"][:, :, :9]}, part.labels)


class _Plain:
    """The codec with one raw column, as the checker hands it over."""

    def __init__(self, codec):
        self.codec = VideoCodec(codec.frame, codec.frames, codec.milliseconds)
        self.spec = self.codec.spec

    def encode(self, clip):
        return self.codec.encode({"clip": clip})

    def decode(self, batch):
        return (self.codec.decode(batch)[0]["clip"],)

    def to_json(self):
        return self.codec.to_json()

    @classmethod
    def from_json(cls, data):
        return cls(VideoCodec.from_json(data))


def test_bouncing_garments_stay_inside_and_move_as_their_class_says():
    clips, labels = bouncing_garments(30, frames=6, side=32, objects=1, seed=3)
    again, _ = bouncing_garments(30, frames=6, side=32, objects=1, seed=3)
    assert np.array_equal(clips, again)
    weight = clips[..., 0].astype(float)
    rows = (weight.sum(3) * np.arange(32)).sum(2) / weight.sum((2, 3))
    columns = (weight.sum(2) * np.arange(32)).sum(2) / weight.sum((2, 3))
    down, across = np.ptp(rows, 1) > 0.5, np.ptp(columns, 1) > 0.5
    assert [(bool(d), bool(a)) for d, a in zip(down, across, strict=True)] == [
        tuple(map(bool, list(MOTIONS.values())[label])) for label in labels
    ]
    assert np.allclose(weight.sum((2, 3)), weight.sum((2, 3))[:, :1])  # nothing is cut off


def test_strips_and_films_of_several_have_the_pixels_of_the_clips(clips):
    sheet = strip(clips[:3], gap=1)
    assert sheet.shape == (3 * 17 + 1, 5 * 17 + 1, 3)
    assert np.array_equal(sheet[1:17, 18:34, 0], clips[0, 1, ..., 0])
    film = side_by_side(clips[:4], gap=2)
    assert film.shape == (5, 38, 38, 1)
    assert np.array_equal(film[:, 20:36, 2:18], clips[2])
    assert enlarged(clips[0], 64).shape == (5, 64, 64, 1)


def test_animations_last_as_long_as_asked(clips):
    import io

    for ending in (".gif", ".webp", ".png"):
        with Image.open(io.BytesIO(animation_bytes(clips[0], 130, ending))) as image:
            image.load()
            assert image.n_frames == 5
            assert image.info["duration"] == 130


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png"])
def test_frames_that_do_not_change_count_as_often_as_they_were_shown(tmp_path, clips, ending):
    held = clips[0][[0, 0, 1, 2, 2, 2, 3]]
    write_clip(tmp_path / f"x{ending}", held, 120)
    items = open_clips(tmp_path / f"x{ending}", VideoOptions(frames=7))
    assert np.array_equal(items.arrays["clip"][0], held)
    assert items.milliseconds == pytest.approx(120)


def test_unknown_endings_and_a_missing_extra_are_one_sentence(tmp_path, clips, monkeypatch):
    with pytest.raises(InputError, match=r"clips are written as \.gif"):
        write_clip(tmp_path / "x.avi", clips[0], 100)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(InputError, match=r'need the extra video: pip install "gansmith\[video\]"'):
        write_clip(tmp_path / "x.mp4", clips[0], 100)


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_video_files_come_back_nearly(tmp_path, clips, ending):
    pytest.importorskip("av", reason="the extra video")
    for number, clip in enumerate(clips):
        write_clip(tmp_path / f"{number}{ending}", coloured(clip).repeat(2, 1).repeat(2, 2), 125)
    (tmp_path / f"bad{ending}").write_bytes(b"no film at all")
    assert "video files" in recognise_clips(tmp_path)
    items = open_clips(tmp_path)
    assert items.arrays["clip"].shape == (12, 5, 32, 32, 3)
    assert items.milliseconds == pytest.approx(125)
    assert [s.name for s in items.skipped] == [f"bad{ending}"]
    wanted = coloured(clips[0]).repeat(2, 1).repeat(2, 2)
    assert np.abs(items.arrays["clip"][0].astype(int) - wanted).mean() < 12
