"""Generators compared by scores that were measured of each alone, with intervals of the differences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from gansmith.metrics.comparison import Comparison, Difference
from gansmith.metrics.result import Result
from gansmith.metrics.suite import Evaluation

__all__ = ["compare_scores", "score_difference"]


def score_difference(a: Result, b: Result, names: tuple[str, str]) -> Difference:
    """The difference of two scores with an interval made of theirs (Zou and Donner 2008, Statistics in Medicine 27).

    Its lower end is as far below the difference as the hypotenuse of a's lower and b's upper arm, its upper end
    likewise: exact for normal scores that are independent. Two scores on the same real rows err in the same direction
    mostly, so their difference is known better than that: the interval is careful.

    Args:
        a: A score with an interval.
        b: The same of another generator, at the same confidence.
        names: What the generators are called.
    """
    assert a.low is not None and a.high is not None and b.low is not None and b.high is not None
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Difference(a.name, *names, value, low, high)


def compare_scores(evaluations: Mapping[str, Evaluation], confidence: float, each: float, resamples: int) -> Comparison:
    """Compare generators that were measured in the same way.

    Args:
        evaluations: By name, two or more; intervals of confidence `each`.
        confidence: With which all differences hold together.
        each: The confidence of one.
        resamples: Bootstrap resamples of the intervals.
    """
    first = next(iter(evaluations.values()))
    skipped = dict(first.skipped)
    differences = []
    for result in first.results:
        found = {
            name: evaluation[result.name]
            for name, evaluation in evaluations.items()
            if result.name in evaluation.names()
        }
        if len(found) < len(evaluations):
            lacking = next(name for name in evaluations if name not in found)
            skipped[result.name] = f"it could not be measured of {lacking}"
        elif any(r.low is None or r.high is None for r in found.values()):
            skipped[result.name] = "it has no interval, so that chance can't be told from a difference"
        else:
            differences += [score_difference(found[x], found[y], (x, y)) for x, y in combinations(found, 2)]
    plain = {
        name: replace(evaluation, results=tuple(replace(r, low=None, high=None) for r in evaluation.results))
        for name, evaluation in evaluations.items()
    }
    return Comparison(plain, tuple(differences), confidence, each, resamples, first.ceiling, skipped)
