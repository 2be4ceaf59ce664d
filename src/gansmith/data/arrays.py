"""Readers of `.npz` and `.npy` files."""

from __future__ import annotations

import hashlib
import zipfile
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.array_form import Form, array_layout, read_labels, to_pixels
from gansmith.data.attributes import Columns, as_columns, choose
from gansmith.data.npy_rows import MemberRows, Rows
from gansmith.data.reader import Labels, Peek, Pixels, ReadOptions, Split, UnreadableError
from gansmith.errors import InputError

__all__ = ["ArrayReader", "open_npy", "open_npz"]

_SPLIT_KEYS: tuple[tuple[Split | None, tuple[str, ...], tuple[str, ...]], ...] = (
    ("train", ("x_train", "train_images", "train_x", "X_train"), ("y_train", "train_labels", "train_y")),
    ("val", ("x_val", "val_images", "x_valid", "val_x", "X_val"), ("y_val", "val_labels", "y_valid", "val_y")),
    ("test", ("x_test", "test_images", "test_x", "X_test"), ("y_test", "test_labels", "test_y")),
)
_WHOLE_KEYS = (("images", "x", "X", "data", "arr_0"), ("labels", "y", "label", "targets", "arr_1"))
_NAME_KEYS = ("names", "classes", "class_names", "label_names")


@dataclass(frozen=True)
class Part:
    """Consecutive items out of one array: the array, its axes and its given split."""

    rows: Rows
    form: Form
    split: Split | None


