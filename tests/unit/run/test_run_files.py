"""Files and checkpoints: whole or not at all, whatever happens."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from gansmith.core import Snapshot
from gansmith.errors import InputError, RunError
from gansmith.run import checkpoint, files
from gansmith.run.checkpoint import list_checkpoints, load_latest, save_checkpoint


def refuse(number: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    files.write_text(path, "one")
    with files.replacing(path) as temporary:
        temporary.write_text("two")
        assert path.read_text() == "one"
    assert path.read_text() == "two" and names(path.parent) == ["a.txt"]


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "one")
    with pytest.raises(KeyError), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert path.read_text() == "one" and names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("where", ["write_text", "fsync"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch, where: str, number: int) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"a": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Path if where == "write_text" else os, where, refuse(number))
        with pytest.raises(RunError, match=r"the disk is full: .*a\.json was not written") as error:
            files.write_json(path, {"a": 2})
    assert "\n" not in str(error.value)
    assert files.read_json(path) == {"a": 1} and names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EIO])
def test_a_place_that_can_not_be_written_is_named(tmp_path: Path, monkeypatch, number: int) -> None:
    monkeypatch.setattr(Path, "write_text", refuse(number))
    with pytest.raises(InputError, match=rf"a\.txt can't be written: {os.strerror(number)}"):
        files.write_text(tmp_path / "a.txt", "x")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(InputError, match="can't be written"):
        files.write_text(tmp_path / "f" / "a.txt", "x")


def fill(path: Path, text: str) -> None:
    with files.replacing_folder(path) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "a.txt").write_text(text)


def test_a_folder_is_replaced_at_once(tmp_path: Path) -> None:
    fill(tmp_path / "m", "one")
    fill(tmp_path / "m", "two")
    assert (tmp_path / "m/deep/a.txt").read_text() == "two" and names(tmp_path) == ["m"]


@pytest.mark.parametrize("where", ["fsync", "rename"])
def test_a_full_disk_leaves_the_old_folder(tmp_path: Path, monkeypatch, where: str) -> None:
    fill(tmp_path / "m", "one")
    with monkeypatch.context() as patch:
        if where == "fsync":
            patch.setattr(os, "fsync", refuse(errno.ENOSPC))
        else:  # the second rename of two: the old folder has been put aside, the new one does not come
            real = Path.rename
            patch.setattr(
                Path, "rename", lambda a, b: refuse(errno.ENOSPC)() if a.name.endswith(".tmp") else real(a, b)
            )
        with pytest.raises(RunError, match="the disk is full"):
            fill(tmp_path / "m", "two")
    assert (tmp_path / "m/deep/a.txt").read_text() == "one" and names(tmp_path) == ["m"]


def test_file_systems_without_sync_of_folders_are_fine(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, "fsync", refuse(errno.EINVAL))
    fill(tmp_path / "m", "one")
    assert (tmp_path / "m").is_dir()


def test_a_folder_put_aside_by_a_killed_process_comes_back(tmp_path: Path) -> None:
    fill(tmp_path / "m", "one")
    (tmp_path / "m").rename(tmp_path / ".m.123.old")
    files.recover(tmp_path / "m")
    assert (tmp_path / "m/deep/a.txt").read_text() == "one"
    fill(tmp_path / ".m.123.old", "older")
    files.recover(tmp_path / "m")
    assert (tmp_path / "m/deep/a.txt").read_text() == "one" and names(tmp_path) == ["m"]


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    for name in (".run.json.7.tmp", "samples/.a.png.7.tmp", ".model.7.tmp/a", "a.tmp", ".hidden"):
        files.write_text(tmp_path / name, "x")
    files.tidy(tmp_path)
    assert names(tmp_path) == [".hidden", "a.tmp", "samples"] and not names(tmp_path / "samples")


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", None])
def test_what_is_no_json_object_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        files.read_json(path)


# --- checkpoints


def snapshot(samples: int = 64, seed: int = 0) -> Snapshot:
    made = torch.Generator().manual_seed(seed)
    tensors = {"net/G/w": torch.randn(3, 2, generator=made), "optim/G/step": torch.tensor(4.0)}
    return Snapshot(tensors, {"clock": {"round": 1, "samples": samples}, "dials": {"lr/G": 0.5}})


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with checkpoints at 64 and at 128 samples."""
    for samples in (64, 128):
        save_checkpoint(tmp_path, snapshot(samples, samples), {"best": None, "at": samples})
    return tmp_path


def test_a_checkpoint_comes_back(two: Path) -> None:
    found, damaged = load_latest(two)
    assert found is not None and not damaged
    expected = snapshot(128, 128)
    assert found.snapshot.meta == expected.meta and found.extra == {"best": None, "at": 128}
    assert found.snapshot.tensors.keys() == expected.tensors.keys()
    assert all(torch.equal(found.snapshot.tensors[k], v) for k, v in expected.tensors.items())


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert load_latest(tmp_path) == load_latest(tmp_path / "nowhere") == (None, [])


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    for samples in range(5):
        save_checkpoint(tmp_path, snapshot(samples), {}, keep=1)
    assert [p.name for p in list_checkpoints(tmp_path)] == ["000000000004", "000000000003"]
    (tmp_path / ".000000000005.77.tmp").mkdir()
    checkpoint.prune(tmp_path, 2)
    assert names(tmp_path) == ["000000000003", "000000000004"]


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def newer(path: Path) -> None:
    data = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**data, "format": 99}))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a bit of the tensors": lambda p: flip(p / "tensors.safetensors", -1),
    "a bit of their header": lambda p: flip(p / "tensors.safetensors", 0),
    "a bit of the state": lambda p: flip(p / "state.json", 20),
    "cut tensors": lambda p: os.truncate(p / "tensors.safetensors", 30),
    "an empty state": lambda p: (p / "state.json").write_text(""),
    "no state": lambda p: (p / "state.json").unlink(),
    "no manifest": lambda p: (p / "manifest.json").unlink(),
    "an empty manifest": lambda p: (p / "manifest.json").write_text("{}"),
    "half a manifest": lambda p: (p / "manifest.json").write_text('{"format": 1, "sha256": {}}'),
    "a newer format": newer,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_checkpoint_is_passed_over(two: Path, damage: Callable[[Path], object]) -> None:
    damage(list_checkpoints(two)[0])
    found, damaged = load_latest(two)
    assert found is not None and found.extra["at"] == 64
    assert len(damaged) == 1 and "000000000128 is damaged and was passed over" in damaged[0]


def test_none_whole_is_an_error(two: Path) -> None:
    for path in list_checkpoints(two):
        flip(path / "tensors.safetensors", -1)
    with pytest.raises(InputError) as error:
        load_latest(two)
    assert len(error.value.problems) == 3 and "another --out" in error.value.problems[-1]


@pytest.mark.parametrize("how", ["fsync", "tensors"])
def test_a_full_disk_leaves_the_checkpoints_before(two: Path, monkeypatch, how: str) -> None:
    def full(*_: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", refuse(errno.ENOSPC)) if how == "fsync" else (checkpoint, "save_file", full)))
        with pytest.raises(RunError, match="the disk is full"):
            save_checkpoint(two, snapshot(192), {})
    found, damaged = load_latest(two)
    assert found is not None and found.extra["at"] == 128 and not damaged and len(names(two)) == 2


def test_saving_twice_at_the_same_place_keeps_the_later(two: Path) -> None:
    save_checkpoint(two, snapshot(128, 5), {"at": "again"})
    found, _ = load_latest(two)
    assert found is not None and found.extra == {"at": "again"} and len(names(two)) == 2
