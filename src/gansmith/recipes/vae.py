"""VAE: the variational auto-encoder, a yardstick without a discriminator."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Game, Stage, Term, Turn, flow, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.encoder import LightDecoder, LightEncoder, PixelNoise
from gansmith.objectives.reconstruction import bernoulli, gaussian
from gansmith.objectives.variational import kl_to_normal
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._encoders import Encoded, EncoderHp, draw_encoded
from gansmith.recipes._families import falling
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class VaeHp(EncoderHp):
    """Hyper-parameters of `vae`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(16, ge=1, le=4096, description="length of the code")
    lr: float = Setting(2e-3, gt=0, le=1, description="the learning rate at the start (Adam)")
    beta1: float = Setting(0.9, ge=0, lt=1, description="Adam's first decay rate")
    likelihood: Literal["gaussian", "bernoulli"] = Setting(
        "gaussian",
        description="of pixels: gaussian learns one standard deviation for all; bernoulli suits near black-and-white",
    )
    beta: float = Setting(1.0, ge=0, description="weight of the distance to the prior; 1 is the bound itself")


class Bound(Encoded):
    """The two terms of the evidence lower bound."""

    G: LightDecoder

    @flow
    def kl(self) -> Tensor:
        """How far the codes' distributions are from the prior, in nats."""
        mean, log_variance, _ = self.posterior
        assert log_variance is not None  # the encoder of this game has a spread
        return kl_to_normal(mean, log_variance)

    @flow
    def reconstruction(self) -> Tensor:
        """Nats that the image costs, given its code, as grey levels of independent coins."""
        return bernoulli(self.G.log_odds(self.code, self.condition), (self.image + 1) / 2)


class GaussianBound(Bound):
    """The same with Gaussian pixels."""

    S: nn.Module

    @flow
    def reconstruction(self) -> Tensor:
        """Nats that the image costs, given its code, as numbers with the learnt standard deviation."""
        return gaussian(self.rebuilt, self.image, cast(Tensor, self.S()))


@recipe(
    "vae",
    "The variational auto-encoder: no game but a likelihood bound; steady, complete and blurred. A yardstick for GANs.",
    VaeHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64}, "l": {"width": 64, "batch": 128}},
    references=(
        "Kingma & Welling 2014, Auto-Encoding Variational Bayes, arXiv:1312.6114",
        "Higgins et al. 2017, beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework, ICLR",
        "Rybkin et al. 2021, Simple and Effective VAE Training with Calibrated Decoders, arXiv:2006.13202",
    ),
)
def vae(spec: Spec, hp: VaeHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets: dict[str, nn.Module] = {
        "E": LightEncoder(image.shape, hp.z_dim, hp.width, classes),
        "G": LightDecoder(image.shape, hp.z_dim, hp.width, classes, image.head),
    }
    if hp.likelihood == "gaussian":
        nets["S"] = PixelNoise()
    elif image.head != "tanh":
        raise InputError("likelihood=bernoulli needs images in a known range; use likelihood=gaussian")
    terms = {"reconstruction": Term(lambda s: s.reconstruction), "kl": Term(lambda s: s.kl, hp.beta)}
    return Game(
        nets,
        GaussianBound if hp.likelihood == "gaussian" else Bound,
        players={"model": falling(tuple(nets), hp.lr, hp)},
        stages=(Stage((Turn("model", terms),)),),
        ema={name: EMA(ramped_half_life(hp.ema)) for name in ("E", "G")},
        draw=draw_encoded(hp.z_dim, classes),
    )
