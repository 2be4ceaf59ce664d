"""Pictures to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gansmith.data.attributes import CAPTION, Attribute, fit_attribute
from gansmith.data.captions import Captions, fit_captions
from gansmith.data.fit import Fit
from gansmith.data.image_set import ImageSet
from gansmith.data.reader import Labels, Pixels
from gansmith.errors import InputError
from gansmith.features.text import default_text_encoder
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["ImageCodec", "Vectors"]

_VERSION = 1

Vectors = Mapping[str, NDArray[np.float32]]
"""`attributes` and `text` of pictures, `(N, width)` each, where the codec has them."""


@dataclass(frozen=True)
class ImageCodec:
    """Maps the range of pixels linearly to [-1, 1] and the axes from `(N, H, W, C)` to `(N, C, H, W)`.

    `decode(encode(x))` is `x` to the last bit for uint8 and uint16; for floats it is as close as float32 allows.

    Attributes:
        frame: How raw pictures of any size become the shape that this codec encodes.
        classes: Class names by id; empty without labels.
        attributes: What is said of each picture; empty where the class is all there is. The class then is the first.
        captions: How captions become vectors; None without.
    """

    frame: Fit
    classes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    captions: Captions | None = None

    @classmethod
    def fit(cls, images: ImageSet, text_encoder: str | None = None) -> ImageCodec:
        """The codec of a prepared set, which should be the training part: attributes and captions are fitted to it.

        A single class tells nothing, and counts as none; so does an attribute that is the same everywhere.

        Args:
            images: The set.
            text_encoder: What turns captions into vectors; None for the best that is installed.

        Raises:
            InputError: The text encoder is not known or not installed.
        """
        classes = images.classes if images.labels is not None and len(images.classes) > 1 else ()
        said = {name: column for name, column in images.columns.items() if name != CAPTION}
        found = [a for a in (fit_attribute(name, column) for name, column in said.items()) if a is not None]
        captions = None
        if CAPTION in images.columns:
            captions = fit_captions(images.columns[CAPTION], text_encoder or default_text_encoder())
        if classes and (found or captions):
            found.insert(0, Attribute("label", "category", classes))
        return cls(images.fit, classes, tuple(found), captions)

    @cached_property
    def spec(self) -> Spec:
        """`image`: `(C, H, W)` in [-1, 1]; where the data has them also `label` (a class id), `attributes`, `text`."""
        height, width, channels = self.frame.shape
        fields = {"image": Field((channels, height, width), "real", head="tanh")}
        if self.classes:
            fields["label"] = Field((), "label", names=self.classes)
        if self.attributes:
            entries = tuple(entry for attribute in self.attributes for entry in attribute.entries)
            fields["attributes"] = Field((len(entries),), "real", names=entries)
        if self.captions is not None:
            fields["text"] = Field((self.captions.width,), "real")
        return fields

    def vectors(self, images: ImageSet) -> dict[str, NDArray[np.float32]]:
        """The condition vectors of a set: `attributes` `(N, entries)` and `text` `(N, width)`, where there are any.

        Raises:
            InputError: The set lacks an attribute or captions, or the text encoder is missing.
        """
        columns = dict(images.columns)
        if images.labels is not None and self.classes:
            columns["label"] = np.array(images.classes)[images.labels]
        names = [*(a.name for a in self.attributes), *([CAPTION] if self.captions else [])]
        missing = [name for name in names if name not in columns]
        if missing:
            raise InputError(f"{images.source}: lacks what the codec knows: {', '.join(missing)}")
        found = {}
        if self.attributes:
            found["attributes"] = np.concatenate([a.vector(columns[a.name]) for a in self.attributes], 1)
        if self.captions is not None:
            found["text"] = self.captions.vector(columns[CAPTION])
        return found

    def words(self, batch: Batch) -> dict[str, list[str]]:
        """Values of the attributes of a batch as text, by name; without the class, which `decode` gives."""
        if "attributes" not in batch:
            return {}
        values, found, start = batch["attributes"].detach().cpu().numpy(), {}, 0
        for attribute in self.attributes:
            stop = start + len(attribute.entries)
            found[attribute.name] = attribute.words(values[:, start:stop])
            start = stop
        found.pop("label", None)
        return found

    def encode(self, images: Pixels, labels: Labels | None = None, vectors: Vectors | None = None) -> Batch:
        """Pixels to tensors.

        Runs on one thread, so that it can work beside training.

        Args:
            images: `(N, H, W, C)` of the codec's shape and type.
            labels: Class ids `(N,)`; needed if the codec has classes, ignored otherwise.
            vectors: Rows of what `vectors` gives; without, the batch has no attributes and no text.

        Returns:
            `image`: float32 `(N, C, H, W)` in [-1, 1]; with classes `label`: int64 `(N,)`; the vectors as they are.

        Raises:
            InputError: If shape, type or labels are not the codec's.
        """
        self._check(images, labels)
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        if self.frame.bits == 32:
            low, high = self.frame.low, self.frame.high
            values = ((planes.astype(np.float64) - low) * (2.0 / (high - low)) - 1.0).astype(np.float32)
        else:
            values = planes.astype(np.float32)
            values /= np.float32(self.frame.high / 2)  # exact at both ends, which a multiplication is not
            values -= np.float32(1)
        batch = {"image": torch.from_numpy(values)}
        if self.classes:
            batch["label"] = torch.from_numpy(np.array(labels, dtype=np.int64))
        return batch | {name: torch.from_numpy(rows) for name, rows in (vectors or {}).items()}

    def _check(self, images: Pixels, labels: Labels | None) -> None:
        problems = []
        if images.ndim != 4 or images.shape[1:] != self.frame.shape or images.dtype != self.frame.dtype:
            wanted = f"{self.frame.dtype.name} (N, {', '.join(map(str, self.frame.shape))})"
            problems.append(f"images are {images.dtype} {images.shape}, but this codec takes {wanted}: fit them first")
        if self.classes and labels is None:
            problems.append(f"labels are missing: this codec has {len(self.classes)} classes")
        if self.classes and labels is not None:
            if len(labels) != len(images):
                problems.append(f"{len(labels)} labels for {len(images)} images")
            wrong = np.flatnonzero((np.asarray(labels) < 0) | (np.asarray(labels) >= len(self.classes)))
            if len(wrong):
                problems.append(
                    f"row {wrong[0]} has label {labels[wrong[0]]}, but classes go to {len(self.classes) - 1}"
                )
        if problems:
            raise InputError(*problems)

    def decode(self, batch: Batch) -> tuple[Pixels, Labels | None]:
        """Tensors back to pixels, rounded to the nearest value that a pixel can take and clamped; NaN becomes black.

        Args:
            batch: At least `image`, `(N, C, H, W)`, on any device and in any float type.

        Returns:
            `(N, H, W, C)` in the codec's type, and class ids `(N,)` or None where the batch has none.
        """
        values = batch["image"].detach().to("cpu", torch.float32).nan_to_num(nan=-1.0).clamp(-1.0, 1.0).numpy()
        low, high = self.frame.low, self.frame.high
        share = (values.transpose(0, 2, 3, 1).astype(np.float64) + 1.0) / 2.0
        pixels = share * (high - low) + low
        out: Pixels = np.ascontiguousarray(
            pixels.astype(np.float32) if self.frame.bits == 32 else np.rint(pixels).astype(self.frame.dtype)
        )
        return out, batch["label"].detach().cpu().numpy().astype(np.int64) if "label" in batch else None

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        described: dict[str, Json] = {"kind": "image", "version": _VERSION, "frame": self.frame.to_json()}
        described["classes"] = list(self.classes)
        if self.attributes:
            described["attributes"] = [attribute.to_json() for attribute in self.attributes]
        if self.captions is not None:
            described["captions"] = self.captions.to_json()
        return described

    @classmethod
    def from_json(cls, data: Json) -> ImageCodec:
        """The codec that `to_json` described.

        Raises:
            InputError: If the description is not that of an image codec of a known version.
        """
        if not isinstance(data, Mapping) or data.get("kind") != "image":
            raise InputError("codec: this is not the description of an image codec")
        if data.get("version") != _VERSION:
            raise InputError(
                f"codec: version {data.get('version')!r} is not known (this is {_VERSION}): upgrade gansmith"
            )
        classes: Any = data.get("classes")
        if not isinstance(classes, list) or not all(isinstance(c, str) for c in classes):
            raise InputError("codec: classes must be a list of names")
        said: Any = data.get("attributes", [])
        attributes = tuple(Attribute.from_json(one) for one in (said if isinstance(said, list) else [None]))
        captions = Captions.from_json(data["captions"]) if "captions" in data else None
        return cls(Fit.from_json(data.get("frame")), tuple(classes), attributes, captions)
