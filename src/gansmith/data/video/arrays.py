"""Arrays of clips in `.npz` and `.npy` files."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.array_form import read_labels
from gansmith.data.npy_rows import MemberRows
from gansmith.data.reader import Labels, Pixels, Split
from gansmith.data.video.options import ClipLayout
from gansmith.errors import InputError

__all__ = ["ArrayClips", "array_of_clips", "clip_axes", "read_arrays"]

_PARTS: tuple[tuple[Split, str], ...] = (("train", "train"), ("val", "val"), ("val", "valid"), ("test", "test"))
_CLIPS = ("clips", "videos", "video", "images", "x", "X", "data", "arr_0")
_LABELS = ("labels", "label", "y", "targets", "arr_1")
_NAMES = ("classes", "names", "class_names", "label_names")


@dataclass(frozen=True)
class ArrayClips:
    """Clips out of arrays.

    Attributes:
        parts: Arrays `(n, t, h, w, c)` uint8, each with the split that its name gives.
        broken: Numbers of clips, over all parts, that hold NaN or infinity.
        labels: Class ids over all parts, or None.
        classes: Class names by id.
    """

    parts: tuple[tuple[Pixels, Split | None], ...]
    broken: tuple[int, ...] = ()
    labels: Labels | None = None
    classes: tuple[str, ...] = ()


def clip_axes(shape: Sequence[int], wanted: ClipLayout | None, where: str) -> ClipLayout | None:
    """What the axes of an array mean; None where it has four of them, for grey clips `(n, t, h, w)`.

    Raises:
        InputError: They are no clips.
    """
    if 0 in shape or len(shape) not in (4, 5):
        raise InputError(
            f"{where}: shape {tuple(shape)} is not clips: expected (clips, frames, height, width, channels)"
        )
    if len(shape) == 4:
        return None
    places: dict[ClipLayout, int] = {"nthwc": 4, "ntchw": 2, "ncthw": 1}
    fitting = [layout for layout, axis in places.items() if shape[axis] in (1, 3, 4)]
    if wanted in fitting:
        return wanted
    if wanted is not None or not fitting:
        axis = "no axis" if wanted is None else f"layout={wanted}: that axis"
        raise InputError(f"{where}: shape {tuple(shape)}: {axis} is 1, 3 or 4 channels long")
    return fitting[0]


def array_of_clips(path: Path) -> str | None:
    """Why an array file is taken for clips; None where it is not, or cannot be read."""
    try:
        shapes = _shapes(path)
    except Exception:
        return None
    for name, (shape, dtype) in shapes.items():
        if len(shape) == 5 and dtype.kind in "buif":
            return (
                f"its array{f' {name!r}' if name else ''} {shape} has five axes: clips, frames, height, width, channels"
            )
    return None


def read_arrays(path: Path, layout: ClipLayout | None) -> ArrayClips:
    """Clips, class ids and class names of an array file.

    Looked for are arrays called `clips`, `videos`, `images`, `x` (labels `labels`, `y`; class names `classes`), each
    also with `train_`, `val_`, `test_` before it or `_train` behind it; a single array of five axes whatever its name.

    Raises:
        InputError: It is damaged, holds no clips, or labels that do not match.
    """
    if path.suffix.lower() == ".npy":
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as error:
            raise InputError(f"{path}: cannot be read as a numeric array ({str(error)[:160]})") from error
        clips, broken = _clips(array, layout, str(path))
        return ArrayClips(((clips, None),), broken)
    try:
        with zipfile.ZipFile(path) as archive:
            return _members(path, archive, layout)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: is not a readable .npz archive ({error})") from error


def _members(path: Path, archive: zipfile.ZipFile, layout: ClipLayout | None) -> ArrayClips:
    keys = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    chosen = _choose(path, archive, keys)
    parts: list[tuple[Pixels, Split | None]] = []
    broken: list[int] = []
    raw: list[NDArray[Any]] = []
    for split, name, labels in chosen:
        before = sum(len(clips) for clips, _ in parts)
        clips, bad = _clips(MemberRows(archive, name, path).whole(), layout, f"{path}: array {name!r}")
        parts.append((clips, split))
        broken += [before + number for number in bad]
        if labels is not None:
            raw.append(MemberRows(archive, labels, path).whole())
            if len(raw[-1]) != len(clips):
                raise InputError(f"{path}: {len(raw[-1]):,} labels in {labels!r} for {len(clips):,} clips in {name!r}")
    if raw and len(raw) < len(parts):
        raise InputError(f"{path}: some arrays of clips have labels and others none")
    if not raw:
        return ArrayClips(tuple(parts), tuple(broken))
    names = next((MemberRows(archive, k, path).whole() for k in _NAMES if k in keys), None)
    given = None if names is None or names.dtype.kind not in "US" else tuple(map(str, names.tolist()))
    found, classes = read_labels(np.concatenate(raw), given, sum(len(c) for c, _ in parts), f"{path}: labels")
    return ArrayClips(tuple(parts), tuple(broken), found, classes)


def _choose(path: Path, archive: zipfile.ZipFile, keys: list[str]) -> list[tuple[Split | None, str, str | None]]:
    def first(names: Sequence[str], part: str = "") -> str | None:
        written = [(f"{part}_{n}", f"{n}_{part}") if part else (n,) for n in names]
        return next((w for words in written for w in words if w in keys), None)

    chosen: list[tuple[Split | None, str, str | None]] = []
    for split, part in _PARTS:
        if clips := first(_CLIPS, part):
            chosen.append((split, clips, first(_LABELS, part)))
    if chosen:
        return chosen
    shapes = {key: MemberRows(archive, key, path).shape for key in keys}
    named = first(_CLIPS)
    several = [key for key, shape in shapes.items() if len(shape) == 5]
    if named is None and len(several) != 1:
        found = ", ".join(f"{k} {shape}" for k, shape in shapes.items()) or "nothing"
        raise InputError(f"{path}: no array of clips (looked for {', '.join(_CLIPS[:5])}; found {found})")
    return [(None, named or several[0], first(_LABELS))]


def _shapes(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    if path.suffix.lower() == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return {"": (array.shape, array.dtype)}
    with zipfile.ZipFile(path) as archive:
        keys = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        rows = {key: MemberRows(archive, key, path) for key in keys}
        return {key: (found.shape, found.dtype) for key, found in rows.items()}


def _clips(array: NDArray[Any], layout: ClipLayout | None, where: str) -> tuple[Pixels, tuple[int, ...]]:
    """`(n, t, h, w, c)` in uint8, and numbers of clips that are no numbers."""
    axes = clip_axes(array.shape, layout, where)
    if array.dtype.kind not in "buif":
        raise InputError(f"{where}: holds {array.dtype}, not pixels: save it as uint8 or float32")
    order = {"ntchw": (0, 1, 3, 4, 2), "ncthw": (0, 2, 3, 4, 1)}
    clips = array[..., None] if axes is None else array.transpose(order.get(axes, (0, 1, 2, 3, 4)))
    if clips.dtype == bool:
        return clips.astype(np.uint8) * np.uint8(255), ()
    if clips.dtype.kind == "f":
        return _bytes(clips, where)
    low, high = int(clips.min()), int(clips.max())
    if low < 0 or high > 255:
        raise InputError(f"{where}: numbers from {low} to {high} are no pixels of 0 to 255: save it as uint8")
    return np.ascontiguousarray(clips, dtype=np.uint8), ()


def _bytes(clips: NDArray[Any], where: str) -> tuple[Pixels, tuple[int, ...]]:
    """Floats out of the first of [0, 1], [-1, 1] and [0, 255] that holds them all."""
    good = np.isfinite(clips)
    broken = np.flatnonzero(~good.reshape(len(clips), -1).all(1))
    clips = np.where(good, clips, 0).astype(np.float32)
    low, high = float(clips.min()), float(clips.max())
    for black, white in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if black <= low and high <= white:
            scaled = (clips - np.float32(black)) * np.float32(255 / (white - black))
            return np.rint(scaled).clip(0, 255).astype(np.uint8), tuple(map(int, broken))
    raise InputError(f"{where}: numbers from {low:g} to {high:g} are no pixels: scale them to [0, 1] or [-1, 1]")
