"""The first GAN: fully connected networks, the non-saturating loss."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import TargetCureHp, curable, cured
from gansmith.recipes._families import ADVERSARIAL, Loss, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class GanHp(TargetCureHp, AdamHp):
    """Hyper-parameters of `gan`."""

    hidden: int = Setting(256, ge=1, le=16384, description="units of each hidden layer")
    layers: int = Setting(2, ge=1, le=16, description="hidden layers of each network")
    loss: Loss = Setting(
        "nonsaturating", description="the adversarial loss; minimax is the saturating one of the paper's equation 1"
    )
    condition: Literal["projection", "concat"] = Setting(
        "projection", description="how the discriminator is shown conditions: by projection, or beside the image"
    )


@recipe(
    "gan",
    "The 2014 game: two fully connected networks and the cross-entropy loss. Small, quick, and easy to collapse.",
    GanHp,
    sizes={"s": {"hidden": 256}, "m": {"hidden": 512, "layers": 3}, "l": {"hidden": 1024, "layers": 4}},
    references=(
        "Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
        "Mirza & Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784",
    ),
)
def gan(spec: Spec, hp: GanHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    concat = hp.condition == "concat"
    nets = {
        "G": MLPGenerator(image.shape, hp.z_dim, hp.hidden, hp.layers, classes, image.head),
        "D": curable(MLPDiscriminator, image.shape, hp.hidden, hp.layers, classes=classes, hp=hp, concat=concat),
    }
    return cured(duel(nets, ADVERSARIAL[hp.loss], hp, classes), hp, hp.loss)
