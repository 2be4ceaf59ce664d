"""StyleGAN2: a mapping network, styles that modulate convolutions, lazy R1 and path-length regularisation."""

from __future__ import annotations

import math
from functools import partial

import torch
from pydantic import Field as Setting

from gansmith.core import EMA, Game, Player, Stage, Term, Turn, ramped_half_life
from gansmith.nets.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._families import ADVERSARIAL, contest
from gansmith.recipes._presets import STYLEGAN2
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.recipes._stylegan import PathMean, Styled, draw_styled
from gansmith.types import Spec


class Stylegan2Hp(AdamHp):
    """Hyper-parameters of `stylegan2`."""

    batch: int = Setting(16, ge=1, le=65536, description="real samples a round, over all processes")
    width: int = Setting(
        0, ge=0, le=2048, description="channels at full size, doubling at every halving; 0: 16, or 8 above 32 pixels"
    )
    most: int = Setting(128, ge=1, le=4096, description="most channels of a layer")
    z_dim: int = Setting(128, ge=1, le=4096, description="length of the generator's noise")
    w_dim: int = Setting(128, ge=1, le=4096, description="length of a style")
    mapping: int = Setting(2, ge=1, le=16, description="layers from noise to style")
    noise: bool = Setting(True, description="whether every layer of the generator adds noise, for detail of no meaning")
    mixing: float = Setting(0.9, ge=0, le=1, description="probability of mixing the styles of two noises in training")
    r1: float = Setting(
        2e-4, ge=0, le=1e4, description="weight of R1 is this times pixels over batch (StyleGAN2-ADA's rule)"
    )
    r1_every: int = Setting(16, ge=1, le=1024, description="rounds between two R1 penalties, which are then scaled up")
    path: float = Setting(2.0, ge=0, description="weight of the path-length penalty; 0 leaves it out")
    path_every: int = Setting(4, ge=1, le=1024, description="rounds between two path-length penalties, scaled up")
    group: int = Setting(4, ge=1, le=64, description="images whose spread D is shown; 1 leaves it out")
    residual: bool = Setting(True, description="whether D's blocks have skip connections")
    lr_g: float = Setting(2.5e-3, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(2.5e-3, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")
    ema_ramp: float = Setting(0.05, gt=0, le=1, description="share of the samples so far that it never exceeds")


@recipe(
    "stylegan2",
    "Styles that control every resolution: mix them, truncate them, edit them.",
    Stylegan2Hp,
    sizes={
        # minutes on a CPU: steps four times the paper's and a firm R1; noise and mixing ask for longer training
        "s": {"lr_g": 0.01, "lr_d": 0.01, "r1": 0.02, "r1_every": 4, "noise": False, "mixing": 0.0},
        "m": {"width": 32, "most": 256, "w_dim": 256, "z_dim": 256, "batch": 32, "ema": 10_000.0},
        "l": {"width": 64, "most": 512, "w_dim": 512, "z_dim": 512, "batch": 64, "ema": 20_000.0},
    },
    presets=STYLEGAN2,
    references=(
        "Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958",
        "Karras et al. 2020, Training Generative Adversarial Networks with Limited Data, arXiv:2006.06676",
    ),
)
def stylegan2(spec: Spec, hp: Stylegan2Hp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    width = hp.width or (16 if max(image.shape[1:]) <= 32 else 8)  # what two CPU cores can play 100 times a second
    nets = {
        "G": StyleGAN2Generator(image.shape, hp.z_dim, width, classes, hp.most, hp.w_dim, hp.mapping, hp.noise),
        "D": StyleGAN2Discriminator(image.shape, width, classes, hp.most, hp.group, hp.residual),
        "path": PathMean(),
    }
    d, g = ADVERSARIAL["nonsaturating"]
    gamma = hp.r1 * math.prod(image.shape[1:]) / hp.batch
    # the regularisers are steps of their own, as in the paper: Adam's moments then hold both kinds of gradient
    turns = [Turn("G", g), Turn("D", d)]
    if hp.path:
        # it differentiates by styles, which stay in the graph; a leaf behind them asks for full precision all the same
        turns.insert(1, Turn("G", {"path": Term(lambda s: s.path_loss, hp.path, hp.path_every, leaves=("z",))}))
    if gamma:
        turns.append(Turn("D", {"r1": Term(lambda s: s.r1, gamma, hp.r1_every, leaves=("image",))}))
    return Game(
        nets,
        type("Styled", (Styled,), {"mixing": hp.mixing}),
        players={
            "G": _player("G", hp.lr_g, hp, hp.path_every if hp.path else 0),
            "D": _player("D", hp.lr_d, hp, hp.r1_every if gamma else 0),
        },
        stages=(Stage(tuple(turns)),),
        ema={"G": EMA(ramped_half_life(hp.ema, hp.ema_ramp))},
        draw=draw_styled(hp.z_dim, classes),
        contest=contest,
        batch_coupled=("G", "D", "path") if hp.group > 1 else ("G", "path"),
    )


def _player(net: str, lr: float, hp: Stylegan2Hp, every: int) -> Player:
    """A lazy regulariser adds a step to every `every`: rates are lowered so that a round moves as far as without."""
    share = every / (every + 1) if every else 1.0
    betas = (hp.beta1**share, hp.beta2**share)
    return Player((net,), partial(torch.optim.Adam, lr=lr * share, betas=betas, fused=True))
