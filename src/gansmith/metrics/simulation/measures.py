"""What scores of simulated events mean."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.metrics.kind_measure import KindMeasure

__all__ = ["EVENT_MEASURES"]

_OWN = (
    KindMeasure(
        "simulation",
        "peak",
        "lower",
        "mean shift of the peaks of derived quantities, in widths of the real ones",
        spoken="shift of peaks",
    ),
    KindMeasure(
        "simulation",
        "peak_width",
        "lower",
        "mean |log ratio| of the widths of peaks of derived quantities (0: equal, 0.69: twice as wide or half)",
        spoken="ratio of peaks' widths",
    ),
    KindMeasure(
        "simulation",
        "quantities",
        "lower",
        "mean distance (Wasserstein) of derived quantities, in standard deviations",
        spoken="distance of derived quantities",
    ),
    KindMeasure(
        "simulation",
        "quantities_ks",
        "lower",
        "mean largest difference of the distribution functions of derived quantities",
        share=True,
        spoken="largest difference of derived quantities",
    ),
    KindMeasure(
        "simulation",
        "undefined",
        "lower",
        "mean difference of the share of events for which a derived quantity is not defined",
        share=True,
    ),
    KindMeasure(
        "simulation",
        "columns",
        "lower",
        "mean distance (Wasserstein) of the columns, in standard deviations",
        spoken="distance of columns",
    ),
    KindMeasure(
        "simulation",
        "columns_ks",
        "lower",
        "mean largest difference of the columns' distribution functions",
        share=True,
        spoken="largest difference of columns",
    ),
    KindMeasure(
        "simulation",
        "rank_correlation",
        "lower",
        "mean difference of rank correlations between columns, and of columns with conditions",
        spoken="difference of correlations",
    ),
)

EVENT_MEASURES: Mapping[str, KindMeasure] = {measure.name: measure for measure in _OWN}
