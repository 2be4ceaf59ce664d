"""Judging made tables that belong together: are keys whole, do families look alike, do rows follow each other alike?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gansmith.metrics.functional import TooFew
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings
from gansmith.metrics.suite import Evaluation
from gansmith.metrics.table.case import TableMeasure
from gansmith.metrics.table.columns import Columns, Numbers, align
from gansmith.metrics.table.correlations import correlation
from gansmith.metrics.table.detection import detection
from gansmith.metrics.table.learners import have_learners
from gansmith.metrics.table.shapes import ks_complement, mean_known, tv_complement
from gansmith.metrics.table.trends import pair_scores

__all__ = ["RELATED_MEASURES", "Family", "autocorrelations", "evaluate_related", "step_scores"]

Index = NDArray[np.int64]

RELATED_MEASURES: Mapping[str, TableMeasure] = {
    "integrity": TableMeasure("higher", 1.0, "rows whose key names a row of the parent, and keys that are there once"),
    "cardinality": TableMeasure("higher", None, "a row of the parent has as many rows as in real tables"),
    "parent_trends": TableMeasure(
        "higher",
        None,
        "columns go with those of the parent as in real rows",
        undefined="no column goes with one of the parent's strongly enough in the real rows to count (a correlation "
        "above 0.5, Cramer's V above 0.3)",
    ),
    "step_shapes": TableMeasure("higher", None, "rows differ from the row before as in real sequences"),
    "autocorrelation_difference": TableMeasure(
        "lower", 0.0, "mean difference of how much numbers go with those of the row before", share=False
    ),
    "family_detection": TableMeasure(
        "lower", 0.5, "a learner tells made rows, one of each parent, with their parent and the row before (AUC)"
    ),
}


@dataclass(frozen=True)
class Family:
    """Rows of a table with what they belong to.

    Attributes:
        own: Their columns.
        parents: The columns of the parent's rows, all of them, under other names.
        owner: The parent's row of each row `(n,)`.
        before: The row that each row follows `(n,)`; -1 for none.
        integrity: Share of the rows whose key names a row of the parent and, where they have one, whose own key is
            there once, in [0, 1]; None where it was not looked at.
    """

    own: Columns
    parents: Columns
    owner: Index
    before: Index
    integrity: float | None = None

    @property
    def counts(self) -> Numbers:
        """Rows of each row of the parent `(parents,)`."""
        return np.bincount(self.owner, minlength=len(self.parents)).astype(np.float64)

    @property
    def joined(self) -> Columns:
        """Every row beside the columns of its parent's row."""
        return _beside(self.own, self.parents.take(self.owner))

    def one_each(self, seed: int) -> Columns:
        """One row of each parent, drawn at random, beside its parent's row and the row before."""
        order = np.random.default_rng(seed).permutation(len(self.owner))
        rows = order[np.unique(self.owner[order], return_index=True)[1]]
        found = _beside(self.own.take(rows), self.parents.take(self.owner[rows]))
        if (self.before < 0).all():
            return found
        first = self.before[rows] < 0
        past = self.own.take(self.before[rows])
        values = {}
        for name, column in past.values.items():
            gone = -1 if name in past.categories else np.nan
            values[f"previous.{name}"] = np.where(first, gone, column)
        return _beside(found, Columns(values, {f"previous.{n}": c for n, c in past.categories.items()}))


def _beside(*sides: Columns) -> Columns:
    values = {name: column for side in sides for name, column in side.values.items()}
    return Columns(values, {name: names for side in sides for name, names in side.categories.items()})


def step_scores(real: Family, made: Family) -> dict[str, float]:
    """By column, how like real ones the steps from row to row are, in [0, 1]; NaN where there are none.

    Of numbers, the complement of Kolmogorov's distance of the differences to the row before; of categories, the
    complement of the total variation of pairs of values that follow each other, a missing value being a value.
    """
    found = {}
    for name in real.own.names:
        sides = []
        for family in (real, made):
            later = np.flatnonzero(family.before >= 0)
            now, past = family.own[name][later], family.own[name][family.before[later]]
            if name in real.own.categories:
                width = len(real.own.categories[name]) + 1
                sides.append((past.astype(np.int64) + 1) * width + now + 1)
            else:
                step = now - past
                sides.append(step[~np.isnan(step)])
        distance = tv_complement if name in real.own.categories else ks_complement
        found[name] = distance(*sides)
    return found


