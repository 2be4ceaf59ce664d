"""SRGAN: super-resolution by a residual network that must pass for real photographs."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.rrdb import SRResNet
from gansmith.recipes._conditions import image_field
from gansmith.recipes._enlarging import EnlargeHp, enlarging
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class SrganHp(EnlargeHp):
    """Hyper-parameters of `srgan`."""

    blocks: int = Setting(4, ge=1, le=64, description="residual blocks of the generator (paper: 16)")


@recipe(
    "srgan",
    "Makes images 2, 4 or 8 times as large, by a small residual network against a discriminator of patches.",
    SrganHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 8, "judge": 32, "batch": 8},
        "l": {"width": 64, "blocks": 16, "judge": 64, "batch": 16, "warmup": 100_000},
    },
    references=(
        "Ledig et al. 2017, Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, "
        "arXiv:1609.04802",
    ),
    tasks=("upscale",),
    kind="translation",
)
def srgan(spec: Spec, hp: SrganHp) -> Game:
    """Build the game."""
    image = image_field(spec)
    generator = SRResNet(image.shape[0], hp.factor, hp.width, hp.blocks)
    judge = PatchDiscriminator(image.shape, hp.judge)
    return enlarging(spec, hp, generator, judge, "nonsaturating")
