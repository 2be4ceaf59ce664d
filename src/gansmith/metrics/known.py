"""The measure behind a result, whatever was measured."""

from __future__ import annotations

from gansmith.metrics.measure import Measure
from gansmith.metrics.measures import MEASURES
from gansmith.metrics.result import Result
from gansmith.metrics.table.case import TABLE_MEASURES, TableMeasure
from gansmith.metrics.table.related import RELATED_MEASURES

__all__ = ["measure_named", "measure_of"]


def measure_of(result: Result) -> Measure | TableMeasure:
    """What a result's name means: `train_closer`, for example, is known of features and of the columns of a table."""
    if "related" in result.protocol:
        return RELATED_MEASURES[result.name]
    return TABLE_MEASURES[result.name] if "columns" in result.protocol else MEASURES[result.name]


def measure_named(name: str) -> Measure | TableMeasure:
    """What a name means; of one that is known of features and of tables alike, what both say: which way is better."""
    return MEASURES[name] if name in MEASURES else TABLE_MEASURES[name]
