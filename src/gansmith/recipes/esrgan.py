"""ESRGAN: super-resolution by dense blocks; the discriminator says which of two images is more real than the other."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.rrdb import RRDBNet, SpectralUNet
from gansmith.recipes._conditions import image_field
from gansmith.recipes._enlarging import EnlargeHp, enlarging
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class EsrganHp(EnlargeHp):
    """Hyper-parameters of `esrgan`."""

    blocks: int = Setting(2, ge=1, le=64, description="blocks of the generator, of 15 convolutions each (paper: 23)")
    growth: int = Setting(8, ge=1, le=512, description="channels that each convolution of a block adds (paper: 32)")
    pixels: float = Setting(0.01, ge=0, description="weight of the mean absolute difference of pixels after that")
    adversarial: float = Setting(0.005, ge=0, description="weight of passing for more real than real images")


@recipe(
    "esrgan",
    "Makes images 2, 4 or 8 times as large, by dense residual blocks; a score for each pixel, real against made.",
    EsrganHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 6, "growth": 16, "judge": 32, "batch": 8},
        "l": {"width": 64, "blocks": 23, "growth": 32, "judge": 64, "batch": 16, "warmup": 100_000},
    },
    references=(
        "Wang et al. 2018, ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, arXiv:1809.00219",
        "Wang et al. 2021, Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, "
        "arXiv:2107.10833",
        "Jolicoeur-Martineau 2018, The Relativistic Discriminator: A Key Element Missing from Standard GAN, "
        "arXiv:1807.00734",
    ),
    tasks=("upscale",),
    kind="translation",
)
def esrgan(spec: Spec, hp: EsrganHp) -> Game:
    """Build the game."""
    channels = image_field(spec).shape[0]
    generator = RRDBNet(channels, hp.factor, hp.width, hp.blocks, hp.growth)
    return enlarging(spec, hp, generator, SpectralUNet(channels, hp.judge), "relativistic_average")
