"""TimeGAN: the game is played in the latent courses of an autoencoder, guided by what follows on what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from pydantic import Field as Setting
from torch import nn

from gansmith.core import EMA, Draw, Game, Player, Stage, Term, Turn, ramped_half_life
from gansmith.nets.recurrent import Recurrent
from gansmith.objectives import adversarial as adv
from gansmith.objectives.course import moments_apart, root_mean_square
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._families import contest
from gansmith.recipes._latents import Latents
from gansmith.recipes._recipe import recipe
from gansmith.recipes._series import apart, joint_shape
from gansmith.recipes._signals import SignalHp
from gansmith.types import Batch, Spec

TOO_GOOD = 0.15
"""Loss of the discriminator below which it doesn't move (the authors' program)."""


class TimeganHp(SignalHp):
    """Hyper-parameters of `timegan`."""

    batch: int = Setting(128, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(8, ge=1, le=4096, description="numbers of the noise at every step")
    hidden: int = Setting(
        24, ge=1, le=4096, description="units of each recurrent layer, and numbers of the latent space"
    )
    layers: int = Setting(3, ge=1, le=16, description="recurrent layers of each network")
    embedding: int = Setting(1000, ge=1, le=10_000_000, description="rounds of the first stage, the autoencoder's")
    supervising: int = Setting(1000, ge=1, le=10_000_000, description="rounds of the second stage, the supervisor's")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="learning rate of all networks but the discriminator (Adam)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    beta1: float = Setting(0.9, ge=0, lt=1, description="Adam's first decay rate")
    guide: float = Setting(
        100.0, ge=0, description="weight of foreseeing the next latent step, in the generator's loss"
    )
    moments: float = Setting(
        100.0, ge=0, description="weight of the distance of mean and spread, in the generator's loss"
    )
    direct: float = Setting(1.0, ge=0, description="weight of scores before the supervisor, in both players' losses")
    ema: float = Setting(0.0, ge=0, description="half-life of the averaged networks, in samples; 0: none")


@recipe(
    "timegan",
    "Series are made in the latent space of an autoencoder, where a supervisor says what follows on what.",
    TimeganHp,
    sizes={"s": {}, "m": {"hidden": 48}, "l": {"hidden": 96, "layers": 4}},
    references=("Yoon, Jarrett & van der Schaar 2019, Time-series Generative Adversarial Networks, NeurIPS 32",),
    reads=("signal",),
    kind="series",
)
def timegan(spec: Spec, hp: TimeganHp) -> Game:
    """Build the game."""
    channels, length = joint_shape(spec)
    classes, masked = classes_of(spec), "mask" in spec
    deep = partial(Recurrent, hidden=hp.hidden, layers=hp.layers)
    nets = {
        "E": deep(channels, hp.hidden, squashed=True),
        "R": deep(hp.hidden, channels),
        "G": deep(hp.z_dim, hp.hidden, classes=classes, squashed=True),
        "S": Recurrent(hp.hidden, hp.hidden, hp.hidden, max(1, hp.layers - 1), squashed=True),
        "D": deep(hp.hidden, 1, classes=classes),
    }
    adam = partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2))
    owned = {"auto": ("E", "R"), "S": ("S",), "G": ("G", "S"), "D": ("D",)}
    players = {name: Player(own, partial(adam, lr=hp.lr_d if name == "D" else hp.lr_g)) for name, own in owned.items()}
    return Game(
        nets,
        type("Latents", (Latents,), {"z_dim": hp.z_dim}),
        players=players,
        stages=_stages(hp),
        ema={name: EMA(ramped_half_life(hp.ema)) for name in ("R", "S", "G")} if hp.ema else {},
        draw=_draw(length, hp.z_dim, masked, classes),
        contest=contest,
        batch_coupled=("R",),
    )


def _stages(hp: TimeganHp) -> tuple[Stage, ...]:
    """Autoencoder, supervisor, and all of them: two moves of the generator and the autoencoder for one of D."""
    rebuild, foresee = Term(lambda s: s.rebuilding, 10.0), Term(lambda s: s.foreseen.square().mean())
    make = {
        "adv": Term(lambda s: adv.nonsaturating_g(s.d_fake)),
        "direct": Term(lambda s: adv.nonsaturating_g(s.d_direct), hp.direct),
        "guide": Term(lambda s: root_mean_square(s.foreseen), hp.guide),
        "moments": Term(lambda s: moments_apart(s.fake, s.real), hp.moments),
    }
    tell = {
        "adv": Term(lambda s: adv.nonsaturating_d(s.d_real, s.d_fake)),
        "direct": Term(lambda s: torch.nn.functional.softplus(s.d_direct).mean(), hp.direct),
    }
    auto = Turn(
        "auto", {"rebuild": rebuild, "guide": Term(lambda s: s.foreseen.square().mean(), 0.1)}, repeat=2, fresh=True
    )
    joint = (
        Turn("G", make, repeat=2, fresh=True),
        auto,
        Turn("D", tell, gate=lambda loss: loss > TOO_GOOD),
    )
    return (
        Stage((Turn("auto", {"rebuild": rebuild}),), rounds=hp.embedding, name="autoencoder"),
        Stage((Turn("S", {"guide": foresee}),), rounds=hp.supervising, name="supervisor"),
        Stage(joint, name="joint"),
    )


def _draw(length: int, z_dim: int, masked: bool, classes: int) -> Draw:
    """Sampling from noise `z` at every step."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        made = nets["R"](nets["S"](nets["G"](batch["z"], batch.get("label"))))
        return apart(made.transpose(1, 2), masked)

    return Draw(make, {"z": (length, z_dim)}, ("label",) if classes else ())
