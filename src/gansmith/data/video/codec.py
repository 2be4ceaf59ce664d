"""Clips to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch

from gansmith.data.fit import Fit
from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays
from gansmith.data.reader import Labels
from gansmith.data.video.options import VideoOptions
from gansmith.data.video.prepare import ClipItems
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["VideoCodec"]

_VERSION = 1


@dataclass(frozen=True)
class VideoCodec(ItemCodec):
    """Maps 0 to 255 linearly to [-1, 1] and the axes from `(N, T, H, W, C)` to `(N, C, T, H, W)`.

    `decode(encode(x))` is `x` to the last bit. Clips of any number of frames pass: a model may make longer ones.

    Attributes:
        frame: How frames of any size become the size that this codec encodes.
        frames: Frames of a clip in training.
        milliseconds: How long a frame is shown.
        classes: Class names by id; empty without classes.
        every: Every so-many-th frame of the source was taken.
    """

    kind: ClassVar[str] = "video"

    frame: Fit
    frames: int
    milliseconds: float
    classes: tuple[str, ...] = ()
    every: int = 1

    @classmethod
    def fit(cls, items: ClipItems) -> VideoCodec:
        """The codec of prepared clips; a single class tells nothing and counts as none."""
        classes = items.classes if items.labels is not None and len(items.classes) > 1 else ()
        return cls(items.frame, items.arrays["clip"].shape[1], items.milliseconds, classes, items.every)

    def reading(self, options: VideoOptions) -> VideoOptions:
        """How clips are read so that they are of this form; what the options say beyond that stays."""
        return replace(options, frames=self.frames, every=self.every)

    @cached_property
    def spec(self) -> Spec:
        """`signal` `(C, T, H, W)` in [-1, 1], and `label` where there are classes."""
        height, width, channels = self.frame.shape
        fields = {"signal": Field((channels, self.frames, height, width), "real", head="tanh")}
        if self.classes:
            fields["label"] = Field((), "label", names=self.classes)
        return fields

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Clips `(N, T, H, W, C)` uint8 and class ids to `signal` and `label`.

        Raises:
            InputError: They have another size or number of channels, or labels are missing.
        """
        clips = np.asarray(arrays["clip"])
        if clips.ndim != 5 or clips.shape[2:] != self.frame.shape or clips.dtype != np.uint8:
            raise InputError(f"clips of {self.frame.shape} uint8 frames are needed, got {clips.shape} {clips.dtype}")
        scaled = torch.from_numpy(np.ascontiguousarray(clips.transpose(0, 4, 1, 2, 3))).float().div_(127.5).sub_(1)
        if not self.classes:
            return {"signal": scaled}
        if labels is None:
            raise InputError("clips of a model with classes need labels")
        return {"signal": scaled, "label": torch.from_numpy(np.asarray(labels, dtype=np.int64))}

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Tensors to clips and class ids; what lies outside [-1, 1] is cut off."""
        levels = ((batch["signal"].detach().float() + 1) * 127.5).round().clamp(0, 255)
        clips = np.ascontiguousarray(levels.to("cpu", torch.uint8).numpy().transpose(0, 2, 3, 4, 1))
        label = batch.get("label")
        return {"clip": clips}, None if label is None or not self.classes else label.cpu().numpy()

    def describe(self) -> str:
        """`16 frames of 64x64 in colour, 10 a second`."""
        colour = "grey" if self.frame.channels == 1 else "in colour"
        rate = 1000 / self.milliseconds
        return f"{self.frames} frames of {self.frame.width}x{self.frame.height} {colour}, {rate:.3g} a second"

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {
            "kind": self.kind,
            "format": _VERSION,
            "frame": self.frame.to_json(),
            "frames": self.frames,
            "milliseconds": self.milliseconds,
            "classes": list(self.classes),
            "every": self.every,
        }

    @classmethod
    def from_json(cls, data: Json) -> VideoCodec:
        """The codec that `to_json` described.

        Raises:
            InputError: It is another kind's, of a later version, or damaged.
        """
        if not isinstance(data, Mapping) or data.get("kind") != cls.kind:
            raise InputError("this is not the description of a codec of video")
        if data.get("format") != _VERSION:
            raise InputError(f"a codec of video of format {data.get('format')!r}: this version reads {_VERSION}")
        frames, milliseconds, every = data.get("frames"), data.get("milliseconds"), data.get("every")
        classes = data.get("classes")
        if not isinstance(frames, int) or not isinstance(every, int) or not isinstance(milliseconds, int | float):
            raise InputError("codec of video: frames, every or milliseconds is missing or no number")
        if not isinstance(classes, list) or min(frames - 1, every, milliseconds) <= 0:
            raise InputError("codec of video: classes are missing, or frames, every or milliseconds is too small")
        frame = Fit.from_json(data.get("frame"))
        return cls(frame, frames, float(milliseconds), tuple(map(str, classes)), every)
