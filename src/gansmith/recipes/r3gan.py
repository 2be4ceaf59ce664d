"""R3GAN: the relativistic pairing loss with zero-centred gradient penalties on real and made samples."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import torch
from pydantic import Field as Setting
from pydantic import ValidationInfo, field_validator

from gansmith.core import EMA, Game, Player, Stage, Turn, cosine, ramped_half_life
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.nets.r3gan import R3GANDiscriminator, R3GANGenerator
from gansmith.recipes._conditions import classes_of, draw_images, image_field
from gansmith.recipes._families import ADVERSARIAL, contest
from gansmith.recipes._inert import needs
from gansmith.recipes._paired import Paired, label_term, slope_terms
from gansmith.recipes._presets import R3GAN
from gansmith.recipes._recipe import ImageHp, ViewHp, recipe
from gansmith.types import Spec

NETS: dict[str, tuple[Any, Any]] = {
    "light": (LightGenerator, LightDiscriminator),
    "residual": (R3GANGenerator, R3GANDiscriminator),
}

PAPER = {"net": "residual", "lr_g": 2e-4, "lr_d": 2e-4, "lr_pixels": 0, "lr_end": 0.25, "penalty_every": 1}
"""What sizes for a GPU share."""


class R3ganHp(ViewHp, ImageHp):
    """Hyper-parameters of `r3gan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    net: Literal["light", "residual"] = Setting(
        "light", description="light: for a few CPU cores; residual: the paper's, for a GPU"
    )
    width: int = Setting(16, ge=1, le=4096, description="channels at full resolution; they double at every halving")
    most: int = Setting(0, ge=0, le=4096, description="most channels of a layer (net=residual); 0: 8 times width")
    blocks: int = Setting(2, ge=1, le=16, description="residual blocks at each resolution (net=residual)")
    group: int = Setting(16, ge=1, le=4096, description="channels of a group of a convolution (net=residual)")
    lr_g: float = Setting(4e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    lr_pixels: int = Setting(
        32, ge=0, le=65536, description="longer side of images above which both rates fall in proportion; 0: never"
    )
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate at the start")
    beta2_end: float = Setting(0.99, ge=0, lt=1, description="the same at the end, along a cosine")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties at the start (R1 and R2)")
    gamma_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring an image higher with its own label than with others (with labels)"
    )
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")
    ema_curve: Literal["ramp", "cosine"] = Setting(
        "ramp", description="ramp: at most a tenth of the samples so far; cosine: from 0 to `ema` over the run"
    )

    @field_validator("most", "blocks", "group")
    @classmethod
    def _acts_here(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a setting that would do nothing."""
        return needs(cls, info, value, "net", "residual")


@recipe(
    "r3gan",
    "The modern default: real and made images are compared in pairs, and the discriminator's slope is kept small.",
    R3ganHp,
    sizes={
        "s": {},
        "m": {**PAPER, "width": 32, "batch": 64},
        "l": {**PAPER, "width": 64, "batch": 128},
    },
    presets=R3GAN,
    references=(
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
    ),
)
def r3gan(spec: Spec, hp: R3ganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    generator, discriminator = NETS[hp.net]
    more = {"blocks": hp.blocks, "group": hp.group, "most": hp.most or None} if hp.net == "residual" else {}
    nets = {
        "G": generator(image.shape, hp.z_dim, hp.width, classes, image.head, **more),
        "D": discriminator(image.shape, hp.width, classes, **more),
    }
    slower = min(1.0, hp.lr_pixels / max(image.shape[1:])) if hp.lr_pixels else 1.0
    d, g = ADVERSARIAL["relativistic"]
    d = {**d, **slope_terms(hp, ("image", "fake")), **label_term(spec, hp)}
    return Game(
        nets,
        Paired,
        players={"D": _player("D", hp.lr_d * slower, hp), "G": _player("G", hp.lr_g * slower, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1) if hp.ema_curve == "ramp" else cosine(0.0, hp.ema))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )


def _player(net: str, lr: float, hp: R3ganHp) -> Player:
    adam = partial(torch.optim.Adam, lr=lr, betas=(hp.beta1, hp.beta2), fused=True)
    second = cosine(hp.beta2, hp.beta2_end)
    return Player(
        (net,), adam, schedule={"lr": cosine(lr, lr * hp.lr_end), "betas": lambda clock: (hp.beta1, second(clock))}
    )
