"""What a judging of tables is given, the list of its measures, and how a value becomes a result with its protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from gansmith.errors import nearest
from gansmith.metrics.readable import Readable
from gansmith.metrics.result import Better, Result
from gansmith.metrics.settings import Settings
from gansmith.metrics.table.columns import Columns, Numbers
from gansmith.metrics.table.learners import LEARNERS
from gansmith.types import Json

__all__ = [
    "NOT_PRIVATE",
    "TABLE_MEASURES",
    "Case",
    "TableMeasure",
    "made_result",
    "median_interval",
    "plain",
    "unknown_measures",
]

NOT_PRIVATE = "not private: do not publish"
"""What the protocol of a private model's results says: they come from real rows, past the model's privacy budget."""


@dataclass(frozen=True)
class TableMeasure(Readable):
    """A measure by its parts.

    Attributes:
        better: Which direction is better.
        perfect: What a perfect generator scores, where that is known without the ceiling; else None.
        about: One line for a person.
        share: Whether people read it as a percentage.
        asked: Whether it is measured only when asked for by name.
        target: Whether it needs a target.
        undefined: Why there is no value where the tables give none.
    """

    better: Better
    perfect: float | None
    about: str
    share: bool = True
    asked: bool = False
    target: bool = False
    undefined: str = "it isn't defined for these columns"


TABLE_MEASURES: Mapping[str, TableMeasure] = {
    "quality": TableMeasure("higher", None, "columns and pairs look as in real rows (SDMetrics' quality score)"),
    "column_shapes": TableMeasure("higher", None, "each column is distributed as in real rows"),
    "pair_trends": TableMeasure(
        "higher",
        None,
        "columns that belong together do so as in real rows",
        undefined="no two columns belong together strongly enough in the real rows to count (a correlation above 0.5, "
        "Cramer's V above 0.3)",
    ),
    "missing_similarity": TableMeasure("higher", None, "as many values are missing, column by column"),
    "value_coverage": TableMeasure("higher", None, "real ranges and categories are reached"),
    "value_adherence": TableMeasure("higher", None, "values keep to real ranges and categories"),
    "association_difference": TableMeasure("lower", None, "mean difference of how strongly columns belong together"),
    "association_strength": TableMeasure(
        "higher",
        1.0,
        "how strongly columns belong together, as a share of real rows",
        undefined="no two columns surely belong together in the real rows",
    ),
    "detection": TableMeasure("lower", 0.5, "a learner tells made rows from real ones (AUC)"),
    "useful_auc": TableMeasure("higher", None, "AUC on real rows of learners trained on made ones", target=True),
    "useful_f1": TableMeasure("higher", None, "macro F1 on real rows, trained on made ones", target=True),
    "useful_accuracy": TableMeasure("higher", None, "accuracy on real rows, trained on made ones", target=True),
    "useful_r2": TableMeasure("higher", None, "R2 on real rows, trained on made ones", share=False, target=True),
    "useful_rmse": TableMeasure("lower", None, "error on real rows, trained on made ones", share=False, target=True),
    "augmentation_gain": TableMeasure(
        "higher", None, "what made rows add to real ones in training", asked=True, target=True
    ),
    "train_closer": TableMeasure("lower", 0.5, "made rows nearer to training records than to unseen ones"),
    "closest_distance": TableMeasure("higher", None, "median distance to the closest training record", share=False),
    "distance_ratio": TableMeasure("higher", None, "median ratio of the closest to the second closest", share=False),
    "exact_copies": TableMeasure("lower", None, "made rows that equal a training record"),
    "near_copies": TableMeasure("lower", 0.01, "made rows nearer to a training record than 99 % of unseen rows"),
    "rare_combinations": TableMeasure(
        "lower", 0.0, "rare combinations of training records made again, beyond those of unseen records"
    ),
    "membership": TableMeasure("lower", 0.5, "telling training records by the nearest made row (AUC)"),
    "membership_density": TableMeasure("lower", 0.5, "telling training records by made against real density (AUC)"),
    "attribute_inference": TableMeasure("lower", 0.0, "risk that a column is guessed from the others"),
    "linkability": TableMeasure("lower", 0.0, "risk that two halves of a record are linked"),
    "singling_out": TableMeasure("lower", 0.0, "risk that one record is pointed at"),
}
"""All measures of tables by name, in the order in which results come."""


def unknown_measures(asked: Iterable[str]) -> list[str]:
    """A line for each name that is no measure, with the nearest that is one."""
    return [f"no measure is called {n!r}{nearest(n, TABLE_MEASURES)}" for n in asked if n not in TABLE_MEASURES]


@dataclass(frozen=True)
class Case:
    """Aligned tables in their roles.

    Attributes:
        train: Real rows that the generator learnt from.
        held_out: Real rows that it never saw.
        made: Made rows, or real ones in their place.
        target: The column that learners predict; None for none.
        identifiers: Columns that an attacker may know; None to find them.
        learners: Which learners judge usefulness.
        settings: Seed, confidence, resamples, protocol.
        note: What is noted in each result's detail.
    """

    train: Columns
    held_out: Columns
    made: Columns
    target: str | None = None
    identifiers: Sequence[str] | None = None
    learners: Sequence[str] = LEARNERS
    settings: Settings = field(default_factory=Settings)
    note: Mapping[str, Json] = field(default_factory=dict)


def plain(value: float) -> float | None:
    """A number for JSON: None for NaN."""
    return float(value) if value == value else None


def made_result(
    case: Case,
    name: str,
    value: float,
    ends: tuple[float, float] | None,
    *,
    real: int,
    fake: int | None = None,
    own: Mapping[str, Json] | None = None,
    matters: Iterable[str] = ("n_real", "n_fake"),
    detail: Mapping[str, Json] | None = None,
) -> Result:
    """A result with its protocol.

    Args:
        case: What was judged.
        name: One of `TABLE_MEASURES`.
        value: The number.
        ends: Its interval.
        real: Real rows used.
        fake: Made rows used; None for all.
        own: What else must agree between results that are compared.
        matters: Counts on which the value's expectation depends.
        detail: Anything else worth keeping.
    """
    settings = case.settings
    protocol: dict[str, Json] = {
        "extractor": settings.extractor or "columns",
        "columns": list(case.train.names),
        "split": settings.split,
        **settings.protocol,
        **(own or {}),
        "n_matters": list(matters),
        "seed": settings.seed,
        "confidence": settings.confidence,
    }
    return Result(
        name=name,
        value=float(value),
        better=TABLE_MEASURES[name].better,
        low=None if ends is None else float(ends[0]),
        high=None if ends is None else float(ends[1]),
        n_real=real,
        n_fake=len(case.made) if fake is None else fake,
        protocol=protocol,
        detail={**(detail or {}), **case.note},
    )


def median_interval(values: Numbers, confidence: float) -> tuple[float, tuple[float, float]]:
    """Median and its distribution-free interval between two order statistics (binomial, by its normal limit)."""
    ordered = np.sort(values)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * len(ordered) ** 0.5 / 2
    low = max(0, int(np.floor(len(ordered) / 2 - half)) - 1)
    high = min(len(ordered) - 1, int(np.ceil(len(ordered) / 2 + half)))
    return float(np.median(ordered)), (float(ordered[low]), float(ordered[high]))
