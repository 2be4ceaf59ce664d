"""Can a learner tell made rows from real ones? The classifier two-sample test (Lopez-Paz and Oquab 2017).

Equal numbers of held-out real rows and of made rows, gradient boosting, five folds: each row is judged by a learner
that didn't see it. The value is the AUC as the field reports it: **0.5 is perfect** (nothing tells them apart), 1 is
told apart always; it is not folded at 0.5, so by chance it may fall slightly below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.functional import check_enough
from gansmith.metrics.table.columns import Columns, Numbers, stack
from gansmith.metrics.table.encode import Encoder
from gansmith.metrics.table.intervals import area, area_variance, effective, wilson
from gansmith.metrics.table.learners import Classifier, permutation_drops

__all__ = ["Detection", "detection"]

FOLDS = 5

MOST_SHUFFLED = 400_000_000
"""Values that a fold's learner judges while columns are shuffled in turn: of 1,000 columns, 400 rows are shuffled."""


@dataclass(frozen=True)
class Detection:
    """How well made rows are told from real ones.

    Attributes:
        auc: Mean over the folds, 0..1; 0.5 is perfect.
        low: Lower end of its interval.
        high: Upper end.
        columns: By column, how far the AUC falls when its values are shuffled, largest first: what gave rows away (by
            some of the rows, for tables of hundreds of columns). Two columns that say the same hide each other; what
            only shows in combination shows at each of its columns.
        rows: Rows of each kind.
    """

    auc: float
    low: float
    high: float
    columns: dict[str, float]
    rows: int


def _told_apart(is_made: NDArray[Any]) -> Callable[[Numbers], float]:
    """The AUC of probabilities `(N, 2)` of these rows."""
    return lambda found: area(found[is_made == 1, 1], found[is_made == 0, 1])


def _folds(n: int, rng: np.random.Generator) -> NDArray[Any]:
    """The fold of each of n rows of one kind, equally many in each."""
    return rng.permutation(np.arange(n) % FOLDS)


def detection(
    real: Columns,
    made: Columns,
    *,
    learner: str = "boosting",
    most: int = 20_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Detection:
    """Tell made rows from real ones.

    Args:
        real: Real rows that the generator never saw, aligned with `made`.
        made: Made rows; of the longer table as many rows are drawn as the shorter one has.
        learner: One of `LEARNERS`.
        most: Rows of each kind at most.
        confidence: Of the interval.
        seed: Of the draw, the folds, the learner and the shuffles.

    Returns:
        The AUC and the columns. The interval takes DeLong's variance of each fold's rows, enlarged for learners that
        share training rows as Nadeau and Bengio (2003, Machine Learning 52) do; without that it missed 0.5 one time in
        five, for a linear learner and equal distributions.

    Raises:
        TooFew: Fewer than 10 rows of a kind.
        InputError: scikit-learn is missing.
    """
    n = min(len(real), len(made), most)
    check_enough("detection (rows of a kind)", 2 * FOLDS, n)
    rng = np.random.default_rng(seed)
    sides = [side.take(rng.permutation(len(side))[:n]) for side in (real, made)]
    both, is_made = stack(*sides), np.repeat([0, 1], n)
    fold = np.concatenate([_folds(n, rng), _folds(n, rng)])
    aucs, variance = [], 0.0
    drops = dict.fromkeys(both.names, 0.0)
    for part in range(FOLDS):
        inside, test = both.take(fold != part), both.take(fold == part)
        truth = is_made[fold == part]
        model = Classifier(learner, Encoder(inside), 2, seed).fit(inside, is_made[fold != part])
        score = _told_apart(truth)
        found = model.probabilities(test)
        aucs.append(score(found))
        variance += area_variance(found[truth == 1, 1], found[truth == 0, 1]) / FOLDS**2
        shown = slice(None, None, math.ceil(len(test) * len(both.names) ** 2 / MOST_SHUFFLED))  # of both kinds alike
        matrix, told = model.view(test)[shown], _told_apart(truth[shown])
        for name, drop in permutation_drops(model, matrix, told, both.names, rng).items():
            drops[name] += drop / FOLDS
    auc = float(np.mean(aucs))
    variance *= 1 + FOLDS / (FOLDS - 1)  # the folds' learners share rows: 1 / folds + test rows / training rows
    low, high = wilson(auc, effective(auc, variance, n), confidence)
    ordered = dict(sorted(drops.items(), key=lambda item: -item[1]))
    return Detection(auc, low, high, ordered, n)
