"""Images to be translated, as the data of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gansmith.data.fit import FitOptions
from gansmith.data.image_set import ImageSet
from gansmith.data.reader import ReadOptions
from gansmith.data.split import Splits, split_images
from gansmith.data.survey import Progress
from gansmith.data.translation.codec import TranslationCodec
from gansmith.data.translation.degrade import HELD_OUT_LEVEL
from gansmith.data.translation.domains import Domains, open_domains
from gansmith.data.translation.source import TranslationSource, views
from gansmith.data.translation.task import Task
from gansmith.errors import InputError
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.parts import Unasked
from gansmith.run.request import Request
from gansmith.types import Batch

__all__ = ["VIEWS", "TranslationData"]

NOT_HERE = ("schema", "target", "judge")
"""What a request says of tables, or of images that are made of noise."""

VIEWS = 2
"""Held-out pictures are looked at in up to so many views a side, where the canvas has room for more than one."""


@dataclass(frozen=True)
class TranslationData(Unasked):
    """Prepared images of one or two domains, split.

    Attributes:
        request: What was asked for.
        domains: All of them.
        splits: Rows of training, validation and test of the wanted domain.
        source_splits: The same of the source; those of the wanted domain where both are pairs.
        codec: From views to tensors and back.
        why: Why the data was taken for what it is taken for, where nobody said so.
    """

    request: Request
    domains: Domains
    splits: Splits
    source_splits: Splits
    codec: TranslationCodec
    why: str = ""

    @classmethod
    def of(cls, task: Task, request: Request, progress: Progress | None = None, why: str = "") -> TranslationData:
        """Read and split the images of a request.

        Raises:
            InputError: They can't be read, don't pair up, or are too few; or something is asked for that can't act.
        """
        plain = {f.name: f.default for f in fields(Request)}
        asked = [f"--{name}" for name in NOT_HERE if getattr(request, name) != plain[name]]
        if asked:
            raise InputError(f"{', '.join(asked)} can't act where images become other images")
        wish = FitOptions(request.fit, request.image_size, request.channels)
        options = request.read if isinstance(request.read, ReadOptions) else ReadOptions()
        domains = open_domains(task, request.data, request.second, wish, request.strict, progress, options)
        splits = _split(domains.image)
        own = domains.source is not None and not domains.paired
        source_splits = _split(domains.source) if own and domains.source is not None else splits
        return cls(request, domains, splits, source_splits, TranslationCodec.of(domains), why)

    @cached_property
    def images(self) -> Mapping[str, ImageSet]:
        """The wanted domain by split."""
        return {name: self.domains.image.subset(getattr(self.splits, name)) for name in ("train", "val", "test")}

    @cached_property
    def sources(self) -> Mapping[str, ImageSet]:
        """What is translated by split; empty where it is made of the images."""
        found = self.domains.source
        if found is None:
            return {}
        return {name: found.subset(getattr(self.source_splits, name)) for name in ("train", "val", "test")}

    @property
    def fingerprint(self) -> str:
        """Of all pictures, and of which belong together."""
        return _joined(self.domains.task, self.domains.image, self.domains.source)

    @property
    def train_fingerprint(self) -> str:
        """Of the training pictures."""
        return _joined(self.domains.task, self.images["train"], self.sources.get("train"))

    @property
    def rows(self) -> int:
        """Number of training pictures of the wanted domain."""
        return len(self.splits.train)

    @property
    def size(self) -> Size:
        """Small networks on a CPU, medium ones elsewhere."""
        return "m" if torch.cuda.is_available() or torch.backends.mps.is_available() else "s"

    @property
    def budget(self) -> str:
        """Ten minutes."""
        return "10m"

    def identity(self) -> dict[str, Any]:
        """Task, fingerprint, and how pictures are brought to their canvas."""
        source = self.domains.source
        return {
            "task": self.domains.task,
            "data": self.fingerprint,
            "view": list(self.domains.view),
            **({"modalities": list(self.domains.modalities)} if self.domains.modalities else {}),
            "fit": self.domains.image.fit.to_json(),
            **({} if source is None else {"source fit": source.fit.to_json()}),
        }

    def describe(self) -> dict[str, Any]:
        """What `run.json` says of the pictures."""
        domains = self.domains
        height, width = domains.view
        what = {
            "pairs": "pairs",
            "unpaired": "images of the wanted domain",
            "style": "examples of styles",
            "complete": f"cases of {', '.join(domains.modalities)}",
        }.get(domains.task, "images")
        form = f"{domains.image.fit.describe()}; seen {width}x{height} at a time"
        if not domains.paired and domains.source is not None:
            form = f"{len(domains.source):,} sources; {form}"
        return {
            "fingerprint": self.fingerprint,
            "train_fingerprint": self.train_fingerprint,
            "items": len(domains.image),
            "of": what,
            "form": form,
            "task": domains.task,
            "skipped": len(domains.image.skipped) + (len(domains.source.skipped) if domains.source else 0),
            "splits": self.splits.to_json(),
            "classes": [],
            "warnings": [*filter(None, [self.why]), *domains.notes, *self.splits.warnings],
        }

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> TranslationSource:
        """Batches of views of training pictures: a process's rows of each."""
        sources = self.sources.get("train")
        return TranslationSource(
            self.images["train"].images,
            None if sources is None else sources.images,
            self.domains.paired,
            self.codec,
            batch=hp.batch,
            seed=seed,
            rank=rank,
            world=world,
            labels=self.images["train"].labels,
        )

    def asked(self, most: int) -> tuple[Batch, Batch]:
        """At most so many views of validation pictures, and of training pictures."""
        return self.some("val", most), self.some("train", most)

    def some(self, split: str, most: int) -> Batch:
        """Views of pictures from all over a split: of each its middle, or several that don't overlap.

        Of an unpaired source as many rows as of the wanted domain, from the beginning again where it has fewer.
        """
        images = self._views(self.images[split], most)
        sources = self.sources.get(split)
        if sources is None:
            batch = self.codec.encode(images, labels=self._labels(self.images[split], most))
            return self.codec.with_source(batch, list(range(len(images))), HELD_OUT_LEVEL)
        seen = self._views(sources, most)
        return self.codec.encode(images, seen[np.arange(len(images)) % len(seen)])

    def domain(self, split: str, most: int, source: bool = False) -> Tensor:
        """Views of one domain alone, as tensors."""
        if not source:
            pictures = self.images[split]
            return self.codec.encode(self._views(pictures, most), labels=self._labels(pictures, most))["image"]
        shown = self.codec.source or self.codec.image
        return shown.encode(self._views(self.sources[split], most))["image"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that both domains have, where a translation should keep them; empty without."""
        own, source = self.domains.image, self.domains.source or self.domains.image
        return own.classes if own.classes == source.classes and len(own.classes) > 1 else ()

    def labels(self, split: str, most: int, source: bool = False) -> Tensor:
        """Classes of the views that `domain` gives; those of `some` are the wanted domain's. Only with `classes`."""
        labels = self._labels((self.sources if source else self.images)[split], most)
        assert labels is not None
        return torch.from_numpy(labels)

    def _labels(self, pictures: ImageSet, most: int) -> Any:
        """Classes of the views of pictures, where they have any."""
        return None if pictures.labels is None else np.asarray(pictures.labels)[self._rows(pictures, most)[0]]

    def _rows(self, pictures: ImageSet, most: int) -> tuple[Any, int, int]:
        """The picture of each view, and how many views a picture has down and across."""
        down, across = (min(VIEWS, pictures.shape[i] // side) for i, side in enumerate(self.domains.view))
        count = min(len(pictures), -(-most // (down * across)))
        spread = np.arange(count) * len(pictures) // count  # from all over the set: neighbours are often alike
        return np.repeat(spread, down * across)[:most], down, across

    def _views(self, pictures: ImageSet, most: int) -> Any:
        height, width = self.domains.view
        rows, down, across = self._rows(pictures, most)
        place = np.arange(len(rows)) % (down * across)
        spare = pictures.shape[0] - down * height, pictures.shape[1] - across * width
        top = spare[0] // 2 + place // across * height
        left = spare[1] // 2 + place % across * width
        return views(np.asarray(pictures.images[rows]), height, width, top, left)


def _split(images: ImageSet) -> Splits:
    try:
        splits = split_images(images)
    except InputError as error:
        raise InputError(*(f"{images.source}: {problem}" for problem in error.problems)) from None
    if not len(splits.test) or not len(splits.val):
        raise InputError(f"{images.source}: no picture is left to judge the model by: leave the splits to gansmith")
    return splits


def _joined(task: str, image: ImageSet, source: ImageSet | None) -> str:
    """One digest of both domains; pairs are told from the same pictures in another order."""
    if source is None:
        return image.fingerprint
    parts = f"{image.fingerprint} {source.fingerprint}".encode()
    if task == "pairs":
        both = np.concatenate([image.hashes, source.hashes], 1)
        parts += b"".join(sorted(row.tobytes() for row in both))
    return hashlib.blake2b(parts, digest_size=16).hexdigest()
