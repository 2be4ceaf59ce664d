"""The rows of a stream, whatever pieces they came in: same answer for any split, any merge and any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.types import Batch

__all__ = ["Data", "Rows", "Sample", "as_batch"]

Sample: TypeAlias = "Tensor | Batch"
"""Features `(N, D)` alone, or named tensors with one leading dimension: features, labels, logits."""


def as_batch(sample: Sample) -> Batch:
    """A bare tensor is taken for features."""
    return {"features": sample} if isinstance(sample, Tensor) else sample


class Rows:
    """Named tensors collected piece by piece, on the CPU.

    `column` hands them out in a canonical order: sorted by a fixed projection of the features. Everything seeded that
    follows (resamples, parts of a reference) then depends on which rows came, not on the order they came in.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, list[Tensor]] = {}
        self._joined: dict[str, Tensor] = {}
        self.count = 0

    def append(self, batch: Batch) -> None:
        """Add a piece; raises `InputError` if its tensors differ in length or in name from the pieces before."""
        sizes = {name: len(tensor) for name, tensor in batch.items()}
        if len(set(sizes.values())) != 1:
            raise InputError(f"a batch needs tensors of one length, got {sizes}")
        if self._pieces and set(self._pieces) != set(batch):
            raise InputError(f"a stream of {sorted(self._pieces)} can't go on with {sorted(batch)}")
        for name, tensor in batch.items():
            self._pieces.setdefault(name, []).append(tensor.detach().cpu())
        self.count += next(iter(sizes.values()))
        self._joined = {}

    def extend(self, other: Rows) -> None:
        """Add all rows of another stream; raises `InputError` if it has other tensors."""
        if not other._pieces:
            return
        if self._pieces and set(self._pieces) != set(other._pieces):
            raise InputError(f"streams of {sorted(self._pieces)} and {sorted(other._pieces)} can't be merged")
        for name, pieces in other._pieces.items():
            self._pieces.setdefault(name, []).extend(pieces)
        self.count += other.count
        self._joined = {}

    def has(self, *names: str) -> bool:
        """Whether the stream carries all of these tensors."""
        return all(name in self._pieces for name in names)

    def column(self, name: str) -> Tensor:
        """One tensor `(count, ...)` in canonical order; raises `InputError` if the stream doesn't carry it."""
        if name not in self._pieces:
            raise InputError(f"no {name} were given; there are: {', '.join(sorted(self._pieces)) or 'none'}")
        if not self._joined:
            joined = {key: _join(key, pieces) for key, pieces in self._pieces.items()}
            order = _canonical_order(joined.get("features", joined.get("logits")))
            self._joined = joined if order is None else {key: tensor[order] for key, tensor in joined.items()}
        return self._joined[name]


def _join(name: str, pieces: list[Tensor]) -> Tensor:
    shapes = {tuple(piece.shape[1:]) for piece in pieces}
    if len(shapes) > 1:
        raise InputError(f"{name} came in different shapes: {sorted(shapes)}")
    return torch.cat(pieces)


def _canonical_order(keys: Tensor | None) -> Tensor | None:
    if keys is None or keys.ndim != 2:
        return None
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(keys.shape[1], dtype=torch.float64, generator=generator)
    return (keys.to(torch.float64) * direction).sum(1).argsort(stable=True)


class Data:
    """The three sides of an evaluation: real test rows, fake rows, and the training rows for the memorisation check.

    Attributes:
        sides: Rows by side: `real`, `fake`, `train`.
        cache: Results that several metrics share, cleared by every change.
    """

    def __init__(self) -> None:
        self.sides: dict[str, Rows] = {"real": Rows(), "fake": Rows(), "train": Rows()}
        self.cache: dict[object, object] = {}

    def update(self, samples: Mapping[str, Sample | None]) -> None:
        """Add a piece to each side that is not None."""
        self.cache = {}
        for side, sample in samples.items():
            if sample is not None:
                self.sides[side].append(as_batch(sample))

    def merge(self, other: Data) -> None:
        """Add all rows of the other."""
        self.cache = {}
        for side, rows in self.sides.items():
            rows.extend(other.sides[side])

    def count(self, side: str) -> int:
        """Rows of a side."""
        return self.sides[side].count

    def column(self, side: str, name: str) -> Tensor:
        """A tensor of a side, in canonical order; raises `InputError` naming the side if it isn't there."""
        if not self.sides[side].has(name):
            raise InputError(f"this metric needs {name} of the {side} samples; give {side}={{'{name}': ...}}")
        return self.sides[side].column(name)
