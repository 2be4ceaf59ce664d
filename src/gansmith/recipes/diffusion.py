"""A diffusion model, trained and judged like the GANs: the yardstick."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Game, Player, Stage, Term, Turn, cosine, flow, ramped_half_life
from gansmith.nets.unet_diffusion import Denoiser
from gansmith.objectives.diffusion import denoising, heun, noise_levels
from gansmith.recipes._conditions import Conditioned, classes_of, image_field
from gansmith.recipes._recipe import DataHp, recipe
from gansmith.types import Batch, Spec

MEAN, SPREAD = -1.2, 1.2
"""Of the logarithm of the noise levels in training (Karras et al. 2022, table 1)."""


class DiffusionHp(DataHp):
    """Hyper-parameters of `diffusion`."""

    batch: int = Setting(32, ge=1, le=65536, description="real samples a round, over all processes")
    width: int = Setting(32, ge=8, le=1024, multiple_of=8, description="the U-Net's channels on its finest grid")
    patch: int = Setting(2, ge=1, le=16, description="side in pixels of the patches that the U-Net sees as channels")
    steps: int = Setting(8, ge=1, le=1000, description="steps of the sampler; it calls the network twice a step")
    sigma_data: float = Setting(0.5, gt=0, le=10, description="standard deviation of the data that training assumes")
    lr: float = Setting(1e-3, gt=0, le=1, description="learning rate (Adam) at the start")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of it at the end, along a cosine")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged network, in samples")


class Noisy(Conditioned):
    """Images with noise of a random level, and what the network makes of them."""

    denoiser: Denoiser
    image: Tensor

    @flow
    def sigma(self) -> Tensor:
        """Noise levels `(n,)`, log-normal."""
        return (MEAN + SPREAD * self.draws.normal()).exp()

    @flow
    def loss(self) -> Tensor:
        """The denoising loss, every noise level alike."""
        sigma = self.sigma
        noisy = self.image + sigma[:, None, None, None] * self.draws.normal(*self.image.shape[1:])
        return denoising(self.denoiser(noisy, sigma, self.condition), self.image, sigma, self.denoiser.data)


def draw_by_steps(shape: tuple[int, ...], steps: int, classes: int) -> Draw:
    """Sampling by Heun's method from a field of noise as large as the image."""
    levels = noise_levels(steps)

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        label = batch.get("label")
        made = heun(lambda x, sigma: nets["denoiser"](x, sigma, label), batch["z"], levels)
        return {"image": made.clamp(-1, 1)}

    return Draw(make, {"z": shape}, ("label",) if classes else ())


@recipe(
    "diffusion",
    "The yardstick, not a GAN: a small U-Net learns to remove noise, and makes an image of noise in several steps.",
    DiffusionHp,
    sizes={"s": {}, "m": {"width": 64, "steps": 12}, "l": {"width": 128, "steps": 18}},
    references=(
        "Ho et al. 2020, Denoising Diffusion Probabilistic Models, arXiv:2006.11239",
        "Karras et al. 2022, Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364",
    ),
)
def diffusion(spec: Spec, hp: DiffusionHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    adam = partial(torch.optim.Adam, lr=hp.lr, betas=(0.9, 0.999), fused=True)
    player = Player(("denoiser",), adam, schedule={"lr": cosine(hp.lr, hp.lr * hp.lr_end)}, clip=1.0)
    return Game(
        {"denoiser": Denoiser(image.shape, hp.width, classes, hp.patch, hp.sigma_data)},
        Noisy,
        players={"denoiser": player},
        stages=(Stage((Turn("denoiser", {"denoise": Term(lambda s: s.loss)}),)),),
        ema={"denoiser": EMA(ramped_half_life(hp.ema))},
        draw=draw_by_steps(image.shape, hp.steps, classes),
    )
