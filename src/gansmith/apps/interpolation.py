"""Ways through a latent space: from sample to sample, from class to class, from picture to picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from gansmith.apps.points import Name, Point, listed, point, points, turn, vector
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.run.arcs import arcs
from gansmith.run.conditions import named
from gansmith.run.latent import from_styles, recipes_that, to_styles
from gansmith.run.model import Model
from gansmith.run.sample import Truncation, Where, check_truncation, whole
from gansmith.types import Batch

__all__ = ["Space", "count_frames", "interpolate", "lerp", "slerp"]

Space = Literal["z", "w"]
CHUNK = 64
MOST_STEPS = 1_000_000


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Points on the arc from `a` to `b` (Shoemake 1985; for latent spaces White 2016, section 2.1).

    Noise in many dimensions lies near a sphere, whose inside a generator never saw in training: a straight line
    would lead through it. Vectors that point the same or the opposite way have no one arc: they get the line.

    Args:
        a: Start `(d,)`; returned to the last bit where t is 0.
        b: End `(d,)`; likewise where t is 1.
        t: Shares of the way `(k,)`, in [0, 1].

    Returns:
        `(k, d)`, in the type of `a`.
    """
    return arcs(a.expand(len(t), -1), b.expand(len(t), -1), t)


def lerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Points on the line from `a` to `b`, `(...)` each, at shares `t` `(k,)`: `(k, ...)`; exact at both ends."""
    share = t.double().reshape(-1, *[1] * a.dim())
    return ((1 - share) * a.double() + share * b.double()).to(a.dtype)


def count_frames(legs: int, steps: int, loop: bool) -> int:
    """Pictures of a way of several legs, each of `steps` pictures with both its ends; neighbours share an end."""
    return legs * (steps - 1) + (0 if loop else 1)


def interpolate(
    model: Model,
    names: Sequence[Name],
    steps: int = 9,
    where: Where | None = None,
    where_to: Where | None = None,
    space: Space | None = None,
    loop: bool = False,
    truncation: Truncation = 1.0,
) -> Iterator[Pixels]:
    """Pictures on a way through the latent space, one after the other, in bounded memory.

    Args:
        model: What makes them.
        names: Where the way leads, two points at least: seeds (`7`, `"7:12"` for sample 12 of seed 7); for models
            with an encoder also paths of pictures, or pixels `(height, width, channels)`.
        steps: Pictures from one point to the next, both included; 2 to 1,000,000.
        where: Conditions; lists are taken in turn by the points. Without, each seed has the condition that its sample
            has. Between points, conditions are mixed.
        where_to: Conditions of the last point, in place of `where`.
        space: `"z"` goes along arcs through the noise, `"w"` along lines through the styles, which bend less than the
            noise does (Karras et al. 2019, section 4.1); None takes `w` where there is one.
        loop: Go back to the first point, without showing it twice.
        truncation: As in `Model.sample`.

    Yields:
        `(height, width, channels)` in the pixel type of the training images.

    Raises:
        InputError: Fewer than two points, a number of steps that can't be, a name or a condition that is none, or a
            space that isn't there.
    """
    if len(listed(names, "names")) < 2:
        raise InputError(f"a way leads through 2 points or more; {len(names)} given")
    steps = whole(steps, "steps", 2, MOST_STEPS)
    check_truncation(truncation, model.style_shape[0])
    chosen = _space(model, space)
    stops = points(model, names, where)
    if where_to:
        stops[-1] = point(model, names[-1], {**turn(where or {}, len(names) - 1), **named(where_to)})
    return _frames(model, stops + stops[:1] if loop else stops, steps, chosen, loop, truncation)


def _space(model: Model, space: Space | None) -> Space:
    own: Space = model.drawing.styles.space if model.drawing.styles is not None else "z"
    if space == "w" and own == "z":
        having = recipes_that(model.codec.spec, lambda g: bool(g.draw and g.draw.styles and g.draw.styles.space == "w"))
        raise InputError(f"recipe {model.recipe.id} has no space w of styles, only its noise z{having}")
    if space not in (None, "z", "w"):
        raise InputError(f"there is no space {space!r}: z is the noise, w are styles")
    return space or own


def _frames(
    model: Model, stops: Sequence[Point], steps: int, space: Space, loop: bool, truncation: Truncation
) -> Iterator[Pixels]:
    for number, (a, b) in enumerate(pairwise(stops)):
        shares = torch.linspace(0, 1, steps, dtype=torch.float64)
        last = number == len(stops) - 2
        for t in torch.split(shares if last and not loop else shares[:-1], CHUNK):
            yield from model.codec.decode({"image": _between(model, a, b, t, space, truncation)["image"]})[0]


def _between(model: Model, a: Point, b: Point, t: Tensor, space: Space, truncation: Truncation) -> Batch:
    noise = {name: slerp(a.noise[name].flatten(), b.noise[name].flatten(), t) for name in a.noise}
    noise = {name: value.reshape(-1, *a.noise[name].shape[1:]) for name, value in noise.items()}
    conditions = {name: _mixed(model, name, a.conditions[name], b.conditions[name], t) for name in a.conditions}
    if space == "z":
        return model.make(noise, conditions, truncation)
    start, end = (to_styles(model, p.noise, p.conditions, truncation).cpu()[0] for p in (a, b))
    return from_styles(model, lerp(start, end, t), noise, conditions)


def _mixed(model: Model, name: str, a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """A condition on its way: class ids that differ become vectors of shares; categories of codes change half-way."""
    if torch.equal(a, b):
        return a.expand(len(t), *a.shape[1:])
    if a.dtype == torch.long and name in model.drawing.codes:
        return torch.where(t < 0.5, a, b)
    if a.dtype == torch.long:
        a, b = vector(model, name, a), vector(model, name, b)
    return lerp(a[0], b[0], t)
