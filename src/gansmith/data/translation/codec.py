"""Images of one or two domains to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.reader import Labels, Pixels
from gansmith.data.translation.degrade import grey, noisy
from gansmith.data.translation.domains import Domains
from gansmith.data.translation.task import Task
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["KIND", "TranslationCodec"]

KIND = "translation"
_VERSION = 1


@dataclass(frozen=True)
class TranslationCodec:
    """From views of pictures to tensors and back.

    Attributes:
        task: What is learnt.
        image: Of the wanted domain.
        source: Of what is translated; None where the game makes it of the image.
        modalities: What the image's channels are, where each is a picture of its own, of the form that `image` says;
            else empty.
    """

    task: Task
    image: ImageCodec
    source: ImageCodec | None = None
    modalities: tuple[str, ...] = ()

    @classmethod
    def of(cls, domains: Domains) -> TranslationCodec:
        """The codec of prepared pictures: nothing but their form is needed."""
        height, width = domains.view
        classes = domains.image.classes if domains.task == "domains" else ()
        image = ImageCodec(replace(domains.image.fit, height=height, width=width), classes)
        frames: dict[str, Fit] = {"denoise": image.frame, "colourise": replace(image.frame, channels=1)}
        if domains.source is not None:
            frames[domains.task] = replace(domains.source.fit, height=height, width=width)
        frame = frames.get(domains.task)
        source = None if frame is None else ImageCodec(frame, ())
        return cls(domains.task, image, source, domains.modalities)

    @cached_property
    def spec(self) -> Spec:
        """`image`, and where the data has it `source`: `(C, H, W)` in [-1, 1] each; `label` of several domains."""
        fields: dict[str, Field] = dict(self.image.spec)
        if self.source is not None:
            fields["source"] = self.source.spec["image"]
        if self.modalities:
            one = fields["image"]
            fields["image"] = replace(one, shape=(len(self.modalities), *one.shape[1:]), names=self.modalities)
        return fields

    def encode(self, images: Pixels, sources: Pixels | None = None, labels: Labels | None = None) -> Batch:
        """Views to tensors.

        Args:
            images: `(N, H, W, C)` of the wanted domain, or with a channel for each modality.
            sources: The same of what is translated; needed where pictures of it were read.
            labels: Of which domain each is `(N,)`; needed where there are several, and ignored otherwise.

        Returns:
            `image` `(N, C, H, W)` in [-1, 1], `source` where it was given, and `label` where there are several domains.

        Raises:
            InputError: They have another shape or type.
        """
        if self.modalities:
            images = self.single(images)
        batch = dict(self.image.encode(images, labels))
        if self.modalities:
            batch["image"] = batch["image"].reshape(-1, len(self.modalities), *images.shape[1:3])
        if sources is not None and self.source is not None:
            batch["source"] = self.source.encode(sources)["image"]
        return batch

    def single(self, images: Pixels) -> Pixels:
        """Pictures `(N, H, W, C)` one by one: those of several modalities as `(N * C, H, W, 1)`, others as they are."""
        return images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3], 1) if self.modalities else images

    def with_source(self, batch: Batch, seeds: list[int], level: float | None = None) -> Batch:
        """The batch with the source that the task makes of its images, where it makes one.

        Args:
            batch: With `image`.
            seeds: Of each row's noise.
            level: Of the noise; None draws one for each row.
        """
        if self.task == "denoise":
            return {**batch, "source": noisy(batch["image"], seeds, level)}
        return {**batch, "source": grey(batch["image"])} if self.task == "colourise" else batch

    def decode(self, batch: Batch) -> tuple[Pixels, Pixels | None]:
        """Tensors back to pixels: of `image`, and of `source` where the batch has one and the data had."""
        image = batch["image"].flatten(0, 1)[:, None] if self.modalities else batch["image"]
        pixels, _ = self.image.decode({"image": image})
        if self.modalities:
            count, (height, width) = len(self.modalities), pixels.shape[1:3]
            pixels = pixels.reshape(-1, count, height, width).transpose(0, 2, 3, 1)
        if "source" not in batch or self.source is None:
            return pixels, None
        return pixels, self.source.decode({"image": batch["source"]})[0]

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        source = None if self.source is None else self.source.to_json()
        about: dict[str, Json] = {"kind": KIND, "version": _VERSION, "task": self.task}
        if self.modalities:
            about["modalities"] = list(self.modalities)
        return {**about, "image": self.image.to_json(), "source": source}

    @classmethod
    def from_json(cls, data: Json) -> TranslationCodec:
        """The codec that `to_json` described.

        Raises:
            InputError: It is not the description of a codec of this kind and version.
        """
        if not isinstance(data, Mapping) or data.get("kind") != KIND:
            raise InputError("codec: this is not the description of a codec of images to be translated")
        if data.get("version") != _VERSION:
            raise InputError(
                f"codec: version {data.get('version')!r} is not known (this is {_VERSION}): upgrade gansmith"
            )
        task: Any = data.get("task")
        if task not in get_args(Task):
            raise InputError(f"codec: task {task!r} is not known")
        source, modalities = data.get("source"), data.get("modalities", [])
        if not isinstance(modalities, list) or not all(isinstance(name, str) for name in modalities):
            raise InputError("codec: modalities must be a list of names")
        return cls(
            task,
            ImageCodec.from_json(data.get("image")),
            None if source is None else ImageCodec.from_json(source),
            tuple(str(name) for name in modalities),
        )
