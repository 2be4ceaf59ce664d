"""Prepared pictures: one array, with everything that is known about its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gansmith.data.attributes import Columns
from gansmith.data.fit import Fit
from gansmith.data.reader import Labels, Pixels, Split

__all__ = [
    "HASH_BYTES",
    "Hashes",
    "ImageSet",
    "Pictures",
    "RowView",
    "Skipped",
    "content_hash",
    "duplicate_groups",
    "fingerprint",
]

HASH_BYTES = 16

Hashes = NDArray[np.uint8]


class Pictures(Protocol):
    """What training needs of an array of pictures `(N, H, W, C)`; `numpy.asarray` makes a real array of it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N, H, W, C)`."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8, uint16 or float32."""

    def __len__(self) -> int:
        """Number of pictures."""

    def __getitem__(self, key: Any, /) -> Any:
        """Pictures by number, slice or array of numbers."""

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]:
        """The pictures in memory."""


class RowView:
    """Chosen rows of a mapped array, or of what reads like one, without loading them.

    Args:
        base: The array `(N, ...)`.
        index: Numbers of the chosen rows, `(K,)`.
    """

    def __init__(self, base: Pictures, index: NDArray[np.int64]) -> None:
        self._base = base
        self._index = index

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape as if the rows were copied."""
        return len(self._index), *self._base.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._base.dtype

    def __len__(self) -> int:
        """Number of chosen rows."""
        return len(self._index)

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        """Rows in memory; an array of numbers is read in ascending order, which a disk likes."""
        rows = self._index[key]
        if rows.ndim == 0:
            return np.array(self._base[rows])
        order = np.argsort(rows, kind="stable")
        out = np.empty((len(rows), *self._base.shape[1:]), dtype=self._base.dtype)
        out[order] = self._base[rows[order]]
        return out

    def choose(self, index: NDArray[np.int64]) -> RowView:
        """A view of some of these rows."""
        return RowView(self._base, self._index[index])

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]:
        """All chosen rows in memory."""
        return self[:].astype(dtype or self.dtype, copy=False)


@dataclass(frozen=True)
class Skipped:
    """An item that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class ImageSet:
    """Pictures of one shape, ready for training, with what is known about them.

    Attributes:
        images: `(N, H, W, C)` in uint8, uint16 or float32: an array, or rows of a file that stays on the disk.
        labels: Class ids `(N,)`, or None.
        classes: Class names by id; empty without labels. A class may have no picture.
        names: Where each picture came from, for people.
        hashes: `(N, 16)` uint8: a digest of each picture as decoded, before it was fitted. Equal pictures are equal
            here, however they were stored or named.
        given_splits: The split that the source gives to each picture, or None where it gives none at all.
        skipped: Items that could not be read.
        fit: How pictures were brought to this shape.
        fingerprint: A digest of the set: pictures and classes, whatever their order and names.
        warnings: Sentences on what the user should know.
        source: The path that was read.
        columns: Attributes by name, and captions as `text`, one value a picture.
    """

    images: Pictures
    labels: Labels | None
    classes: tuple[str, ...]
    names: tuple[str, ...]
    hashes: Hashes
    given_splits: tuple[Split | None, ...] | None
    skipped: tuple[Skipped, ...]
    fit: Fit
    fingerprint: str
    warnings: tuple[str, ...]
    source: Path
    columns: Columns = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.images)

    @property
    def bits(self) -> int:
        """8, 16 or 32 (float) bits a channel."""
        return self.fit.bits

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one picture."""
        return self.fit.shape

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> ImageSet:
        """The pictures with these numbers, in this order; rows of a mapped file stay on the disk.

        The fingerprint is that of the chosen pictures; skipped items and warnings stay with the whole set.
        """
        index = np.asarray(indices, dtype=np.int64)
        images: Pictures
        if isinstance(self.images, RowView):
            images = self.images.choose(index)
        else:
            images = RowView(self.images, index) if isinstance(self.images, np.memmap) else self.images[index]
        labels = None if self.labels is None else self.labels[index]
        hashes = self.hashes[index]
        columns = {name: column[index] for name, column in self.columns.items()}
        return ImageSet(
            images=images,
            labels=labels,
            classes=self.classes,
            names=tuple(self.names[i] for i in index),
            hashes=hashes,
            given_splits=None if self.given_splits is None else tuple(self.given_splits[i] for i in index),
            skipped=(),
            fit=self.fit,
            fingerprint=fingerprint(hashes, labels, self.classes, columns),
            warnings=(),
            source=self.source,
            columns=columns,
        )


def content_hash(pixels: Pixels) -> bytes:
    """A 128-bit BLAKE2b digest of shape, type and pixels, the same on every machine."""
    kind = pixels.dtype
    little = pixels if kind.itemsize == 1 else pixels.astype(kind.newbyteorder("<"), copy=False)
    digest = hashlib.blake2b(f"{pixels.shape} {kind.kind}{kind.itemsize}".encode(), digest_size=HASH_BYTES)
    digest.update(np.ascontiguousarray(little).data)
    return digest.digest()


def fingerprint(hashes: Hashes, labels: Labels | None, classes: tuple[str, ...], columns: Columns | None = None) -> str:
    """A digest of a set of pictures with what is said of them, independent of order and of names of files."""
    ids = [-1] * len(hashes) if labels is None else labels.tolist()
    said = [""] * len(hashes)
    for name in sorted(columns or {}):
        said = [f"{row}|{name}={value}" for row, value in zip(said, (columns or {})[name].tolist(), strict=True)]
    rows = sorted(
        h.tobytes() + (("" if i < 0 else classes[i]) + more).encode("utf-8", "surrogateescape")
        for h, i, more in zip(hashes, ids, said, strict=True)
    )
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    for row in rows:
        digest.update(len(row).to_bytes(4, "little") + row)
    return digest.hexdigest()


def duplicate_groups(hashes: Hashes) -> list[NDArray[np.int64]]:
    """Numbers of pictures that are equal, a group each, for groups of two or more; in order of first appearance."""
    if len(hashes) == 0:
        return []
    keys = np.ascontiguousarray(hashes).view(f"V{HASH_BYTES}").ravel()
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    groups = np.split(order, np.cumsum(counts)[:-1])
    return sorted((g for g in groups if len(g) > 1), key=lambda g: int(g[0]))
