"""LSGAN: squared distances to targets in the place of the cross-entropy."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import TargetCureHp, curable, cured
from gansmith.recipes._families import ADVERSARIAL, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec

NETS: dict[str, tuple[Any, Any]] = {
    "light": (LightGenerator, LightDiscriminator),
    "dcgan": (DCGANGenerator, DCGANDiscriminator),
}


class LsganHp(TargetCureHp, AdamHp):
    """Hyper-parameters of `lsgan`."""

    net: Literal["light", "dcgan"] = Setting(
        "dcgan", description="dcgan: batch normalisation, as in the paper; light: without, for minutes on a CPU"
    )
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")


@recipe(
    "lsgan",
    "Squared distances to the targets 1 and 0: made images far on the wrong side of the boundary are pulled hardest.",
    LsganHp,
    sizes={
        "s": {"net": "light", "batch": 32, "lr_g": 2e-3, "lr_d": 1e-3},
        "m": {"width": 32},
        "l": {"width": 64},
    },
    references=("Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv:1611.04076",),
)
def lsgan(spec: Spec, hp: LsganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    generator, discriminator = NETS[hp.net]
    nets = {
        "G": generator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(discriminator, image.shape, hp.width, classes=classes, hp=hp),
    }
    return cured(duel(nets, ADVERSARIAL["least_squares"], hp, classes), hp, "least_squares")
