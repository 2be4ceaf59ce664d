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
from gansmith.data.image_codec import ImageCodec
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.run.conditions import Conditional, Where, Wish, named, names_of, wish
from gansmith.types import Batch

__all__ = [
    "Drawable",
    "DrawsImages",
    "Samples",
    "Truncation",
    "Where",
    "asked",
    "check_truncation",
    "draw",
    "inputs",
    "is_number",
    "joined",
    "layers_of",
    "sample",
    "stream",
    "whole",
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


class DrawsImages(Drawable, Protocol):
    """The same of images."""

    @property
    def codec(self) -> ImageCodec:
        """From tensors to pixels, too."""


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
    model: DrawsImages,
    n: int,
    where: Where | None = None,
    seed: int = 0,
    truncation: Truncation = 1.0,
    chunk: int = CHUNK,
) -> Samples:
    """Draw `n` samples into memory; arguments as in `stream`."""
    return joined(list(stream(model, n, where, seed, truncation, chunk)))


def joined(parts: Sequence[Samples]) -> Samples:
    """Several parts as one."""
    labels = [part.labels for part in parts if part.labels is not None]
    said = {name: [value for part in parts for value in part.attributes[name]] for name in parts[0].attributes}
    return Samples(np.concatenate([part.images for part in parts]), np.concatenate(labels) if labels else None, said)


def stream(
    model: DrawsImages,
    n: int,
    where: Where | None = None,
    seed: int = 0,
    truncation: Truncation = 1.0,
    chunk: int = CHUNK,
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
        InputError: A condition is unknown, or a number is none or out of range.
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
    if n == 0:
        raise InputError("0 samples can't be drawn: ask for at least 1")
    count, root = whole(n, "n", 1, MOST_SAMPLES), whole(seed, "seed", 0, MOST_SEED)
    return _chunks(model, range(start, start + count), wish(model, named(where)), root, chunk)


def asked(model: Drawable, n: int, where: Where | None = None) -> dict[str, Tensor]:
    """The conditions of `n` samples whose noise is given: every condition of the model must be asked for.

    Raises:
        InputError: A condition is missing or unknown.
    """
    for name in names_of(model):
        if name not in named(where):
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
    many = isinstance(truncation, Sequence) and not isinstance(truncation, str)
    factors: Sequence[Any] = truncation if many else [truncation]  # type: ignore[assignment]
    for factor in factors:
        if not is_number(factor):
            raise InputError(f"truncation {factor!r}: give a number from just above 0 to 1, or a list of them")
        if not 0 < factor <= 1:
            raise InputError(f"truncation {factor:g} is out of range: it goes from just above 0 to 1 (no truncation)")
    if many and not 1 <= len(factors) <= layers:
        asked_for = f"{layers_of(len(factors))} (--truncation-layers {len(factors)})"
        raise InputError(f"truncation for {asked_for}: this model has {layers_of(layers)} of styles")


def layers_of(count: int) -> str:
    """`1 layer`, `4 layers`."""
    return f"{count} layer{'' if count == 1 else 's'}"


def is_number(value: Any) -> bool:
    """Whether it is a number, and neither a text that looks like one nor true or false."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number that was asked for.

    Args:
        value: What was given.
        name: Of the argument, for messages.
        low: The least that is possible.
        high: The most.

    Raises:
        InputError: It is no whole number, or out of range.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not low <= value <= high:
        most = "2^63 - 1" if high == MOST_SEED else f"{high:,}"
        shown = value if is_number(value) else repr(value)
        raise InputError(f"{name} {shown}: give a whole number from {low} up to {most}")
    return int(value)
