"""Data in three parts, as every kind of prepared data has it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.comparable import comparable
from gansmith.data.split import Splits
from gansmith.types import Batch

__all__ = ["Parted", "Set", "Unasked"]


class Set(Protocol):
    """Items that were read."""

    @property
    def fingerprint(self) -> str:
        """Of all items, whatever their order."""

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> Self:
        """Some of the items."""


S = TypeVar("S", bound=Set)


class Parted(Generic[S]):
    """What prepared data says of its parts.

    Attributes:
        splits: Items of training, validation and test.
    """

    splits: Splits

    @property
    @abstractmethod
    def whole(self) -> S:
        """All items."""

    def part(self, split: str) -> S:
        """The items of `train`, `val` or `test`."""
        return self._parts[split]

    @cached_property
    def _parts(self) -> dict[str, S]:
        return {split: self.whole.subset(getattr(self.splits, split)) for split in ("train", "val", "test")}

    @abstractmethod
    def some(self, split: str, rows: NDArray[np.int64]) -> Batch:
        """The items with these numbers within a split, as a batch."""

    def asked(self, most: int) -> tuple[Batch, Batch]:
        """At most so many validation items, and as many training items that lie beside them; see `comparable`."""
        held_out, seen = comparable(self.splits.train, self.splits.val, most)
        return self.some("val", held_out), self.some("train", seen)

    @property
    def fingerprint(self) -> str:
        """Of all items."""
        return self.whole.fingerprint

    @property
    def train_fingerprint(self) -> str:
        """Of the training items."""
        return self.part("train").fingerprint


class Unasked:
    """Prepared data without classes and condition vectors."""

    @property
    def frequencies(self) -> tuple[float, ...]:
        """There are no classes."""
        return ()

    @property
    def conditions(self) -> Mapping[str, Tensor]:
        """There are no condition vectors."""
        return {}
