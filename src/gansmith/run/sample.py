"""Drawing samples: sample i is the same whatever the batch size, and a million need no more memory than a hundred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.core import Draw, mix
from gansmith.data.image_codec import ImageCodec
from gansmith.errors import InputError, nearest
from gansmith.types import Batch

__all__ = ["Drawable", "Samples", "Where", "draw", "sample", "stream"]

Where = Mapping[str, Any]
"""Conditions by field: a class name or id, or a sequence of them that is repeated as often as needed."""

CHUNK = 256


class Drawable(Protocol):
    """What is needed to draw; a `Model` is one."""

    @property
    def codec(self) -> ImageCodec:
        """From tensors to images."""

    @property
    def drawing(self) -> Draw:
        """Noise and conditions of a sample."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; empty for an unconditional model."""

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training data."""

    def make(self, noise: Batch, conditions: Batch) -> Batch:
        """Samples as tensors."""


class Samples(NamedTuple):
    """Made images.

    Attributes:
        images: `(n, height, width, channels)` in the pixel type of the training images.
        labels: The class asked for, `(n,)`; None for unconditional models.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64] | None


def sample(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: float = 1.0, chunk: int = CHUNK
) -> Samples:
    """Draw `n` samples into memory; arguments as in `stream`."""
    parts = list(stream(model, n, where, seed, truncation, chunk))
    labels = [part.labels for part in parts if part.labels is not None]
    return Samples(np.concatenate([part.images for part in parts]), np.concatenate(labels) if labels else None)


def stream(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: float = 1.0, chunk: int = CHUNK
) -> Iterator[Samples]:
    """Draw `n` samples, a chunk at a time.

    Args:
        model: What draws.
        n: How many.
        where: Conditions, e.g. `{"label": "Bag"}`. Without, classes come as often as in the training data.
        seed: Sample i depends on the seed and i alone.
        truncation: Factor on the noise, in (0, 1]. Below 1 samples are more typical and less varied.
        chunk: Samples made at once.

    Raises:
        InputError: A condition is unknown, or a number out of range.
    """
    made = draw(model, n, where, seed, truncation, chunk)
    return (Samples(*model.codec.decode(part)) for part in made)


def draw(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: float = 1.0, chunk: int = CHUNK
) -> Iterator[dict[str, Tensor]]:
    """The same as tensors: images in [-1, 1] and labels."""
    if n < 1:
        raise InputError(f"{n} samples can't be drawn: ask for at least 1")
    if not 0 < truncation <= 1:
        raise InputError(f"truncation {truncation:g} is out of range: it goes from just above 0 to 1 (no truncation)")
    wanted = _wanted(model, where or {})
    return _chunks(model, n, wanted, seed, truncation, chunk)


def _chunks(
    model: Drawable, n: int, wanted: Tensor | None, seed: int, truncation: float, chunk: int
) -> Iterator[dict[str, Tensor]]:
    for start in range(0, n, chunk):
        rows = range(start, min(start + chunk, n))
        generators = [torch.Generator().manual_seed(mix(seed, i)) for i in rows]
        noise = {
            name: torch.stack([torch.randn(shape, generator=g) for g in generators]) * truncation
            for name, shape in model.drawing.noise.items()
        }
        yield dict(model.make(noise, _conditions(model, rows, wanted, generators)))


def _conditions(
    model: Drawable, rows: range, wanted: Tensor | None, generators: Sequence[torch.Generator]
) -> dict[str, Tensor]:
    if not model.classes:
        return {}
    if wanted is not None:
        return {"label": wanted[torch.tensor(rows) % len(wanted)]}
    shares = torch.tensor(model.frequencies or [1.0] * len(model.classes), dtype=torch.float64)
    u = torch.cat([torch.rand(1, generator=g, dtype=torch.float64) for g in generators])
    edges = (shares / shares.sum()).cumsum(0)
    return {"label": torch.searchsorted(edges, u, right=True).clamp_max(len(model.classes) - 1)}


def _wanted(model: Drawable, where: Where) -> Tensor | None:
    fields = model.drawing.conditions
    unknown = [name for name in where if name not in fields]
    if unknown:
        if not fields:
            raise InputError(f"this model is unconditional: {unknown[0]!r} can't be asked for")
        raise InputError(f"the model has no condition {unknown[0]!r}{nearest(unknown[0], fields)}")
    if "label" not in where:
        return None
    asked = where["label"]
    if isinstance(asked, np.ndarray | Tensor) and asked.ndim == 0:
        asked = asked.item()
    many = asked if isinstance(asked, Sequence | np.ndarray | Tensor) and not isinstance(asked, str) else [asked]
    if len(many) == 0:
        raise InputError("an empty list of labels was asked for")
    return torch.tensor([_class_id(model.classes, value) for value in many])


def _class_id(classes: Sequence[str], value: Any) -> int:
    """A class by its name, else by its number."""
    if str(value) in classes:
        return classes.index(str(value))
    text = str(int(value)) if isinstance(value, np.integer | Tensor) else str(value)
    if text in map(str, range(len(classes))):
        return int(text)
    hint = nearest(str(value), classes)
    raise InputError(f"no class {value!r}: numbers go from 0 to {len(classes) - 1}{hint}")