class ArrayReader:
    """Pictures out of arrays, one array for each given split or one for all.

    Args:
        path: The file.
        parts: The arrays in order.
        labels: Class ids `(N,)` over all parts, or None.
        classes: Class names by id.
        options: How the file is read.
        archive: The archive to close in the end, if any.
        columns: Attributes by name, and captions as `text`, over all parts.
        notes: Sentences on what was left out.
    """

    def __init__(
        self,
        path: Path,
        parts: Sequence[Part],
        labels: Labels | None,
        classes: tuple[str, ...],
        options: ReadOptions,
        archive: zipfile.ZipFile | None = None,
        columns: Columns | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.labels = labels
        self.classes = classes
        self.columns = dict(columns or {})
        self.notes = tuple(notes)
        self._parts = tuple(parts)
        self._starts = [0, *accumulate(p.rows.shape[0] for p in parts)]
        self._narrow: dict[int, bool] = {}
        self._archive = archive
        self.names = [
            f"{p.split} row {i}" if p.split else f"row {i}" for p in self._parts for i in range(p.rows.shape[0])
        ]
        self._check_pixels(options)
        status = path.stat()
        key = (str(path.resolve()), status.st_size, status.st_mtime_ns, options)
        self.stamp = hashlib.blake2b(repr(key).encode(), digest_size=16).hexdigest()

    def _check_pixels(self, options: ReadOptions) -> None:
        for part in self._parts:
            pixels = int(np.prod(part.rows.shape[1:], dtype=object))
            if pixels > 4 * options.max_pixels:
                raise InputError(f"{self.path}: {pixels:,} numbers a picture are more than max_pixels allows")

    def _locate(self, index: int) -> tuple[int, int]:
        part = bisect_right(self._starts, index) - 1
        return part, index - self._starts[part]

    def __len__(self) -> int:
        """Number of items."""
        return self._starts[-1]

    def split_of(self, index: int) -> Split | None:
        """The split of the item's array."""
        return self._parts[self._locate(index)[0]].split

    def peek(self, index: int) -> Peek:
        """Size, channels and type, the same for all items of an array."""
        part = self._parts[self._locate(index)[0]]
        shape = part.rows.shape
        if part.form == "nchw":
            channels, height, width = shape[1:]
        else:
            height, width, channels = (*shape[1:], 1)[:3]
        return Peek(height, width, channels, self._dtype(self._locate(index)[0]))

    def _dtype(self, part: int) -> str:
        dtype = self._parts[part].rows.dtype
        if dtype.kind == "f":
            return "float32"
        if dtype.kind == "b" or (dtype.kind == "u" and dtype.itemsize == 1):
            return "uint8"
        if dtype.kind == "u" and dtype.itemsize == 2:
            return "uint16"
        return "uint8" if self._is_narrow(part) else "uint16"

    def _is_narrow(self, part: int) -> bool:
        """Whether an array of wide integers (int64 and the like) holds bytes only; costs a pass over it, once."""
        if part not in self._narrow:
            rows = self._parts[part].rows
            self._narrow[part] = all(_largest(rows, i) <= 255 for i in range(rows.shape[0]))
        return self._narrow[part]

    def read(self, index: int) -> Pixels:
        """Pixels `(H, W, C)`; floats as they are in the file. Raises `UnreadableError`."""
        part, row = self._locate(index)
        pixels = to_pixels(np.asarray(self._parts[part].rows[row]), self._parts[part].form)
        return pixels.astype(np.uint8) if pixels.dtype == np.uint16 and self._dtype(part) == "uint8" else pixels

    def close(self) -> None:
        """Close the archive."""
        for part in self._parts:
            if isinstance(part.rows, MemberRows):
                part.rows.close()
        if self._archive is not None:
            self._archive.close()


def _largest(rows: Rows, index: int) -> int:
    """The largest number of a row; 0 where it cannot be read."""
    try:
        return int(rows[index].max())
    except UnreadableError:
        return 0


def open_npy(path: Path, options: ReadOptions) -> ArrayReader:
    """A reader of a `.npy` file, which is mapped and not loaded.

    Raises:
        InputError: If the file is damaged, holds Python objects, or is no array of pictures.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header raises whatever its parser raises
        raise InputError(f"{path}: cannot be read as a numeric array ({str(error)[:160]})") from error
    part = Part(array, array_layout(array.shape, array.dtype, options.layout, str(path)), None)
    return ArrayReader(path, [part], None, (), options)


def open_npz(path: Path, options: ReadOptions) -> ArrayReader:
    """A reader of a `.npz` archive.

    Pictures are looked for under `images`, `x` (labels `labels`, `y`), under `x_train`, `x_test` (`y_train`,
    `y_test`) and under `train_images`, `val_images`, `test_images` (`train_labels` and so on); a single array with
    three axes or more is taken whatever its name. Class names may lie under `names` or `classes`.

    Raises:
        InputError: If the archive is damaged, holds Python objects, no pictures, or labels that do not match.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: is not a readable .npz archive ({error})") from error
    try:
        return _open_members(path, archive, options)
    except BaseException:
        archive.close()
        raise


def _open_members(path: Path, archive: zipfile.ZipFile, options: ReadOptions) -> ArrayReader:
    keys = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    chosen = _choose(path, archive, keys)
    members = [(split, MemberRows(archive, x, path), x, y) for split, x, y in chosen]
    problems: list[str] = []
    parts: list[Part] = []
    for split, rows, x, y in members:
        try:
            form = array_layout(rows.shape, rows.dtype, options.layout, f"{path}: array {x!r}")
            parts.append(Part(rows, form, split))
        except InputError as error:
            problems += error.problems
        if y is not None and len(MemberRows(archive, y, path).shape) == 0:
            problems.append(f"{path}: array {y!r} is a single number, not labels")
    without = [x for _, _, x, y in members if y is None]
    if without and len(without) < len(members):
        problems.append(f"{path}: no labels for {', '.join(without)}, though the other arrays have some")
    if problems:
        raise InputError(*problems)
    labels, classes = _labels(path, archive, keys, members) if not without else (None, ())
    columns, notes = _columns(path, archive, keys, parts, options)
    return ArrayReader(path, parts, labels, classes, options, archive, columns, notes)


def _columns(
    path: Path, archive: zipfile.ZipFile, keys: list[str], parts: Sequence[Part], options: ReadOptions
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Attributes and captions: arrays with one value for each picture, over all parts in their order."""
    count = sum(part.rows.shape[0] for part in parts)
    known = {*_NAME_KEYS, *(k for group in (*_SPLIT_KEYS, (None, *_WHOLE_KEYS)) for names in group[1:] for k in names)}
    offered = [k for k in keys if k not in known and MemberRows(archive, k, path).shape == (count,)]
    attributes, captions = choose(offered, options.attributes, options.text_column, (), str(path))
    raw = {name: MemberRows(archive, name, path).whole().tolist() for name in attributes}
    texts = MemberRows(archive, captions, path).whole().tolist() if captions else None
    names = [f"row {i}" for i in range(count)]
    return as_columns(raw, texts, names, options.attributes is not None, str(path))


_Chosen = tuple[Split | None, str, str | None]


def _choose(path: Path, archive: zipfile.ZipFile, keys: list[str]) -> list[_Chosen]:
    """The arrays of pictures and of labels, by their names."""

    def first(wanted: Sequence[str]) -> str | None:
        return next((k for k in wanted if k in keys), None)

    chosen: list[_Chosen] = []
    for split, pictures, labels in _SPLIT_KEYS:
        key = first(pictures)
        if key is not None:
            chosen.append((split, key, first(labels)))
    if chosen:
        return chosen
    key = first(_WHOLE_KEYS[0])
    shapes = {k: MemberRows(archive, k, path).shape for k in keys if k != key}
    if key is None:
        large = [k for k, shape in shapes.items() if len(shape) >= 3]
        if len(large) != 1:
            found = ", ".join(f"{k} {shape}" for k, shape in shapes.items()) or "nothing"
            raise InputError(
                f"{path}: no array of pictures (looked for images, x, x_train, train_images; found {found})"
            )
        key = large[0]
    return [(None, key, first(_WHOLE_KEYS[1]))]


def _labels(
    path: Path, archive: zipfile.ZipFile, keys: list[str], members: Sequence[tuple[Any, MemberRows, str, str | None]]
) -> tuple[Labels, tuple[str, ...]]:
    problems: list[str] = []
    arrays: list[NDArray[Any]] = []
    for _, rows, x, y in members:
        assert y is not None
        array = MemberRows(archive, y, path).whole()
        if len(array) != rows.shape[0]:
            problems.append(f"{path}: {len(array):,} labels in {y!r} for {rows.shape[0]:,} pictures in {x!r}")
        arrays.append(array)
    if len({(a.dtype.kind in "US", a.ndim, *a.shape[1:]) for a in arrays}) > 1:
        problems.append(f"{path}: the arrays of labels differ in form: {', '.join(str(a.shape) for a in arrays)}")
    if problems:
        raise InputError(*problems)
    count = sum(rows.shape[0] for _, rows, _, _ in members)
    where = f"{path}: labels {', '.join(str(y) for _, _, _, y in members)}"
    return read_labels(np.concatenate(arrays), _names(path, archive, keys), count, where)


def _names(path: Path, archive: zipfile.ZipFile, keys: list[str]) -> tuple[str, ...] | None:
    for key in _NAME_KEYS:
        if key in keys:
            array = MemberRows(archive, key, path).whole()
            if array.ndim == 1 and array.dtype.kind in "US":
                return tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in array.tolist())
    return None
