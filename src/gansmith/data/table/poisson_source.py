"""Batches into which every row is taken by a coin of its own, as the accountant of private training assumes."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from gansmith.data.table.row_source import wide
from gansmith.errors import InputError
from gansmith.types import Batch, Json

__all__ = ["PoissonSource"]


class PoissonSource:
    """Batches of rows of tensors; each row is in a batch with probability `rate`, whatever the others are.

    So batches differ in size, and may be empty.

    Args:
        rows: Fields of all training rows, `(N, ...)` each.
        batch: Rows that a batch is expected to have.
        secret: Decides which; whoever knows it knows more than the accountant assumes.

    Attributes:
        rate: Probability with which a row is in a batch.

    Raises:
        InputError: There are fewer rows than a batch is expected to have.
    """

    def __init__(self, rows: Batch, batch: int, secret: int) -> None:
        self._rows = rows
        self._count = len(next(iter(rows.values())))
        if batch > self._count:
            raise InputError(f"batch={batch} is more than the {self._count:,} training rows: choose a smaller one")
        self.rate = batch / self._count
        self._secret, self._served = secret, 0

    def __next__(self) -> dict[str, Tensor]:
        """The next batch."""
        key = hashlib.blake2b(f"{self._secret}/rows/{self._served}".encode(), digest_size=16).digest()
        coins = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little"))).random(self._count)
        taken = torch.from_numpy(np.flatnonzero(coins < self.rate))
        self._served += 1
        return {name: wide(values[taken]) for name, values in self._rows.items()}

    def state_dict(self) -> dict[str, Json]:
        """Where the stream is."""
        return {"served": self._served, "secret": self._secret, "rows": self._count}

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Continue from there.

        Raises:
            InputError: The state is of another number of rows, or none.
        """
        served, secret = state.get("served"), state.get("secret")
        if not isinstance(served, int) or not isinstance(secret, int) or state.get("rows") != self._count:
            raise InputError(f"the checkpoint's place in the data does not fit {self._count:,} rows")
        self._served, self._secret = served, secret

    def close(self) -> None:
        """Nothing is open."""
