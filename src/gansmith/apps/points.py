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
from gansmith.run.latent import encode
from gansmith.run.model import Model
from gansmith.run.sample import Where, asked, inputs
from gansmith.types import Batch

__all__ = ["Name", "Point", "join", "point", "points", "seeds", "turn", "vector"]

Name = int | str | Path | Pixels
"""`7` or `"7"`: the first sample of seed 7; `"7:12"`: its sample 12; a path or pixels: the picture, encoded."""

SEED = re.compile(r"(-?[0-9]{1,18})(?::([0-9]{1,12}))?")
RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
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
    found = SEED.fullmatch(text)
    if found:
        parts = inputs(model, 1, where, int(found[1]), start=int(found[2] or 0))
        return Point(text, *next(parts))
    if not Path(text).exists():
        raise InputError(f"{text!r} is neither a seed (7, or 7:12 for sample 12 of seed 7) nor a picture that is there")
    images = open_images(text, fit=model.codec.frame)
    if len(images) != 1:
        raise InputError(f"{text} holds {len(images)} pictures; one is needed")
    return _encoded(model, np.asarray(images.images), Path(text).name, where)


def _encoded(model: Model, pixels: Pixels, name: str, where: Where | None) -> Point:
    conditions = asked(model, 1, where)
    image = model.codec.encode(pixels, np.zeros(1, np.int64))["image"]
    return Point(name, encode(model, image, conditions), conditions)


def points(model: Model, names: Sequence[Name], where: Where | None = None) -> list[Point]:
    """The points of several names; conditions given as lists are taken in turn, as samples take them."""
    return [point(model, name, turn(where or {}, number)) for number, name in enumerate(names)]


def turn(where: Where, number: int) -> dict[str, Any]:
    """The conditions of one of several points: its turn of each list."""
    return {k: v[number % len(v)] if isinstance(v, list | tuple) and v else v for k, v in where.items()}


def vector(model: Model, name: str, value: Tensor) -> Tensor:
    """A condition as numbers `(n, width)`: class ids and categories of codes become one-hot."""
    if value.dtype != torch.long:
        return value.flatten(1) if value.ndim > 1 else value[:, None]
    codes = model.drawing.codes
    return F.one_hot(value, codes[name].choices if name in codes else len(model.codec.classes)).float()


def join(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Several batches of the same fields as one."""
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def seeds(text: str) -> list[str]:
    """Names of points: `0-5` and `1,7,9:12` in any mixture.

    Raises:
        InputError: A part is neither a seed nor a range of seeds.
    """
    found: list[str] = []
    for word in text.split(","):
        word = word.strip()
        several = RANGE.fullmatch(word)
        if several and int(several[1]) <= int(several[2]) < int(several[1]) + MOST:
            found += map(str, range(int(several[1]), int(several[2]) + 1))
        elif SEED.fullmatch(word):
            found.append(word)
        else:
            raise InputError(f"seeds {text!r}: {word!r} is neither a seed (7, 7:12) nor a range of up to {MOST} (0-5)")
    return found
