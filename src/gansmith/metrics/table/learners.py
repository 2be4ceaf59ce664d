"""The learners that judge a table by what can be learnt from it; they come from scikit-learn, an optional package."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError, nearest
from gansmith.metrics.table.columns import Columns, Numbers
from gansmith.metrics.table.encode import Encoder

__all__ = ["LEARNERS", "Classifier", "Regressor", "check_learners", "have_learners", "permutation_drops"]

LEARNERS = ("linear", "tree", "forest", "boosting", "network")
"""Logistic or ridge regression, one decision tree, a random forest, gradient boosting, a small network."""

DENSE = ("linear", "network")

AT_ONCE = 4_000_000
"""Entries of shuffled rows that a learner judges in one call: 32 MB."""


def _sklearn(part: str) -> Any:
    try:
        return importlib.import_module(f"sklearn.{part}")
    except ImportError as error:
        raise InputError('judging tables by learners needs scikit-learn: pip install "gansmith[tables]"') from error


def have_learners() -> bool:
    """Whether scikit-learn is installed."""
    try:
        return importlib.util.find_spec("sklearn") is not None
    except ValueError:  # a name that was taken out on purpose
        return False


def check_learners(names: Iterable[str]) -> None:
    """Raise `InputError` for unknown learners, or where scikit-learn is missing."""
    wrong = [f"no learner is called {name!r}{nearest(name, LEARNERS)}" for name in names if name not in LEARNERS]
    if wrong:
        raise InputError(*wrong)
    _sklearn("base")


def _model(learner: str, kind: Literal["Classifier", "Regressor"], categorical: list[bool], seed: int) -> Any:
    classes = kind == "Classifier"
    if learner == "linear":
        linear = _sklearn("linear_model")
        return linear.LogisticRegression(max_iter=200) if classes else linear.Ridge()
    if learner == "tree":
        return getattr(_sklearn("tree"), f"DecisionTree{kind}")(min_samples_leaf=10, random_state=seed)
    if learner == "forest":
        return getattr(_sklearn("ensemble"), f"RandomForest{kind}")(50, min_samples_leaf=3, random_state=seed)
    if learner == "boosting":
        boosting = getattr(_sklearn("ensemble"), f"HistGradientBoosting{kind}")
        return boosting(categorical_features=categorical, early_stopping=False, random_state=seed)
    return getattr(_sklearn("neural_network"), f"MLP{kind}")((64,), max_iter=20 if classes else 40, random_state=seed)


def _fit(model: Any, rows: Numbers, target: NDArray[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a learner that hasn't converged is scored as it is
        return model.fit(rows, target)


class Classifier:
    """A learner of classes.

    Args:
        learner: One of `LEARNERS`.
        encoder: How it sees rows.
        classes: Number of classes; training rows need not hold all of them.
        seed: Of what the learner draws.

    Attributes:
        view: Rows as the learner sees them, `(N, D)`.
        places: Which entries of the view each column has.
    """

    def __init__(self, learner: str, encoder: Encoder, classes: int, seed: int = 0) -> None:
        check_learners([learner])
        dense = learner in DENSE
        self.view = encoder.dense if dense else encoder.codes
        self.places = encoder.places(dense)
        self._model = _model(learner, "Classifier", encoder.categorical, seed)
        self._size = classes
        self._seen: NDArray[np.int64] = np.zeros(0, np.int64)

    def fit(self, rows: Columns, target: NDArray[Any]) -> Classifier:
        """Learn class ids `(N,)`; of one class only, that class is what will be predicted."""
        self._seen = np.unique(target).astype(np.int64)
        if len(self._seen) > 1:
            _fit(self._model, self.view(rows), target)
        return self

    def probabilities(self, rows: Columns) -> Numbers:
        """`(N, classes)`; 0 for classes that training rows lacked."""
        return self.judge(self.view(rows))

    def judge(self, matrix: Numbers) -> Numbers:
        """`probabilities` of rows as this learner sees them, `(N, D)` of `view`."""
        found = np.zeros((len(matrix), self._size))
        found[:, self._seen] = self._model.predict_proba(matrix) if len(self._seen) > 1 else 1.0
        return found


class Regressor:
    """A learner of a number; arguments as `Classifier`. The target is standardised by its training rows."""

    def __init__(self, learner: str, encoder: Encoder, seed: int = 0) -> None:
        check_learners([learner])
        self._view = encoder.dense if learner in DENSE else encoder.codes
        self._model = _model(learner, "Regressor", encoder.categorical, seed)
        self._scale = (0.0, 1.0)

    def fit(self, rows: Columns, target: Numbers) -> Regressor:
        """Learn numbers `(N,)`."""
        self._scale = float(target.mean()), float(target.std()) or 1.0
        _fit(self._model, self._view(rows), (target - self._scale[0]) / self._scale[1])
        return self

    def values(self, rows: Columns) -> Numbers:
        """Predicted numbers `(N,)`."""
        found: Numbers = self._model.predict(self._view(rows)) * self._scale[1] + self._scale[0]
        return found


def permutation_drops(
    model: Classifier,
    matrix: Numbers,
    score: Callable[[Numbers], float],
    names: Sequence[str],
    rng: np.random.Generator,
) -> dict[str, float]:
    """How far a score falls when one column's values are shuffled among the rows (Breiman 2001), by column.

    Args:
        model: A learner that was not fitted on these rows.
        matrix: Rows as the learner sees them, `(N, D)`.
        score: From probabilities `(N, classes)` to a number.
        names: Columns to shuffle, one at a time.
        rng: Of the shuffles.
    """
    base = score(model.judge(matrix))
    at_once = max(1, AT_ONCE // max(1, matrix.size))  # a call costs a learner more than a few rows do
    found: dict[str, float] = {}
    for begin in range(0, len(names), at_once):
        part = names[begin : begin + at_once]
        shuffled = np.repeat(matrix[None], len(part), 0)
        for rows, name in zip(shuffled, part, strict=True):
            place = model.places[name]
            rows[:, place] = matrix[rng.permutation(len(matrix)), place]
        judged = model.judge(shuffled.reshape(-1, matrix.shape[1])).reshape(len(part), len(matrix), -1)
        found |= {name: base - score(rows) for name, rows in zip(part, judged, strict=True)}
    return found
