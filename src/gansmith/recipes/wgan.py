"""WGAN: a critic that estimates the Wasserstein distance, kept Lipschitz by clipping its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from pydantic import Field as Setting
from torch import nn

from gansmith.core import Game
from gansmith.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import CureHp, curable, cured
from gansmith.recipes._families import ADVERSARIAL, duel
from gansmith.recipes._recipe import ImageHp, ViewHp, recipe
from gansmith.types import Spec


class WganHp(CureHp, ViewHp, ImageHp):
    """Hyper-parameters of `wgan`."""

    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    lr_g: float = Setting(5e-5, gt=0, le=1, description="the generator's learning rate (RMSprop)")
    lr_d: float = Setting(5e-5, gt=0, le=1, description="the critic's learning rate (RMSprop)")
    critic_moves: int = Setting(5, ge=1, le=100, description="moves of the critic a round, each on a batch of its own")
    clip: float = Setting(0.01, gt=0, description="the critic's weights stay within this of zero")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


@recipe(
    "wgan",
    "The Wasserstein game: a critic with clipped weights measures how far made images are from real ones.",
    WganHp,
    sizes={
        "s": {"batch": 16, "lr_g": 1e-3, "lr_d": 1e-3},
        "m": {"width": 32},
        "l": {"width": 64},
    },
    references=("Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875",),
)
def wgan(spec: Spec, hp: WganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": DCGANGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(DCGANDiscriminator, image.shape, hp.width, classes=classes, hp=hp),
    }
    game = duel(nets, ADVERSARIAL["wasserstein"], hp, classes, optim=torch.optim.RMSprop, critic_moves=hp.critic_moves)
    critic = replace(game.players["D"], project=within(hp.clip))
    return cured(replace(game, players={**game.players, "D": critic}), hp, "wasserstein")


def within(bound: float) -> Callable[[list[nn.Parameter]], None]:
    """A projection of all parameters to [-bound, bound] (Arjovsky et al. 2017, algorithm 1, line 7)."""

    def clip(params: list[nn.Parameter]) -> None:
        for param in params:
            param.clamp_(-bound, bound)

    return clip
