"""What recipes of sound share: R3GAN's loss and rates, on what their discriminator sees of a sound."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Game, Stage, Turn, flow, ramped_half_life
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._paired import Paired, label_term, slope_terms
from gansmith.recipes._signals import SignalHp
from gansmith.types import Spec

__all__ = ["Heard", "SoundHp", "sound_duel"]


class SoundHp(SignalHp):
    """Hyper-parameters of recipes of sound."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    width: int = Setting(16, ge=1, le=1024, description="channels next to what is made; they grow as it is made small")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both rates at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    gamma: float = Setting(4.0, ge=0, description="weight of both gradient penalties at the start (R1 and R2)")
    gamma_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring a sound higher with its own label than with others (with labels)"
    )
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Heard(Paired):
    """Scores of real and made sounds as the discriminator is shown them; here, as they are."""

    signal: Tensor

    @flow
    def image(self) -> Tensor:  # type: ignore[override]
        """What is shown of real sounds."""
        return self.signal


def sound_duel(nets: Mapping[str, nn.Module], spec: Spec, hp: SoundHp, draw: Draw, scene: type[Heard] = Heard) -> Game:
    """The game of R3GAN (Huang et al. 2024, equations 2 and 3) between `G` and `D`.

    Args:
        nets: `G`, `D` with `features` and `head`, and others that the scene sees.
        spec: Fields of the data.
        hp: Rates and weights.
        draw: How samples are made.
        scene: What a turn sees.
    """
    d, g = ADVERSARIAL["relativistic"]
    d = {**d, **slope_terms(hp, ("image", "fake"))}
    return Game(
        nets,
        scene,
        players={"D": falling(("D",), hp.lr_d, hp), "G": falling(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", {**d, **label_term(spec, hp)}), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=draw,
        contest=contest,
    )
