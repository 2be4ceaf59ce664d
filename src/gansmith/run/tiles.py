"""A network applied to an image of any size, tile by tile, in memory that the image's height does not change.

Where the network declares its receptive field, tiles see that much more of the image than they are kept of, and what is
kept is what the network makes of the whole image. Networks without one (statistics of the image, attention) are run on
tiles that overlap, and blended from one to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import InputError

__all__ = ["Reach", "Rows", "reach_of", "strips", "tiled"]

OVERLAP = 32
"""Pixels that tiles of networks without a receptive field share with each neighbour, where nothing else is asked."""


class Rows(Protocol):
    """An image `(c, h, w)` of which windows can be read: a tensor, an array, a file mapped into memory."""

    @property
    def shape(self) -> Any:
        """Channels, height and width."""

    def __getitem__(self, window: Any, /) -> Any:
        """`image[:, top:bottom, left:right]`, real numbers."""


@dataclass(frozen=True)
class Reach:
    """What a tiling has to know of a network.

    Attributes:
        margin: Pixels around a tile on which what is kept of it can depend; None where that is the whole image.
        divisor: What the sides of its input have to be multiples of.
        scale: Pixels of a side of the output for one of the input, a whole number.
    """

    margin: int | None
    divisor: int = 1
    scale: int = 1


def reach_of(net: Any) -> Reach:
    """What a network declares as `receptive_field`, `divisor` and `scale`.

    Raises:
        InputError: It declares nothing, or makes its input smaller.
    """
    missing = [name for name in ("receptive_field", "divisor", "scale") if not hasattr(net, name)]
    if missing:
        raise InputError(f"{type(net).__name__} can't be applied in tiles: it does not declare {', '.join(missing)}")
    if net.scale != int(net.scale):
        raise InputError(f"{type(net).__name__} makes images smaller: tiles are for networks whose scale is at least 1")
    field = net.receptive_field
    return Reach(None if field is None else field // 2, net.divisor, int(net.scale))


@torch.no_grad()
def strips(
    net: Callable[[Tensor], Tensor],
    image: Rows,
    tile: int = 256,
    overlap: int | None = None,
    reach: Reach | None = None,
) -> Iterator[Tensor]:
    """Apply a network from above to below; what has been given can be written and forgotten.

    At a time there are one tile with its margin and one row of tiles of the output, twice that with blending. An image
    whose sides don't divide is continued by reflection, as the networks themselves do.

    Args:
        net: From `(1, c, h, w)` to `(1, c', scale h, scale w)`; in eval mode, and the same for the same input.
        image: `(c, h, w)`.
        tile: Side in input pixels of what is kept of a tile, at least 1; made a multiple of the divisor.
        overlap: Pixels around each tile that are computed too. None: the receptive field's margin, which is exact, or
            32 where there is none. Less than the margin is blended as well.
        reach: What is known of the network; None asks the network.

    Yields:
        Strips `(c', rows, scale w)` that make up the output.

    Raises:
        InputError: The network declares nothing of itself, or a number is out of range.
    """
    known = reach or reach_of(net)
    if tile < 1 or (overlap is not None and overlap < 0):
        raise InputError(f"tile={tile} and overlap={overlap} have to be at least 1 and 0 pixels")
    grid = known.divisor
    step = _up(tile, grid)
    around = _up(overlap if overlap is not None else OVERLAP if known.margin is None else known.margin, grid)
    exact = known.margin is not None and around >= known.margin
    plan = _Plan(net, image, step, min(around, step) if not exact else around, known)
    yield from plan.exact() if exact else plan.blended()


def tiled(net: Callable[[Tensor], Tensor], image: Rows, tile: int = 256, **more: Any) -> Tensor:
    """The whole output `(c', scale h, scale w)` of `strips`, whose arguments these are."""
    return torch.cat(list(strips(net, image, tile, **more)), 1)


def _up(value: int, multiple: int) -> int:
    return math.ceil(value / multiple) * multiple


class _Plan:
    """Where tiles lie on the image, continued to multiples of the divisor."""

    def __init__(self, net: Callable[[Tensor], Tensor], image: Rows, step: int, around: int, known: Reach) -> None:
        self.net, self.image, self.step, self.around, self.scale = net, image, step, around, known.scale
        self.height, self.width = (int(side) for side in image.shape[1:])
        self.rows, self.columns = _up(self.height, known.divisor), _up(self.width, known.divisor)

    def exact(self) -> Iterator[Tensor]:
        """Strips of the middles of tiles."""
        s = self.scale
        for top in range(0, self.height, self.step):
            bottom = min(top + self.step, self.rows)
            parts = []
            for left in range(0, self.width, self.step):
                right = min(left + self.step, self.columns)
                made, y, x = self._made(top, bottom, left, right)
                y, x = (top - y) * s, (left - x) * s
                parts.append(made[:, y : y + (bottom - top) * s, x : x + (right - left) * s])
            strip = torch.cat(parts, 2)
            yield strip[:, : (self.height - top) * s, : self.width * s].contiguous()

    def blended(self) -> Iterator[Tensor]:
        """Strips of tiles that fade into each other; what the next row of tiles adds to is kept back."""
        s, total, weight = self.scale, torch.empty(0), torch.empty(0)
        for top in range(0, self.height, self.step):
            bottom = min(top + self.step, self.rows)
            start = max(0, top - self.around)
            made, shares = self._row(top, bottom)
            kept = total.shape[1] if total.ndim == 3 else 0
            if kept:  # begun by the row of tiles above
                made[:, :kept] += total
                shares[:, :kept] += weight
            last = bottom >= self.height
            count = ((self.height if last else bottom - self.around) - start) * s
            strip = made[:, :count] / shares[:, :count]
            yield strip[:, :, : self.width * s].contiguous()
            total, weight = made[:, count:], shares[:, count:]
            if last:
                return

    def _row(self, top: int, bottom: int) -> tuple[Tensor, Tensor]:
        """A row of tiles, weighted and added up: `(c', rows, columns)` and the weights `(1, rows, columns)`."""
        s, total, shares = self.scale, torch.empty(0), torch.empty(0)
        for left in range(0, self.width, self.step):
            right = min(left + self.step, self.columns)
            made, y, x = self._made(top, bottom, left, right)
            down = _fade(top, bottom, y, made.shape[1], self.around, s)
            across = _fade(left, right, x, made.shape[2], self.around, s)
            share = (down[:, None] * across[None]).to(made)[None]
            if not total.numel():
                total = made.new_zeros(made.shape[0], made.shape[1], self.columns * s)
                shares = made.new_zeros(1, *total.shape[1:])
            total[:, :, x * s : x * s + made.shape[2]] += made * share
            shares[:, :, x * s : x * s + made.shape[2]] += share
        return total, shares

    def _made(self, top: int, bottom: int, left: int, right: int) -> tuple[Tensor, int, int]:
        """What the network makes of a tile and its surroundings, and where these begin."""
        a, b = max(0, top - self.around), min(self.rows, bottom + self.around)
        c, d = max(0, left - self.around), min(self.columns, right + self.around)
        made = self.net(self._read(a, b, c, d)[None])[0]
        if made.shape[1:] != ((b - a) * self.scale, (d - c) * self.scale):
            raise InputError(f"of {b - a}x{d - c} pixels the network makes {made.shape[1]}x{made.shape[2]}")
        return made, a, c

    def _read(self, top: int, bottom: int, left: int, right: int) -> Tensor:
        """A window of the continued image."""
        rows, columns = _mirrored(top, bottom, self.height), _mirrored(left, right, self.width)
        y, x = (int(rows.min()), int(rows.max()) + 1), (int(columns.min()), int(columns.max()) + 1)
        window = torch.as_tensor(self.image[:, y[0] : y[1], x[0] : x[1]])
        return window[:, rows - y[0]][:, :, columns - x[0]]


def _mirrored(start: int, stop: int, size: int) -> Tensor:
    """Indices `start` to `stop` of a row of `size` pixels that is reflected at its end, or too short and repeats it."""
    at = torch.arange(start, stop)
    beyond = 2 * (size - 1) - at
    return torch.where(at < size, at, beyond if stop <= 2 * size - 1 else torch.full_like(at, size - 1))


def _fade(start: int, stop: int, first: int, size: int, around: int, scale: int) -> Tensor:
    """Weights `(size,)` of a tile's pixels along a side: 1 inside, falling to 0 around its ends.

    Args:
        start: First input pixel of the tile.
        stop: One past its last.
        first: First input pixel that was computed.
        size: Output pixels that were computed.
        around: Input pixels over which it falls, on either side; at the image's border there are none.
        scale: Output pixels for an input pixel.
    """
    at = first + (torch.arange(size) + 0.5) / scale
    inside = torch.minimum(at - start, stop - at)
    end = first + size / scale
    weight = F.hardtanh((inside + around) / max(2 * around, 1), 0.0, 1.0) if around else torch.ones(size)
    if first == start:  # the image's border, where nobody else has anything to say
        weight = torch.where(at < (start + stop) / 2, 1.0, weight)
    if end == stop:
        weight = torch.where(at > (start + stop) / 2, 1.0, weight)
    return weight.clamp_min(1e-6)
