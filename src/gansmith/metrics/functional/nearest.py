"""Does the generator copy its training data? Distances to the nearest training item against those to unseen items.

A generator that learnt the distribution is as far from its training items as from held-out items of the same
distribution; one that copies is nearer to the former. The share of samples nearer to training data is the statistic of
data-copying tests (Meehan, Chaudhuri and Dasgupta 2020, arXiv:2004.05675) in its plainest form: 0.5 is the ideal.

A larger reference has nearer neighbours by its size alone, so both references must be equally large: the larger one is
cut into disjoint random parts of the smaller one's size, and the share is averaged over the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_enough, row_pair
from gansmith.metrics.functional.distances import nearest

__all__ = ["MAX_PARTS", "Memorisation", "memorisation", "nearest_items"]

MAX_PARTS = 64
"""Parts of the larger reference that the share is averaged over; beyond them it hardly changes."""


@dataclass(frozen=True)
class Memorisation:
    """How near samples lie to training items and to held-out items.

    Attributes:
        train_closer: Share of samples nearer to a training item than to any held-out item at equal numbers of both
            (ties count half); NaN where no sample is asked about. 0.5 is expected without copying, 1.0 is pure copying.
        duplicates: Share of samples that equal a training item up to rounding.
        closer: Per sample that is asked about, the share of parts in which the training item is nearer.
        train_distance: `(N,)`, distance to the nearest of all training items.
        train_index: `(N,)`, which one that is.
        held_out_distance: `(N,)`, distance to the nearest of all held-out items.
        is_duplicate: `(N,)` 0/1.
        reference: Items on each side of the comparison.
        parts: Parts of the larger reference that the share is averaged over.
    """

    train_closer: float
    duplicates: float
    closer: Tensor
    train_distance: Tensor
    train_index: Tensor
    held_out_distance: Tensor
    is_duplicate: Tensor
    reference: int
    parts: int


def nearest_items(samples: Tensor, items: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """The k nearest items of each sample, for pictures of samples beside what they resemble most.

    Args:
        samples: `(N, D)`.
        items: `(M, D)`, usually the training set in the same features.
        k: Neighbours, at least 1.

    Returns:
        Distances `(N, k)` ascending and indices into `items` `(N, k)`.

    Raises:
        InputError: Rows that aren't finite or not of one width, or `k` below 1.
        TooFew: Fewer than k items.
    """
    return nearest(*row_pair(samples, items, ("sample features", "item features")), k)


def _search(
    samples: Tensor, items: Tensor, size: int, generator: torch.Generator
) -> tuple[list[Tensor], Tensor, Tensor]:
    """Distances per full part of `size` items, and over all items the nearest distance and its index."""
    order = torch.randperm(len(items), generator=generator).to(items.device)
    per_part: list[Tensor] = []  # at most MAX_PARTS: enough to average over, and bounded memory
    best = torch.full((len(samples),), torch.inf, dtype=samples.dtype, device=samples.device)
    index = torch.zeros(len(samples), dtype=torch.long, device=samples.device)
    for part in torch.split(order, size):
        distance, local = (t.squeeze(1) for t in nearest(samples, items[part]))
        if len(part) == size and len(per_part) < MAX_PARTS:
            per_part.append(distance)
        nearer = distance < best
        best, index = torch.where(nearer, distance, best), torch.where(nearer, part[local], index)
    return per_part, best, index


def _nearer(train: Tensor, held_out: Tensor) -> Tensor:
    """1 where the training item is nearer, one half where both are as near, else 0."""
    return (train < held_out).double() + (train == held_out).double() / 2


def memorisation(
    samples: Tensor,
    train: Tensor,
    held_out: Tensor,
    *,
    beside: Tensor | None = None,
    seed: int = 0,
    tolerance: float = 1e-5,
) -> Memorisation:
    """Compare samples with training items and with held-out items.

    Where held-out items are others than training items even without copying (a block of time of a series that drifts),
    samples are nearer to training wherever nothing is held out. Only samples are then asked about whose nearest item of
    all is held out, or one of as many training items from `beside` the held-out ones: 0.5 is the ideal of those too.

    Args:
        samples: Generated samples' features `(N, D)`.
        train: Training items' features `(T, D)`.
        held_out: Features of real items that the generator never saw `(H, D)`.
        beside: `(T,)`, which training items lie beside held-out ones; None where held-out items are as any others.
        seed: Seed of the cut into parts.
        tolerance: A sample counts as a duplicate if its distance is at most this share of the training items' root mean
            square distance from their mean. The default is above what float32 networks differ by between batch sizes
            and far below any real difference.

    Returns:
        Shares and their point-wise parts.

    Raises:
        InputError: Rows that aren't finite or not of one width.
        TooFew: Fewer than 2 training or held-out items.
    """
    train, samples = row_pair(train, samples, ("training features", "sample features"))
    held_out, _ = row_pair(held_out, samples[:1], ("held-out features", "sample features"))
    check_enough("a memorisation check (training items)", 2, len(train))
    check_enough("a memorisation check (held-out items)", 2, len(held_out))
    size = min(len(train), len(held_out))
    generator = torch.Generator().manual_seed(seed)
    train_parts, train_distance, train_index = _search(samples, train, size, generator)
    held_parts, held_distance, _ = _search(samples, held_out, size, generator)
    votes = [_nearer(t, h) for t in train_parts for h in held_parts]
    closer = torch.stack(votes).mean(0)
    if beside is not None:
        asked = (held_distance <= train_distance) | beside[train_index]
        closer = _nearer(train_distance, held_distance)[asked]
    scale = (train - train.mean(0)).square().sum(1).mean().sqrt()
    is_duplicate = (train_distance <= tolerance * scale).to(torch.float64)
    return Memorisation(
        train_closer=float(closer.mean()),
        duplicates=float(is_duplicate.mean()),
        closer=closer,
        train_distance=train_distance,
        train_index=train_index,
        held_out_distance=held_distance,
        is_duplicate=is_duplicate,
        reference=size,
        parts=len(votes),
    )
