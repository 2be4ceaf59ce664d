"""Functions of derived quantities: NaN where they are not defined, and gradients that are finite everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import torch
from torch import Tensor

__all__ = ["ARITIES", "MANY", "UNARY", "divided", "hypot"]

STEEP = 300.0
"""Arguments of exponentials beyond which they count as infinite: products of several stay within a float64."""


def _where(
    f: Callable[[Tensor], Tensor], inside: Callable[[Tensor], Tensor], safe: float
) -> Callable[[Tensor], Tensor]:
    """A function on its domain. Outside it is NaN, and its slope 0: an infinite one times 0 would be NaN."""

    def guarded(x: Tensor) -> Tensor:
        good = inside(x)
        return torch.where(good, f(torch.where(good, x, safe)), torch.nan)

    return guarded


def _root(x: Tensor) -> Tensor:
    found = _where(torch.sqrt, lambda v: v > 0, 1.0)(x)
    return torch.where(x == 0, 0.0, found)


def _steep(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return _where(f, lambda x: x.abs() <= STEEP, 0.0)


def _arc(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """An inverse function on [-1, 1], whose slope is infinite at both ends and taken for 0 there."""
    within = _where(f, lambda x: x.abs() < 1, 0.0)
    return lambda x: torch.where(x.abs() == 1, f(x.detach()), within(x))


UNARY: Mapping[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "sqrt": _root,
    "exp": _steep(torch.exp),
    "log": _where(torch.log, lambda x: x > 0, 1.0),
    "log10": _where(torch.log10, lambda x: x > 0, 1.0),
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": _arc(torch.asin),
    "acos": _arc(torch.acos),
    "atan": torch.atan,
    "sinh": _steep(torch.sinh),
    "cosh": _steep(torch.cosh),
    "tanh": torch.tanh,
    "asinh": torch.asinh,
    "wrap": lambda x: x - 2 * torch.pi * torch.round(x / (2 * torch.pi)),
}
"""Functions of one argument; `wrap` brings a difference of angles to [-pi, pi]."""

MANY: Mapping[str, Callable[[list[Tensor]], Tensor]] = {
    "sum": lambda parts: reduce(torch.add, parts),
    "min": lambda parts: reduce(torch.minimum, parts),
    "max": lambda parts: reduce(torch.maximum, parts),
}
"""Functions of any number of arguments, in which the name of a block, or one with a star, stands for many columns."""

ARITIES: Mapping[str, tuple[int, int]] = {
    **{name: (1, 1) for name in UNARY},
    **{name: (1, 200) for name in MANY},
    "atan2": (2, 2),
    "hypot": (2, 20),
}
"""What may be called, with the least and the largest number of arguments."""


def divided(a: Tensor, b: Tensor) -> Tensor:
    """The quotient; NaN where b is 0."""
    good = b != 0
    return torch.where(good, a / torch.where(good, b, 1.0), torch.nan)


def hypot(parts: list[Tensor]) -> Tensor:
    """The root of the sum of squares."""
    return _root(reduce(torch.add, [part.square() for part in parts]))
