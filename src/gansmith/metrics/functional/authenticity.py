"""Are samples new, or nearer to a training item than the training items are to each other?

Authenticity of Alaa, van Breugel, Saveliev and van der Schaar 2022 (arXiv:2102.08921, section 4.3): a sample is
*authentic* if its nearest training item `i` has another training item nearer than the sample,
`d(sample, i) > d(i, train without i)`. It needs no held-out data.

**It rewards bad samples.** Whatever lies far from the data is authentic: noise scores 1. And fresh data of the same
distribution does not score 1, but some value that depends on the number of training items and the features' width.
So read it only beside what real held-out rows reach: below them is copying, above them is mostly poor quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_enough, row_pair
from gansmith.metrics.functional.distances import nearest

__all__ = ["Authenticity", "authenticity"]


@dataclass(frozen=True)
class Authenticity:
    """How new samples are beside training items.

    Attributes:
        share: Mean of `authentic`, 0..1.
        authentic: `(N,)` 0/1.
        distance: `(N,)`, from the sample to its nearest training item.
        index: `(N,)`, which one that is.
        own_distance: `(N,)`, from that item to the nearest other training item.
    """

    share: float
    authentic: Tensor
    distance: Tensor
    index: Tensor
    own_distance: Tensor


def authenticity(samples: Tensor, train: Tensor) -> Authenticity:
    """Share of samples that are no near copies of a training item.

    Args:
        samples: Generated samples' features `(N, D)`.
        train: Training items' features `(T, D)`, T >= 2; duplicates among them count as each other's neighbours.

    Returns:
        The share and its point-wise parts. A sample that lies exactly as far as the item's neighbour counts as a copy.

    Raises:
        InputError: Rows that aren't finite or not of one width.
        TooFew: Fewer than 2 training items.
    """
    train, samples = row_pair(train, samples, ("training features", "sample features"))
    check_enough("authenticity (training items)", 2, len(train))
    distance, index = (found.squeeze(1) for found in nearest(samples, train))
    asked, place = torch.unique(index, return_inverse=True)  # only the items that some sample is nearest to
    beside, which = nearest(train[asked], train, 2)
    # itself comes first, or a duplicate at distance 0 in its place; either way the other of the two is the neighbour
    other = beside[:, 1].where(which[:, 0] == asked, beside[:, 0])
    own = other[place]
    authentic = (distance > own).to(distance.dtype)
    return Authenticity(float(authentic.mean()), authentic, distance, index, own)
