"""Reading conditions and codes off images: how far what was read is from what was asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Part", "category_loss", "number_loss", "reading_loss"]


class Part(NamedTuple):
    """Entries `start` to `stop` of a condition vector: a one-hot `category`, or `numbers`."""

    kind: Literal["category", "numbers"]
    start: int
    stop: int


def category_loss(logits: Tensor, ids: Tensor) -> Tensor:
    """Cross-entropy of class ids `(n,)` under logits `(n, classes)`; an id of -1 asks for nothing and adds nothing.

    The mean over all samples of -log C(c | x): minus L_C of Odena et al. (2017, eq. 3), and, up to the constant
    entropy of the code, minus the bound L_I of Chen et al. (2016, eq. 5).
    """
    lost = F.cross_entropy(logits, ids.clamp_min(0), reduction="none")
    return (lost * (ids >= 0)).mean()


def number_loss(mean: Tensor, log_var: Tensor, numbers: Tensor) -> Tensor:
    """Minus the log-likelihood of numbers `(n, k)` under independent normals, summed over k, the mean over samples.

    Up to the constant entropy of the code it is minus the bound L_I of Chen et al. (2016, eq. 5) for continuous codes.
    """
    lost = 0.5 * (math.log(2 * math.pi) + log_var + (numbers - mean).square() * torch.exp(-log_var))
    return lost.sum(1).mean()


def reading_loss(read: Tensor, condition: Tensor, parts: Sequence[Part]) -> Tensor:
    """How far the condition vectors `(n, width)` that were read are from those that were asked for.

    Categories cost their cross-entropy; numbers half their squared error, averaged over the part's entries, which is
    the log-likelihood under unit normals. The mean over parts and samples; a vector of zeros asks for nothing.

    Args:
        read: What was read, `(n, width)`; logits where the part is a category.
        condition: What was asked for.
        parts: The parts of the vector.
    """
    asked = (condition != 0).any(1)
    total = read.new_zeros(len(read))
    for kind, start, stop in parts:
        mine, wanted = read[:, start:stop], condition[:, start:stop]
        if kind == "category":
            total = total - (wanted * F.log_softmax(mine, 1)).sum(1)
        else:
            total = total + 0.5 * (mine - wanted).square().mean(1)
    return (total * asked).mean() / len(parts)
