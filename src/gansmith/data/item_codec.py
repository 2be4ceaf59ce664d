"""What a codec of items adds to a codec: classes, its own name in files, and words for people."""

from __future__ import annotations

from typing import ClassVar, Protocol

from gansmith.data.items import Arrays
from gansmith.data.protocols import Codec
from gansmith.data.reader import Labels
from gansmith.types import Batch

__all__ = ["ItemCodec"]


class ItemCodec(Codec, Protocol):
    """A codec whose raw data are named arrays and class ids; it is fitted to training items.

    Its `to_json` has `"kind"`: the kind of data, such as `audio`. Where there are classes its spec has a `label` field
    with their names.

    Attributes:
        kind: The kind of data.
    """

    kind: ClassVar[str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by id; empty without classes."""

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Raw columns of `N` items, and class ids `(N,)` where there are classes, to tensors."""

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Tensors back to raw columns and class ids."""

    def describe(self) -> str:
        """One item in a few words: `one second of mono sound at 8,000 Hz`."""
