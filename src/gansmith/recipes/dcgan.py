"""DCGAN: strided convolutions with batch normalisation, the non-saturating loss."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._cures import TargetCureHp, curable, cured
from gansmith.recipes._families import ADVERSARIAL, Loss, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec


class DcganHp(TargetCureHp, AdamHp):
    """Hyper-parameters of `dcgan`."""

    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    loss: Loss = Setting("nonsaturating", description="the adversarial loss")


@recipe(
    "dcgan",
    "The classic convolutional GAN: strided convolutions, batch normalisation, non-saturating loss.",
    DcganHp,
    sizes={"s": {"width": 16}, "m": {"width": 32}, "l": {"width": 64}},
    references=(
        "Radford et al. 2016, Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",
        "Jolicoeur-Martineau 2018, The relativistic discriminator: a key element missing from standard GAN, "
        "arXiv:1807.00734",
    ),
)
def dcgan(spec: Spec, hp: DcganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": DCGANGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": curable(DCGANDiscriminator, image.shape, hp.width, classes=classes, hp=hp),
    }
    return cured(duel(nets, ADVERSARIAL[hp.loss], hp, classes), hp, hp.loss)
