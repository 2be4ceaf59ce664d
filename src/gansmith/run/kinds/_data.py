"""Items of any kind as the data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.item_codec import ItemCodec, encoded
from gansmith.data.item_source import ItemSource
from gansmith.data.items import Items
from gansmith.data.reader import some
from gansmith.data.split import Splits, split_rows
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.conditions import kept_rows
from gansmith.run.kinds._kind import Kind
from gansmith.run.parts import Parted
from gansmith.run.request import Request
from gansmith.types import Batch

__all__ = ["KindData", "parted", "reopened"]

C = TypeVar("C", bound=ItemCodec)

SAID = 20
"""Skipped items that are named."""


def parted(items: Items, things: str) -> Splits:
    """Training, validation and test items; what belongs together is never told apart. Raises `InputError`."""
    keys = items.hashes if items.together is None else items.together
    try:
        return split_rows(keys, items.labels, items.classes, items.given_splits, things=things)
    except InputError as error:
        raise InputError(*(f"{items.source}: {problem}" for problem in error.problems)) from None


def reopened(
    kind: Kind[C], codec: C, data: str | Path, read: object, progress: Progress | None
) -> tuple[Items, Splits]:
    """Items given after training, in the form that a model makes, and their parts.

    Args:
        kind: What they are.
        codec: The model's.
        data: Where they lie.
        read: What the format leaves open; anything but the kind's own options stands for none.
        progress: Told what is done.

    Raises:
        InputError: They can't be read, or are too few.
    """
    place = Path(data).expanduser()
    if not place.exists():
        raise InputError(f"{data}: no such file or folder")
    items = kind.open(place, read if isinstance(read, kind.options) else kind.options(), progress, like=codec)
    return items, parted(items, kind.things)


@dataclass(frozen=True)
class KindData(Parted[Items], Generic[C]):
    """Items that were read and split, with a codec fitted to the training part.

    Attributes:
        kind: What they are.
        request: What was asked for.
        items: All of them.
        splits: Rows of training, validation and test.
        codec: From raw columns to tensors and back.
        why: Why the data was taken for this kind, where nobody said so.
    """

    kind: Kind[C]
    request: Request
    items: Items
    splits: Splits
    codec: C
    why: str = ""

    @classmethod
    def of(cls, kind: Kind[C], request: Request, progress: Progress | None = None) -> KindData[C]:
        """Read and split the items of a request.

        Raises:
            InputError: They can't be read, or are too few; or one can't be read and `strict` was asked for.
        """
        from gansmith.run.kinds._registry import kind_of

        options = request.read if isinstance(request.read, kind.options) else kind.options()
        items = kind.open(Path(request.data).expanduser(), options, progress)
        if request.strict and items.skipped:
            raise InputError(*(f"{s.name}: {s.reason}" for s in items.skipped[:SAID]))
        splits = parted(items, kind.things)
        if not len(splits.test):
            raise InputError(
                f"{request.data}: all {len(items)} {kind.things} are in training, so none is left to judge the model by"
            )
        meant = kind_of(request.data, request.modality, request.recipe)
        codec = kind.fit(items.subset(splits.train), options)
        return cls(kind, request, items, splits, codec, meant[1] if meant else "")

    @property
    def whole(self) -> Items:
        """All of them."""
        return self.items

    @property
    def rows(self) -> int:
        """Number of training items."""
        return len(self.splits.train)

    @property
    def size(self) -> Size:
        """Networks by the device: small on a CPU, medium on a GPU."""
        return "m" if torch.cuda.is_available() or torch.backends.mps.is_available() else "s"

    @property
    def budget(self) -> str:
        """What this kind usually needs."""
        return self.kind.budget

    @cached_property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training part; empty without classes."""
        labels = self.part("train").labels
        if labels is None or not self.codec.classes:
            return ()
        return tuple(float((labels == c).mean()) for c in range(len(self.codec.classes)))

    @cached_property
    def conditions(self) -> Mapping[str, Tensor]:
        """Condition vectors of some training items; empty where a class, or nothing, is the condition."""
        return kept_rows(self.codec.vectors(self.part("train")))

    def identity(self) -> dict[str, Any]:
        """Fingerprint, kind, and the form that items were brought to."""
        return {"data": self.fingerprint, "kind": self.kind.id, "form": self.codec.describe()}

    def describe(self) -> dict[str, Any]:
        """What `run.json` says of the items."""
        left = self.items.skipped
        skipped = [f"{len(left):,} left out: {some(f'{s.name} ({s.reason})' for s in left)}"] if left else []
        return {
            "fingerprint": self.fingerprint,
            "train_fingerprint": self.train_fingerprint,
            "items": len(self.items),
            "of": self.kind.things,
            "form": self.codec.describe(),
            "skipped": len(left),
            "splits": self.splits.to_json(),
            "classes": list(self.codec.classes),
            "warnings": [*filter(None, [self.why]), *skipped, *self.items.warnings, *self.splits.warnings],
        }

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> ItemSource:
        """Batches of the training items: a process's rows of each."""
        vary = self.kind.vary(self.codec, hp)
        return ItemSource(self.part("train"), self.codec, batch=hp.batch, seed=seed, rank=rank, world=world, vary=vary)

    def asked(self, most: int) -> tuple[Batch, Batch]:
        """As of any data; but a few blocks of time are liked more or less than what lies about them by chance alone."""
        held_out, seen = super().asked(most)
        return held_out, seen if self.items.place is None else {name: value[:0] for name, value in seen.items()}

    def some(self, split: str, rows: NDArray[np.int64]) -> Batch:
        """Items of a split as a batch."""
        return encoded(self.codec, self.part(split).subset(rows))
