"""MM-GAN: of several modalities of one place, any that are missing are made from those that are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Draws, Game, Scene, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.translate import UNetTranslator
from gansmith.objectives.adversarial import least_squares_d, least_squares_g
from gansmith.recipes._conditions import image_field
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import TranslateHp, averages, mirrored, mover, posing
from gansmith.types import Batch, Field, Spec


class MmganHp(TranslateHp):
    """Hyper-parameters of `mmgan`."""

    l1: float = Setting(100.0, ge=0, description="weight of the mean absolute difference in what was missing")
    norm: Literal["none", "instance", "batch"] = Setting(
        "instance", description="statistics of the generator's maps: of each image, of the batch, or none"
    )


def left_out(draws: Draws, channels: int) -> Tensor:
    """Which channels are missing, `(n, channels)`: 1 for any of one to all but one, every number of them as often."""
    count = 1 + (draws.uniform() * (channels - 1)).floor()
    rank = draws.uniform(channels).argsort(1).argsort(1)
    return (rank < count[:, None]).to(count.dtype)


def told(image: Tensor, missing: Tensor) -> Tensor:
    """Images `(n, c, h, w)` with a map of ones or zeros for each channel, which says whether it is missing."""
    return torch.cat([image, missing[:, :, None, None].expand_as(image)], 1)


def completed(net: nn.Module, source: Tensor, missing: Tensor) -> Tensor:
    """What is there, unchanged, with the missing channels that a net makes of it; missing ones are not looked at."""
    lacking = missing.to(source.dtype)[:, :, None, None].expand_as(source)
    made: Tensor = net(told(source * (1 - lacking), missing.to(source.dtype)))
    return torch.where(lacking > 0, made, source)


class Modalities(Scene):
    """Images of several channels, which of these are missing, and the images completed."""

    G: UNetTranslator
    D: PatchDiscriminator
    image: Tensor

    mirror = False  # a setting of the game

    @flow
    def whole(self) -> Tensor:
        """Real images."""
        return mirrored(self.image, self.draws.uniform()) if self.mirror else self.image

    @flow
    def missing(self) -> Tensor:
        """1 for channels that are missing, `(n, c)`."""
        return left_out(self.draws, self.image.shape[1])

    @flow
    def fake(self) -> Tensor:
        """Real images, their missing channels made from the others."""
        return completed(self.G, self.whole, self.missing)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images' patches."""
        scores: Tensor = self.D(told(self.whole, self.missing))
        return scores

    @flow
    def d_fake(self) -> Tensor:
        """Scores of completed images' patches."""
        scores: Tensor = self.D(told(self.fake, self.missing))
        return scores

    @flow
    def apart(self) -> Tensor:
        """Mean absolute difference in each image's missing channels, `(n,)`; in the others there is none."""
        return (self.fake - self.whole).abs().mean((1, 2, 3)) / self.missing.mean(1)


@recipe(
    "mmgan",
    "Makes the missing ones of several registered modalities from those that are there, whichever they are.",
    MmganHp,
    sizes={"s": {}, "m": {"width": 32}, "l": {"width": 64}},
    references=(
        "Sharma & Hamarneh 2019, Missing MRI Pulse Sequence Synthesis using Multi-Modal Generative Adversarial "
        "Network, arXiv:1904.12200",
        "Lee et al. 2019, CollaGAN: Collaborative GAN for Missing Image Data Imputation, arXiv:1901.09764",
        "Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks, arXiv:1611.07004",
    ),
    tasks=("complete",),
    kind="translation",
)
def mmgan(spec: Spec, hp: MmganHp) -> Game:
    """Build the game."""
    image = image_field(spec)
    channels, height, width = image.shape
    halvings = min(8, int(math.log2(min(height, width))))
    if channels < 2:
        raise InputError(
            "mmgan makes modalities of others, as channels of one image: it needs two or more, and has one"
        )
    if halvings < 3:
        raise InputError(f"mmgan needs images of at least 8 pixels a side; these have {height}x{width}")
    g = {"adv": Term(lambda s: least_squares_g(s.d_fake)), "l1": Term(lambda s: s.apart.mean(), hp.l1)}
    # D's objective is halved: it learns slower than G, as in pix2pix
    d = {"adv": Term(lambda s: least_squares_d(s.d_real, s.d_fake), 0.5)}
    return Game(
        {
            "G": UNetTranslator(2 * channels, channels, hp.width, halvings, hp.norm, image.head, "repeat"),
            "D": PatchDiscriminator((2 * channels, height, width), hp.width),
        },
        posing(Modalities, mirror=hp.mirror),
        players={"D": mover(("D",), hp.lr_d, hp), "G": mover(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g)), carry={"G": ("whole", "missing", "fake")}),),
        ema=averages(hp, "G"),
        draw=draw_completed(image),
        contest=contest,
    )


def draw_completed(image: Field) -> Draw:
    """Making the channels of a `source` that `missing` says are not there; the others stay as they are."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        return {"image": completed(nets["G"], batch["source"], batch["missing"])}

    def pose(batch: Batch, draws: Draws) -> Batch:
        missing = left_out(draws, image.shape[0])
        return {"source": batch["image"] * (1 - missing[:, :, None, None]), "missing": missing}

    return Draw(make, given={"source": image, "missing": Field(image.shape[:1], "mask")}, pose=pose)
