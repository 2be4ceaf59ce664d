"""Results of fidelity and of what a learner makes of made rows, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import Tensor

from gansmith.metrics.functional import check_enough, standard_interval
from gansmith.metrics.result import Result
from gansmith.metrics.table.association import associations
from gansmith.metrics.table.case import Case, made_result, plain
from gansmith.metrics.table.columns import Columns
from gansmith.metrics.table.detection import detection
from gansmith.metrics.table.scores import class_scores, number_scores
from gansmith.metrics.table.shapes import column_scores, mean_known
from gansmith.metrics.table.trends import Quality, quality
from gansmith.metrics.table.usefulness import Learnt, Usefulness, augmentation, usefulness
from gansmith.types import Json

__all__ = ["augmentation_results", "column_results", "detection_results", "quality_results", "useful_results"]

RESAMPLES = 25
"""Draws of all rows for the deviation of the whole score; it is then known to about a seventh."""

LEAST = 40

ERRORS = 3.0
"""Standard errors of a correlation, 1 over the root of the rows, from which on two columns surely belong together."""


def _replicates(real: Columns, made: Columns, measure: Callable[[Columns, Columns], list[float]], seed: int) -> Tensor:
    """Each value for rows of both sides drawn again with replacement `(RESAMPLES, values)`."""
    rng = np.random.default_rng(seed)

    def draw(side: Columns) -> Columns:
        return side.take(rng.integers(len(side), size=len(side)))

    return torch.tensor([measure(draw(real), draw(made)) for _ in range(RESAMPLES)], dtype=torch.float64)


def _ends(value: float, replicates: Tensor, confidence: float) -> tuple[float, float] | None:
    """The bootstrap standard interval within 0..1; None where a draw left the value undefined."""
    if bool(replicates.isnan().any()):
        return None
    low, high = standard_interval(value, replicates, confidence)
    return max(0.0, low), min(1.0, high)


def _quality_detail(found: Quality) -> dict[str, dict[str, Json]]:
    columns: dict[str, Json] = {column.name: plain(column.shape) for column in found.columns}
    pairs: list[Json] = [
        [pair.first, pair.second, plain(pair.score), plain(pair.strength)] for pair in found.pairs if pair.counted
    ]
    return {"quality": {}, "column_shapes": {"columns": columns}, "pair_trends": {"pairs": pairs}}


def quality_results(case: Case) -> list[Result]:
    """`quality`, `column_shapes`, `pair_trends` against the training rows; raises `TooFew` for fewer than 40 rows."""
    real, made = case.train, case.made
    check_enough("quality (rows of a side)", LEAST, min(len(real), len(made)))
    found = quality(real, made)
    counted = {(pair.first, pair.second) for pair in found.pairs if pair.counted}

    def again(a: Columns, b: Columns) -> list[float]:
        part = quality(a, b, correlation_above=0, association_above=0, only=counted)
        return [part.score, part.shapes, part.trends]

    replicates = _replicates(real, made, again, case.settings.seed)
    values = dict(
        zip(("quality", "column_shapes", "pair_trends"), (found.score, found.shapes, found.trends), strict=True)
    )
    own: dict[str, Json] = {"definition": "SDMetrics 0.32 quality report", "correlation": 0.5, "association": 0.3}
    detail = _quality_detail(found)
    return [
        made_result(
            case,
            name,
            value,
            _ends(value, replicates[:, i], case.settings.confidence),
            real=len(real),
            own=own,
            detail=detail[name],
        )
        for i, (name, value) in enumerate(values.items())
    ]


def column_results(case: Case) -> list[Result]:
    """Missing values, coverage, adherence and associations against the training rows."""
    found = column_scores(case.train, case.made)
    results = []
    for name, key in (
        ("missing_similarity", "missing"),
        ("value_coverage", "coverage"),
        ("value_adherence", "adherence"),
    ):
        columns: dict[str, Json] = {column.name: plain(getattr(column, key)) for column in found}
        value = mean_known(getattr(column, key) for column in found)
        results.append(made_result(case, name, value, None, real=len(case.train), detail={"columns": columns}))
    if len(case.train.names) > 1:
        both = associations(case.train, case.made)
        maps: dict[str, Json] = {
            "names": list(both.names),
            **{
                side: cast("Json", [[plain(v) for v in row] for row in getattr(both, side).tolist()])
                for side in ("real", "made")
            },
        }
        own: dict[str, Json] = {"association": both.kind}
        clear = ERRORS / len(case.train) ** 0.5
        for name, value, detail in (
            ("association_difference", both.mean_difference, maps),
            ("association_strength", both.strength(clear), {}),
        ):
            results.append(made_result(case, name, value, None, real=len(case.train), own=own, detail=detail))
    return results


def detection_results(case: Case) -> list[Result]:
    """`detection` of made rows among held-out ones."""
    found = detection(case.held_out, case.made, confidence=case.settings.confidence, seed=case.settings.seed)
    return [
        made_result(
            case,
            "detection",
            found.auc,
            (found.low, found.high),
            real=found.rows,
            fake=found.rows,
            own={"learner": "boosting", "folds": 5},
            detail={"columns": dict(found.columns)},
        )
    ]


def _resampled(found: Usefulness, side: tuple[Learnt, ...], score: str, case: Case) -> tuple[float, float] | None:
    """Percentile bootstrap of the mean over learners: the test rows are drawn again, the learners stay."""
    if not case.settings.resamples:
        return None
    rng = np.random.default_rng(case.settings.seed)
    n, values = len(found.truth), []
    measure: Callable[..., dict[str, float]] = class_scores if found.classes else number_scores
    for _ in range(case.settings.resamples):
        drawn = rng.integers(n, size=n)
        values.append(np.mean([measure(found.truth[drawn], learnt.predictions[drawn])[score] for learnt in side]))
    tail = (1 - case.settings.confidence) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def useful_results(case: Case) -> tuple[list[Result], list[Result]]:
    """The scores of learners trained on made rows, and the ceiling: the same learners trained on real rows."""
    assert case.target is not None
    found = usefulness(
        case.train, case.held_out, case.made, case.target, learners=case.learners, seed=case.settings.seed
    )
    results: tuple[list[Result], list[Result]] = ([], [])
    for place, (side, rows) in enumerate(((found.made, len(case.made)), (found.real, len(case.train)))):
        for score in found.scores:
            detail: dict[str, Json] = {"learners": {learnt.learner: plain(learnt.scores[score]) for learnt in side}}
            if place:
                detail["samples"] = "real training rows"
            elif found.absent:
                detail["absent_classes"] = list(found.absent)
            value = found.mean(score, "real" if place else "made")
            ends = _resampled(found, side, score, case) if value == value else None
            own: dict[str, Json] = {"target": case.target, "learners": list(case.learners)}
            results[place].append(
                made_result(
                    case, f"useful_{score}", value, ends, real=len(found.truth), fake=rows, own=own, detail=detail
                )
            )
    return results


def augmentation_results(case: Case) -> list[Result]:
    """`augmentation_gain` in macro F1, or in R2."""
    assert case.target is not None
    found = augmentation(case.train, case.held_out, case.made, case.target, seed=case.settings.seed)
    score = "f1" if case.target in case.train.categories else "r2"
    own: dict[str, Json] = {"target": case.target, "learner": found.learner, "score": score}
    gains: dict[str, Json] = {name: plain(value) for name, value in found.class_gain.items()}
    detail: dict[str, Json] = {"real": plain(found.real[score]), "both": plain(found.both[score]), "class_gain": gains}
    return [
        made_result(case, "augmentation_gain", found.gain(score), None, real=len(case.train), own=own, detail=detail)
    ]
