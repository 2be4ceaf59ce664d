"""Do made rows lie nearer to the training records than real rows that were never trained on?

A distance to the closest record says nothing by itself: a table of few categories has close rows by nature. So each
number here stands beside the same number of held-out real rows, or compares training with held-out records at equal
numbers of both, where 0.5 is right. Held-out rows must be of the same population and must not have been trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, stack
from gansmith.metrics.table.intervals import wilson
from gansmith.metrics.table.mixed import Mixed, Rows

__all__ = ["Closeness", "closeness", "exact_copies"]

MAX_PARTS = 8
TIE = 1e-9
"""Distances this near to each other are equal."""


@dataclass(frozen=True)
class Closeness:
    """How near made rows are to training records, beside held-out rows.

    Attributes:
        train_closer: Share of made rows nearer to a training record than to any held-out one, at equal numbers of
            both; ties count half. 0.5 is expected, 1 is pure copying.
        low: Lower end of its interval.
        high: Upper end.
        distance: `(N,)` from each made row to its closest training record.
        index: `(N,)` which one that is.
        ratio: `(N,)` of that distance to the one of the second closest record, 0..1 (1 where both are 0).
        held_out_distance: `(H,)` from each held-out row to its closest training record: the control.
        held_out_ratio: `(H,)` the control of `ratio`.
        near: The distance below which a row is a near copy: the lowest 1 % of held-out rows are below it.
        copy: `(N,)` whether a made row equals a training record in every value.
        held_out_copy: `(H,)` the control of `copy`: duplicates that occur by nature.
        reference: Records on each side of `train_closer`.
    """

    train_closer: float
    low: float
    high: float
    distance: Tensor
    index: Tensor
    ratio: Tensor
    held_out_distance: Tensor
    held_out_ratio: Tensor
    near: float
    copy: NDArray[np.bool_]
    held_out_copy: NDArray[np.bool_]
    reference: int

    @property
    def near_copies(self) -> float:
        """Share of made rows below `near`; `held_out_near_copies` is its control (1 % at most, by definition)."""
        return float((self.distance < self.near).double().mean())

    @property
    def held_out_near_copies(self) -> float:
        """Share of held-out rows below `near`."""
        return float((self.held_out_distance < self.near).double().mean())

    def nearest_copies(self, count: int = 10) -> list[tuple[int, int, float]]:
        """The made rows nearest to training records: `(made row, training row, distance)`, nearest first."""
        order = torch.sort(self.distance, stable=True).indices[:count]
        return [(int(i), int(self.index[i]), float(self.distance[i])) for i in order]


def exact_copies(rows: Columns, records: Columns) -> NDArray[np.bool_]:
    """Which rows equal some record in every value, missing ones included `(N,)`; aligned tables, no rounding."""
    both = stack(rows, records)
    key = np.zeros(len(both), np.int64)
    for name in both.names:  # one column at a time, so that keys stay below rows x rows
        values = both[name]
        _, code = np.unique(values, return_inverse=True, equal_nan=True)
        _, key = np.unique(key * (int(code.max()) + 1) + code, return_inverse=True)
    found: NDArray[np.bool_] = np.isin(key[: len(rows)], key[len(rows) :])
    return found


def _votes(samples: Rows, train: Rows, held: Rows, seed: int) -> tuple[float, float, int]:
    """Share nearer to training records, effective trials, and records on each side."""
    size = min(len(train), len(held))
    draw = torch.Generator().manual_seed(seed)
    sides = []
    for rows in (train, held):
        order = torch.randperm(len(rows), generator=draw)
        parts = [part for part in torch.split(order, size) if len(part) == size][:MAX_PARTS]
        sides.append([(Mixed.nearest(samples, rows.take(part)), part) for part in parts])
    share, weight = 0.0, torch.zeros(len(train) + len(held), dtype=torch.float64)
    pairs = [(a, b) for a in sides[0] for b in sides[1]]
    for ((far, at), part), ((far_held, at_held), part_held) in pairs:
        gap = far[:, 0] - far_held[:, 0]
        vote = torch.where(gap.abs() <= TIE, 0.5, (gap < 0).double())
        share += float(vote.mean()) / len(pairs)
        decided = torch.where(vote > 0.5, part[at[:, 0]], len(train) + part_held[at_held[:, 0]])
        weight += torch.bincount(decided, minlength=len(weight)) / len(pairs)
    return share, float(weight.sum() ** 2 / weight.square().sum()), size


def closeness(
    made: Columns, train: Columns, held_out: Columns, *, confidence: float = 0.95, seed: int = 0
) -> Closeness:
    """Compare made rows with training records, and held-out rows with the same.

    Args:
        made: Made rows (N), aligned with the others.
        train: Training records (T), T >= 2.
        held_out: Real rows that were not trained on (H), H >= 2.
        confidence: Of the interval of `train_closer`.
        seed: Of the parts that the larger of the two references is cut into (at most 8 are used and averaged).

    Returns:
        The share and its parts. Its interval is Wilson's with the effective number of trials n^2 / sum n_r^2, where
        n_r made rows have record r as their nearest: votes for one record are one vote. So it holds for another draw of
        made rows and records, and a crowd around few records doesn't make it narrow.

    Raises:
        TooFew: Fewer than 2 training or held-out records.
    """
    check_enough("closeness (training records)", 2, len(train))
    check_enough("closeness (held-out records)", 2, len(held_out))
    mixed = Mixed(train)
    samples, records, held = (mixed.rows(columns) for columns in (made, train, held_out))
    share, trials, size = _votes(samples, records, held, seed)
    far, at = Mixed.nearest(samples, records, 2)
    far_held, _ = Mixed.nearest(held, records, 2)
    ratio, held_ratio = (torch.where(d[:, 1] > 0, d[:, 0] / d[:, 1], 1.0) for d in (far, far_held))
    return Closeness(
        train_closer=share,
        low=wilson(share, trials, confidence)[0],
        high=wilson(share, trials, confidence)[1],
        distance=far[:, 0],
        index=at[:, 0],
        ratio=ratio,
        held_out_distance=far_held[:, 0],
        held_out_ratio=held_ratio,
        near=float(far_held[:, 0].quantile(0.01)),
        copy=exact_copies(made, train),
        held_out_copy=exact_copies(held_out, train),
        reference=size,
    )
