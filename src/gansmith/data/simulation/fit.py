"""The codec of events, fitted to training events."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.attributes import Attribute, fit_attribute
from gansmith.data.simulation.chance import chance
from gansmith.data.simulation.codec import FLOOR, JOINT, EventCodec
from gansmith.data.simulation.events import EventItems
from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.quantity import read_quantities
from gansmith.data.simulation.ranks import Ranks
from gansmith.errors import InputError

__all__ = ["fit_events", "is_angle"]

FULL = 0.98
"""Share of [-pi, pi] that a column's ends must reach, on both sides, to be taken for an angle."""

NORMAL = 1.349
"""Quartile distance of a standard normal."""


def is_angle(column: NDArray[np.float64]) -> bool:
    """Whether a column `(n,)` fills [-pi, pi] and goes nowhere beyond."""
    low, high = float(column.min()), float(column.max())
    return -math.pi - 1e-3 <= low <= -FULL * math.pi and FULL * math.pi <= high <= math.pi + 1e-3


def fit_events(items: EventItems, options: SimulationOptions) -> EventCodec:
    """The codec of training events.

    Raises:
        InputError: A condition or all columns never vary, an angle is none, or a derived quantity has nothing to stand
            on.
    """
    shapes = {n: tuple(c.shape[1:]) for n, c in items.arrays.items() if n not in items.conditions}
    given = tuple(_condition(name, items.arrays[name]) for name in items.conditions)
    angles = _angles(items, shapes, options)
    ahead = _ahead(items, options.turn)
    empty = Ranks.fit(np.zeros((1, 0))), torch.zeros(0), torch.zeros(0, 0)
    blank = EventCodec(shapes, angles, {}, *empty, turn=options.turn, ahead=ahead)
    plainly = blank.flat(items.arrays)
    numbers = blank.apart(plainly)
    still = np.flatnonzero(np.ptp(numbers, 0) == 0)
    fixed = {blank.names[i]: float(numbers[0, i]) for i in still if blank.names[i] not in (*angles, *options.turn[:1])}
    if len(fixed) + len(options.turn[:1]) == len(blank.names):
        raise InputError(f"{items.source}: no column varies from event to event, so there is nothing to learn")
    ranked = [i for i, name in enumerate(blank.names) if name not in (*angles, *fixed, *options.turn[:1])]
    ranks = Ranks.fit(numbers[:, ranked])
    turned = torch.from_numpy(numbers[:, [blank.names.index(name) for name in angles]])
    scored = ranks.encode(torch.from_numpy(numbers[:, ranked]), chance(numbers, len(ranked)))
    entries = torch.cat([scored, math.sqrt(2) * turned.cos(), math.sqrt(2) * turned.sin()], 1)
    mean, root = _whitening(entries)
    judged = read_quantities(options.judged, "judged")
    quantities = (*read_quantities(options.derived), *judged)
    names = [quantity.name for quantity in quantities]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"judged: {twice[0]!r} is given by derived= too: it can be only one of them")
    plain, blocks = [n for n, s in shapes.items() if not s], [n for n, s in shapes.items() if s]
    for quantity in quantities:
        quantity.check(plain, blocks)
    parts: dict[str, Any] = {
        "given": given,
        "derived": quantities,
        "turn": options.turn,
        "seconds": options.seconds,
        "judged": len(judged),
        "ahead": ahead,
    }
    codec = EventCodec(shapes, angles, fixed, ranks, mean, root, **parts)
    if not quantities:
        return codec
    centres = _centres(codec.quantities(torch.from_numpy(plainly)), [q.name for q in quantities], str(items.source))
    return EventCodec(shapes, angles, fixed, ranks, mean, root, centres=centres, **parts)


def _condition(name: str, column: NDArray[Any]) -> Attribute:
    found = fit_attribute(name, column)
    if found is None:
        raise InputError(
            f"condition {name!r} is {column[0]} in every training event: leave it out (--read leave={name})"
        )
    return found


def _ahead(items: EventItems, turn: tuple[str, ...]) -> tuple[float, ...]:
    """Circular mean of how far each turned angle is ahead of the first."""
    if not turn:
        return ()
    first = items.arrays[turn[0]]
    return tuple(float(np.angle(np.exp(1j * (items.arrays[name] - first)).mean())) for name in turn[1:])


def _angles(items: EventItems, shapes: dict[str, tuple[int, ...]], options: SimulationOptions) -> tuple[str, ...]:
    """Angles by name: those that the user names, and those that show it."""
    for option, names in (("angles", options.angles), ("turn", options.turn)):
        for name in names:
            if shapes.get(name) != ():
                raise InputError(f"{option}={name}: {name!r} is no column of single numbers that is made")
            largest = float(np.abs(items.arrays[name]).max())
            if largest > 2 * math.pi + 1e-3:
                raise InputError(
                    f"{option}={name}: {name!r} reaches {largest:g}: angles are read in radians, up to 2 pi"
                )
    alone = [n for n, shape in shapes.items() if shape == () and n not in options.turn]
    return tuple(n for n in alone if n in options.angles or is_angle(items.arrays[n]))


def _whitening(entries: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and the symmetric root of the covariance, of entries `(n, m)`."""
    mean, wide = entries.mean(0), entries.shape[1]
    centred = entries - mean
    if wide > JOINT:
        spread = centred.square().mean(0)
        return mean, torch.diag(spread.clamp_min(FLOOR * float(spread.mean())).sqrt())
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(entries))
    values = values.clamp_min(FLOOR * float(values.mean()))
    return mean, (vectors * values.sqrt()) @ vectors.T


def _centres(found: Tensor, names: list[str], where: str) -> tuple[tuple[float, float], ...]:
    """Median and spread of each derived quantity."""
    centres = []
    for name, column in zip(names, found.T, strict=True):
        good = column[torch.isfinite(column)].numpy()
        if len(good) < max(2, len(column) // 2):
            raise InputError(
                f"{where}: derived quantity {name!r} is not defined (a root of a negative number, a division by 0) in "
                f"{len(column) - len(good):,} of {len(column):,} events: mend its expression"
            )
        low, middle, high = np.quantile(good, [0.25, 0.5, 0.75])
        spread = (high - low) / NORMAL or float(good.std())
        if not spread > 0:
            raise InputError(f"{where}: derived quantity {name!r} is {middle:g} in every event: leave it out")
        centres.append((float(middle), float(spread)))
    return tuple(centres)
