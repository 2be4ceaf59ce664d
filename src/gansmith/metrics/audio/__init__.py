"""What only sounds are measured by."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.metrics.kind_measure import KindMeasure

__all__ = ["AUDIO_MEASURES"]

_ALL = (
    KindMeasure("audio", "stft_distance", "lower", "how far spectra lie from real ones, in decibels", spoken="spectra"),
    KindMeasure("audio", "flux_distance", "lower", "how far changes within sounds lie from real ones, in decibels"),
    KindMeasure("audio", "loudness_distance", "lower", "how far loudness lies from that of real sounds, in decibels"),
    KindMeasure("audio", "duration_distance", "lower", "how far durations lie from real ones, in milliseconds"),
    KindMeasure("audio", "band_error", "lower", "how far mel bands of sounds made again are off, in decibels"),
    KindMeasure("audio", "spectrum_error", "lower", "how far spectra of sounds made again are off"),
)

AUDIO_MEASURES: Mapping[str, KindMeasure] = {measure.name: measure for measure in _ALL}
"""Measures by name: errors of sounds made again (by a vocoder), and distances of distributions."""
