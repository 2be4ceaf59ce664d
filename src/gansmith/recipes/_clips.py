"""What recipes of clips share: R3GAN's game on clips, and what a turn sees of them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Game, Scene, Stage, Term, Turn, cosine, flow, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.clips import ClipCritic
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._paired import Compared, label_term, slope_terms
from gansmith.recipes._recipe import ConditionHp
from gansmith.types import Field, Spec

__all__ = ["ClipHp", "Clips", "clip_duel", "clip_field", "clip_terms", "penalty"]


class ClipHp(ConditionHp):
    """Hyper-parameters of recipes that make clips of noise by R3GAN's loss."""

    batch: int = Setting(16, ge=1, le=65536, description="real clips a round, over all processes")
    z_dim: int = Setting(64, ge=1, le=4096, description="length of the noise that a clip is made of")
    width: int = Setting(16, ge=1, le=4096, description="channels at full resolution; they double at every halving")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the critics' learning rate at the start (Adam)")
    lr_pixels: int = Setting(
        32, ge=0, le=65536, description="longer side of frames above which both rates fall in proportion; 0: never"
    )
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties at the start (R1 and R2)")
    gamma_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring a clip higher with its own label than with others (with labels)"
    )
    ema: float = Setting(2500.0, ge=0, description="half-life of the averaged generator, in clips")


class Clips(Compared):
    """Noise to clip, and how clips compare. `fake` is the game's own."""

    D: ClipCritic
    signal: Tensor

    @property
    def compared(self) -> tuple[Tensor, Tensor]:
        """Real and made clips."""
        return self.signal, self.fake

    @flow
    def fake(self) -> Tensor:
        """Made clips, one for each real one and of its class."""
        raise NotImplementedError


def clip_field(spec: Spec) -> Field:
    """The field of clips.

    Raises:
        InputError: The signal is no clip.
    """
    field = spec["signal"]
    if len(field.shape) != 4:
        raise InputError(f"this recipe makes clips (channels, frames, height, width); the data has {field.shape}")
    return field


def penalty(slopes: str, which: int, hp: ClipHp, leaves: tuple[str, ...]) -> Term:
    """Half the mean squared norm of real (0, R1) or made (1, R2) samples' slopes (Huang et al. 2024, eq. 3).

    Args:
        slopes: The flow that has them.
        which: 0 or 1.
        hp: Weight and how often.
        leaves: What they are taken with respect to.
    """
    gamma = cosine(hp.gamma, hp.gamma * hp.gamma_end)
    return Term(
        lambda s: getattr(s, slopes)[which].square().flatten(1).sum(1).mean() / 2, gamma, hp.penalty_every, leaves
    )


def clip_terms(spec: Spec, hp: ClipHp) -> dict[str, Term]:
    """The terms of a critic of clips.

    Raises:
        InputError: `match` was given, and the data has no classes that it could act on.
    """
    slopes = slope_terms(hp, ("signal", "fake"))
    return {**ADVERSARIAL["relativistic"][0], **slopes, **label_term(spec, hp)}


def clip_duel(
    nets: Mapping[str, nn.Module],
    scene: type[Scene],
    d: Mapping[str, Term],
    g: Mapping[str, Term],
    hp: ClipHp,
    side: int,
    draw: Draw,
) -> Game:
    """The game of a generator `G` and of critics, which one player moves together; a clip is made once a round.

    Args:
        nets: `G` and the critics.
        scene: What a turn sees.
        d: The critics' terms.
        g: The generator's.
        hp: Rates and the average.
        side: Longer side of a frame in pixels.
        draw: How samples are made.
    """
    slower = min(1.0, hp.lr_pixels / side) if hp.lr_pixels else 1.0
    critics = tuple(name for name in nets if name != "G")
    players = {"D": falling(critics, hp.lr_d * slower, hp), "G": falling(("G",), hp.lr_g * slower, hp)}
    return Game(
        nets,
        scene,
        players=players,
        stages=(Stage((Turn("D", d), Turn("G", g)), carry={"G": ("fake",)}),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=draw,
        contest=contest,
    )
