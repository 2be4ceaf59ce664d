"""All scores of sounds, with intervals."""

from __future__ import annotations

from torch import Tensor

from gansmith.metrics.audio import AUDIO_MEASURES
from gansmith.metrics.audio.distances import (
    band_errors,
    durations,
    flux,
    levels,
    loudness,
    spectrum_errors,
    spread_distance,
    spread_interval,
)
from gansmith.metrics.functional.bootstrap import bootstrap_mean
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings

__all__ = ["pair_scores", "sound_scores"]


def sound_scores(real: Tensor, made: Tensor, rate: float, settings: Settings) -> list[Result]:
    """How made sounds differ from real ones, as distributions.

    Args:
        real: `(n, channels, length)` in [-1, 1].
        made: `(m, channels, length)`.
        rate: Samples a second.
        settings: Resamples, confidence and seed of the intervals, and the protocol.
    """
    seen = {
        "stft_distance": (levels(real, rate), levels(made, rate)),
        "flux_distance": (flux(real, rate), flux(made, rate)),
        "loudness_distance": (loudness(real), loudness(made)),
        "duration_distance": (durations(real, rate), durations(made, rate)),
    }
    found = []
    for name, (a, b) in seen.items():
        value = float(spread_distance(a, b))
        ends = (
            spread_interval(a, b, settings.resamples, settings.confidence, settings.seed)
            if settings.resamples
            else None
        )
        found.append(AUDIO_MEASURES[name].result(value, ends, (len(a), len(b)), settings, {"rate": rate}))
    return found


def pair_scores(real: Tensor, made: Tensor, rate: float, settings: Settings) -> list[Result]:
    """How far sounds made again lie from what they were made of.

    Args:
        real: `(n, channels, length)` in [-1, 1].
        made: The same shape, in the same order.
        rate: Samples a second.
        settings: Resamples, confidence and seed of the intervals, and the protocol.
    """
    seen = {"band_error": band_errors(real, made, rate), "spectrum_error": spectrum_errors(real, made, rate)}
    n, resamples, found = (len(real), len(made)), settings.resamples, []
    for name, errors in seen.items():
        ends = bootstrap_mean(errors, resamples, settings.confidence, settings.seed) if resamples else None
        found.append(AUDIO_MEASURES[name].result(float(errors.mean()), ends, n, settings, {"rate": rate}))
    return found
