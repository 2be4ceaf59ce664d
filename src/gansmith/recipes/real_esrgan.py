"""Real-ESRGAN: super-resolution of pictures as they are found, learnt from photos spoilt in many ways."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Draws, Game
from gansmith.data.translation.blind import FIRST, SECOND, Degradation
from gansmith.nets.layout import pad_to_multiple
from gansmith.nets.rrdb import RRDBNet, SpectralUNet
from gansmith.recipes._conditions import image_field
from gansmith.recipes._enlarging import EnlargeHp, enlarging
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class RealEsrganHp(EnlargeHp):
    """Hyper-parameters of `real-esrgan`."""

    blocks: int = Setting(2, ge=1, le=64, description="blocks of the generator, of 15 convolutions each (paper: 23)")
    growth: int = Setting(8, ge=1, le=512, description="channels that each convolution of a block adds (paper: 32)")
    passes: Literal[1, 2] = Setting(2, description="how often an image is blurred, resized, made noisy and compressed")
    blur: float = Setting(
        3.0, ge=0.2, le=10, description="widest blur of the first pass, a standard deviation in pixels; half later"
    )
    noise: float = Setting(30.0, ge=1, le=255, description="strongest noise of the first pass in 1/255; 5/6 later")
    quality: int = Setting(30, ge=1, le=95, description="lowest JPEG quality")
    ringing: float = Setting(0.8, ge=0, le=1, description="share of images that ring at edges at the end")
    adversarial: float = Setting(0.1, ge=0, description="weight of passing for real")


@dataclass(frozen=True)
class Spoiling:
    """Small images as the world makes them.

    Attributes:
        how: The degradation.
    """

    how: Degradation

    def __call__(self, image: Tensor, draws: Draws) -> Tensor:
        """Images `(n, c, h, w)` in [-1, 1], small and spoilt, each by a seed of its own."""
        seeds = draws.integers(2**62).tolist()
        return self.how(pad_to_multiple(image, self.how.factor), seeds)


def spoiling(hp: RealEsrganHp) -> Spoiling:
    """The degradation that settings ask for: the paper's ranges, with other ends where the settings say so."""
    noise = hp.noise / FIRST.noise[1]
    quality = (float(hp.quality), FIRST.quality[1])
    first = replace(
        FIRST,
        blur=(FIRST.blur[0], hp.blur),
        noise=(FIRST.noise[0], hp.noise),
        shot=(FIRST.shot[0], FIRST.shot[1] * noise),
        quality=quality,
    )
    second = replace(
        SECOND,
        blur=(SECOND.blur[0], max(SECOND.blur[0], hp.blur / 2)),
        noise=(SECOND.noise[0], max(SECOND.noise[0], SECOND.noise[1] * noise)),
        shot=(SECOND.shot[0], SECOND.shot[1] * noise),
        quality=quality,
    )
    return Spoiling(Degradation(hp.factor, (first, second)[: hp.passes], hp.ringing))


@recipe(
    "real-esrgan",
    "Enlarges pictures as they are found: learnt from photos made small, blurred, noisy and compressed, twice over.",
    RealEsrganHp,
    sizes={
        "s": {},
        "m": {"width": 32, "blocks": 6, "growth": 16, "judge": 32, "batch": 8},
        "l": {"width": 64, "blocks": 23, "growth": 32, "judge": 64, "batch": 16, "warmup": 100_000},
    },
    references=(
        "Wang et al. 2021, Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, "
        "arXiv:2107.10833",
        "Wang et al. 2018, ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, arXiv:1809.00219",
    ),
    tasks=("upscale",),
    kind="translation",
)
def real_esrgan(spec: Spec, hp: RealEsrganHp) -> Game:
    """Build the game."""
    channels = image_field(spec).shape[0]
    generator = RRDBNet(channels, hp.factor, hp.width, hp.blocks, hp.growth)
    return enlarging(spec, hp, generator, SpectralUNet(channels, hp.judge), "nonsaturating", spoiling(hp))
