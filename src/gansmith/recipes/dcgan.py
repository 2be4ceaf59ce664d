"""DCGAN: strided convolutions with batch normalisation, the non-saturating loss."""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field as Setting

from gansmith.core import EMA, Game, Player, Stage, Turn, ramped_half_life
from gansmith.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gansmith.recipes._families import ADVERSARIAL, Generated, classes_of, contest, draw_images, image_field
from gansmith.recipes._recipe import ImageHp, recipe
from gansmith.types import Spec


class DcganHp(ImageHp):
    """Hyper-parameters of `dcgan`."""

    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    lr: float = Setting(2e-4, gt=0, le=1, description="Adam's learning rate")
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.999, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


@recipe(
    "dcgan",
    "The classic convolutional GAN: strided convolutions, batch normalisation, non-saturating loss.",
    DcganHp,
    sizes={"s": {"width": 16}, "m": {"width": 32}, "l": {"width": 64}},
    references=("Radford et al. 2016, Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",),
)
def dcgan(spec: Spec, hp: DcganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": DCGANGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": DCGANDiscriminator(image.shape, hp.width, classes),
    }
    adam = partial(torch.optim.Adam, lr=hp.lr, betas=(hp.beta1, hp.beta2))
    d, g = ADVERSARIAL["nonsaturating"]
    return Game(
        nets,
        Generated,
        players={"D": Player(("D",), adam), "G": Player(("G",), adam)},
        stages=(Stage((Turn("D", d), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )
