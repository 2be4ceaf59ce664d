"""Checkpoints: one folder holds everything that changes; written whole or not at all, checked when read."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from gansmith.core import Snapshot
from gansmith.errors import InputError
from gansmith.run.files import read_json, replacing_folder, sha256, write_json
from gansmith.types import Json

__all__ = ["FORMAT", "Checkpoint", "list_checkpoints", "load_latest", "prune", "save_checkpoint"]

FORMAT = 1
"""Version of the checkpoint format; a reader refuses newer ones by name."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back.

    Attributes:
        path: Its folder.
        snapshot: The game's state.
        extra: What the run keeps beside it.
    """

    path: Path
    snapshot: Snapshot
    extra: Mapping[str, Any]


def save_checkpoint(folder: Path, snapshot: Snapshot, extra: Mapping[str, Json], keep: int = 2) -> Path:
    """Write `folder/<samples>`: tensors, then state, then a manifest with their hashes; rename; drop old ones.

    Args:
        folder: Where the run's checkpoints are.
        snapshot: The game's state.
        extra: What the run keeps beside it.
        keep: How many of the newest checkpoints stay; at least 2, so that a damaged newest one has a fallback.

    Raises:
        RunError: The disk is full; the checkpoints before are whole.
    """
    clock: Any = snapshot.meta["clock"]
    path = folder / f"{clock['samples']:012d}"
    with replacing_folder(path) as temporary:
        save_file(dict(snapshot.tensors), temporary / "tensors.safetensors")
        write_json(temporary / "state.json", {"state": dict(snapshot.meta), "extra": dict(extra)})
        hashes = {name: sha256(temporary / name) for name in ("tensors.safetensors", "state.json")}
        write_json(temporary / "manifest.json", {"format": FORMAT, "sha256": hashes})
    prune(folder, keep)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoint folders, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if p.is_dir() and p.name.isdigit()), key=lambda p: p.name, reverse=True)


def load_latest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that is whole, and a line for each damaged one that was passed over.

    Raises:
        InputError: There are checkpoints, but none is whole.
    """
    damaged: list[str] = []
    for path in list_checkpoints(folder):
        try:
            return _load(path), damaged
        except InputError as error:
            damaged.append(f"checkpoint {path.name} is damaged and was passed over: {error}")
    if damaged:
        raise InputError(*damaged, f"no whole checkpoint is left in {folder}; start again with another --out")
    return None, []


def prune(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` checkpoints, and what interrupted writes left behind."""
    for path in list_checkpoints(folder)[max(keep, 2) :]:
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def _load(path: Path) -> Checkpoint:
    manifest = read_json(path / "manifest.json")
    if manifest.get("format") != FORMAT:
        raise InputError(f"its format is {manifest.get('format')!r}, this gansmith reads {FORMAT}")
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != {"tensors.safetensors", "state.json"}:
        raise InputError("its manifest lists other files than it should")
    for name, expected in hashes.items():
        if not (path / name).is_file() or sha256(path / name) != expected:
            raise InputError(f"{name} is missing or was changed")
    data = read_json(path / "state.json")
    try:
        tensors = load_file(path / "tensors.safetensors")
    except SafetensorError as error:
        raise InputError(f"tensors.safetensors can't be read: {error}") from None
    return Checkpoint(path, Snapshot(tensors, data["state"]), data["extra"])
