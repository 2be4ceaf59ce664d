"""Transformer-GAN: a transformer that writes music by likelihood, and is corrected by a critic of whole windows."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from pydantic import Field as Setting

from gansmith.core import EMA, Draw, Game, Player, Stage, Term, Turn, cosine, linear, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.music import VoicesCritic
from gansmith.nets.voices_writer import VoicesWriter
from gansmith.objectives.adversarial import relativistic
from gansmith.objectives.penalties import zero_centred
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._recipe import ConditionHp, recipe
from gansmith.recipes._signals import signal_field
from gansmith.recipes._translation import posing
from gansmith.recipes._writing import Criticised, Written
from gansmith.types import Batch, Spec

HEAD = 32
"""Units of a head of attention."""

OF_CRITIC = ("hears", "temperature", "lr_d", "gamma", "every")
"""Settings that say nothing without a critic."""


class TransformerGanHp(ConditionHp):
    """Hyper-parameters of `transformer-gan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real windows a round, over all processes")
    width: int = Setting(128, ge=8, le=4096, multiple_of=8, description="units of the transformer")
    depth: int = Setting(3, ge=1, le=64, description="blocks of the transformer")
    dropout: float = Setting(0.1, ge=0, lt=1, description="share of units left out in training")
    critic_width: int = Setting(32, ge=2, le=4096, description="channels of the critic at the finest time step")
    hears: bool = Setting(True, description="show the critic chroma, onsets and intervals beside the pitches")
    temperature: float = Setting(1.0, gt=0, le=100, description="of the softmax that gives a choice its gradient")
    transpose: int = Setting(3, ge=0, le=11, description="train on other keys too, up to so many semitones away")
    lr_g: float = Setting(2e-3, gt=0, le=1, description="the transformer's learning rate at the start (AdamW)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the critic's learning rate at the start (AdamW)")
    lr_end: float = Setting(0.05, ge=0, le=1, description="what is left of both at the end, along a cosine")
    decay: float = Setting(0.1, ge=0, le=100, description="weight decay of the transformer")
    adversarial: float = Setting(
        1.0, ge=0, le=100, description="weight of the critic's verdict at the end, rising from 0; 0: likelihood alone"
    )
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties of the critic (R1 and R2)")
    every: int = Setting(8, ge=1, le=64, description="rounds between two moves of the critic, and two verdicts")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged transformer, in samples")


@recipe(
    "transformer-gan",
    "A transformer writes voices step after step; it learns by likelihood, and from a critic that hears whole windows.",
    TransformerGanHp,
    sizes={
        "s": {},
        "m": {"width": 256, "depth": 6, "critic_width": 64, "batch": 64, "lr_g": 5e-4},
        "l": {"width": 512, "depth": 8, "critic_width": 128, "batch": 128, "lr_g": 3e-4},
    },
    references=(
        "Muhamed et al. 2021, Symbolic Music Generation with Transformer-GANs, AAAI",
        "Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762",
        "Jang, Gu & Poole 2017, Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("signal",),
    kind="music",
)
def transformer_gan(spec: Spec, hp: TransformerGanHp) -> Game:
    """Build the game."""
    signal, classes = signal_field(spec), classes_of(spec)
    again = "again" in signal.names
    heads = max(1, hp.width // HEAD)
    writer = VoicesWriter(signal.shape, hp.width, hp.depth, heads, classes, again, hp.dropout)
    if not hp.adversarial:
        return _alone(writer, hp, classes)
    nets = {"G": writer, "D": VoicesCritic(signal.shape, hp.critic_width, classes, again, hp.hears)}
    d = {
        "adv": Term(lambda s: relativistic(s.d_real, s.d_fake)),
        "r1": Term(lambda s: zero_centred(s.d_real, s.signal), hp.gamma, leaves=("signal",)),
        "r2": Term(lambda s: zero_centred(s.d_fake, s.fake), hp.gamma, leaves=("fake",)),
    }
    g = {
        "likelihood": Term(lambda s: s.likelihood),
        "adv": Term(lambda s: relativistic(s.d_fake, s.d_real), linear(0.0, hp.adversarial), hp.every),
    }
    return Game(
        nets,
        posing(Criticised, temperature=hp.temperature),
        players={"D": _player("D", hp.lr_d, hp, 0.0, 0.0), "G": _player("G", hp.lr_g, hp, 0.9, hp.decay)},
        stages=(Stage((Turn("D", d, every=hp.every), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=Draw(_write, {"z": signal.shape}, ("label",) if classes else ()),
    )


def _alone(writer: VoicesWriter, hp: TransformerGanHp, classes: int) -> Game:
    """The transformer without a critic: the baseline that says what the critic is worth."""
    wrong = [name for name in OF_CRITIC if getattr(hp, name) != type(hp).model_fields[name].default]
    if wrong:
        raise InputError(f"{wrong[0]}={getattr(hp, wrong[0])}: acts on the critic, which adversarial=0 leaves out")
    shape = (writer.voices, writer.steps, writer.choices)
    return Game(
        {"G": writer},
        Written,
        players={"G": _player("G", hp.lr_g, hp, 0.9, hp.decay)},
        stages=(Stage((Turn("G", {"likelihood": Term(lambda s: s.likelihood)}),)),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=Draw(_write, {"z": shape}, ("label",) if classes else ()),
    )


def _write(nets: Any, batch: Batch) -> Batch:
    return {"signal": nets["G"](batch["z"], batch.get("label"))}


def _player(net: str, lr: float, hp: TransformerGanHp, beta1: float, decay: float) -> Player:
    adam = partial(torch.optim.AdamW, lr=lr, betas=(beta1, 0.99), weight_decay=decay, fused=True)
    return Player((net,), adam, schedule={"lr": cosine(lr, lr * hp.lr_end)}, clip=1.0)
