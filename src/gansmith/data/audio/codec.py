"""Clips of sound to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.audio.options import AudioOptions
from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.reader import Labels
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["SoundCodec"]

_FORMAT = 1
_QUIET = 33
"""int16 samples below this (60 dB under full scale) at the end of a made sound are no part of it."""


@dataclass(frozen=True)
class SoundCodec(ItemCodec):
    """Maps int16 linearly to [-1, 1); `decode(encode(x))` is `x` to the last bit.

    Attributes:
        rate: Samples a second.
        channels: 1 or 2.
        length: Samples of a clip.
        classes: Class names by id; empty without labels.
        trim: How silence was cut off (see `AudioOptions`): further sounds are read alike.
        level: How loud sounds were made.
    """

    kind: ClassVar[str] = "audio"
    rate: int
    channels: int
    length: int
    classes: tuple[str, ...] = ()
    trim: float = AudioOptions.trim
    level: str = AudioOptions.level

    @classmethod
    def fit(cls, items: Items, options: AudioOptions) -> SoundCodec:
        """The codec of prepared items, and how they were read; a single class counts as none."""
        _, channels, length = items.arrays["signal"].shape
        classes = items.classes if items.labels is not None and len(items.classes) > 1 else ()
        return cls(int(items.arrays["rate"][0]), channels, length, classes, options.trim, options.level)

    def reading(self, options: AudioOptions) -> AudioOptions:
        """How to read sounds into the form of this codec; only the longest file is as the options say."""
        heard = "stereo" if self.channels == 2 else "mono"
        return AudioOptions(self.rate, self.seconds, heard, self.trim, self.level, options.max_minutes)

    @cached_property
    def spec(self) -> Spec:
        """`signal`: `(channels, length)` in [-1, 1], which knows its rate; with classes also `label`."""
        fields = {"signal": Field((self.channels, self.length), "real", head="tanh", rate=self.rate)}
        return fields | ({"label": Field((), "label", names=self.classes)} if self.classes else {})

    @property
    def seconds(self) -> float:
        """Length of a clip."""
        return self.length / self.rate

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Clips to tensors.

        Args:
            arrays: `signal`: int16 `(N, channels, length)`; other columns are for people.
            labels: Class ids `(N,)`; needed if the codec has classes, ignored otherwise.

        Returns:
            `signal`: float32 `(N, channels, length)` in [-1, 1); with classes `label`: int64 `(N,)`.

        Raises:
            InputError: Shape, type or labels are not the codec's.
        """
        signal = arrays["signal"]
        if signal.dtype != np.int16 or signal.shape[1:] != (self.channels, self.length):
            raise InputError(
                f"sounds are {signal.dtype} {signal.shape}, but this codec takes int16 (N, {self.channels}, "
                f"{self.length}): read them with rate={self.rate} and seconds={self.seconds:g}"
            )
        batch = {"signal": self.signal(signal)}
        if self.classes:
            batch["label"] = torch.from_numpy(self._checked(labels, len(signal)))
        return batch

    def signal(self, clips: NDArray[np.int16]) -> Tensor:
        """Clips `(N, channels, length)` as float32 in [-1, 1)."""
        return torch.from_numpy(clips.astype(np.float32) / np.float32(32768))

    def _checked(self, labels: Labels | None, rows: int) -> Labels:
        if labels is None:
            raise InputError(f"labels are missing: this codec has {len(self.classes)} classes")
        if len(labels) != rows:
            raise InputError(f"{len(labels)} labels for {rows} sounds")
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if len(wrong):
            raise InputError(f"row {wrong[0]} has label {labels[wrong[0]]}, but classes go to {len(self.classes) - 1}")
        return np.array(labels, dtype=np.int64)

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Tensors back to clips, rounded and clamped; NaN becomes silence.

        Args:
            batch: At least `signal`, `(N, channels, length)`, on any device and in any float type.

        Returns:
            `signal`: int16 `(N, channels, length)`, `length`: int32 `(N,)`, where each comes to rest, `rate`: int32
            `(N,)`; and class ids `(N,)`, or None where the batch has none.
        """
        values = batch["signal"].detach().to("cpu", torch.float32).nan_to_num(nan=0.0).numpy()
        signal: NDArray[np.int16] = np.clip(np.rint(values * np.float32(32768)), -32768, 32767).astype(np.int16)
        arrays: Arrays = {"signal": signal, "length": _ends(signal), "rate": np.full(len(signal), self.rate, np.int32)}
        return arrays, batch["label"].detach().cpu().numpy().astype(np.int64) if "label" in batch else None

    def describe(self) -> str:
        """One clip in a few words."""
        heard = "mono" if self.channels == 1 else "stereo"
        return f"{self.seconds:.3g} s of {heard} sound at {self.rate:,} Hz"

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {
            "kind": self.kind,
            "format": _FORMAT,
            "rate": self.rate,
            "channels": self.channels,
            "length": self.length,
            "classes": list(self.classes),
            "trim": self.trim,
            "level": self.level,
        }

    @classmethod
    def from_json(cls, data: Json) -> SoundCodec:
        """The codec that `to_json` described.

        Raises:
            InputError: It is not the description of a codec of sounds of a known format.
        """
        if not isinstance(data, Mapping) or data.get("kind") != cls.kind:
            raise InputError("codec: this is not the description of a codec of sounds")
        if data.get("format") != _FORMAT:
            raise InputError(f"codec: format {data.get('format')!r} is not known (this is {_FORMAT}): upgrade gansmith")
        numbers: list[Any] = [data.get(name) for name in ("rate", "channels", "length")]
        classes: Any = data.get("classes")
        if not all(type(n) is int and n > 0 for n in numbers) or numbers[1] > 2:
            raise InputError("codec: rate, channels and length must be whole numbers above 0, and channels 1 or 2")
        if not isinstance(classes, list) or not all(isinstance(c, str) for c in classes):
            raise InputError("codec: classes must be a list of names")
        trim, level = data.get("trim"), data.get("level")
        if not isinstance(trim, int | float) or level not in ("peak", "recorded"):
            raise InputError("codec: trim must be a number, and level 'peak' or 'recorded'")
        rate, channels, length = numbers
        return cls(rate, channels, length, tuple(classes), float(trim), str(level))


def _ends(signal: NDArray[np.int16]) -> NDArray[np.int32]:
    """One past the last sample of each clip that can be heard; at least 1."""
    heard = np.abs(signal.astype(np.int32)).max(1) >= _QUIET
    ends = signal.shape[2] - heard[:, ::-1].argmax(1)
    return np.where(heard.any(1), ends, 1).astype(np.int32)
