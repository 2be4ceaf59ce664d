"""MuseGAN: voices on a grid made at once from noise, every pitch a hard choice, against a critic that hears harmony."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import EMA, Game, Stage, Term, Turn, ramped_half_life
from gansmith.nets.music import VoicesCritic, VoicesGenerator
from gansmith.objectives.penalties import zero_centred
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._recipe import ConditionHp, recipe
from gansmith.recipes._signals import Signals, draw_signals, signal_field
from gansmith.types import Spec


class MuseganHp(ConditionHp):
    """Hyper-parameters of `musegan`."""

    batch: int = Setting(64, ge=1, le=65536, description="real windows a round, over all processes")
    z_dim: int = Setting(64, ge=1, le=4096, description="length of the generator's noise")
    width: int = Setting(64, ge=2, le=4096, description="channels of both networks at the finest time step")
    hears: bool = Setting(True, description="show the critic chroma, onsets and intervals beside the pitches")
    temperature: float = Setting(1.0, gt=0, le=100, description="of the softmax that gives a choice its gradient")
    transpose: int = Setting(0, ge=0, le=11, description="train on other keys too, up to so many semitones away")
    lr_g: float = Setting(5e-4, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(5e-4, gt=0, le=1, description="the critic's learning rate at the start (Adam)")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties (R1 and R2)")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


@recipe(
    "musegan",
    "Bars of several voices, made at once; every pitch is a hard choice, and the critic hears chords and motion.",
    MuseganHp,
    sizes={"s": {}, "m": {"width": 128, "batch": 128}, "l": {"width": 256, "batch": 256}},
    references=(
        "Dong et al. 2018, MuseGAN: Multi-track Sequential GANs for Symbolic Music, AAAI, arXiv:1709.06298",
        "Dong & Yang 2018, Convolutional GANs with Binary Neurons for Polyphonic Music, ISMIR, arXiv:1804.09399",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("signal",),
    kind="music",
)
def musegan(spec: Spec, hp: MuseganHp) -> Game:
    """Build the game."""
    signal, classes = signal_field(spec), classes_of(spec)
    again = "again" in signal.names
    nets = {
        "G": VoicesGenerator(signal.shape, hp.z_dim, hp.width, classes, again, hp.temperature),
        "D": VoicesCritic(signal.shape, hp.width, classes, again, hp.hears),
    }
    d, g = ADVERSARIAL["relativistic"]
    every = hp.penalty_every
    penalties = {
        "r1": Term(lambda s: zero_centred(s.d_real, s.signal), hp.gamma, every, leaves=("signal",)),
        "r2": Term(lambda s: zero_centred(s.d_fake, s.fake), hp.gamma, every, leaves=("fake",)),
    }
    return Game(
        nets,
        Signals,
        players={"D": falling(("D",), hp.lr_d, hp), "G": falling(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", {**d, **penalties}), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=draw_signals(hp.z_dim, classes),
        contest=contest,
    )
