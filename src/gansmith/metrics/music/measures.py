"""The measures of music: how far made windows are from held-out ones in each statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gansmith.metrics.kind_measure import KindMeasure
from gansmith.metrics.music import statistics
from gansmith.metrics.music.distances import Gap, histogram_gap, number_gap
from gansmith.metrics.music.windows import Floats, Windows
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings

__all__ = ["MUSIC_MEASURES", "NUMBERS", "music_scores"]

Statistic = Callable[[Windows], Floats]

NUMBERS: Mapping[str, tuple[Statistic, bool, str]] = {
    "in_scale": (statistics.in_scale, True, "time in the best-fitting scale"),
    "chord_agreement": (statistics.chord_agreement, True, "steps whose notes make one chord"),
    "tonal_distance": (statistics.tonal_distance, False, "tonal distance between voices"),
    "parallels": (statistics.parallels, True, "parallel fifths and octaves among moves of two voices"),
    "crossings": (statistics.crossings, True, "steps in which neighbouring voices cross"),
    "leaps": (statistics.leaps, True, "moves larger than a sixth"),
    "polyphony": (statistics.polyphony, False, "voices that sound at once"),
    "note_density": (statistics.density, False, "notes that begin in a quarter note"),
}
"""Statistics that are one number a window: the function, whether it is a share, and what it counts."""

HISTOGRAMS: Mapping[str, tuple[Statistic, str]] = {
    "pitch_classes": (statistics.pitch_classes, "pitch classes"),
    "scale_degrees": (statistics.degrees, "degrees of the best-fitting scale"),
    "melodic_intervals": (statistics.intervals, "melodic intervals"),
    "note_lengths": (statistics.durations, "lengths of notes"),
}
"""Statistics that are shares by kind."""

MUSIC_MEASURES: Mapping[str, KindMeasure] = {
    **{
        name: KindMeasure("music", name, "lower", f"{about}: distance between made and held-out windows", share)
        for name, (_, share, about) in NUMBERS.items()
    },
    **{
        name: KindMeasure("music", name, "lower", f"{about}: how much of them comes too often or too seldom", True)
        for name, (_, about) in HISTOGRAMS.items()
    },
}
"""By name; all are 0 where made music has the statistic of held-out music."""


def music_scores(real: Windows, made: Windows, settings: Settings) -> list[Result]:
    """All of them, each with an interval and the means of both sides.

    Args:
        real: Held-out windows.
        made: Made windows.
        settings: Protocol, resamples, confidence and seed.

    Raises:
        InputError: A side has fewer than two windows.
    """
    how = (max(2, settings.resamples), settings.confidence, settings.seed)
    gaps: dict[str, Gap] = {}
    for name, (number, *_) in NUMBERS.items():
        gaps[name] = number_gap(number(real), number(made), *how)
    for name, (histogram, _) in HISTOGRAMS.items():
        gaps[name] = histogram_gap(histogram(real), histogram(made), *how)
    sides = len(real), len(made)
    return [
        MUSIC_MEASURES[name].result(
            gap.value,
            (gap.low, gap.high) if settings.resamples else None,
            sides,
            settings,
            own={"voices": real.pitch.shape[2], "steps": real.pitch.shape[1], "quarter": real.quarter},
            detail={"real": list(gap.real), "made": list(gap.made)},
        )
        for name, gap in gaps.items()
    ]
