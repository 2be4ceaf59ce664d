"""Prepared items of any kind: arrays of one shape, with everything that is known about their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import HASH_BYTES, Hashes, Skipped, fingerprint
from gansmith.data.reader import Labels, Split

__all__ = ["Arrays", "Items", "digests"]

Arrays = Mapping[str, NDArray[Any]]
"""Raw columns by name, `(N, ...)` each."""


@dataclass(frozen=True)
class Items:
    """Items of one kind, ready for training: clips of sound, windows of series, lines of text, bars of music.

    Attributes:
        arrays: Raw columns by name, `(N, ...)` each, in the compact type of the data (int16 sound, uint8 pixels); what
            `encode` of their codec takes. Items that vary in length are padded, and a column says how long they are.
        names: Where each item came from, for people: a file, a row, a place in a recording.
        hashes: `(N, 16)` uint8: a digest of each item's content, however it was stored or named.
        source: The path that was read.
        labels: Class ids `(N,)`, or None.
        classes: Class names by id; empty without labels.
        together: `(N, 16)` uint8: a digest of what an item is a part of (a recording, a patient, a poem). Items that
            have it in common are never told apart into training and test. None: each stands for itself.
        given_splits: The split that the source gives to each item, or None where it gives none at all.
        skipped: What could not be read, and why.
        warnings: Sentences on what the user should know.
        place: `(N,)`, rising: where each item lies in an order in which neighbours are alike, such as time, and parts
            are blocks. None where held-out items are as any others.
    """

    arrays: Arrays
    names: tuple[str, ...]
    hashes: Hashes
    source: Path
    labels: Labels | None = None
    classes: tuple[str, ...] = ()
    together: Hashes | None = None
    given_splits: tuple[Split | None, ...] | None = None
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    place: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Number of items."""
        return len(self.hashes)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the items and their classes, whatever their order and names."""
        return fingerprint(self.hashes, self.labels, self.classes)

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> Items:
        """The items with these numbers, in this order; skipped ones and warnings stay with the whole set."""
        rows = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            arrays={name: column[rows] for name, column in self.arrays.items()},
            names=tuple(self.names[i] for i in rows),
            hashes=self.hashes[rows],
            labels=None if self.labels is None else self.labels[rows],
            together=None if self.together is None else self.together[rows],
            given_splits=None if self.given_splits is None else tuple(self.given_splits[i] for i in rows),
            skipped=(),
            warnings=(),
            place=None if self.place is None else self.place[rows],
        )


def digests(*columns: NDArray[Any]) -> Hashes:
    """A digest of each row over all columns, `(N, 16)` uint8, the same on every machine.

    Args:
        columns: `(N, ...)` each; their types and shapes count too.
    """
    little = [np.ascontiguousarray(c.astype(c.dtype.newbyteorder("<"), copy=False)) for c in columns]
    head = " ".join(f"{c.shape[1:]} {c.dtype.kind}{c.dtype.itemsize}" for c in little).encode()
    found = np.empty((len(little[0]), HASH_BYTES), np.uint8)
    for i in range(len(found)):
        digest = hashlib.blake2b(head, digest_size=HASH_BYTES)
        for column in little:
            digest.update(column[i].tobytes())
        found[i] = np.frombuffer(digest.digest(), np.uint8)
    return found
