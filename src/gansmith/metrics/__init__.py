"""How good are the samples, how sure is the number, and how was it measured.

`functional` holds the mathematics as pure functions over feature tensors; the rest streams over it. Features come from
a frozen extractor that the caller runs; nothing here builds, trains or downloads a network.
"""

from gansmith.metrics.comparison import COMPARED, Comparison, Difference, check_compared, compare_features
from gansmith.metrics.functional import Memorisation, TooFew, memorisation, nearest_items
from gansmith.metrics.known import measure_of
from gansmith.metrics.measure import Measure
from gansmith.metrics.measures import MEASURES
from gansmith.metrics.result import Result, comparable, differences
from gansmith.metrics.settings import Settings
from gansmith.metrics.streaming import FrechetStream, Metric, Streaming, metric
from gansmith.metrics.suite import DEFAULT_METRICS, Evaluation, Suite, evaluate_features

__all__ = [
    "COMPARED",
    "DEFAULT_METRICS",
    "MEASURES",
    "Comparison",
    "Difference",
    "Evaluation",
    "FrechetStream",
    "Measure",
    "Memorisation",
    "Metric",
    "Result",
    "Settings",
    "Streaming",
    "Suite",
    "TooFew",
    "check_compared",
    "comparable",
    "compare_features",
    "differences",
    "evaluate_features",
    "measure_of",
    "memorisation",
    "metric",
    "nearest_items",
]
