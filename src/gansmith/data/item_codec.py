"""What a codec of items adds to a codec: classes, its own name in files, and words for people."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from gansmith.data.attributes import Attribute
from gansmith.data.captions import Captions
from gansmith.data.items import Arrays, Items
from gansmith.data.protocols import Codec
from gansmith.data.reader import Labels
from gansmith.types import Batch

__all__ = ["ItemCodec", "encoded"]


class ItemCodec(Codec, Protocol):
    """A codec whose raw data are named arrays and class ids; it is fitted to training items, and inherits from this.

    Its `to_json` has `"kind"`: the kind of data, such as `audio`. Where there are classes its spec has a `label` field
    with their names; where there are attributes, `attributes` with their entries.

    Attributes:
        kind: The kind of data.
    """

    kind: ClassVar[str]

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What a sample can be asked to be, beside a class; nothing unless a codec says so."""
        return ()

    @property
    def captions(self) -> Captions | None:
        """What turns descriptions into vectors; nothing unless a codec says so."""
        return None

    def vectors(self, items: Items) -> dict[str, NDArray[np.float32]]:
        """Condition vectors of items, `(N, width)` each; none unless a codec has attributes."""
        return {}

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by id; empty without classes."""

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Raw columns of `N` items, and class ids `(N,)` where there are classes, to tensors."""

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Tensors back to raw columns and class ids."""

    def describe(self) -> str:
        """One item in a few words: `one second of mono sound at 8,000 Hz`."""


def encoded(codec: ItemCodec, items: Items, start: int = 0, stop: int | None = None) -> Batch:
    """Some items as a batch."""
    rows = slice(start, stop)
    labels = items.labels[rows] if items.labels is not None and codec.classes else None
    return codec.encode({name: column[rows] for name, column in items.arrays.items()}, labels)
