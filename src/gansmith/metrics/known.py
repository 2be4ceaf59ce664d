"""The measure behind a result, whatever was measured."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.metrics.audio import AUDIO_MEASURES
from gansmith.metrics.kind_measure import KindMeasure
from gansmith.metrics.measure import Measure
from gansmith.metrics.measures import MEASURES
from gansmith.metrics.music.measures import MUSIC_MEASURES
from gansmith.metrics.result import Result
from gansmith.metrics.series.measures import SERIES_MEASURES
from gansmith.metrics.simulation.measures import EVENT_MEASURES
from gansmith.metrics.table.case import TABLE_MEASURES, TableMeasure
from gansmith.metrics.table.related import RELATED_MEASURES
from gansmith.metrics.text.measures import TEXT_MEASURES

__all__ = ["KIND_MEASURES", "measure_named", "measure_of"]

from gansmith.metrics.video.measures import VIDEO_MEASURES

KIND_MEASURES: Mapping[str, Mapping[str, KindMeasure]] = {
    "audio": AUDIO_MEASURES,
    "music": MUSIC_MEASURES,
    "series": SERIES_MEASURES,
    "simulation": EVENT_MEASURES,
    "text": TEXT_MEASURES,
    "video": VIDEO_MEASURES,
}
"""What only one kind of data is measured by: by the kind, then by the name."""


def measure_of(result: Result) -> Measure | TableMeasure | KindMeasure:
    """What a result's name means: `train_closer`, for example, is known of features and of the columns of a table."""
    if "kind" in result.protocol:
        return KIND_MEASURES[str(result.protocol["kind"])][result.name]
    if "related" in result.protocol:
        return RELATED_MEASURES[result.name]
    return TABLE_MEASURES[result.name] if "columns" in result.protocol else MEASURES[result.name]


def measure_named(name: str) -> Measure | TableMeasure | KindMeasure:
    """What a name means; of one that is known of features and of tables alike, what both say: which way is better."""
    own = {name: measure for of_kind in KIND_MEASURES.values() for name, measure in of_kind.items()}
    known: Mapping[str, Measure | TableMeasure | KindMeasure] = {**own, **TABLE_MEASURES, **MEASURES}
    return known[name]
