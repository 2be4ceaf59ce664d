"""Settings, scenes and sampling that games from image to image share: `source` is translated, `image` is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Draws, Player, Scene, flow, ramped_half_life
from gansmith.core.schedules import constant_then_linear
from gansmith.errors import InputError
from gansmith.recipes._conditions import image_field
from gansmith.recipes._recipe import Hp
from gansmith.types import Batch, Field, Spec

__all__ = [
    "Pairs",
    "Pool",
    "TranslateHp",
    "averages",
    "draw_translated",
    "mirrored",
    "mover",
    "pair_fields",
    "posing",
]


class TranslateHp(Hp):
    """Hyper-parameters of every recipe from image to image."""

    batch: int = Setting(4, ge=1, le=65536, description="real samples a round, over all processes")
    width: int = Setting(16, ge=1, le=1024, description="channels of the networks' first maps")
    mirror: bool = Setting(False, description="mirror training images at random, a pair's two images together")
    lr_g: float = Setting(2e-4, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-4, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    hold: float = Setting(
        0.5, ge=0, lt=1, description="share of the run before both rates begin to fall to 0 on a straight line"
    )
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.999, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(
        1000.0, ge=0, description="half-life of the averaged generator, in samples; 0 averages nothing"
    )


def mirrored(image: Tensor, coin: Tensor) -> Tensor:
    """Images `(n, c, h, w)`, mirrored where `coin` `(n,)` is below 1/2."""
    return torch.where(coin[:, None, None, None] < 0.5, image.flip(-1), image)


class Pairs(Scene):
    """An image to translate and one of the wanted domain, of one place (paired) or not."""

    source: Tensor
    image: Tensor

    mirror = False  # not annotated: these two are settings of the game (see `posing`), not fields of the batch
    paired = True

    @flow
    def coins(self) -> Tensor:
        """Uniform numbers `(n, 2)` that decide on mirroring the source and the image."""
        coins = self.draws.uniform(2)
        return coins[:, :1].expand(-1, 2) if self.paired else coins

    @flow
    def a(self) -> Tensor:
        """What is translated."""
        return mirrored(self.source, self.coins[:, 0]) if self.mirror else self.source

    @flow
    def b(self) -> Tensor:
        """Images of the wanted domain."""
        return mirrored(self.image, self.coins[:, 1]) if self.mirror else self.image


def posing(scene: type[Scene], **settings: Any) -> type[Scene]:
    """The scene with settings of the game as attributes of its class."""
    return type(scene.__name__, (scene,), settings)


class Pool(nn.Module):
    """Made images of earlier rounds; nobody's net, its buffers are state (Shrivastava et al. 2017, section 2.3).

    Every process keeps what it has made itself.

    Args:
        size: Images that are kept; 0 keeps none.
        shape: Of an image.
    """

    kept: Tensor
    count: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def forward(self, made: Tensor, draws: Draws) -> Tensor:
        """Images `(n, ...)`, half of them exchanged for kept ones once the pool is full. Keeps none under `no_grad`."""
        made, size = made.detach(), len(self.kept)
        if not size or not torch.is_grad_enabled():
            return made
        seen = []
        for image, (u, v) in zip(made, draws.uniform(2).tolist(), strict=True):
            at = int(self.count) if int(self.count) < size else int(v * size)
            old = self.kept[at].clone()
            full = int(self.count) == size
            if full and u >= 0.5:
                seen.append(image)
                continue
            self.kept[at] = image
            self.count += int(not full)
            seen.append(old.to(image.dtype) if full else image)
        return torch.stack(seen)


def pair_fields(spec: Spec) -> tuple[Field, Field]:
    """The fields `source` and `image` of the data.

    Raises:
        InputError: Their sizes differ.
    """
    source, image = spec["source"], image_field(spec)
    if source.shape[1:] != image.shape[1:]:
        sizes = " and ".join("x".join(map(str, f.shape[1:])) for f in (source, image))
        raise InputError(f"images of both domains have to have one size; these have {sizes} pixels")
    return source, image


def mover(nets: tuple[str, ...], lr: float, hp: TranslateHp) -> Player:
    """A player who moves by Adam at a rate that falls to zero on a straight line in the last part of the run."""
    adam = partial(torch.optim.Adam, lr=lr, betas=(hp.beta1, hp.beta2), fused=True)
    return Player(nets, adam, schedule={"lr": constant_then_linear(lr, hp.hold)})


def averages(hp: TranslateHp, *nets: str) -> dict[str, EMA]:
    """Averages of generators."""
    return {net: EMA(ramped_half_life(hp.ema)) for net in nets} if hp.ema else {}


def draw_translated(source: Field, back: str | None = None) -> Draw:
    """Sampling by translating a given `source` with `G`, of the trained or any other size.

    Args:
        source: The field that is given.
        back: The net that translates the other way, if there is one.
    """

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        image: Tensor = nets["G"](batch["source"])
        return {"image": image}

    def returned(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        source: Tensor = nets[str(back)](batch["image"])
        return {"source": source}

    return Draw(make, given={"source": source}, back=None if back is None else returned)
