"""Points of a latent space that people name: a seed, one sample of a seed, a picture of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.data.open import open_images
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.run.conditions import named
from gansmith.run.latent import encode
from gansmith.run.model import Model
from gansmith.run.sample import Where, asked, inputs, whole
from gansmith.types import Batch

__all__ = ["Name", "Point", "check_encoder", "join", "listed", "point", "points", "seeds", "turn", "vector"]

Name = int | str | Path | Pixels
"""`7` or `"7"`: the first sample of seed 7; `"7:12"`: its sample 12; a path or pixels: the picture, encoded."""

SEED = re.compile(r"(-?[0-9]{1,4000})(?::([0-9]{1,4000}))?")
RANGE = re.compile(r"([0-9]{1,4000})-([0-9]{1,4000})")
MOST = 1000
"""Seeds that one list may hold."""


@dataclass(frozen=True)
class Point:
    """One point of a latent space, with the condition that goes with it.

    Attributes:
        name: For people.
        noise: Noise by name, `(1, ...)` each.
        conditions: Conditions by name, `(1, ...)` each.
    """

    name: str
    noise: Batch
    conditions: Batch


def point(model: Model, name: Name, where: Where | None = None) -> Point:
    """The point of a name; a seed's is that of the sample that `gansmith sample` makes of it.

    Raises:
        InputError: It is neither a seed nor a picture, the model has no encoder for it, or a condition is unknown.
    """
    if isinstance(name, np.ndarray):
        return _encoded(model, name[None], "image", where)
    text = str(name)
    sample = _sample(text)
    if sample is not None:
        seed, number = sample
        return Point(text, *next(inputs(model, 1, where, seed, start=number)))
    if not Path(text).exists():
        raise InputError(f"{text!r} is neither a seed (7, or 7:12 for sample 12 of seed 7) nor a picture that is there")
    check_encoder(model)
    images = open_images(text, fit=model.codec.frame)
    if len(images) != 1:
        raise InputError(f"{text} holds {len(images)} pictures; one is needed")
    return _encoded(model, np.asarray(images.images), Path(text).name, where)


def check_encoder(model: Model) -> None:
    """Raise `InputError` unless the model has an encoder: to ask for a picture's class first would be an errand."""
    if model.drawing.encode is None:
        encode(model, torch.empty(0), {})


def _sample(text: str, where: str = "") -> tuple[int, int] | None:
    """The seed and the number of the sample that `7` or `7:12` means; None for what is no such name.

    Args:
        text: The name.
        where: It stands, for messages.
    """
    found = SEED.fullmatch(text)
    if found is None:
        return None
    return whole(int(found[1]), f"{where}seed", 0, MOST_SEED), whole(
        int(found[2] or 0), f"{where}sample", 0, MOST_SAMPLES
    )


def _encoded(model: Model, pixels: Pixels, name: str, where: Where | None) -> Point:
    check_encoder(model)
    conditions = asked(model, 1, where)
    image = model.codec.encode(pixels, np.zeros(1, np.int64))["image"]
    return Point(name, encode(model, image, conditions), conditions)


def points(model: Model, names: Sequence[Name], where: Where | None = None) -> list[Point]:
    """The points of several names; conditions given as lists are taken in turn, as samples take them."""
    return [point(model, name, turn(where or {}, number)) for number, name in enumerate(names)]


def listed(names: Sequence[Name], name: str) -> Sequence[Name]:
    """Several names of points; one text would be read letter by letter.

    Raises:
        InputError: They are no list.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Sequence | np.ndarray):
        raise InputError(f"{name}={names!r}: give a list of seeds or pictures, e.g. {name}=[0, 1]")
    return names


def turn(where: Where, number: int) -> dict[str, Any]:
    """The conditions of one of several points: its turn of each list.

    Raises:
        InputError: They are no conditions by name.
    """
    return {k: v[number % len(v)] if isinstance(v, list | tuple) and v else v for k, v in named(where).items()}


def vector(model: Model, name: str, value: Tensor) -> Tensor:
    """A condition as numbers `(n, width)`: class ids and categories of codes become one-hot."""
    if value.dtype != torch.long:
        return value.flatten(1) if value.ndim > 1 else value[:, None]
    codes = model.drawing.codes
    return F.one_hot(value, codes[name].choices if name in codes else len(model.codec.classes)).float()


def join(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Several batches of the same fields as one."""
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def seeds(text: str, name: str = "seeds") -> list[str]:
    """Names of points: `0-5` and `1,7,9:12` in any mixture.

    Args:
        text: What the user wrote.
        name: Of the option, for messages.

    Raises:
        InputError: A part is neither a seed nor a range of seeds.
    """
    found: list[str] = []
    for word in (part.strip() for part in text.split(",")):
        several = RANGE.fullmatch(word)
        if not word:
            raise InputError(f"{name} {text!r}: a seed is missing before or after a comma")
        if several:
            found += map(str, _seeds_between(int(several[1]), int(several[2]), f"{name} {word}"))
        elif _sample(word, f"{name} {text!r}: "):
            found.append(word)
        else:
            raise InputError(f"{name} {text!r}: {word!r} is neither a seed (7, 7:12) nor a range of up to {MOST} (0-5)")
    return found


def _seeds_between(first: int, last: int, name: str) -> range:
    if first > last:
        raise InputError(f"{name}: a range goes from the lower number to the higher one: {last}-{first}")
    if last - first >= MOST:
        raise InputError(f"{name}: a range holds up to {MOST} seeds")
    return range(first, whole(last, f"{name}: seed", 0, MOST_SEED) + 1)
