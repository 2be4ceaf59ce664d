"""Scene, settings and game of super-resolution: a small image is made large, first by pixels alone, then against D."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Draws, Game, Scene, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.layout import pad_to_multiple
from gansmith.nets.rrdb import RRDBNet, SRResNet
from gansmith.objectives.translation import absolute, feature_matching
from gansmith.recipes._conditions import image_field
from gansmith.recipes._families import ADVERSARIAL, BATCH_COUPLED, Loss, contest
from gansmith.recipes._translation import TranslateHp, averages, mirrored, mover, posing
from gansmith.types import Batch, Field, Spec

__all__ = ["EnlargeHp", "Enlarged", "Reducing", "Shrinking", "enlarging", "shrunk"]

Reducing = Callable[[Tensor, Draws], Tensor]
"""From real images `(n, c, h, w)` to the small ones that are enlarged."""

VIEW = 32
"""The least side in pixels that the frozen network sees."""


class EnlargeHp(TranslateHp):
    """Hyper-parameters of super-resolution recipes."""

    factor: Literal[2, 4, 8] = Setting(4, description="pixels of a side of what is made, for each of the small image")
    width: int = Setting(16, ge=1, le=1024, description="channels of the generator's maps")
    judge: int = Setting(16, ge=1, le=1024, description="channels of the discriminator's first map")
    warmup: int = Setting(500, ge=1, le=10_000_000, description="rounds of the first stage, by pixels alone")
    pixels: float = Setting(1.0, ge=0, description="weight of the mean absolute difference of pixels after that")
    perceptual: float = Setting(1.0, ge=0, description="weight of being alike in the maps of a network")
    maps: Literal["discriminator", "efficientnet"] = Setting(
        "discriminator", description="whose maps: the discriminator's, or a frozen network's (extra features)"
    )
    adversarial: float = Setting(0.01, ge=0, description="weight of passing for real")
    beta1: float = Setting(0.9, ge=0, lt=1, description="Adam's first decay rate")


def shrunk(image: Tensor, factor: int, head: str | None = "tanh") -> Tensor:
    """The image at a fraction of its size, by cubic interpolation over the whole area of a pixel (antialiased).

    Args:
        image: `(n, c, h, w)`; sides that don't divide are continued by reflection.
        factor: Pixels of a side for each that is left.
        head: `"tanh"` where values are in [-1, 1]: overshoot is cut off.
    """
    whole = pad_to_multiple(image, factor)
    small = F.interpolate(whole, scale_factor=1 / factor, mode="bicubic", antialias=True, recompute_scale_factor=False)
    return small.clamp(-1, 1) if head == "tanh" else small


@dataclass(frozen=True)
class Shrinking:
    """Small images by cubic interpolation alone; see `shrunk`.

    Attributes:
        factor: Pixels of a side for each that is left.
        head: Of the images.
    """

    factor: int = 4
    head: str | None = "tanh"

    def __call__(self, image: Tensor, draws: Draws) -> Tensor:
        """Images `(n, c, h, w)` made small; nothing is drawn."""
        return shrunk(image, self.factor, self.head)


class Enlarged(Scene):
    """Small images, what is made of them, and the scores and maps of both kinds of large images."""

    G: nn.Module
    D: Any
    image: Tensor
    source: Tensor | None = None
    known: nn.Module | None = None

    mirror = False  # not annotated: these two are settings of the game
    reduced = staticmethod(Shrinking())

    @flow
    def large(self) -> Tensor:
        """Real images."""
        return mirrored(self.image, self.coin) if self.mirror else self.image

    @flow
    def coin(self) -> Tensor:
        """Uniform numbers `(n,)` that decide on mirroring."""
        return self.draws.uniform()

    @flow
    def small(self) -> Tensor:
        """What is enlarged: the data's sources, or the real images made small."""
        if self.source is None:
            return self.reduced(self.large, self.draws)
        return mirrored(self.source, self.coin) if self.mirror else self.source

    @flow
    def fake(self) -> Tensor:
        """Small images made large, cut to the real ones' size."""
        made: Tensor = self.G(self.small)
        return made[..., : self.image.shape[-2], : self.image.shape[-1]]

    @flow
    def real_maps(self) -> list[Tensor]:
        """The discriminator's maps of real images."""
        maps: list[Tensor] = self.D.features(self.large)
        return maps

    @flow
    def fake_maps(self) -> list[Tensor]:
        """The discriminator's maps of made images."""
        maps: list[Tensor] = self.D.features(self.fake)
        return maps

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images' places."""
        scores: Tensor = self.D.score(self.real_maps[-1])
        return scores

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images' places."""
        scores: Tensor = self.D.score(self.fake_maps[-1])
        return scores

    @flow
    def unlike(self) -> Tensor:
        """How far made and real images are apart in the maps."""
        if self.known is None:
            return feature_matching(self.fake_maps, self.real_maps)
        return feature_matching(self.known(self.fake), self.known(self.large))


