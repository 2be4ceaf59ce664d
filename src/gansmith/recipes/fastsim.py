"""Fast simulation: events of a simulator from noise and its physical parameters, by a small residual network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field as Setting

from gansmith.core import EMA, Game, Stage, Term, Turn, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.events import EventCritic, EventGenerator
from gansmith.objectives.penalties import one_centred, zero_centred
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._recipe import ConditionHp, recipe
from gansmith.recipes._signals import draw_signals, signal_field
from gansmith.recipes._simulated import Simulated, shown
from gansmith.types import Spec

__all__ = ["fastsim"]


class FastsimHp(ConditionHp):
    """Hyper-parameters of `fastsim`."""

    batch: int = Setting(256, ge=1, le=65536, description="real events a round, over all processes")
    z_dim: int = Setting(32, ge=1, le=4096, description="length of the generator's noise")
    width: int = Setting(128, ge=1, le=4096, description="units of a layer of both networks")
    depth: int = Setting(3, ge=1, le=32, description="residual blocks of both networks")
    loss: Literal["relativistic", "wasserstein"] = Setting(
        "relativistic", description="relativistic: pairs and two slopes at 0 (R3GAN); wasserstein: one slope at 1"
    )
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the critic's learning rate at the start (Adam)")
    lr_end: float = Setting(0.02, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    penalty: float = Setting(0.1, ge=0, description="weight of the gradient penalty of the critic")
    penalty_every: int = Setting(1, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    critic_moves: int = Setting(1, ge=1, le=100, description="moves of the critic a round, each on a batch of its own")
    aware: bool = Setting(True, description="show the critic declared derived quantities beside the columns")
    derived: float = Setting(0.0, ge=0, description="weight of matching the distributions of derived quantities too")
    slices: int = Setting(16, ge=1, le=4096, description="directions in which those are compared (derived above 0)")
    ema: float = Setting(50_000.0, ge=0, description="half-life of the averaged generator, in events")


@recipe(
    "fastsim",
    "Events of a simulator from noise and its physical parameters: a small residual network.",
    FastsimHp,
    sizes={"s": {}, "m": {"width": 256, "depth": 4, "batch": 512}, "l": {"width": 512, "depth": 6, "batch": 1024}},
    references=(
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
        "Butter, Plehn & Winterhalder 2019, How to GAN LHC Events, arXiv:1907.03764",
        "Rabin et al. 2012, Wasserstein Barycenter and its Application to Texture Mixing, SSVM",
    ),
    reads=("signal",),
    kind="simulation",
)
def fastsim(spec: Spec, hp: FastsimHp) -> Game:
    """Build the game."""
    field, classes = signal_field(spec), classes_of(spec)
    features, derive = field.shape[0], field.derive if hp.aware else None
    nets = {
        "G": EventGenerator(features, hp.z_dim, hp.width, hp.depth, classes, field.snap),
        "D": EventCritic(shown(derive, features), hp.width, hp.depth, classes),
    }
    d, g = ADVERSARIAL[hp.loss]
    g = {**g, **_matching(field.derive, hp)}
    return Game(
        nets,
        Simulated.showing(derive),
        players={"D": falling(("D",), hp.lr_d, hp), "G": falling(("G",), hp.lr_g, hp)},
        stages=(
            Stage(
                (Turn("D", {**d, **_penalties(hp)}, repeat=hp.critic_moves, fresh=hp.critic_moves > 1), Turn("G", g))
            ),
        ),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=draw_signals(hp.z_dim, classes),
        contest=contest,
        batch_coupled=("G",) if hp.derived else (),
    )


def _penalties(hp: FastsimHp) -> Mapping[str, Term]:
    """The critic's slopes are kept at 0 on real and on made events, or at 1 between them."""
    if hp.loss == "wasserstein":
        slope = Term(lambda s: one_centred(s.d_middle, s.middle), hp.penalty, hp.penalty_every, leaves=("middle",))
        return {"penalty": slope}
    return {
        "r1": Term(lambda s: zero_centred(s.d_real, s.real), hp.penalty, hp.penalty_every, leaves=("real",)),
        "r2": Term(lambda s: zero_centred(s.d_fake, s.made), hp.penalty, hp.penalty_every, leaves=("made",)),
    }


def _matching(derive: Any, hp: FastsimHp) -> Mapping[str, Term]:
    """What the generator is told of derived quantities."""
    if not hp.derived:
        return {}
    if derive is None:
        raise InputError(f"derived={hp.derived:g} matches derived quantities, and none is declared: --read derived=...")
    return {"derived": Term(lambda s: s.mismatch(derive, hp.slices), hp.derived)}
