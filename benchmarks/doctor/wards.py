"""Small data that games are played on in seconds: a mixture in the plane, rows like those of a table, and images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gansmith.data.embedded import fashion_path
from gansmith.types import Batch, Json

__all__ = ["WARDS", "Rows", "Ward"]

TRAIN, HELD_OUT = 4_000, 1_000


@dataclass(frozen=True)
class Ward:
    """A data set.

    Attributes:
        name: Its name.
        train: Rows `(n, d)` that games are trained on.
        held_out: Rows that nobody trains on.
        labels: Classes of the training rows `(n,)`.
        held_labels: Of the others.
        scale: What distances are measured in, `(d,)`: the deviation of each column, or of all pixels.
    """

    name: str
    train: Tensor
    held_out: Tensor
    labels: Tensor
    held_labels: Tensor
    scale: Tensor

    @property
    def classes(self) -> int:
        """Number of classes, of held-out rows too."""
        return int(torch.cat([self.labels, self.held_labels]).max()) + 1

    def batch(self, conditional: bool, held_out: bool = False) -> dict[str, Tensor]:
        """All rows of a part as one batch."""
        rows, labels = (self.held_out, self.held_labels) if held_out else (self.train, self.labels)
        return {"image": rows, **({"label": labels} if conditional else {})}


class Rows:
    """An endless source of random rows of a batch; the same rows for the same seed.

    Args:
        rows: All rows.
        batch: Rows of a batch.
        seed: Of the order.
    """

    def __init__(self, rows: Batch, batch: int, seed: int) -> None:
        self.rows, self.size = dict(rows), batch
        self.generator = torch.Generator().manual_seed(seed)

    def __next__(self) -> Batch:
        """The next batch."""
        n = len(next(iter(self.rows.values())))
        chosen = torch.randint(n, (self.size,), generator=self.generator)
        return {name: value[chosen] for name, value in self.rows.items()}

    def state_dict(self) -> dict[str, Json]:
        """Where the order stands."""
        return {"generator": self.generator.get_state().tolist()}

    def load_state_dict(self, state: Mapping[str, Json]) -> None:
        """Go on from there."""
        kept = state["generator"]
        assert isinstance(kept, list)
        self.generator.set_state(torch.tensor(kept, dtype=torch.uint8))


def ring(seed: int) -> Ward:
    """Eight Gaussians on a circle of radius 2 with deviation 0.2; a class is a pair of neighbours."""
    generator = torch.Generator().manual_seed(seed)

    def rows(n: int) -> tuple[Tensor, Tensor]:
        which = torch.randint(8, (n,), generator=generator)
        angle = which * (2 * math.pi / 8)
        centre = 2 * torch.stack([angle.cos(), angle.sin()], 1)
        return centre + 0.2 * torch.randn(n, 2, generator=generator), which // 2

    return _ward("ring", rows)


def table(seed: int) -> Ward:
    """Eight columns: four kinds of customers in correlated numbers, a heavy tail, and a choice of three as 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    fixed = torch.Generator().manual_seed(7)  # the kinds are the same in every seed's data
    centres, mixing = torch.randn(4, 4, generator=fixed) * 1.5, torch.randn(4, 4, 4, generator=fixed) * 0.3
    odds = torch.softmax(torch.randn(4, 3, generator=fixed) * 1.5, 1)

    def rows(n: int) -> tuple[Tensor, Tensor]:
        kind = torch.randint(4, (n,), generator=generator)
        numbers = centres[kind] + torch.einsum("nij,nj->ni", mixing[kind], torch.randn(n, 4, generator=generator))
        tail = torch.exp(0.6 * torch.randn(n, 1, generator=generator)) - 1
        choice = torch.multinomial(odds[kind], 1, generator=generator).squeeze(1)
        return torch.cat([numbers, tail, torch.nn.functional.one_hot(choice, 3).float()], 1), kind

    return _ward("table", rows)


def garments(seed: int) -> Ward:
    """The embedded images of Fashion-MNIST at 7 x 7 pixels, as rows of 49 numbers in [-1, 1]; ten classes."""
    with np.load(fashion_path()) as data:
        images, classes = (
            torch.from_numpy(np.concatenate([data[f"{part}_{kind}"] for part in ("train", "val", "test")]))
            for kind in ("images", "labels")
        )
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    small = avg_pool2d(images[order][:, None].float() / 127.5 - 1, 4).flatten(1)
    labels = classes[order].long()
    scale = small.std().expand(small.shape[1])
    return Ward("garments", small[:TRAIN], small[TRAIN:], labels[:TRAIN], labels[TRAIN:], scale)


def _ward(name: str, rows: object) -> Ward:
    assert callable(rows)
    (train, labels), (held_out, held_labels) = rows(TRAIN), rows(HELD_OUT)
    return Ward(name, train, held_out, labels, held_labels, train.std(0))


WARDS = {"ring": ring, "table": table, "garments": garments}
"""Data sets by name, from a seed."""
