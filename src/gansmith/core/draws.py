"""Randomness that belongs to the round: the same whatever the number of processes or micro-batches."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

__all__ = ["Draws", "mix"]


def mix(*parts: int | str) -> int:
    """A 63-bit seed from any integers and words, the same on every machine and under every hash seed."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class Draws:
    """The noise of one move, drawn for the whole global batch and cut to the rows that this scene holds.

    Every process and every micro-batch draws the same numbers in the same order and keeps its own rows, so two
    processes see together exactly what one process would see alone.

    Args:
        seed: Seed of this move.
        total: Rows of the global batch.
        start: First row that the scene holds.
        stop: One past its last row.
        device: Where the numbers go; they are always drawn on the CPU, so that devices agree.
        dtype: Type of real numbers; they are drawn in float32 and converted.
    """

    def __init__(
        self,
        seed: int,
        total: int,
        start: int = 0,
        stop: int | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._total, self._rows = total, slice(start, total if stop is None else stop)
        self._device, self._dtype = device, dtype

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, `(rows, *shape)`."""
        return self._real(torch.randn(self._total, *shape, generator=self._generator))

    def uniform(self, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), `(rows, *shape)`."""
        return self._real(torch.rand(self._total, *shape, generator=self._generator))

    def integers(self, high: int, *shape: int) -> Tensor:
        """Uniform integers in [0, high), int64 `(rows, *shape)`."""
        drawn = torch.randint(high, (self._total, *shape), generator=self._generator)
        return drawn[self._rows].to(self._device)

    def shared(self, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1) that all rows share, `shape`."""
        return torch.rand(shape, generator=self._generator).to(self._device, self._dtype)

    def _real(self, drawn: Tensor) -> Tensor:
        return drawn[self._rows].to(self._device, self._dtype)
