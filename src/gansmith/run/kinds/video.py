"""Video: clips of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gansmith.data.items import Items
from gansmith.data.reader import Pixels
from gansmith.data.survey import Progress
from gansmith.data.video.bouncing import write_bouncing
from gansmith.data.video.codec import VideoCodec
from gansmith.data.video.find import recognise_clips
from gansmith.data.video.options import VideoOptions
from gansmith.data.video.prepare import ClipItems, open_clips
from gansmith.data.video.write import animation_bytes, enlarged, side_by_side, strip
from gansmith.features.base import Extractor
from gansmith.features.clips import ClipFeatures, frame_extractor, frame_features
from gansmith.metrics import Result, Settings
from gansmith.metrics.functional import frechet_from_features, frechet_replicates
from gansmith.metrics.functional.bootstrap import counts, interval
from gansmith.metrics.video.measures import VIDEO_MEASURES
from gansmith.metrics.video.motion import appearance_drift, autocorrelation, gap, motion_energy, speed
from gansmith.run.kinds._kind import Demo, Instrument, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.modality import Shown
from gansmith.run.pictures import save_png
from gansmith.run.write_clips import write_clips
from gansmith.types import Batch, Json

__all__ = ["KIND", "Film", "Video"]

COMPARED = 1_000
"""Frames of each side that are compared, evenly from all clips."""

RESAMPLES = 50
"""Of Frechet distances, each of which takes a matrix root; an interval's ends then move by a tenth of its width."""

SIDE = 64
"""Pixels that small frames are shown at, nearly."""


