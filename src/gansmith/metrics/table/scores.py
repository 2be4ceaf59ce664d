"""Scores of predictions: AUC, macro F1 and accuracy of classes, R2 and RMSE of numbers; over all rows or by groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError, nearest
from gansmith.metrics.table.columns import Numbers
from gansmith.metrics.table.intervals import area

__all__ = ["CLASS_SCORES", "NUMBER_SCORES", "Slices", "class_f1", "class_scores", "number_scores", "slices"]

CLASS_SCORES = ("auc", "f1", "accuracy")
NUMBER_SCORES = ("r2", "rmse")


@dataclass(frozen=True)
class Slices:
    """A score by groups.

    Attributes:
        score: Which one.
        values: By group; NaN where it is not defined there (an AUC of one class).
        counts: Rows by group.
        gap: Largest value less smallest, over the groups with at least `least` rows; NaN for fewer than two groups.
        least: Rows that a group needs to count in the gap.
    """

    score: str
    values: Mapping[str, float]
    counts: Mapping[str, int]
    gap: float
    least: int


def class_f1(truth: NDArray[Any], predicted: NDArray[Any], classes: int) -> Numbers:
    """F1 of each class `(classes,)`: harmonic mean of precision and recall; NaN for one neither true nor predicted."""
    right = np.bincount(truth[truth == predicted], minlength=classes)
    both = np.bincount(truth, minlength=classes) + np.bincount(predicted, minlength=classes)
    found: Numbers = np.full(classes, np.nan)
    found[both > 0] = 2 * right[both > 0] / both[both > 0]
    return found


def class_scores(truth: NDArray[Any], probabilities: Numbers) -> dict[str, float]:
    """Scores of class probabilities.

    Args:
        truth: Class ids `(N,)`.
        probabilities: `(N, C)`.

    Returns:
        `auc`: of two classes of the second one, of more the mean of each class against the rest, over the classes that
        the rows have (NaN if they have one only); `f1`: mean over the classes that are true or predicted; `accuracy`.
    """
    size = probabilities.shape[1]
    predicted = probabilities.argmax(1)
    ids = [1] if size == 2 else range(size)
    areas = [
        area(probabilities[truth == c, c], probabilities[truth != c, c])
        for c in ids
        if 0 < int((truth == c).sum()) < len(truth)
    ]
    return {
        "auc": float(np.mean(areas)) if areas else float("nan"),
        "f1": float(np.nanmean(class_f1(truth, predicted, size))),
        "accuracy": float((predicted == truth).mean()),
    }


def number_scores(truth: Numbers, predicted: Numbers) -> dict[str, float]:
    """`r2`: one less the squared errors over those of the mean (NaN for a constant truth); `rmse`, in the unit."""
    errors = float(((truth - predicted) ** 2).mean())
    spread = float(truth.var())
    return {"r2": 1 - errors / spread if spread > 0 else float("nan"), "rmse": errors**0.5}


def slices(
    truth: NDArray[Any], predictions: Numbers, groups: NDArray[Any], names: tuple[str, ...], score: str, least: int = 30
) -> Slices:
    """A score within each group of rows.

    Args:
        truth: Class ids or numbers `(N,)`.
        predictions: Probabilities `(N, C)` of classes, or numbers `(N,)`.
        groups: Group ids `(N,)` into `names`; -1 belongs to none.
        names: What the groups are called.
        score: `"auc"`, `"f1"`, `"accuracy"`, or `"r2"`, `"rmse"`.
        least: Rows that a group needs to count in the gap.

    Raises:
        InputError: No such score for these predictions.
    """
    known = CLASS_SCORES if predictions.ndim == 2 else NUMBER_SCORES
    if score not in known:
        raise InputError(f"no score is called {score!r}{nearest(score, known)}")
    measure: Callable[..., dict[str, float]] = class_scores if predictions.ndim == 2 else number_scores
    values, counts = {}, {}
    for code, name in enumerate(names):
        inside = groups == code
        if inside.any():
            counts[name] = int(inside.sum())
            values[name] = measure(truth[inside], predictions[inside])[score]
    kept = [value for name, value in values.items() if counts[name] >= least and value == value]
    return Slices(score, values, counts, max(kept) - min(kept) if len(kept) > 1 else float("nan"), least)
