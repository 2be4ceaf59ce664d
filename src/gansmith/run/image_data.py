"""Images as the data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.data.open import open_images
from gansmith.data.reader import ReadOptions
from gansmith.data.source import ImageSource
from gansmith.data.split import Splits, split_images
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.conditions import kept_rows
from gansmith.run.files import sha256
from gansmith.run.judge import load_judge
from gansmith.run.parts import Parted
from gansmith.run.request import Request
from gansmith.types import Batch

__all__ = ["ImageData"]


@dataclass(frozen=True)
class ImageData(Parted[ImageSet]):
    """Prepared images, split, with a codec fitted to the training part.

    Attributes:
        request: What was asked for.
        images: All of them.
        splits: Rows of training, validation and test.
        codec: From pixels to tensors and back.
    """

    request: Request
    images: ImageSet
    splits: Splits
    codec: ImageCodec

    @classmethod
    def of(cls, request: Request, progress: Progress | None = None) -> ImageData:
        """Read and split the images of a request.

        Raises:
            InputError: They can't be read, or are too few; or the judge that is asked for can't measure them.
        """
        judge = load_judge(Path(request.judge)) if request.judge is not None else None  # before hours of decoding
        images = open_images(
            request.data,
            size=request.image_size,
            channels=request.channels,
            fit=request.fit,
            strict=request.strict,
            progress=progress,
            options=_options(request),
        )
        splits = split_images(images)
        codec = _codec(request, images, splits)
        if judge is not None:
            judge.check(codec)
        return cls(request, images, splits, codec)

    @property
    def whole(self) -> ImageSet:
        """All of them."""
        return self.images

    @property
    def rows(self) -> int:
        """Number of training items."""
        return len(self.splits.train)

    @property
    def size(self) -> Size:
        """Networks by device and data: small on a CPU or for few images, medium on a GPU, large for many large ones."""
        if not (torch.cuda.is_available() or torch.backends.mps.is_available()) or len(self.images) < 5_000:
            return "s"
        return "l" if len(self.images) >= 50_000 and min(self.images.shape[:2]) >= 64 else "m"

    @property
    def budget(self) -> str:
        """Ten minutes."""
        return "10m"

    @cached_property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training part; empty without classes."""
        labels = self.part("train").labels
        if labels is None or not self.codec.classes:
            return ()
        counts = [int((labels == c).sum()) for c in range(len(self.codec.classes))]
        return tuple(count / len(labels) for count in counts)

    @cached_property
    def conditions(self) -> Mapping[str, Tensor]:
        """Condition vectors of some training images; empty where a class, or nothing, is the condition."""
        return kept_rows(self.codec.vectors(self.part("train")))

    def identity(self) -> dict[str, Any]:
        """Fingerprint, how images are brought to one shape, the judge, and what reads captions."""
        judge, captions = self.request.judge, self.codec.captions
        return {
            "data": self.fingerprint,
            "fit": self.images.fit.to_json(),
            "judge": sha256(Path(judge) / "judge.safetensors") if judge is not None else None,
            **({"text encoder": captions.encoder} if captions else {}),
        }

    def describe(self) -> dict[str, Any]:
        """What `run.json` says of the images."""
        return {
            "fingerprint": self.fingerprint,
            "train_fingerprint": self.train_fingerprint,
            "items": len(self.images),
            "of": "images",
            "form": self.images.fit.describe(),
            "skipped": len(self.images.skipped),
            "splits": self.splits.to_json(),
            "classes": list(self.images.classes),
            "warnings": [*self.images.warnings, *self.splits.warnings, *self._captions_note()],
        }

    def _captions_note(self) -> list[str]:
        """What the user should know of the text encoder that was taken."""
        captions = self.codec.captions
        if (
            captions is None
            or _options(self.request).text_encoder is not None
            or not captions.encoder.startswith("ngrams")
        ):
            return []
        return [
            f"captions are told apart by their letters, not by their meaning (encoder {captions.encoder}): for word "
            'vectors, pip install "gansmith[text]"'
        ]

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> ImageSource:
        """Batches of the training images, as the settings ask for them: a process's rows of each."""
        options = {name: getattr(hp, name) for name in ("flip", "shift") if hasattr(hp, name)}
        return ImageSource.of(
            self.part("train"), self.codec, batch=hp.batch, seed=seed, rank=rank, world=world, **options
        )

    def some(self, split: str, rows: NDArray[np.int64]) -> Batch:
        """Images of a split as a batch."""
        images = self.part(split).subset(rows)
        return self.codec.encode(images.images[:], images.labels, self.codec.vectors(images))


def _options(request: Request) -> ReadOptions:
    """What the format of the images leaves open."""
    return request.read if isinstance(request.read, ReadOptions) else ReadOptions()


def _codec(request: Request, images: ImageSet, splits: Splits) -> ImageCodec:
    """The codec, fitted to the training part; refuses data that can't be judged by, and an encoder of no captions."""
    if not len(splits.test):
        raise InputError(
            f"{request.data}: all {len(images)} images are in training, so none is left to judge the model by: "
            "every class needs 3 images or more"
        )
    codec = ImageCodec.fit(images.subset(splits.train), _options(request).text_encoder)
    if _options(request).text_encoder and codec.captions is None:
        raise InputError(f"text_encoder={_options(request).text_encoder} can't act: {request.data} has no captions")
    return codec
