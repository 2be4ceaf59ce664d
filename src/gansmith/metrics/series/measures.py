"""The measures of time series, by name."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.metrics.kind_measure import KindMeasure

__all__ = ["SERIES_MEASURES"]

_OWN = (
    KindMeasure(
        "series",
        "discriminative",
        "lower",
        "how far beyond guessing a recurrent classifier tells held-out made series from real ones (0: not at all, "
        "0.5: always)",
        spoken="discriminative score",
    ),
    KindMeasure(
        "series",
        "predictive",
        "lower",
        "error, as a share of the range, of foreseeing real series after learning from made ones",
        spoken="predictive score",
    ),
    KindMeasure("series", "autocorrelation", "lower", "mean difference of autocorrelations over lags and channels"),
    KindMeasure("series", "spectrum", "lower", "mean difference of power spectra in decibels"),
    KindMeasure(
        "series", "marginals", "lower", "mean distance (Wasserstein) of the channels' values, in standard deviations"
    ),
    KindMeasure("series", "ks", "lower", "mean largest difference of the channels' distribution functions", share=True),
    KindMeasure("series", "cross_correlation", "lower", "mean difference of correlations between channels"),
    KindMeasure("series", "missing", "lower", "mean difference of the share of missing values", share=True),
    KindMeasure(
        "series",
        "useful",
        "higher",
        "real test series whose class is told by a classifier that learnt from made ones only",
        share=True,
        spoken="usefulness for telling classes",
    ),
)

SERIES_MEASURES: Mapping[str, KindMeasure] = {measure.name: measure for measure in _OWN}
