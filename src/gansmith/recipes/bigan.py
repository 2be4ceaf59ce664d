"""BiGAN (ALI): the discriminator is shown pairs of image and code, and so an encoder is learnt with the generator."""

from __future__ import annotations

from typing import Any, Literal

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import EMA, Game, Stage, Term, Turn, flow, ramped_half_life
from gansmith.nets.encoder import JointDiscriminator, LightDecoder, LightEncoder
from gansmith.objectives import adversarial as adv
from gansmith.objectives.reconstruction import squared
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._encoders import Encoded, EncoderHp, draw_encoded
from gansmith.recipes._families import contest, falling
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class BiganHp(EncoderHp):
    """Hyper-parameters of `bigan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(32, ge=1, le=4096, description="length of the code")
    posterior: Literal["point", "gaussian"] = Setting(
        "point", description="the encoder gives one code (BiGAN), or a distribution of which codes are drawn (ALI)"
    )
    loss: Literal["relativistic", "nonsaturating", "minimax"] = Setting(
        "relativistic", description="relativistic compares the two pairs of a place; the others are the papers'"
    )
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties on pairs (R1 and R2)")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    cycle: float = Setting(0.0, ge=0, description="weight of rebuilding images from their codes (ALICE); 0 is BiGAN")
    lr_g: float = Setting(2e-3, gt=0, le=1, description="generator's and encoder's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")


class Joint(Encoded):
    """Scores of real images with their codes, and of noise with the images made of it."""

    D: JointDiscriminator

    @flow
    def d_real(self) -> Tensor:
        """Scores of (image, its code)."""
        score: Tensor = self.D(self.image, self.code, self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of (made image, its noise)."""
        score: Tensor = self.D(self.fake, self.noise, self.condition)
        return score

    @flow
    def slopes(self) -> tuple[Tensor, ...]:
        """Gradients of the scores with respect to both halves of both pairs, in one pass."""
        total = self.d_real.sum() + self.d_fake.sum()
        return torch.autograd.grad(total, (self.image, self.code, self.fake, self.noise), create_graph=True)

    def steepness(self, first: int) -> Tensor:
        """Half the mean squared norm of a pair's slopes: real pairs' (first=0, R1) or made pairs' (first=2, R2)."""
        both = torch.cat([slope.flatten(1) for slope in self.slopes[first : first + 2]], 1)
        return both.square().sum(1).mean() / 2


LOSSES: dict[str, tuple[Any, Any]] = {
    "minimax": (
        lambda s: adv.minimax_d(s.d_real, s.d_fake),
        lambda s: adv.minimax_g(s.d_fake) + adv.minimax_g(-s.d_real),
    ),
    "nonsaturating": (
        lambda s: adv.nonsaturating_d(s.d_real, s.d_fake),
        lambda s: adv.nonsaturating_g(s.d_fake) + adv.nonsaturating_g(-s.d_real),
    ),
    "relativistic": (
        lambda s: adv.relativistic(s.d_real, s.d_fake),
        lambda s: adv.relativistic(s.d_fake, s.d_real),
    ),
}
"""Of the discriminator, and of encoder and generator together: each wants its own pairs taken for the other's."""


@recipe(
    "bigan",
    "Generator and encoder against a discriminator of pairs: the encoder learns to undo the generator.",
    BiganHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64}, "l": {"width": 64, "batch": 128}},
    references=(
        "Donahue et al. 2017, Adversarial Feature Learning, arXiv:1605.09782",
        "Dumoulin et al. 2017, Adversarially Learned Inference, arXiv:1606.00704",
        "Li et al. 2017, ALICE: Towards Understanding Adversarial Learning for Joint Distribution Matching, "
        "arXiv:1709.01215",
    ),
)
def bigan(spec: Spec, hp: BiganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "E": LightEncoder(image.shape, hp.z_dim, hp.width, classes, hp.posterior),
        "G": LightDecoder(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": JointDiscriminator(image.shape, hp.z_dim, hp.width, classes),
    }
    tells, fools = LOSSES[hp.loss]
    d, g = {"adv": Term(tells)}, {"adv": Term(fools)}
    if hp.gamma:
        leaves = ("image", "code", "fake", "noise")
        d["r1"] = Term(lambda s: s.steepness(0), hp.gamma, hp.penalty_every, leaves)
        d["r2"] = Term(lambda s: s.steepness(2), hp.gamma, hp.penalty_every, leaves)
    if hp.cycle:
        g["cycle"] = Term(lambda s: squared(s.rebuilt, s.image), hp.cycle)
    return Game(
        nets,
        Joint,
        players={"D": falling(("D",), hp.lr_d, hp), "EG": falling(("E", "G"), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("EG", g))),),
        ema={name: EMA(ramped_half_life(hp.ema)) for name in ("E", "G")},
        draw=draw_encoded(hp.z_dim, classes),
        contest=contest,
    )
