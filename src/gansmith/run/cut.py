"""How an image is cut for a net: not at all where that fits, else in parts, with how much that changes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.run.anchored import anchored, has_statistics
from gansmith.run.hardware import device_of
from gansmith.run.peak import peak_bytes
from gansmith.run.tiles import Reach, Rows, reach_of, tiled

if TYPE_CHECKING:
    from gansmith.run.translation_model import TranslationModel

__all__ = ["Cut", "Image", "cut"]

EXACT, PARTS, OVERLAP = 256, 512, 64
"""Tile of nets with a receptive field; tile and overlap of the others."""

MEMORY = 2**30
"""Bytes that maps of an image may take for it to be seen whole by nets that are not exact in parts."""

SMALL = 256**2
"""Pixels up to which nobody asks what an image takes."""

COMPARED, QUARTER = 1024**2, 1 / 4
"""Pixels of the middle of an image that are made both ways at most, and their most share of the image."""

SEEN = 0.05
"""Mean difference, in 1/255, below which nobody is told of it."""


class Image(Rows, Protocol):
    """An image of which windows can be read, and which can be had smaller."""

    @property
    def hole(self) -> object:
        """What is missing; None where the net fills nothing."""

    def smaller(self, share: float) -> Rows:
        """The whole image, its sides so many times as long."""


@dataclass(frozen=True)
class Cut:
    """How an image is cut.

    Attributes:
        net: From `(1, c, h, w)`, with the mask as last channel where there is one, to what is made.
        side: Of the tiles.
        overlap: Pixels around a tile that are computed too; None: the receptive field's.
        reach: What is known of the net.
        peak: From a tile's side to about how many bytes its maps take.
        note: How much the parts differ from the whole; empty where they don't.
    """

    net: Callable[[Tensor], Tensor]
    side: int
    overlap: int | None
    reach: Reach
    peak: Callable[[int], int]
    note: str = ""


def cut(model: TranslationModel, image: Image, back: bool, tile: int | None) -> Cut:
    """Choose how an image is cut.

    Args:
        model: What translates.
        image: What is translated.
        back: Whether the other way.
        tile: Side of the parts; None chooses.
    """
    reach, net = reach_of(model.net(back)), _net(model, back, image.hole is not None)
    _, height, width = image.shape
    longest = max(height, width)

    def peak(side: int) -> int:
        around = OVERLAP if reach.margin is None else reach.margin
        return _peak(model, back, image, *(min(all, side + 2 * around) for all in (height, width)))

    if reach.margin is not None:
        return Cut(net, EXACT if tile is None else tile, None, reach, peak)
    if tile is None and (height * width <= SMALL or _peak(model, back, image, height, width) <= MEMORY):
        tile = longest
    if tile is not None and tile >= longest:
        return Cut(net, longest, OVERLAP, reach, peak)
    side = PARTS if tile is None else tile
    while tile is None and side > reach.divisor and peak(side) > MEMORY:
        side //= 2
    return _in_parts(model, back, image, Cut(net, side, OVERLAP, reach, peak))


def _in_parts(model: TranslationModel, back: bool, image: Image, plain: Cut) -> Cut:
    """Parts of nets that see the whole image: with its statistics, as far as those can be had."""
    _, height, width = image.shape
    share = _share(model, back, image)
    chosen = _anchored(model, back, image, plain, share)
    high, wide = _middle(model, back, image)
    top, left = (height - high) // 2, (width - wide) // 2
    middle = torch.as_tensor(image[:, top : top + high, left : left + wide])
    small = F.interpolate(middle[None], scale_factor=share, mode="bilinear", antialias=True)[0]
    own = _anchored(model, back, _Given(middle, image.hole, small), plain, share)
    side = min(plain.side, max(high, wide) // 2)
    parts = tiled(own.net, middle, side, overlap=own.overlap, reach=own.reach)
    with torch.no_grad():
        whole = tiled(plain.net, middle, max(high, wide), overlap=OVERLAP, reach=plain.reach)
    apart = float((parts - whole).abs().mean()) * 127.5
    if apart < SEEN:
        return chosen
    return replace(
        chosen,
        note=f"made in parts of {plain.side} pixels, which are not exactly what the whole would give: on the middle "
        f"{wide}x{high} pixels they differ by {apart:.1f} of 255 on average; --tile {max(height, width)} makes it "
        f"whole in about {_peak(model, back, image, height, width) / 1e9:.1f} GB",
    )


@dataclass(frozen=True)
class _Given:
    """A part of an image as an image of its own."""

    pixels: Tensor
    hole: object
    small: Tensor

    @property
    def shape(self) -> torch.Size:
        return self.pixels.shape

    def __getitem__(self, window: object) -> Tensor:
        return self.pixels[window]  # type: ignore[index]

    def smaller(self, share: float) -> Tensor:
        return self.small


def _anchored(model: TranslationModel, back: bool, image: Image, plain: Cut, share: float) -> Cut:
    """The cut with a net whose statistics are those of the image made small; the plain one where it has none."""
    net = model.net(back)
    if not has_statistics(net):
        return plain
    kept = replace(model, nets={**model.nets, model.net_name(back): anchored(net)})
    run, small = _net(kept, back, image.hole is not None), image.smaller(share)
    run(torch.as_tensor(small[:, :, :])[None])
    seen = getattr(net, "sees", None)  # with fixed statistics a net of convolutions sees no more than these do
    if seen is None:
        return replace(plain, net=run)
    return replace(plain, net=run, overlap=None, reach=replace(plain.reach, margin=seen // 2))


def _net(model: TranslationModel, back: bool, masked: bool) -> Callable[[Tensor], Tensor]:
    device = device_of(model.nets)

    def net(part: Tensor) -> Tensor:
        part = part.to(device)
        channels = part.shape[1] - masked
        given = {"image" if back else "source": part[:, :channels]}
        return model.make(given | ({"mask": part[:, channels:]} if masked else {}), back)

    return net


def _peak(model: TranslationModel, back: bool, image: Image, height: int, width: int) -> int:
    """About how many bytes maps of so large a part take."""
    masked = image.hole is not None
    shapes: Mapping[str, tuple[int, ...]] = {
        "image" if back else "source": (1, image.shape[0] - masked, height, width),
        **({"mask": (1, 1, height, width)} if masked else {}),
    }
    name = model.net_name(back)
    return peak_bytes(model.drawn(back), {name: model.nets[name]}, shapes)


def _share(model: TranslationModel, back: bool, image: Image) -> float:
    """How many times as long the sides of the image may be that is seen whole for its statistics."""
    _, height, width = image.shape
    share = 1.0
    while _peak(model, back, image, *(math.ceil(side * share) for side in (height, width))) > MEMORY:
        share *= 0.75
    return share


def _middle(model: TranslationModel, back: bool, image: Image) -> tuple[int, int]:
    """Height and width of the middle that is made whole: as much as is allowed, of the image's proportions."""
    _, height, width = image.shape
    share = math.sqrt(min(QUARTER, COMPARED / (height * width)))
    while _peak(model, back, image, *(math.ceil(side * share) for side in (height, width))) > MEMORY:
        share *= 0.75
    return math.ceil(height * share), math.ceil(width * share)
