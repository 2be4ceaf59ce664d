"""Endless batches of a table's rows that can be resumed to the bit and cut into ranks."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.data.order import rows_at
from gansmith.errors import InputError
from gansmith.types import Batch, Json

__all__ = ["RowSource", "wide"]


class RowSource:
    """Batches of rows of tensors, each epoch in an order made from the seed and the epoch's number.

    Batches run across the ends of epochs, so no row is dropped. A global batch is cut into `world` equal parts.

    Args:
        rows: Fields of all training rows, `(N, ...)` each.
        batch: Rows of the global batch, over all ranks.
        seed: Decides the order.
        rank: Number of this process.
        world: Number of processes.

    Raises:
        InputError: There are no rows, or the batch can't be cut into equal parts.
    """

    def __init__(self, rows: Batch, batch: int, seed: int = 0, rank: int = 0, world: int = 1) -> None:
        self._rows = rows
        self._count = len(next(iter(rows.values())))
        if not self._count:
            raise InputError("there are no rows to train on")
        if batch < 1 or batch % world:
            raise InputError(f"batch={batch} can't be shared by {world} processes: choose a multiple")
        self._length, self._batch, self._rank = batch // world, batch, rank
        self._seed, self._served = seed, 0

    def __next__(self) -> dict[str, Tensor]:
        """The next batch: this process's rows of it."""
        start = self._served + self._rank * self._length
        rows = torch.from_numpy(rows_at(self._seed, start, self._length, self._count))
        self._served += self._batch
        return {name: wide(values[rows]) for name, values in self._rows.items()}

    def state_dict(self) -> dict[str, Json]:
        """Where the stream is."""
        return {"served": self._served, "seed": self._seed, "rows": self._count}

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Continue from there.

        Raises:
            InputError: The state is of another number of rows, or none.
        """
        served, seed = state.get("served"), state.get("seed")
        if not isinstance(served, int) or not isinstance(seed, int) or served < 0 or state.get("rows") != self._count:
            raise InputError(f"the checkpoint's place in the data does not fit {self._count:,} rows: {state}")
        self._served, self._seed = served, seed

    def close(self) -> None:
        """Nothing is open."""


def wide(values: Tensor) -> Tensor:
    """Whole numbers, which are kept in as few bytes as they need, as int64."""
    return values if values.is_floating_point() else values.long()
