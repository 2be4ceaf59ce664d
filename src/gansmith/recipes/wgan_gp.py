"""WGAN-GP: the Wasserstein game whose critic has slope 1 between real and made images, by a penalty."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.objectives.penalties import between, one_centred
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import CureHp, curable, cured, together
from gansmith.recipes._families import ADVERSARIAL, CRITICS, Generated, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class WganGpHp(CureHp, AdamHp):
    """Hyper-parameters of `wgan-gp`."""

    net: Literal["light", "residual"] = Setting(
        "light", description="light: for a few CPU cores; residual: the paper's for small images, for a GPU"
    )
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution (residual: of every block)")
    lr_g: float = Setting(1e-4, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(1e-4, gt=0, le=1, description="the critic's learning rate (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.9, ge=0, lt=1, description="Adam's second decay rate")
    critic_moves: int = Setting(5, ge=1, le=100, description="moves of the critic a round, each on a batch of its own")
    penalty: float = Setting(10.0, ge=0, description="weight of the gradient penalty")


class Segments(Generated):
    """Scores on the segments between real and made images."""

    @flow
    def middle(self) -> Tensor:
        """A random point of each segment; images that are judged together move together."""
        t = together(self)
        return between(self.image, self.fake, t)

    @flow
    def d_middle(self) -> Tensor:
        """Its scores."""
        score: Tensor = self.D(self.see(self.middle), self.condition)
        return score


@recipe(
    "wgan-gp",
    "The Wasserstein game with a gradient penalty in the place of clipping: stable, and slow to train.",
    WganGpHp,
    sizes={
        "s": {"batch": 16, "lr_g": 2e-3, "lr_d": 1e-3, "critic_moves": 3},
        "m": {"net": "residual", "width": 64},
        "l": {"net": "residual", "width": 128},
    },
    references=("Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",),
)
def wgan_gp(spec: Spec, hp: WganGpHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    generator, critic = CRITICS[hp.net]
    nets = {
        "G": generator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(critic, image.shape, hp.width, classes=classes, hp=hp),
    }
    d, g = ADVERSARIAL["wasserstein"]
    d = {**d, "penalty": Term(lambda s: one_centred(s.d_middle, s.middle), hp.penalty, leaves=("middle",))}
    game = duel(nets, (d, g), hp, classes, scene=Segments, critic_moves=hp.critic_moves)
    return cured(game, hp, "wasserstein")
