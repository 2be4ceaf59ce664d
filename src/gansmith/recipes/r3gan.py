"""R3GAN: the relativistic pairing loss with zero-centred gradient penalties on real and made samples."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, cast

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import EMA, Game, Player, Stage, Term, Turn, cosine, flow, ramped_half_life
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.nets.r3gan import R3GANDiscriminator, R3GANGenerator
from gansmith.objectives.adversarial import matching
from gansmith.recipes._conditions import classes_of, draw_images, image_field
from gansmith.recipes._families import ADVERSARIAL, Generated, contest
from gansmith.recipes._recipe import ImageHp, recipe
from gansmith.types import Spec

NETS: dict[str, tuple[Any, Any]] = {
    "light": (LightGenerator, LightDiscriminator),
    "residual": (R3GANGenerator, R3GANDiscriminator),
}


class R3ganHp(ImageHp):
    """Hyper-parameters of `r3gan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    net: Literal["light", "residual"] = Setting(
        "light", description="light: for a few CPU cores; residual: the paper's, for a GPU"
    )
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    lr_g: float = Setting(4e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties at the start (R1 and R2)")
    gamma_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring an image higher with its own label than with others (with classes)"
    )
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Paired(Generated):
    """Scores, projections on labels and slopes of real and made images."""

    D: LightDiscriminator

    @flow
    def features(self) -> tuple[Tensor, Tensor]:
        """What D's head reads of real and made images: one pass; two in G's turn, where only made ones have a graph."""
        real, fake = self.see(self.image), self.see(self.fake)
        if self.fake.grad_fn is not None:
            return self.D.features(real), self.D.features(fake)
        both = self.D.features(torch.cat([real, fake]))
        return both[: self.n], both[self.n :]

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        return cast(Tensor, self.D.head(self.features[0], self.condition))

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        return cast(Tensor, self.D.head(self.features[1], self.condition))

    @flow
    def slopes(self) -> tuple[Tensor, ...]:
        """Gradients of the scores with respect to real and to made images, in one pass."""
        total = self.d_real.sum() + self.d_fake.sum()
        return torch.autograd.grad(total, (self.image, self.fake), create_graph=True)

    def steepness(self, which: int) -> Tensor:
        """Half the mean squared norm of real (0, R1) or made (1, R2) images' slopes (Huang et al. 2024, eq. 3)."""
        return self.slopes[which].square().flatten(1).sum(1).mean() / 2

    @flow
    def label_loss(self) -> Tensor:
        """How much the own label's score stays behind the others' on real images."""
        assert self.label is not None  # the term is there only where the data has classes
        return matching(self.D.head.projections(self.features[0]), self.label)


@recipe(
    "r3gan",
    "The modern default: real and made images are compared in pairs, and the discriminator's slope is kept small.",
    R3ganHp,
    sizes={
        "s": {},
        "m": {
            "net": "residual",
            "width": 32,
            "batch": 64,
            "lr_g": 2e-4,
            "lr_d": 2e-4,
            "lr_end": 0.25,
            "penalty_every": 1,
        },
        "l": {
            "net": "residual",
            "width": 64,
            "batch": 128,
            "lr_g": 2e-4,
            "lr_d": 2e-4,
            "lr_end": 0.25,
            "penalty_every": 1,
        },
    },
    references=(
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
    ),
)
def r3gan(spec: Spec, hp: R3ganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    generator, discriminator = NETS[hp.net]
    nets = {
        "G": generator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": discriminator(image.shape, hp.width, classes),
    }
    d, g = ADVERSARIAL["relativistic"]
    gamma = cosine(hp.gamma, hp.gamma * hp.gamma_end)
    d = {**d, "r1": _penalty(0, gamma, hp.penalty_every), "r2": _penalty(1, gamma, hp.penalty_every)}
    if classes and hp.match:
        d["label"] = Term(lambda s: s.label_loss, hp.match)
    return Game(
        nets,
        Paired,
        players={"D": _player("D", hp.lr_d, hp), "G": _player("G", hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )


def _player(net: str, lr: float, hp: R3ganHp) -> Player:
    adam = partial(torch.optim.Adam, lr=lr, betas=(hp.beta1, hp.beta2), fused=True)
    return Player((net,), adam, schedule={"lr": cosine(lr, lr * hp.lr_end)})


def _penalty(which: int, gamma: Any, every: int) -> Term:
    return Term(lambda s: s.steepness(which), gamma, every, leaves=("image", "fake"))
