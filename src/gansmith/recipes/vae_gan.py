"""VAE-GAN: an auto-encoder whose notion of likeness is a layer of the discriminator."""

from __future__ import annotations

from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import EMA, Game, Stage, Term, Turn, flow, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.encoder import LayerDiscriminator, LightDecoder, LightEncoder
from gansmith.objectives import adversarial as adv
from gansmith.objectives.penalties import zero_centred
from gansmith.objectives.reconstruction import squared
from gansmith.objectives.variational import kl_to_normal
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._encoders import Encoded, EncoderHp, draw_encoded
from gansmith.recipes._families import contest, falling
from gansmith.recipes._recipe import recipe
from gansmith.types import Spec


class VaeGanHp(EncoderHp):
    """Hyper-parameters of `vae-gan`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    z_dim: int = Setting(32, ge=1, le=4096, description="length of the code")
    gamma: float = Setting(0.02, ge=0, description="weight of likeness against realism in the decoder's loss")
    beta: float = Setting(0.1, ge=0, description="weight of the distance to the prior in the encoder's loss")
    layer: int = Setting(2, ge=1, le=16, description="convolution of D that measures likeness, counted from the last")
    r1: float = Setting(1.0, ge=0, description="weight of the discriminator's gradient penalty on real images")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between two penalties, which are then scaled up")
    lr_e: float = Setting(2e-3, gt=0, le=1, description="the encoder's learning rate at the start (Adam)")
    lr_g: float = Setting(3e-3, gt=0, le=1, description="the decoder's learning rate at the start (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")


class Likened(Encoded):
    """Scores of real, made and rebuilt images, and what a layer of the discriminator makes of real and rebuilt ones."""

    D: LayerDiscriminator

    @flow
    def shown_real(self) -> Tensor:
        """The layer's output for real images."""
        return self.D.layer(self.image)

    @flow
    def shown_rebuilt(self) -> Tensor:
        """The layer's output for rebuilt images."""
        return self.D.layer(self.rebuilt)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        return self.D.rest(self.shown_real, self.condition)

    @flow
    def d_rebuilt(self) -> Tensor:
        """Scores of rebuilt images."""
        return self.D.rest(self.shown_rebuilt, self.condition)

    @flow
    def d_fake(self) -> Tensor:
        """Scores of images made of the prior's codes."""
        score: Tensor = self.D(self.fake, self.condition)
        return score

    @flow
    def likeness(self) -> Tensor:
        """Half the squared distance between real and rebuilt images in the layer (eq. 7, up to a constant)."""
        return squared(self.shown_rebuilt, self.shown_real)

    @flow
    def kl(self) -> Tensor:
        """How far the codes' distributions are from the prior, in nats."""
        mean, log_variance, _ = self.posterior
        assert log_variance is not None  # the encoder of this game has a spread
        return kl_to_normal(mean, log_variance)


@recipe(
    "vae-gan",
    "An auto-encoder that measures likeness in a layer of the discriminator: sharper than a VAE, and it encodes.",
    VaeGanHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64}, "l": {"width": 64, "batch": 128}},
    references=("Larsen et al. 2016, Autoencoding beyond pixels using a learned similarity metric, arXiv:1512.09300",),
)
def vae_gan(spec: Spec, hp: VaeGanHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    try:
        discriminator = LayerDiscriminator(image.shape, hp.width, classes, hp.layer)
    except ValueError as error:
        raise InputError(str(error)) from None
    nets = {
        "E": LightEncoder(image.shape, hp.z_dim, hp.width, classes),
        "G": LightDecoder(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": discriminator,
    }
    d = {
        "adv": Term(lambda s: adv.nonsaturating_d(s.d_real, s.d_fake)),
        "rebuilt": Term(lambda s: adv.nonsaturating_g(-s.d_rebuilt)),
    }
    if hp.r1:
        d["r1"] = Term(lambda s: zero_centred(s.d_real, s.image), hp.r1, hp.penalty_every, leaves=("image",))
    g = {
        "likeness": Term(lambda s: s.likeness, hp.gamma),
        "adv": Term(lambda s: adv.nonsaturating_g(s.d_fake)),
        "rebuilt": Term(lambda s: adv.nonsaturating_g(s.d_rebuilt)),
    }
    e = {"kl": Term(lambda s: s.kl, hp.beta), "likeness": Term(lambda s: s.likeness)}
    return Game(
        nets,
        Likened,
        players={
            "D": falling(("D",), hp.lr_d, hp),
            "G": falling(("G",), hp.lr_g, hp),
            "E": falling(("E",), hp.lr_e, hp),
        },
        stages=(Stage((Turn("D", d), Turn("G", g), Turn("E", e))),),
        ema={name: EMA(ramped_half_life(hp.ema)) for name in ("E", "G")},
        draw=draw_encoded(hp.z_dim, classes),
        contest=contest,
    )