def autocorrelations(family: Family) -> dict[str, float]:
    """By column of numbers, the correlation with the row before; NaN where it is not defined."""
    later = np.flatnonzero(family.before >= 0)
    found = {}
    for name in family.own.numbers:
        values = family.own[name]
        found[name] = correlation(values[later], values[family.before[later]])
    return found


def _parent_trends(real: Family, made: Family) -> float:
    sides = align(real=real.joined, made=made.joined)
    only = {(own, theirs) for own in real.own.names for theirs in real.parents.names}
    pairs = pair_scores(sides["real"], sides["made"], only=only)
    return mean_known(pair.score for pair in pairs if pair.counted)


@dataclass
class _Judging:
    """One child's measures as results."""

    train: Family
    test: Family
    settings: Settings
    skipped: dict[str, str] = field(default_factory=dict)

    def results(self, made: Family, held_out: Family) -> list[Result]:
        values: dict[str, tuple[float, tuple[float, float] | None]] = {}
        if made.integrity is not None:
            values["integrity"] = made.integrity, None
        values["cardinality"] = ks_complement(self.train.counts, made.counts), None
        values["parent_trends"] = _parent_trends(self.train, made), None
        if (self.train.before >= 0).any():
            values["step_shapes"] = mean_known(step_scores(self.train, made).values()), None
            ours, theirs = autocorrelations(self.train), autocorrelations(made)
            values["autocorrelation_difference"] = mean_known(abs(ours[n] - theirs[n]) for n in ours), None
        if have_learners():
            try:
                sides = align(real=held_out.one_each(self.settings.seed), made=made.one_each(self.settings.seed))
                told = detection(sides["real"], sides["made"], seed=self.settings.seed)
                values["family_detection"] = told.auc, (told.low, told.high)
            except TooFew as error:
                self.skipped["family_detection"] = str(error)
        else:
            self.skipped["family_detection"] = 'needs scikit-learn: pip install "gansmith[tables]"'
        undefined = [name for name, (value, _) in values.items() if value != value]
        self.skipped |= {name: RELATED_MEASURES[name].undefined for name in undefined}
        return [self._result(n, *found, made, held_out) for n, found in values.items() if n not in undefined]

    def _result(
        self, name: str, value: float, ends: tuple[float, float] | None, made: Family, held_out: Family
    ) -> Result:
        settings = self.settings
        real = held_out if name == "family_detection" else self.train
        low, high = ends or (None, None)
        return Result(
            name,
            float(value),
            RELATED_MEASURES[name].better,
            low,
            high,
            len(real.owner),
            len(made.owner),
            {
                "extractor": settings.extractor,
                "related": True,
                "columns": [*self.train.own.names, *self.train.parents.names],
                "split": settings.split,
                **settings.protocol,
                "n_matters": ["n_real", "n_fake"],
                "seed": settings.seed,
            },
        )


def evaluate_related(train: Family, test: Family, made: Family, settings: Settings | None = None) -> Evaluation:
    """Judge made rows of a table as what belongs to rows of another.

    Args:
        train: Real rows that were learnt from. All but detection is measured against them.
        test: Real rows of families that were never seen: told apart from made ones, and the ceiling.
        made: Made rows.
        settings: Seed, split, protocol.

    Returns:
        Results in the order of `RELATED_MEASURES`; the ceiling's, with unseen real families in the place of made ones
        (for detection, training families); what was skipped with the reason.

    Raises:
        InputError: Columns that don't match.
    """
    settings = settings or Settings(extractor="columns")
    judging, ceiling = (_Judging(train, test, settings) for _ in range(2))
    found = judging.results(made, test)
    best = {r.name: r for r in ceiling.results(replace(test, integrity=1.0), train)}
    kept = tuple(best[r.name] for r in found if r.name in best)
    return Evaluation(tuple(found), kept, judging.skipped)