def _small_field(spec: Spec, image: Field, factor: int) -> Field:
    """The field of small images.

    Raises:
        InputError: The data has small images, and they are not `factor` times smaller.
    """
    sides = tuple(math.ceil(side / factor) for side in image.shape[1:])
    wanted = Field((image.shape[0], *sides), image.kind, image.head)
    if "source" in spec and spec["source"].shape != wanted.shape:
        there, asked = ("x".join(map(str, shape)) for shape in (spec["source"].shape, wanted.shape))
        raise InputError(f"factor={factor} makes images from sources of {asked}; the data's have {there}")
    return wanted


def _draw(image: Field, small: Field, reduced: Reducing, given: bool) -> Draw:
    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        source = batch["source"]
        made: Tensor = nets["G"](source)
        if source.shape[1:] == small.shape:
            made = made[..., : image.shape[1], : image.shape[2]]
        return {"image": made.clamp(-1, 1) if image.head == "tanh" else made}

    def pose(batch: Batch, draws: Draws) -> Batch:
        return {"source": reduced(batch["image"], draws)}

    return Draw(make, given={"source": small}, pose=None if given else pose)


def enlarging(
    spec: Spec,
    hp: EnlargeHp,
    generator: SRResNet | RRDBNet,
    judge: nn.Module,
    loss: Loss,
    reduced: Reducing | None = None,
) -> Game:
    """The game of a generator that enlarges and a discriminator with `features` and `score`.

    Args:
        spec: Fields of the data.
        hp: Settings.
        generator: From small images to large ones.
        judge: The discriminator.
        loss: The adversarial one.
        reduced: What makes small images of real ones, where the data has none; default `Shrinking`.

    Raises:
        InputError: The data does not fit.
    """
    image = image_field(spec)
    small = _small_field(spec, image, hp.factor)
    reduced = Shrinking(hp.factor, image.head) if reduced is None else reduced
    nets: dict[str, nn.Module] = {"G": generator, "D": judge}
    pretrained = {}
    if hp.maps == "efficientnet":
        from gansmith.nets.projected import BACKBONE_ID, Backbone

        nets["known"] = Backbone(min(256, max(VIEW, *image.shape[1:])))
        pretrained["known"] = BACKBONE_ID
    d, g = ADVERSARIAL[loss]
    first = {"pixels": Term(lambda s: absolute(s.fake, s.large))}
    terms = {
        "pixels": Term(lambda s: absolute(s.fake, s.large), hp.pixels),
        "perceptual": Term(lambda s: s.unlike, hp.perceptual),
        "adv": Term(g["adv"].fn, hp.adversarial),
    }
    return Game(
        nets,
        posing(Enlarged, mirror=hp.mirror, reduced=staticmethod(reduced)),
        players={"G": mover(("G",), hp.lr_g, hp), "D": mover(("D",), hp.lr_d, hp)},
        stages=(
            Stage((Turn("G", first),), rounds=hp.warmup, name="pixels"),
            Stage((Turn("D", d), Turn("G", terms)), carry={"G": ("large", "small", "fake")}),
        ),
        ema=averages(hp, "G"),
        draw=_draw(image, small, reduced, "source" in spec),
        contest=contest,
        pretrained=pretrained,
        batch_coupled=("D",) if loss in BATCH_COUPLED else (),
    )