class Film:
    """What measures and shows clips.

    Args:
        milliseconds: How long a frame is shown.
    """

    def __init__(self, milliseconds: float) -> None:
        self._clips = ClipFeatures()
        self.id, self.hash = self._clips.id, self._clips.hash
        self.milliseconds = milliseconds

    @cached_property
    def _frames(self) -> Extractor | None:
        return frame_extractor()

    def features(self, batch: Batch) -> Tensor:
        """How clips look and how they change, `(n, 64)`."""
        return self._clips(batch["signal"])

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """Frames, changes and motion of made clips against real ones."""
        real, made = sides.real["signal"].float(), as_saved(sides.made["signal"])
        n = len(real), len(made)
        values = {
            "motion_gap": (motion_energy(real), motion_energy(made)),
            "speed_gap": (speed(real), speed(made)),
            "memory_gap": (autocorrelation(real), autocorrelation(made)),
            "drift_gap": self._drift(real, made),
        }
        found = [self._distance("frame_distance", real, made, settings)]
        found.append(self._distance("change_distance", real, made, settings))
        for name, (a, b) in values.items():
            value, ends = gap(a, b, settings.resamples, settings.confidence, settings.seed)
            detail: dict[str, Json] = {"real": float(a.mean()), "made": float(b.mean())}
            found.append(VIDEO_MEASURES[name].result(value, ends, n, settings, {"features": self.id}, detail))
        return found

    def _drift(self, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        drift, scale = appearance_drift(self._clips.frames(real))
        return drift, appearance_drift(self._clips.frames(made), scale)[0]

    def _distance(self, name: str, real: Tensor, made: Tensor, settings: Settings) -> Result:
        """A Frechet distance of frames or of changes; whole clips are drawn again for its interval."""
        by, sides = self._described(name, _some_clips(real)), self._described(name, _some_clips(made))
        a, b = by[1], sides[1]
        value, ends = frechet_from_features(a.flatten(0, 1), b.flatten(0, 1)), None
        resamples = min(settings.resamples, RESAMPLES)
        if resamples:
            weights = [
                counts(len(x), resamples, settings.seed + side).repeat_interleave(x.shape[1], 1)
                for side, x in enumerate((a, b))
            ]
            drawn = frechet_replicates(a.flatten(0, 1), b.flatten(0, 1), *weights)
            low, high = interval(drawn, settings.confidence, around=value)
            ends = max(0.0, low), high
        return VIDEO_MEASURES[name].result(value, ends, (len(a), len(b)), settings, {"features": by[0]})

    def _described(self, name: str, clips: Tensor) -> tuple[str, Tensor]:
        """Features `(n, t, d)` of frames or of changes, and what gave them."""
        if name == "change_distance":
            return self.id, self._clips.changes(clips)
        if self._frames is None:
            return self.id, self._clips.frames(clips)
        return self._frames.id, frame_features(self._frames, clips)

    def picture(self, made: Made, place: Path) -> Path:
        """A strip of frames for each of the first clips."""
        path = place.with_suffix(".png")
        save_png(Image.fromarray(strip(_large(made.arrays["clip"][:8]))), path)
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Moving samples beside moving test clips, and strips: of samples, and of training clips nearest to them."""
        for name, clips in (("made", made), ("real", real)):
            moving = side_by_side(_large(clips.arrays["clip"]))
            (folder / f"{name}.webp").write_bytes(animation_bytes(moving, self.milliseconds))
        pairs = np.stack([made.arrays["clip"][:6], nearest.arrays["clip"][:6]], 1)
        save_png(Image.fromarray(strip(_large(pairs.reshape(-1, *pairs.shape[2:])))), folder / "nearest.png")
        save_png(Image.fromarray(strip(_large(made.arrays["clip"]))), folder / "final.png")
        return [
            Shown("made.webp", "moving samples", "Made: moving"),
            Shown("real.webp", "moving test clips", "Real: test clips, moving"),
            Shown("final.png", "frames of samples", "Made: a row a clip, its frames from left to right"),
            Shown("nearest.png", "samples above training clips", "Made, and below each the training clip most like it"),
        ]


def as_saved(clips: Tensor) -> Tensor:
    """Clips on the 256 levels that files have: otherwise those of the real ones would give them away."""
    return ((clips.float() + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1


def _some_clips(clips: Tensor) -> Tensor:
    """Clips evenly from all, so that they have about `COMPARED` frames."""
    n = min(len(clips), max(2, COMPARED // clips.shape[2]))
    return clips[torch.linspace(0, len(clips) - 1, n).round().long()]


def _large(clips: Pixels) -> Pixels:
    return np.stack([enlarged(clip, SIDE) for clip in clips])


class Video(Kind[VideoCodec]):
    """Clips of frames: animations, video files, folders of frames, arrays."""

    id: ClassVar[str] = "video"
    things: ClassVar[str] = "clips"
    recipe: ClassVar[str] = "mocogan"
    intended_use: ClassVar[str] = "research and creative work; clips that are made must not be passed off as recorded"
    options: ClassVar[type[VideoOptions]] = VideoOptions
    places: ClassVar[tuple[str, ...]] = (".gif", ".webp", ".png", ".mp4", ".webm", ".npz")
    place: ClassVar[str] = (
        ".gif, .webp, .mp4 or .webm (all clips side by side), .png (a row of frames a clip), .npz, folder"
    )
    samples: ClassVar[int] = 500
    demo: ClassVar[Demo] = Demo(
        data=lambda folder: write_bouncing(folder / "garments.npz"),
        recipe="mocogan",
        budget="20k",
        settings={"width": 8, "batch": 8},
        about="a garment that flies and bounces",
        after=(
            "gansmith sample {run} -n 16 --out made.gif",
            'gansmith sample {run} -n 8 --where "label=across" --length 24 --out long.webp',
            "gansmith train my_clips/        (video files, animations, folders of frames of your own)",
        ),
    )

    def recognise(self, path: Path) -> str | None:
        """Video files, animations, numbered frames, and arrays of five axes."""
        why = recognise_clips(path)
        return None if why is None else f"taken for video, since {why}"

    def open(
        self, path: Path, options: VideoOptions, progress: Progress | None, like: VideoCodec | None = None
    ) -> ClipItems:
        """Read clips; those for a model are brought to its size, length and rate."""
        if like is None:
            return open_clips(path, options, progress=progress)
        return open_clips(path, like.reading(options), like.frame, progress)

    def fit(self, items: Items, options: Any) -> VideoCodec:
        """The codec of the items."""
        assert isinstance(items, ClipItems)
        return VideoCodec.fit(items)

    def codec_of(self, data: Json) -> VideoCodec:
        """The codec of a model folder."""
        return VideoCodec.from_json(data)

    def instrument(self, codec: VideoCodec, train: Items) -> Instrument:
        """The same fixed filters for all clips."""
        return Film(codec.milliseconds)

    def write(
        self,
        model: KindModel[VideoCodec],
        parts: Iterator[Made],
        n: int,
        out: Path,
        tick: Callable[[float], None],
    ) -> None:
        """Write clips."""
        write_clips(
            ((p.arrays["clip"], p.labels) for p in parts), n, out, model.classes, model.codec.milliseconds, tick
        )

    def describe(self, items: Items) -> list[str]:
        """Where clips came from, their size, length and rate, and how much moves."""
        assert isinstance(items, ClipItems)
        clips = items.arrays["clip"]
        some = torch.from_numpy(np.ascontiguousarray(clips[:200].transpose(0, 4, 1, 2, 3))).float() / 127.5 - 1
        still = int((motion_energy(some) < 1e-6).sum())
        lines = [
            f"source: {items.about}",
            f"each clip: {VideoCodec.fit(items).describe()}",
            f"motion: {float(motion_energy(some).mean()) / 2:.1%} of the range a frame; about "
            f"{float(speed(some).median()):.2g} pixels a frame",
        ]
        return [*lines, f"{still} of {len(some)} clips looked at do not move"] if still else lines


KIND = Video()
