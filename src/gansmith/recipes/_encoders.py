"""Scenes, settings and sampling that games with an encoder share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, flow
from gansmith.nets.encoder import LightEncoder, Posterior
from gansmith.objectives.variational import reparametrised
from gansmith.recipes._conditions import Conditioned, draw_images
from gansmith.recipes._families import Generator
from gansmith.recipes._recipe import ImageHp
from gansmith.types import Batch

__all__ = ["Encoded", "EncoderHp", "draw_encoded", "picked"]


class EncoderHp(ImageHp):
    """Hyper-parameters of every image recipe with an encoder."""

    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of the learning rates at the end (cosine)")
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged encoder and decoder, in samples")


class Encoded(Conditioned):
    """Images to codes and back, noise to images; conditional where the data has labels."""

    E: LightEncoder
    G: Generator
    image: Tensor

    @flow
    def noise(self) -> Tensor:
        """Codes of the prior, standard normal."""
        return self.draws.normal(self.G.z_dim)

    @flow
    def fake(self) -> Tensor:
        """Images made of the prior's codes, one for each real one and of its class."""
        return self.G(self.noise, self.condition)

    @flow
    def posterior(self) -> Posterior:
        """What the encoder says of real images."""
        found: Posterior = self.E(self.image, self.condition)
        return found

    @flow
    def code(self) -> Tensor:
        """Codes of real images: the encoder's, or samples of its distributions."""
        mean, log_variance, _ = self.posterior
        if log_variance is None:
            return mean
        return reparametrised(mean, log_variance, self.draws.normal(self.G.z_dim))

    @flow
    def rebuilt(self) -> Tensor:
        """Real images, encoded and decoded."""
        return self.G(self.code, self.condition)


def draw_encoded(z_dim: int, classes: int, shown: bool = True) -> Draw:
    """Sampling from noise `z` and labels to images by `G`, and back by `E`: the code is its mean, without noise.

    Args:
        z_dim: Length of the noise.
        classes: Number of classes; 0 for none.
        shown: Whether the encoder is shown the label.
    """

    def encode(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        found: Posterior = nets["E"](batch["image"], batch.get("label") if shown else None)
        return {"z": found.mean}

    return replace(draw_images(z_dim, classes), encode=encode)


LEVELS = 2**15
"""Pixels are told apart to this fineness on each side of grey: 16-bit images keep their content."""


def picked(image: Tensor, share: float) -> Tensor:
    """Which images belong to a share of all, by content: the same in every epoch, on every machine, and mirrored.

    The pixels' sum and sum of squares, as whole numbers, are mixed to a number in [0, 1), which must be below `share`.

    Args:
        image: In [-1, 1], `(n, channels, height, width)`.
        share: From 0 (none) to 1 (all).

    Returns:
        Truth values `(n,)`.
    """
    whole = (image.double() * LEVELS).round().long().flatten(1)
    mixed = whole.sum(1) * 0x2545F4914F6CDD1D + whole.square().sum(1)
    for shift in (33, 29, 32):  # a finaliser of the kind that hash functions end with; products wrap around
        mixed = (mixed ^ ((mixed >> shift) & (2 ** (64 - shift) - 1))) * 0x3C79AC492BA7B653
    return ((mixed >> 11) & (2**53 - 1)).double() / 2**53 < share
