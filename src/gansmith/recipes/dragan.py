"""DRAGAN: the discriminator has slope 1 around real images, which keeps it from sharp steps between modes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.objectives.penalties import around, one_centred
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import TargetCureHp, curable, cured, together
from gansmith.recipes._families import ADVERSARIAL, CRITICS, Generated, Loss, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class DraganHp(TargetCureHp, AdamHp):
    """Hyper-parameters of `dragan`."""

    net: Literal["light", "residual"] = Setting("light", description="light: for a few CPU cores; residual: for a GPU")
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution (residual: of every block)")
    loss: Loss = Setting("nonsaturating", description="the adversarial loss")
    penalty: float = Setting(10.0, ge=0, description="weight of the gradient penalty")


class Neighbours(Generated):
    """Scores of points near real images."""

    @flow
    def near(self) -> Tensor:
        """A random point near each real image; images that are judged together move as far together."""
        t = together(self)
        return around(self.image, self.draws.uniform(*self.image.shape[1:]), t)

    @flow
    def d_near(self) -> Tensor:
        """Its scores."""
        score: Tensor = self.D(self.see(self.near), self.condition)
        return score


@recipe(
    "dragan",
    "The cross-entropy game with a gradient penalty around real images, against mode collapse.",
    DraganHp,
    sizes={
        "s": {"batch": 32, "lr_g": 2e-3, "lr_d": 1e-3},
        "m": {"net": "residual", "width": 64},
        "l": {"net": "residual", "width": 128},
    },
    references=("Kodali et al. 2017, On Convergence and Stability of GANs, arXiv:1705.07215",),
)
def dragan(spec: Spec, hp: DraganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    generator, discriminator = CRITICS[hp.net]
    nets = {
        "G": generator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(discriminator, image.shape, hp.width, classes=classes, hp=hp),
    }
    d, g = ADVERSARIAL[hp.loss]
    d = {**d, "penalty": Term(lambda s: one_centred(s.d_near, s.near), hp.penalty, leaves=("near",))}
    return cured(duel(nets, (d, g), hp, classes, scene=Neighbours), hp, hp.loss)
