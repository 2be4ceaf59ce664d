"""Euclidean distances between many rows, in blocks of bounded memory, exact where it decides something.

A matrix product gives all squared distances ten times faster than differences do, but with a rounding error in the
scale of the norms: duplicates come out at 1e-7 instead of 0, and a tie may fall either way. So the product only finds
candidates; the distances that are returned, and the comparisons that come close, are recomputed from differences.
The answer depends on neither the block size nor the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from gansmith.metrics.functional._check import check_count, check_enough

__all__ = ["BLOCK_BYTES", "blocks", "nearest", "pair_distances", "within"]

BLOCK_BYTES = 64 * 2**20
"""Memory of one block of squared distances; a few such blocks exist at a time."""


def blocks(x: Tensor, y: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances block by block, by the matrix product: `(rows of x, (len(rows), M))`, rounding included."""
    centre = y.mean(0)
    x, y = x - centre, y - centre
    y_norm = y.square().sum(1)
    step = max(1, BLOCK_BYTES // (8 * len(y)))
    for start in range(0, len(x), step):
        part = slice(start, min(start + step, len(x)))
        block = torch.addmm(y_norm[None, :], x[part], y.T, alpha=-2).add_(x[part].square().sum(1)[:, None])
        yield part, block


def pair_distances(x: Tensor, y: Tensor, i: Tensor, j: Tensor) -> Tensor:
    """Exact distances `(P,)` of the pairs `(x[i], y[j])`, from differences, in pieces of bounded memory."""
    step = max(1, BLOCK_BYTES // (16 * x.shape[1]))
    parts = [(x[i[s : s + step]] - y[j[s : s + step]]).square().sum(1).sqrt() for s in range(0, len(i), step)]
    return torch.cat(parts) if parts else x.new_zeros(0)


def nearest(x: Tensor, y: Tensor, k: int = 1, *, itself: bool = True) -> tuple[Tensor, Tensor]:
    """The k nearest rows of y for each row of x.

    Args:
        x: `(N, D)` float64.
        y: `(M, D)` float64.
        k: How many neighbours.
        itself: Whether `x[i]` may choose `y[i]`. False, for `y is x`, leaves each row out of its own neighbours; a
            duplicate of it elsewhere still counts.

    Returns:
        Distances `(N, k)`, ascending, and the indices in y `(N, k)`.

    Raises:
        TooFew: y has fewer rows than neighbours are asked for.
    """
    check_count("k", k)
    check_enough(f"a search for {k} neighbours", k if itself else k + 1, len(y))
    found = x.new_empty((len(x), k), dtype=torch.long)
    for part, block in blocks(x, y):
        if not itself:
            block[torch.arange(len(block)), torch.arange(part.start, part.stop)] = torch.inf
        found[part] = block.topk(k, dim=1, largest=False, sorted=False).indices
    distance = pair_distances(x, y, torch.arange(len(x)).repeat_interleave(k), found.reshape(-1)).view(len(x), k)
    distance, order = distance.sort(dim=1, stable=True)
    return distance, found.gather(1, order)


def within(x: Tensor, y: Tensor, radius: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Which rows of y lie strictly inside the ball of `radius[i]` around `x[i]`.

    Args:
        x: `(N, D)` float64.
        y: `(M, D)` float64.
        radius: `(N,)` float64, >= 0.

    Yields:
        `(rows of x, bool (len(rows), M))`, block by block.
    """
    centre = y.mean(0)
    reach = (x - centre).square().sum(1).amax() + (y - centre).square().sum(1).amax()
    unsure_below = 16 * torch.finfo(x.dtype).eps * x.shape[1] ** 0.5 * float(reach)
    for part, block in blocks(x, y):
        gap = block.sub_(radius[part].square()[:, None])
        inside = gap < 0
        i, j = (gap.abs_() <= unsure_below).nonzero(as_tuple=True)
        exact = pair_distances(x, y, i + part.start, j)
        inside[i, j] = exact < radius[part][i]
        yield part, inside
