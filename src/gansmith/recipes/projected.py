"""ProjectedGAN: small discriminators on random mixtures of a frozen, pretrained network's maps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.errors import InputError
from gansmith.nets.fastgan import FastGenerator
from gansmith.nets.light import LightGenerator
from gansmith.nets.projected import BACKBONE_ID, Backbone, Heads, RandomMix
from gansmith.objectives.adversarial import hinge_d, hinge_g
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._families import Generated, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec

GENERATORS: dict[str, Any] = {"fast": FastGenerator, "light": LightGenerator}


PAPER = {"augment": "diffaugment", "lr_g": 2e-4, "lr_d": 2e-4}


class ProjectedHp(AdamHp):
    """Hyper-parameters of `projected`."""

    conditional: bool = Setting(
        False, description="show the networks the data's conditions; with few samples G then makes one image a class"
    )
    batch: int = Setting(16, ge=2, le=65536, description="real samples a round, over all processes")
    augment: Literal["none", "diffaugment", "ada", "fixed", "apa"] = Setting(
        "ada", description="what D sees of images; ada adapts to how little data there is (the paper's: diffaugment)"
    )
    ada_speed: float = Setting(100_000.0, gt=0, description="samples in which the probability can rise by 1 (ada, apa)")
    generator: Literal["fast", "light"] = Setting("fast", description="fast: FastGAN's; light: that of r3gan's size s")
    width: int = Setting(16, ge=1, le=1024, description="G's channels at full resolution; they double at every halving")
    heads: int = Setting(32, ge=1, le=1024, description="channels of the discriminators' first layers")
    mix: int = Setting(32, ge=1, le=1024, description="channels of the finest random mixture; they double by scale")
    view: int = Setting(64, ge=32, le=256, description="pixels that the frozen network sees of an image's side")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(5e-4, gt=0, le=1, description="the discriminators' learning rate (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Projected(Generated):
    """Scores at four scales of a frozen pyramid."""

    backbone: Backbone
    mix: RandomMix
    D: Heads

    @flow
    def real_scores(self) -> tuple[Tensor, ...]:
        """Scores of real images, `(n, 1)` for each scale."""
        scores: tuple[Tensor, ...] = self.D(self.mix(self.backbone(self.see(self.image))), self.condition)
        return scores

    @flow
    def fake_scores(self) -> tuple[Tensor, ...]:
        """Scores of made images, `(n, 1)` for each scale."""
        scores: tuple[Tensor, ...] = self.D(self.mix(self.backbone(self.see(self.fake))), self.condition)
        return scores

    @flow
    def d_real(self) -> Tensor:
        """Mean score of each real image, every scale alike."""
        return torch.stack([scores.mean(1) for scores in self.real_scores]).mean(0)

    @flow
    def d_fake(self) -> Tensor:
        """Mean score of each made image, every scale alike."""
        return torch.stack([scores.mean(1) for scores in self.fake_scores]).mean(0)

    @flow
    def d_loss(self) -> Tensor:
        """Hinge loss of the discriminators, summed over scales (eq. 3)."""
        pairs = zip(self.real_scores, self.fake_scores, strict=True)
        return torch.stack([hinge_d(real, fake) for real, fake in pairs]).sum()

    @flow
    def g_loss(self) -> Tensor:
        """Hinge loss of the generator, summed over scales (eq. 3)."""
        return torch.stack([hinge_g(fake) for fake in self.fake_scores]).sum()


@recipe(
    "projected",
    "The discriminator looks at images through a frozen network that already knows photographs.",
    ProjectedHp,
    sizes={
        "s": {},
        "m": {"width": 32, "heads": 64, "mix": 64, "view": 96},
        "l": {**PAPER, "width": 64, "heads": 128, "mix": 64, "view": 96},
    },
    references=(
        "Sauer et al. 2021, Projected GANs Converge Faster, arXiv:2111.01007",
        "Tan & Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, arXiv:1905.11946",
        "Liu et al. 2021, Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis, "
        "arXiv:2101.04775",
    ),
)
def projected(spec: Spec, hp: ProjectedHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    if image.shape[0] not in (1, 3):
        raise InputError(
            f"projected sees images of 1 or 3 channels through its frozen network; the data has {image.shape[0]}: "
            "train with --channels 3"
        )
    backbone = Backbone(hp.view)
    mix = RandomMix(backbone.widths, hp.mix)
    nets = {
        "G": GENERATORS[hp.generator](image.shape, hp.z_dim, hp.width, classes, image.head),
        "backbone": backbone,
        "mix": mix,
        "D": Heads(mix.widths, backbone.sides(), hp.heads, classes),
    }
    adam = partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2), fused=True)
    terms = {"adv": Term(lambda s: s.d_loss)}, {"adv": Term(lambda s: s.g_loss)}
    return replace(duel(nets, terms, hp, classes, adam, Projected), pretrained={"backbone": BACKBONE_ID})
