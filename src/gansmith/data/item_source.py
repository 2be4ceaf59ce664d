"""Endless batches of items of any kind, resumed to the bit and cut into ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.order import rows_at
from gansmith.data.stream import Stream
from gansmith.errors import InputError
from gansmith.types import Batch

__all__ = ["ItemSource", "Vary"]

Vary = Callable[[Arrays, int, int], Arrays]
"""From raw columns, the seed and their first place in the stream to the columns as this batch shows them (a crop, a
transposition): a pure function, the same for a row whatever batch it is cut into."""


@dataclass(frozen=True)
class _Maker:
    items: Items
    codec: ItemCodec
    batch: int
    rank: int
    world: int
    vary: Vary | None

    def make(self, seed: int, served: int) -> Batch:
        """This rank's part of the global batch that starts at place `served` of the stream."""
        length = self.batch // self.world
        start = served + self.rank * length
        rows = rows_at(seed, start, length, len(self.items))
        arrays: Arrays = {name: np.asarray(column[rows]) for name, column in self.items.arrays.items()}
        if self.vary is not None:
            arrays = self.vary(arrays, seed, start)
        labels = self.items.labels
        return self.codec.encode(arrays, None if labels is None or not self.codec.classes else labels[rows])


class ItemSource(Stream):
    """Endless batches of items as tensors; order and variation depend on the seed and the place in the stream alone.

    Args:
        items: Training items.
        codec: Turns them into tensors.
        batch: Samples of the global batch, over all ranks.
        seed: Decides the order and how items vary.
        rank: Number of this process.
        world: Number of processes; must divide `batch`.
        vary: How items are shown differently every time; None shows them as they are.
        prefetch: Batches made ahead in a thread; 0 makes each when asked for.

    Raises:
        InputError: There is nothing to serve, or `batch` can't be shared.
    """

    def __init__(
        self,
        items: Items,
        codec: ItemCodec,
        *,
        batch: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        vary: Vary | None = None,
        prefetch: int = 2,
    ) -> None:
        if not len(items):
            raise InputError("there is nothing to serve")
        if batch < 1 or batch % world:
            raise InputError(f"batch={batch} must be a multiple of the {world} processes")
        super().__init__(_Maker(items, codec, batch, rank, world, vary), len(items), batch, seed, prefetch)
