"""Can made rows stand in for real ones in training? Train on made, test on real, beside train on real, test on real.

Both are tested on the same real rows, which neither the generator nor the encoder saw; both use the same encoder,
fitted on the real training rows (so a category that only made rows know counts as missing). The real training rows'
score is the ceiling. If there are more made rows than real ones, the comparison is in their favour: say so, or cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError
from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, Numbers, check_names, stack
from gansmith.metrics.table.encode import Encoder
from gansmith.metrics.table.learners import LEARNERS, Classifier, Regressor, check_learners
from gansmith.metrics.table.scores import CLASS_SCORES, NUMBER_SCORES, Slices, class_f1, class_scores, number_scores
from gansmith.metrics.table.scores import slices as score_slices

__all__ = ["Augmentation", "Learnt", "Usefulness", "augmentation", "slices", "usefulness"]

DEFAULT_LEARNERS = ("linear", "tree", "forest", "boosting")


@dataclass(frozen=True)
class Learnt:
    """One learner after training.

    Attributes:
        learner: Its name.
        scores: On the real test rows, by name: `auc`, `f1`, `accuracy`, or `r2`, `rmse`.
        predictions: Of the test rows: probabilities `(N, C)`, or numbers `(N,)`.
    """

    learner: str
    scores: dict[str, float]
    predictions: Numbers


@dataclass(frozen=True)
class Usefulness:
    """What learners make of made rows and of real ones.

    Attributes:
        task: `"classification"` or `"regression"`.
        classes: Names of the classes; empty for a number.
        made: Learners trained on made rows.
        real: The same learners trained on real rows.
        absent: Classes that the made rows lack although the real training rows have them.
        truth: `(N,)` class ids or numbers of the test rows.
        rows: The test rows, in the order of `truth` (those with a missing target are left out).
    """

    task: str
    classes: tuple[str, ...]
    made: tuple[Learnt, ...]
    real: tuple[Learnt, ...]
    absent: tuple[str, ...]
    truth: NDArray[Any]
    rows: Columns

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""
        return CLASS_SCORES if self.task == "classification" else NUMBER_SCORES

    def mean(self, score: str, side: str = "made") -> float:
        """A score's mean over the learners trained on `side`."""
        return float(np.mean([learnt.scores[score] for learnt in (self.made if side == "made" else self.real)]))


@dataclass(frozen=True)
class Augmentation:
    """What made rows add to real ones.

    Attributes:
        learner: Which learner.
        real: Scores from the real training rows alone.
        both: Scores from real and made rows together.
        class_gain: Gain of F1 by class, the rarest class of the real training rows first; empty for a number.
    """

    learner: str
    real: dict[str, float]
    both: dict[str, float]
    class_gain: dict[str, float]

    def gain(self, score: str) -> float:
        """`both - real` of a score."""
        return self.both[score] - self.real[score]


def _labelled(columns: Columns, target: str, what: str) -> Columns:
    found = columns.take(~columns.missing(target))
    check_enough(f"usefulness ({what} rows with a target)", 10, len(found))
    return found


def _train(learner: str, encoder: Encoder, train: Columns, test: Columns, target: str, seed: int) -> Learnt:
    truth = test[target]
    if target in train.categories:
        model = Classifier(learner, encoder, len(train.categories[target]), seed).fit(train, train[target])
        probabilities = model.probabilities(test)
        return Learnt(learner, class_scores(truth, probabilities), probabilities)
    values = Regressor(learner, encoder, seed).fit(train, train[target]).values(test)
    return Learnt(learner, number_scores(truth, values), values)


def _ready(train: Columns, test: Columns, made: Columns, target: str, learners: Sequence[str]) -> list[Columns]:
    check_names([target], train, "target column")
    check_learners(learners)
    if len(train.names) < 2:
        raise InputError("usefulness needs a column beside the target")
    names = ("real training", "real test", "made")
    return [_labelled(side, target, what) for side, what in zip((train, test, made), names, strict=True)]


def usefulness(
    train: Columns,
    test: Columns,
    made: Columns,
    target: str,
    *,
    learners: Sequence[str] = DEFAULT_LEARNERS,
    seed: int = 0,
) -> Usefulness:
    """Train learners on made rows and on real rows, and test both on the same real rows.

    Args:
        train: Real training rows, aligned with the others.
        test: Real rows that were not trained on.
        made: Made rows.
        target: The column to predict from all others: categories are classes, numbers are regressed.
        learners: Names from `LEARNERS`.
        seed: Of what learners draw.

    Returns:
        Scores by learner. Made rows of one class only give a learner that always predicts it (an AUC of 0.5).

    Raises:
        InputError: An unknown target or learner, or scikit-learn is missing.
        TooFew: Fewer than 10 rows with a target on a side.
    """
    train, test, made = _ready(train, test, made, target, learners)
    encoder = Encoder(train, train.without(target).names)
    classes = train.categories.get(target, ())
    absent = [classes[c] for c in np.setdiff1d(train[target], made[target])] if classes else []
    return Usefulness(
        task="classification" if classes else "regression",
        classes=classes,
        made=tuple(_train(learner, encoder, made, test, target, seed) for learner in learners),
        real=tuple(_train(learner, encoder, train, test, target, seed) for learner in learners),
        absent=tuple(absent),
        truth=test[target],
        rows=test,
    )


def augmentation(
    train: Columns, test: Columns, made: Columns, target: str, *, learner: str = "boosting", seed: int = 0
) -> Augmentation:
    """Train on real and made rows together, and on real rows alone; arguments and errors as `usefulness`."""
    train, test, made = _ready(train, test, made, target, [learner])
    encoder = Encoder(train, train.without(target).names)
    real = _train(learner, encoder, train, test, target, seed)
    both = _train(learner, encoder, stack(train, made), test, target, seed)
    gains: dict[str, float] = {}
    if target in train.categories:
        size = len(train.categories[target])
        before, after = (class_f1(test[target], found.predictions.argmax(1), size) for found in (real, both))
        order = np.argsort(np.bincount(train[target], minlength=size), kind="stable")
        gains = {train.categories[target][c]: float(after[c] - before[c]) for c in order if before[c] == before[c]}
    return Augmentation(learner, real.scores, both.scores, gains)


def slices(
    found: Usefulness, column: str, score: str, *, learner: str | None = None, least: int = 30
) -> dict[str, Slices]:
    """A score by the groups of a column (fairness): of a learner trained on made rows, and of one trained on real rows.

    Args:
        found: From `usefulness`.
        column: A column of categories, or of numbers (then its quarters by quantiles are the groups).
        score: Which score.
        learner: Which learner; None for the last.
        least: Rows that a group needs to count in the gap.

    Returns:
        Groups with their scores, under `made` and under `real`.

    Raises:
        InputError: An unknown column, score or learner.
    """
    check_names([column], found.rows)
    values, names = found.rows[column], found.rows.categories.get(column)
    if names is None:
        edges = np.unique(np.nanquantile(values, [0.25, 0.5, 0.75]))
        ends = ["", *(f"{edge:.6g}" for edge in edges), ""]
        names = tuple(f"{low} to {high}".strip() for low, high in pairwise(ends))
        values = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    sides = {}
    for side, all_learnt in (("made", found.made), ("real", found.real)):
        chosen = [learnt for learnt in all_learnt if learner in (None, learnt.learner)]
        if not chosen:
            raise InputError(f"no learner {learner!r} among those trained; known: {', '.join(LEARNERS)}")
        sides[side] = score_slices(found.truth, chosen[-1].predictions, values, names, score, least)
    return sides
