"""The first GAN: fully connected networks, the non-saturating loss."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from pydantic import Field as Setting

from gansmith.core import EMA, Game, Player, Stage, Turn, ramped_half_life
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.recipes._families import ADVERSARIAL, Generated, classes_of, contest, draw_images, image_field
from gansmith.recipes._recipe import ImageHp, recipe
from gansmith.types import Spec


class GanHp(ImageHp):
    """Hyper-parameters of `gan`."""

    hidden: int = Setting(256, ge=1, le=16384, description="units of each hidden layer")
    layers: int = Setting(2, ge=1, le=16, description="hidden layers of each network")
    loss: Literal["nonsaturating", "minimax"] = Setting(
        "nonsaturating", description="the generator's loss; minimax is the saturating one of the paper's equation 1"
    )
    lr: float = Setting(2e-4, gt=0, le=1, description="Adam's learning rate")
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.999, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


@recipe(
    "gan",
    "The 2014 game: two fully connected networks and the cross-entropy loss. Small, quick, and easy to collapse.",
    GanHp,
    sizes={"s": {"hidden": 256}, "m": {"hidden": 512, "layers": 3}, "l": {"hidden": 1024, "layers": 4}},
    references=("Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",),
)
def gan(spec: Spec, hp: GanHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": MLPGenerator(image.shape, hp.z_dim, hp.hidden, hp.layers, classes, image.head),
        "D": MLPDiscriminator(image.shape, hp.hidden, hp.layers, classes),
    }
    adam = partial(torch.optim.Adam, lr=hp.lr, betas=(hp.beta1, hp.beta2))
    d, g = ADVERSARIAL[hp.loss]
    return Game(
        nets,
        Generated,
        players={"D": Player(("D",), adam), "G": Player(("G",), adam)},
        stages=(Stage((Turn("D", d), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )
