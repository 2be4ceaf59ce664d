"""Series to tensors and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.reader import Labels
from gansmith.data.series.channel import Channel
from gansmith.data.series.mixing import Mixing
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["SeriesCodec"]

_FORMAT = 1


@dataclass(frozen=True)
class SeriesCodec(ItemCodec):
    """Robust scaling, levels apart from courses, and a mask where values are missing or series end early.

    Attributes:
        channels: Of every step.
        length: Steps of an item.
        masked: Whether values can be missing in samples; otherwise a missing value is taken for the channel's mean.
        label_names: Class names by id; empty without labels.
        mixing: Draws levels, courses and channels apart; None where values can be missing, and in older models.
    """

    kind: ClassVar[str] = "series"

    channels: tuple[Channel, ...]
    length: int
    masked: bool = False
    label_names: tuple[str, ...] = ()
    mixing: Mixing | None = None

    @classmethod
    def fit(cls, items: Items, apart: bool = True) -> SeriesCodec:
        """The codec of training items, which draws levels and courses apart unless that is not wanted.

        Raises:
            InputError: Every channel of theirs is constant.
        """
        channels = tuple(Channel.fit(name, column) for name, column in items.arrays.items())
        if not any(channel.scale for channel in channels):
            raise InputError(
                f"{items.source}: every channel is constant in the training part: there is nothing to learn"
            )
        columns = list(items.arrays.values())
        masked = any(bool(np.isnan(column).any()) for column in columns)
        labels = items.classes if items.labels is not None else ()
        scaled = [channel.encode(column) for channel, column in zip(channels, columns, strict=True)]
        mixing = None if masked or not apart else Mixing.fit(np.stack(scaled, 1))
        return cls(channels, columns[0].shape[1], masked, labels, mixing)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by id."""
        return self.label_names

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(channel.name for channel in self.channels)

    @property
    def spec(self) -> Spec:
        """`signal` `(channels, length)` of about unit variance, `mask` of its shape (1: there), `label`."""
        shape = (len(self.channels), self.length)
        fields = {"signal": Field(shape, "real")}
        if self.masked:
            fields["mask"] = Field(shape, "mask")
        if self.classes:
            fields["label"] = Field((), "label", names=self.classes)
        return fields

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Columns `(n, length)` of each channel, with NaN where missing, to `signal`, `mask` and `label`."""
        found = np.stack([channel.encode(arrays[channel.name]) for channel in self.channels], 1)
        seen = np.nan_to_num(found, nan=0.0)
        mixed = self.mixing.apply(seen).astype(np.float32) if self.mixing else seen
        batch = {"signal": torch.from_numpy(mixed)}
        if self.masked:
            batch["mask"] = torch.from_numpy((~np.isnan(found)).astype(np.float32))
        if labels is not None and self.classes:
            batch["label"] = torch.from_numpy(np.asarray(labels, np.int64))
        return batch

    def scaled(self, signal: Tensor) -> Tensor:
        """What networks learn, `(n, channels, length)`, with each channel in its own scale of about unit variance."""
        if self.mixing is None:
            return signal.float()
        return torch.from_numpy(self.mixing.undo(signal.cpu().numpy())).to(signal.device, torch.float32)

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Tensors to columns of each channel, float64 `(n, length)` with NaN where missing, and class ids."""
        signal = self.scaled(batch["signal"]).cpu().numpy()
        columns = {c.name: c.decode(signal[:, i]) for i, c in enumerate(self.channels)}
        if "mask" in batch:
            there = batch["mask"].cpu().numpy() > 0.5
            columns = {name: np.where(there[:, i], columns[name], np.nan) for i, name in enumerate(columns)}
        return columns, batch["label"].cpu().numpy() if "label" in batch else None

    def describe(self) -> str:
        """`24 steps of 6 channels (Open, High, ...)`."""
        names = ", ".join(self.names[:6]) + (", ..." if len(self.names) > 6 else "")
        what = "1 channel" if len(self.names) == 1 else f"{len(self.names)} channels"
        return f"{self.length} steps of {what} ({names}){' with missing values' if self.masked else ''}"

    def to_json(self) -> dict[str, Json]:
        """What `from_json` reads."""
        return {
            "kind": self.kind,
            "format": _FORMAT,
            "length": self.length,
            "masked": self.masked,
            "classes": list(self.classes),
            "channels": [channel.to_json() for channel in self.channels],
            "mixing": self.mixing.to_json() if self.mixing else None,
        }

    @classmethod
    def from_json(cls, data: Json) -> SeriesCodec:
        """The codec that a model folder describes. Raises `InputError` if it is damaged or newer."""
        assert isinstance(data, dict)
        if data.get("format") != _FORMAT:
            raise InputError(f"codec.json: format {data.get('format')!r} of series is not known: update gansmith")
        try:
            channels = tuple(Channel(**channel) for channel in data["channels"])  # type: ignore[union-attr, arg-type]
            length, masked, classes = data["length"], data["masked"], data["classes"]
            assert isinstance(length, int) and isinstance(classes, list)
            mixing = Mixing.from_json(data["mixing"]) if data.get("mixing") else None
        except (KeyError, TypeError, ValueError, AssertionError) as error:
            raise InputError(f"codec.json: is damaged ({error})") from error
        return cls(channels, length, bool(masked), tuple(map(str, classes)), mixing)
