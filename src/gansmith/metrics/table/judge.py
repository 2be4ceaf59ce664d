"""Judge a made table in one go: fidelity, usefulness, privacy, and what real rows score in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gansmith.errors import InputError
from gansmith.metrics.functional import TooFew
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings
from gansmith.metrics.suite import Evaluation
from gansmith.metrics.table.case import NOT_PRIVATE, TABLE_MEASURES, Case, unknown_measures
from gansmith.metrics.table.columns import Columns, align, check_names
from gansmith.metrics.table.judge_fidelity import (
    augmentation_results,
    column_results,
    detection_results,
    quality_results,
    useful_results,
)
from gansmith.metrics.table.judge_privacy import attack_results, closeness_results, membership_results, rare_results
from gansmith.metrics.table.learners import check_learners, have_learners
from gansmith.metrics.table.usefulness import DEFAULT_LEARNERS

__all__ = ["evaluate_tables"]

_QUALITY = ("quality", "column_shapes", "pair_trends")
_COLUMNS = (
    "missing_similarity",
    "value_coverage",
    "value_adherence",
    "association_difference",
    "association_strength",
)
_USEFUL = ("useful_auc", "useful_f1", "useful_accuracy", "useful_r2", "useful_rmse")
_CLOSE = ("train_closer", "closest_distance", "distance_ratio", "exact_copies", "near_copies")
_MEMBERS = ("membership", "membership_density")
_LEARNT = ("detection", *_USEFUL, "augmentation_gain")

_FAMILIES: Mapping[tuple[str, ...], Callable[[Case], list[Result]]] = {
    _QUALITY: quality_results,
    _COLUMNS: column_results,
    ("detection",): detection_results,
    _USEFUL: lambda case: useful_results(case)[0],
    ("augmentation_gain",): augmentation_results,
    _CLOSE: closeness_results,
    ("rare_combinations",): rare_results,
    _MEMBERS: membership_results,
    ("attribute_inference",): lambda case: [attack_results(case, "attribute_inference")],
    ("linkability",): lambda case: [attack_results(case, "linkability")],
    ("singling_out",): lambda case: [attack_results(case, "singling_out")],
}


def _wanted(asked: Sequence[str] | None, train: Columns, target: str | None) -> tuple[list[str], dict[str, str]]:
    """The measures to take, and those left out with the reason."""
    if asked is not None:
        unknown = unknown_measures(asked)
        needy = [n for n in asked if target is None and n in TABLE_MEASURES and TABLE_MEASURES[n].target]
        if unknown or needy:
            raise InputError(*unknown, *(f"{name} needs a target column" for name in needy))
        if any(name in _LEARNT for name in asked):
            check_learners([])
        return list(dict.fromkeys(asked)), {}
    names = [name for name, measure in TABLE_MEASURES.items() if not measure.asked]
    names = [name for name in names if target is not None or not TABLE_MEASURES[name].target]
    if target is not None:
        numbers = target not in train.categories
        names = [n for n in names if n not in (_USEFUL[:3] if numbers else _USEFUL[3:])]
    skipped = {}
    if not have_learners():
        skipped = {n: 'needs scikit-learn: pip install "gansmith[tables]"' for n in names if n in _LEARNT}
    return [name for name in names if name not in skipped], skipped


def _stand_ins(case: Case, family: tuple[str, ...]) -> Case | None:
    """Real held-out rows in the place of the made ones, in a way in which nothing is compared with itself."""
    if family in (_QUALITY, _COLUMNS):
        return replace(case, made=case.held_out, note={"samples": "held-out rows"})
    if family == ("detection",):
        return replace(case, held_out=case.train, made=case.held_out, note={"samples": "held-out rows"})
    if family in (_USEFUL, ("augmentation_gain",)):
        return None  # the ceiling of usefulness is training on real rows; made rows added to real ones have none
    order = np.random.default_rng(case.settings.seed).permutation(len(case.held_out))
    half = len(order) // 2
    made, held = case.held_out.take(order[:half]), case.held_out.take(order[half:])
    return replace(case, made=made, held_out=held, note={"samples": "one half of the held-out rows"})


def _run(family: tuple[str, ...], case: Case, names: Sequence[str]) -> tuple[list[Result], dict[str, str]]:
    try:
        results = [result for result in _FAMILIES[family](case) if result.name in names]
    except TooFew as error:
        return [], {name: str(error) for name in family if name in names}
    known = [result for result in results if result.value == result.value]
    lacking = [name for name in family if name in names and name not in {result.name for result in known}]
    return known, {name: TABLE_MEASURES[name].undefined for name in lacking}


def _measure(case: Case, names: Sequence[str], ceiling: bool) -> tuple[list[Result], list[Result], dict[str, str]]:
    results: list[Result] = []
    best: list[Result] = []
    skipped: dict[str, str] = {}
    for family in _FAMILIES:
        mine = [name for name in names if name in family]
        if not mine:
            continue
        if family == _USEFUL and ceiling:  # both sides come from one training
            try:
                found = useful_results(case)
            except TooFew as error:
                skipped |= {name: str(error) for name in mine}
                continue
            results += [r for r in found[0] if r.name in mine and r.value == r.value]
            best += [r for r in found[1] if r.name in mine and r.value == r.value]
            done = {r.name for r in results}
            skipped |= {name: TABLE_MEASURES[name].undefined for name in mine if name not in done}
            continue
        found_results, reasons = _run(family, case, mine)
        results += found_results
        skipped |= reasons
        stand_in = _stand_ins(case, family) if ceiling and found_results else None
        if stand_in is not None:
            best += _run(family, stand_in, mine)[0]
    order = list(TABLE_MEASURES)
    results.sort(key=lambda result: order.index(result.name))
    best.sort(key=lambda result: order.index(result.name))
    return results, best, skipped


def evaluate_tables(
    real_train: Columns,
    real_test: Columns,
    made: Columns,
    target: str | None = None,
    *,
    identifiers: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    learners: Sequence[str] = DEFAULT_LEARNERS,
    private: bool = False,
    ceiling: bool = True,
    settings: Settings | None = None,
) -> Evaluation:
    """Judge made rows beside real ones.

    Args:
        real_train: Real rows that the generator learnt from. Fidelity is measured against them.
        real_test: Real rows of the same population that it never saw: the test of usefulness, the control of privacy.
        made: Made rows.
        target: The column that learners predict from the others, for usefulness; None leaves usefulness out.
        identifiers: Columns that an attacker may know, for `rare_combinations`; None finds them.
        metrics: Names from `TABLE_MEASURES`; None for all that are not taken on request only.
        learners: Which learners judge usefulness.
        private: Whether the model was trained with differential privacy. All numbers here come from real rows outside
            its budget, so each protocol then says `not private: do not publish`.
        ceiling: Whether to measure real rows in the place of made ones too: held-out rows for fidelity and detection,
            one half of them against the other for privacy, training on real rows for usefulness.
        settings: Seed, confidence, resamples (of usefulness), split, protocol.

    Returns:
        Results in the order of `TABLE_MEASURES`, the ceiling's, and what was skipped with the reason.

    Raises:
        InputError: Columns that don't match, no rows, an unknown target, column, measure or learner (with the nearest
            name); a measure asked for by name that lacks its target or scikit-learn.
    """
    tables = align(real_train=real_train, real_test=real_test, made=made)
    if target is not None:
        check_names([target], tables["real_train"], "target column")
    check_names(identifiers or (), tables["real_train"])
    names, skipped = _wanted(metrics, tables["real_train"], target)
    if any(name in _LEARNT for name in names):
        check_learners(learners)
    settings = settings or Settings()
    if private:
        settings = replace(settings, protocol={**settings.protocol, "privacy": NOT_PRIVATE})
    case = Case(
        train=tables["real_train"],
        held_out=tables["real_test"],
        made=tables["made"],
        target=target,
        identifiers=identifiers,
        learners=tuple(learners),
        settings=settings,
    )
    results, best, more = _measure(case, names, ceiling)
    return Evaluation(tuple(results), tuple(best), {**skipped, **more})
