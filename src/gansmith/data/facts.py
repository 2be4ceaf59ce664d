"""What can be wrong with data before anything is trained: repeated items, missing classes, labels that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facts", "facts_of"]


FEWEST, EACH = 100, 20
"""Held-out items, and training items a class, that it takes to judge labels: with fewer nobody could learn them."""


@dataclass(frozen=True)
class Facts:
    """Numbers on a data set, and the names that go with them.

    Attributes:
        numbers: `repeated`: share of training items that equal an earlier one; `most_copies`: how often the commonest
            item is there; `missing_classes`: classes of held-out items that no training item has; `label_skill`: how
            well labels can be told from the items, from 0 (guessing) to 1, where that was measured; `leaking`: share of
            held-out items that are nearly the same as some training item; `blocks`: 1 where what is held out is a few
            blocks of time.
        names: The commonest items (under `repeated`), the missing classes, and some of the items that leak.
    """

    numbers: dict[str, float] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def facts_of(
    items: NDArray[np.generic],
    names: Sequence[str] = (),
    labels: NDArray[np.int64] | None = None,
    held_labels: NDArray[np.int64] | None = None,
    classes: Sequence[str] = (),
    accuracy: float | None = None,
    leaks: Sequence[str] = (),
    examined: int = 0,
    blocks: bool = False,
) -> Facts:
    """Facts on training items.

    Args:
        items: `(n,)`, equal where two items are (hashes of their content).
        names: What items are called; empty to call them by their number.
        labels: Class ids `(n,)`; None without classes.
        held_labels: Class ids of held-out items.
        classes: Names of the classes.
        accuracy: How often a classifier that was trained on these labels is right on held-out items, in [0, 1]. Not
            looked at where there is too little data to judge labels by.
        leaks: Names of the held-out items that are nearly the same as some training item.
        examined: How many held-out items were looked at for that; 0 for none.
        blocks: Whether held-out items are a few blocks of time.
    """
    numbers, texts = _repeated(items, names)
    if blocks:
        numbers["blocks"] = 1.0
    if examined:
        numbers["leaking"] = len(leaks) / examined
    if leaks:
        texts["leaking"] = ", ".join(leaks[:3])
    if labels is not None and held_labels is not None and len(classes) > 1:
        here, there = set(labels.tolist()), set(held_labels.tolist())
        lacking = sorted(there - here)
        numbers["missing_classes"] = float(len(lacking))
        if lacking:
            texts["missing_classes"] = ", ".join(str(classes[i]) for i in lacking[:5])
        enough = len(held_labels) >= FEWEST and len(labels) >= EACH * len(here)
        if accuracy is not None and enough:
            guess = np.bincount(held_labels).max() / len(held_labels)
            numbers["label_skill"] = float((accuracy - guess) / max(1 - guess, 1e-9))
    return Facts(numbers, texts)


def _repeated(items: NDArray[np.generic], names: Sequence[str]) -> tuple[dict[str, float], dict[str, str]]:
    if not len(items):
        return {}, {}
    _, first, counts = np.unique(items, return_index=True, return_counts=True)
    most = int(counts.max())
    numbers = {"repeated": float(1 - len(counts) / len(items)), "most_copies": float(most)}
    if most == 1:
        return numbers, {}
    often = np.argsort(-counts, kind="stable")[:3]
    told = [
        f"{names[first[i]] if len(names) else f'item {first[i]}'} ({counts[i]} times)" for i in often if counts[i] > 1
    ]
    return numbers, {"repeated": ", ".join(told)}
