"""Judging made tables: are they like real ones, are they useful, do they give anybody away.

`evaluate_tables` does all of it; every part is a pure function over `Columns` that can be used alone. Learners come
from scikit-learn (`pip install "gansmith[tables]"`), everything else needs the core packages only.
"""

from gansmith.metrics.table.anonymity import Rare, find_identifiers, group_sizes, rare_combinations
from gansmith.metrics.table.association import Associations, associations
from gansmith.metrics.table.attacks import (
    Attack,
    Rate,
    attribute_inference,
    attribute_risks,
    gower_nearest,
    linkability,
    success_rate,
)
from gansmith.metrics.table.case import NOT_PRIVATE, TABLE_MEASURES, TableMeasure, unknown_measures
from gansmith.metrics.table.closeness import Closeness, closeness, exact_copies
from gansmith.metrics.table.columns import Columns, align, stack
from gansmith.metrics.table.detection import Detection, detection
from gansmith.metrics.table.encode import Encoder
from gansmith.metrics.table.intervals import area, area_variance, wilson
from gansmith.metrics.table.judge import evaluate_tables
from gansmith.metrics.table.learners import LEARNERS
from gansmith.metrics.table.membership import Membership, membership
from gansmith.metrics.table.mixed import Mixed
from gansmith.metrics.table.ranks import Ranks
from gansmith.metrics.table.related import RELATED_MEASURES, Family, autocorrelations, evaluate_related, step_scores
from gansmith.metrics.table.scores import Slices, class_scores, number_scores
from gansmith.metrics.table.shapes import ColumnScore, column_scores
from gansmith.metrics.table.singling import singling_out
from gansmith.metrics.table.trends import PairScore, Quality, pair_scores, quality
from gansmith.metrics.table.usefulness import Augmentation, Learnt, Usefulness, augmentation, slices, usefulness

__all__ = [
    "LEARNERS",
    "NOT_PRIVATE",
    "RELATED_MEASURES",
    "TABLE_MEASURES",
    "Associations",
    "Attack",
    "Augmentation",
    "Closeness",
    "ColumnScore",
    "Columns",
    "Detection",
    "Encoder",
    "Family",
    "Learnt",
    "Membership",
    "Mixed",
    "PairScore",
    "Quality",
    "Ranks",
    "Rare",
    "Rate",
    "Slices",
    "TableMeasure",
    "Usefulness",
    "align",
    "area",
    "area_variance",
    "associations",
    "attribute_inference",
    "attribute_risks",
    "augmentation",
    "autocorrelations",
    "class_scores",
    "closeness",
    "column_scores",
    "detection",
    "evaluate_related",
    "evaluate_tables",
    "exact_copies",
    "find_identifiers",
    "gower_nearest",
    "group_sizes",
    "linkability",
    "membership",
    "number_scores",
    "pair_scores",
    "quality",
    "rare_combinations",
    "singling_out",
    "slices",
    "stack",
    "step_scores",
    "success_rate",
    "unknown_measures",
    "usefulness",
    "wilson",
]
