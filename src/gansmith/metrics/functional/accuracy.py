"""Does a judge see in a sample the class it was asked to be? Accuracy from logits, per class, and the confusion."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import InputError

__all__ = ["accuracy", "confusion", "correct", "per_class"]


def correct(logits: Tensor, labels: Tensor) -> Tensor:
    """1.0 where the largest logit is the label's, else 0.0.

    Args:
        logits: `(N, C)`, finite; a tie goes to the lower class.
        labels: `(N,)` integer class ids in 0..C-1.

    Returns:
        `(N,)` float64.

    Raises:
        InputError: Shapes that don't fit, no samples, labels out of range, or logits that aren't finite.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or 0 in logits.shape:
        raise InputError(
            f"accuracy needs logits (N, C) and labels (N,), got {tuple(logits.shape)}, {tuple(labels.shape)}"
        )
    if labels.is_floating_point() or int(labels.min()) < 0 or int(labels.max()) >= logits.shape[1]:
        raise InputError(f"labels must be whole numbers from 0 to {logits.shape[1] - 1}")
    if not bool(torch.isfinite(logits).all()):
        raise InputError("logits hold NaN or infinity")
    return (logits.detach().argmax(1) == labels).to(torch.float64)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of samples judged to be of their label's class, 0..1; arguments and errors as `correct`."""
    return float(correct(logits, labels).mean())


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """Counts `(C, C)` int64: row = label asked for, column = class judged; arguments and errors as `correct`."""
    correct(logits, labels)
    classes = logits.shape[1]
    cell = labels.to(torch.int64) * classes + logits.detach().argmax(1)
    return torch.bincount(cell, minlength=classes * classes).view(classes, classes)


def per_class(logits: Tensor, labels: Tensor) -> Tensor:
    """Accuracy of each class `(C,)` float64, NaN for a class without samples; arguments and errors as `correct`."""
    table = confusion(logits, labels).to(torch.float64)
    return table.diagonal() / table.sum(1)
