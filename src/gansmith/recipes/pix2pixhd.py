"""pix2pixHD: pairs of larger images, coarse first and then fine, judged at several scales at once."""

from __future__ import annotations

import math

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Stage, Term, Turn, flow
from gansmith.errors import InputError
from gansmith.nets.enhancer import CoarseToFine, halved
from gansmith.nets.patches import MultiScaleDiscriminator
from gansmith.nets.upsample import Upsample
from gansmith.objectives import adversarial as adv
from gansmith.objectives.translation import absolute, feature_matching
from gansmith.recipes._families import contest
from gansmith.recipes._recipe import recipe
from gansmith.recipes._translation import Pairs, TranslateHp, averages, draw_translated, mover, pair_fields, posing
from gansmith.types import Spec


class Pix2pixHdHp(TranslateHp):
    """Hyper-parameters of `pix2pixhd`."""

    width: int = Setting(16, ge=2, le=1024, multiple_of=2, description="channels of the global network's first maps")
    blocks: int = Setting(3, ge=1, le=64, description="residual blocks of the global network")
    local: int = Setting(1, ge=1, le=64, description="residual blocks of the enhancer")
    halvings: int = Setting(2, ge=1, le=8, description="how often at most the global network halves its maps")
    scales: int = Setting(2, ge=1, le=5, description="discriminators: of the image, of its half, and so on")
    judge: int = Setting(16, ge=1, le=1024, description="channels of each discriminator's first map")
    warmup: int = Setting(500, ge=1, le=10_000_000, description="rounds of the first stage, at half the size")
    matching: float = Setting(10.0, ge=0, description="weight of being alike in the discriminators' maps")
    l1: float = Setting(0.0, ge=0, description="weight of the mean absolute difference of pixels (the paper: 0)")
    upsample: Upsample = Setting("repeat", description="how maps are doubled; transposed layers begin with grids")


class Scales(Pairs):
    """Pairs as they are and with the other image made, as every discriminator sees them; halved in the first stage."""

    G: CoarseToFine
    D: MultiScaleDiscriminator

    @property
    def coarse(self) -> bool:
        """Whether the global network plays alone."""
        return self.clock.stage == 0

    @flow
    def given(self) -> Tensor:
        """What is translated, at the size of the stage."""
        return halved(self.a) if self.coarse else self.a

    @flow
    def wanted(self) -> Tensor:
        """The other image of each pair, at the size of the stage."""
        return halved(self.b) if self.coarse else self.b

    @flow
    def fake(self) -> Tensor:
        """Sources, translated."""
        made: Tensor = self.G.small(self.a) if self.coarse else self.G(self.a)
        return made

    @flow
    def real_maps(self) -> list[list[Tensor]]:
        """Maps and scores of real pairs, by scale."""
        return self.D.features(torch.cat([self.given, self.wanted], 1))

    @flow
    def fake_maps(self) -> list[list[Tensor]]:
        """Maps and scores of pairs with made images, by scale."""
        return self.D.features(torch.cat([self.given, self.fake], 1))

    @flow
    def d_real(self) -> Tensor:
        """Mean scores of real pairs' patches, `(n, scales)`."""
        return _scores(self.real_maps)

    @flow
    def d_fake(self) -> Tensor:
        """Mean scores of made pairs' patches, `(n, scales)`."""
        return _scores(self.fake_maps)

    @flow
    def d_loss(self) -> Tensor:
        """How badly the discriminators tell pairs apart, summed over them (eq. 3)."""
        both = zip(self.real_maps, self.fake_maps, strict=True)
        return torch.stack([adv.least_squares_d(real[-1], fake[-1]) for real, fake in both]).sum()

    @flow
    def g_loss(self) -> Tensor:
        """How well they do on made pairs, summed over them."""
        return torch.stack([adv.least_squares_g(maps[-1]) for maps in self.fake_maps]).sum()

    @flow
    def unlike(self) -> Tensor:
        """How far made and real pairs are apart in the hidden maps, summed over discriminators (eq. 4 and 5)."""
        both = zip(self.fake_maps, self.real_maps, strict=True)
        return torch.stack([feature_matching(made[:-1], real[:-1]) for made, real in both]).sum()


def _scores(maps: list[list[Tensor]]) -> Tensor:
    return torch.stack([scale[-1].flatten(1).mean(1) for scale in maps], 1)


@recipe(
    "pix2pixhd",
    "Translates larger images after pairs: a coarse image first, then a fine one, judged at several scales.",
    Pix2pixHdHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 6, "local": 3, "halvings": 3, "scales": 3, "judge": 32},
        "l": {"width": 64, "blocks": 9, "local": 3, "halvings": 4, "scales": 3, "judge": 64, "batch": 1, "ema": 0.0},
    },
    references=(
        "Wang et al. 2018, High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs, "
        "arXiv:1711.11585",
    ),
    reads=("image", "source"),
    tasks=("pairs",),
    kind="translation",
)
def pix2pixhd(spec: Spec, hp: Pix2pixHdHp) -> Game:
    """Build the game."""
    source, image = pair_fields(spec)
    channels, made, (height, width) = source.shape[0], image.shape[0], image.shape[1:]
    halvings = min(hp.halvings, int(math.log2(min(height, width))) - 2)
    if halvings < 1:
        raise InputError(f"pix2pixhd needs images of at least 8 pixels a side; these have {height}x{width}")
    shape = (channels, made, hp.width, hp.blocks, hp.local, halvings)
    generator = CoarseToFine(*shape, head=image.head, upsample=hp.upsample)
    judges = MultiScaleDiscriminator((channels + made, (height + 1) // 2, (width + 1) // 2), hp.judge, hp.scales)
    d = {"adv": Term(lambda s: s.d_loss)}
    g = {"adv": Term(lambda s: s.g_loss)}
    if hp.matching:
        g["matching"] = Term(lambda s: s.unlike, hp.matching)
    if hp.l1:
        g["l1"] = Term(lambda s: absolute(s.fake, s.wanted), hp.l1)
    turns, carry = (Turn("D", d), Turn("G", g)), {"G": ("a", "b", "fake")}
    return Game(
        {"G": generator, "D": judges},
        posing(Scales, mirror=hp.mirror),
        players={"D": mover(("D",), hp.lr_d, hp), "G": mover(("G",), hp.lr_g, hp)},
        stages=(Stage(turns, hp.warmup, carry, "coarse"), Stage(turns, None, carry, "fine")),
        ema=averages(hp, "G"),
        draw=draw_translated(source),
        contest=contest,
    )
