"""What recipes of sound, series, rolls, clips and events share: noise to an array of numbers, and who judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Game, Player, Scene, Stage, Turn, flow, ramped_half_life
from gansmith.recipes._conditions import Conditioned
from gansmith.recipes._families import Generator, Terms, contest
from gansmith.recipes._recipe import ConditionHp
from gansmith.types import Batch, Field, Spec

__all__ = ["SignalHp", "Signals", "draw_signals", "signal_duel", "signal_field"]

Nets = Mapping[str, nn.Module]


class SignalHp(ConditionHp):
    """Hyper-parameters of recipes that make an array of numbers of a noise vector, and whose players move by Adam."""

    z_dim: int = Setting(64, ge=1, le=4096, description="length of the generator's noise")
    lr_g: float = Setting(2e-4, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(2e-4, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.999, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


class Signals(Conditioned):
    """Noise to signal, real and made signals to scores; conditional where the data has labels."""

    G: Generator
    D: nn.Module
    signal: Tensor

    @flow
    def fake(self) -> Tensor:
        """Made signals, one for each real one and of its class."""
        return self.G(self.draws.normal(self.G.z_dim), self.condition)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real signals."""
        score: Tensor = self.D(self.signal, self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made signals."""
        score: Tensor = self.D(self.fake, self.condition)
        return score


def signal_field(spec: Spec) -> Field:
    """The field that is made: its shape is channels first."""
    return spec["signal"]


def draw_signals(z_dim: int, classes: int) -> Draw:
    """Sampling for generators from noise `z` and a class to signals; `classes` is 0 for none."""

    def make(nets: Nets, batch: Batch) -> Batch:
        signal: Tensor = nets["G"](batch["z"], batch.get("label"))
        return {"signal": signal}

    return Draw(make, {"z": (z_dim,)}, ("label",) if classes else ())


def signal_duel(
    nets: Nets,
    terms: Terms,
    hp: SignalHp,
    classes: int,
    scene: type[Scene] = Signals,
    optim: Callable[..., torch.optim.Optimizer] | None = None,
    critic_moves: int = 1,
) -> Game:
    """The common game of a generator `G` and a discriminator `D` of signals.

    Args:
        nets: `G` and `D`, and others that the scene sees.
        terms: Of D and of G.
        hp: Rates, half-life of the average, length of the noise.
        classes: Number of classes; 0 for none.
        scene: What a turn sees; it has flows `d_real` and `d_fake`.
        optim: From parameters and `lr` to an optimiser; default Adam with the decay rates of `hp`.
        critic_moves: Moves of D before G moves; each has a batch of its own if there are several.
    """
    adam = optim or partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2))
    d = Turn("D", terms[0], repeat=critic_moves, fresh=critic_moves > 1)
    return Game(
        nets,
        scene,
        players={"D": Player(("D",), partial(adam, lr=hp.lr_d)), "G": Player(("G",), partial(adam, lr=hp.lr_g))},
        stages=(Stage((d, Turn("G", terms[1]))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=draw_signals(hp.z_dim, classes),
        contest=contest,
    )
