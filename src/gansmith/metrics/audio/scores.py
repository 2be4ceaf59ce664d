"""All scores of sounds, with intervals."""

from __future__ import annotations

from torch import Tensor

from gansmith.metrics.audio import AUDIO_MEASURES
from gansmith.metrics.audio.distances import durations, flux, levels, loudness, spread_distance, spread_interval
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings

__all__ = ["sound_scores"]


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
