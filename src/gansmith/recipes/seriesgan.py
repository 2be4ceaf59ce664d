"""The default for time series: R3GAN's game on convolutions over time, with noise at every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Game, Stage, Term, Turn, flow, ramped_half_life
from gansmith.nets.series import SeriesDiscriminator, SeriesGenerator
from gansmith.recipes._conditions import classes_of, labels_of
from gansmith.recipes._families import ADVERSARIAL, contest, falling
from gansmith.recipes._paired import Compared, slope_terms
from gansmith.recipes._recipe import recipe
from gansmith.recipes._series import apart, hardened, joined, joint_shape
from gansmith.recipes._signals import SignalHp
from gansmith.types import Batch, Spec


class SeriesganHp(SignalHp):
    """Hyper-parameters of `seriesgan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(32, ge=1, le=4096, description="length of the noise vector, beside the noise of every step")
    width: int = Setting(24, ge=1, le=4096, description="channels at full length; they double at every halving")
    blocks: int = Setting(1, ge=1, le=16, description="residual blocks at each level of the networks")
    lr_g: float = Setting(2e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both at the end, along a cosine")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties at the start (R1 and R2)")
    gamma_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring a series higher with its own label than with others (with labels)"
    )
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Courses(Compared):
    """Noise to series, and how series compare."""

    G: SeriesGenerator
    D: SeriesDiscriminator
    signal: Tensor
    mask: Tensor | None = None

    @flow
    def real(self) -> Tensor:
        """Real series, with their mask."""
        return joined(self.signal, self.mask)

    @flow
    def fake(self) -> Tensor:
        """Made series, one for each real one and of its class."""
        noise = self.draws.normal(self.G.z_dim), self.draws.normal(*self.G.noise_shape)
        return hardened(self.G(*noise, self.condition), self.mask is not None)

    @property
    def compared(self) -> tuple[Tensor, Tensor]:
        """Real and made series, with their masks."""
        return self.real, self.fake


@recipe(
    "seriesgan",
    "The default for time series: real and made courses are compared in pairs by convolutions over time.",
    SeriesganHp,
    sizes={"s": {}, "m": {"width": 64, "blocks": 2, "batch": 64}, "l": {"width": 128, "blocks": 3, "batch": 128}},
    references=(
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
        "Bengio et al. 2013, Estimating or Propagating Gradients Through Stochastic Neurons, arXiv:1308.3432",
    ),
    reads=("signal",),
    kind="series",
)
def seriesgan(spec: Spec, hp: SeriesganHp) -> Game:
    """Build the game."""
    shape, classes = joint_shape(spec), classes_of(spec)
    nets = {
        "G": SeriesGenerator(shape, hp.z_dim, hp.width, classes, hp.blocks),
        "D": SeriesDiscriminator(shape, hp.width, classes, hp.blocks),
    }
    d, g = ADVERSARIAL["relativistic"]
    d = {**d, **slope_terms(hp, ("real", "fake"))}
    if labels_of(spec) and hp.match:
        d["label"] = Term(lambda s: s.label_loss, hp.match)
    return Game(
        nets,
        Courses,
        players={"D": falling(("D",), hp.lr_d, hp), "G": falling(("G",), hp.lr_g, hp)},
        stages=(Stage((Turn("D", d), Turn("G", g))),),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=_draw(nets["G"], "mask" in spec, classes),
        contest=contest,
    )


def _draw(generator: Any, masked: bool, classes: int) -> Draw:
    """Sampling from the noise vector `z` and the noise of every step."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        return apart(nets["G"](batch["z"], batch["noise"], batch.get("label")), masked)

    noise = {"z": (generator.z_dim,), "noise": generator.noise_shape}
    return Draw(make, noise, ("label",) if classes else ())
