"""Drawing samples: sample i is the same whatever the batch size, and a million need no more memory than a hundred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.core import mix
from gansmith.errors import InputError
from gansmith.run.conditions import Conditional, Where, Wish, names_of, wish
from gansmith.types import Batch

__all__ = [
    "Drawable",
    "Samples",
    "Truncation",
    "Where",
    "asked",
    "check_truncation",
    "draw",
    "inputs",
    "joined",
    "sample",
    "stream",
]

Truncation = float | Sequence[float]
"""How far samples stay from the average, in (0, 1], or such a factor for each of the first layers of styles."""

CHUNK = 256


class Drawable(Conditional, Protocol):
    """What is needed to draw; a `Model` is one."""

    @property
    def style_shape(self) -> tuple[int, int]:
        """Layers and length of styles; zeros where there are none."""

    def make(self, noise: Batch, conditions: Batch, truncation: Truncation = 1.0) -> Batch:
        """Samples as tensors."""


class Samples(NamedTuple):
    """Made images.

    Attributes:
        images: `(n, height, width, channels)` in the pixel type of the training images.
        labels: The class asked for, `(n,)`; None for unconditional models.
        attributes: The attributes asked for as text, by name.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64] | None
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({})


def sample(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0, chunk: int = CHUNK
) -> Samples:
    """Draw `n` samples into memory; arguments as in `stream`."""
    return joined(list(stream(model, n, where, seed, truncation, chunk)))


def joined(parts: Sequence[Samples]) -> Samples:
    """Several parts as one."""
    labels = [part.labels for part in parts if part.labels is not None]
    said = {name: [value for part in parts for value in part.attributes[name]] for name in parts[0].attributes}
    return Samples(np.concatenate([part.images for part in parts]), np.concatenate(labels) if labels else None, said)


def stream(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0, chunk: int = CHUNK
) -> Iterator[Samples]:
    """Draw `n` samples, a chunk at a time.

    Args:
        model: What draws.
        n: How many.
        where: Conditions, e.g. `{"label": "Bag"}`, `{"age": "18..30"}`, `{"text": "a red shoe"}` (see `Where`). What
            is not asked for comes as often as in the training data.
        seed: Sample i depends on the seed and i alone.
        truncation: Factor on the distance from the average style (of a plain generator: on the noise), in (0, 1].
            Below 1 samples are more typical and less varied. A sequence has a factor for each layer of styles;
            layers behind its end stay as they are.
        chunk: Samples made at once.

    Raises:
        InputError: A condition is unknown, or a number out of range.
    """
    made = draw(model, n, where, seed, truncation, chunk)
    return (Samples(*model.codec.decode(part), model.codec.words(part)) for part in made)


def draw(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, truncation: Truncation = 1.0, chunk: int = CHUNK
) -> Iterator[dict[str, Tensor]]:
    """The same as tensors: images in [-1, 1] and labels."""
    check_truncation(truncation, model.style_shape[0])
    parts = inputs(model, n, where, seed, chunk)
    return (dict(model.make(noise, conditions, truncation)) for noise, conditions in parts)


def inputs(
    model: Drawable, n: int, where: Where | None = None, seed: int = 0, chunk: int = CHUNK, start: int = 0
) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """The noise and the conditions of the samples that `draw` makes, a chunk at a time, from number `start` on."""
    if n < 1:
        raise InputError(f"{n} samples can't be drawn: ask for at least 1")
    return _chunks(model, range(start, start + n), wish(model, where or {}), seed, chunk)


def asked(model: Drawable, n: int, where: Where | None = None) -> dict[str, Tensor]:
    """The conditions of `n` samples whose noise is given: every condition of the model must be asked for.

    Raises:
        InputError: A condition is missing or unknown.
    """
    for name in names_of(model):
        if name not in (where or {}):
            raise InputError(
                f"this model needs the condition {name!r} here: where={{{name!r}: ...}}, or --where {name}=..."
            )
    parts = [conditions for _, conditions in inputs(model, n, where)]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _chunks(
    model: Drawable, numbers: range, wanted: Wish, seed: int, chunk: int
) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    for first in range(0, len(numbers), chunk):
        rows = numbers[first : first + chunk]
        generators = [torch.Generator().manual_seed(mix(seed, i)) for i in rows]
        noise = {
            name: torch.stack([torch.randn(shape, generator=g) for g in generators])
            for name, shape in model.drawing.noise.items()
        }
        yield noise, wanted.conditions(rows, generators)


def check_truncation(truncation: Truncation, layers: int) -> None:
    """Raise `InputError` unless every factor is in (0, 1], and none is for a layer that is not there."""
    factors = truncation if isinstance(truncation, Sequence) else [truncation]
    for factor in factors:
        if not 0 < factor <= 1:
            raise InputError(f"truncation {factor:g} is out of range: it goes from just above 0 to 1 (no truncation)")
    if isinstance(truncation, Sequence) and not 1 <= len(truncation) <= layers:
        raise InputError(f"truncation for {len(truncation)} layers: this model has {layers} layers of styles")
