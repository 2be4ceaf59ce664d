"""The measures that only clips have, by name."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.metrics.kind_measure import KindMeasure

__all__ = ["VIDEO_MEASURES"]

_ABOUT = {
    "frame_distance": "Frechet distance of single frames: what is seen",
    "change_distance": "Frechet distance of the change from frame to frame: how it moves",
    "motion_gap": "how much changes a frame, against real clips, in their standard deviations",
    "speed_gap": "how fast edges move, against real clips, in their standard deviations",
    "memory_gap": "how alike neighbouring frames are, against real clips, in their standard deviations",
    "drift_gap": "how much a clip changes its look over its frames, against real clips, in their standard deviations",
}

_DISTANCES = ("frame_distance", "change_distance")

VIDEO_MEASURES: Mapping[str, KindMeasure] = {
    name: KindMeasure("video", name, "lower", about, n_matters=("n_real", "n_fake") if name in _DISTANCES else ())
    for name, about in _ABOUT.items()
}
"""By name; lower is better in all of them."""
