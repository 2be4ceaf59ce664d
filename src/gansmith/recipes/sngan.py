"""SNGAN: spectral normalisation keeps the discriminator's slope small; residual networks, the hinge loss."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.resnet import ResNetDiscriminator, ResNetGenerator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import TargetCureHp, curable, cured
from gansmith.recipes._families import ADVERSARIAL, Loss, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class SnganHp(TargetCureHp, AdamHp):
    """Hyper-parameters of `sngan`."""

    width: int = Setting(128, ge=1, le=1024, description="channels of every block")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.9, ge=0, lt=1, description="Adam's second decay rate")
    critic_moves: int = Setting(
        5, ge=1, le=100, description="moves of the discriminator a round, each on a batch of its own"
    )
    loss: Loss = Setting("hinge", description="the adversarial loss")


@recipe(
    "sngan",
    "Every layer of the discriminator is divided by its largest singular value; residual networks, hinge loss.",
    SnganHp,
    sizes={
        "s": {"width": 16, "batch": 16, "lr_g": 2e-3, "lr_d": 4e-3, "beta2": 0.99, "critic_moves": 1},
        "m": {"width": 128},
        "l": {"width": 256},
    },
    references=(
        "Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957",
        "Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
        "Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, arXiv:1706.08500",
    ),
)
def sngan(spec: Spec, hp: SnganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": ResNetGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(ResNetDiscriminator, image.shape, hp.width, classes=classes, hp=hp),
    }
    game = duel(nets, ADVERSARIAL[hp.loss], hp, classes, critic_moves=hp.critic_moves)
    return cured(game, hp, hp.loss)
