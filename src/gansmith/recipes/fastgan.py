"""FastGAN: a light generator with skip-layer excitation, and a discriminator that has to redraw real images."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.nets.fastgan import Decoder, FastDiscriminator, FastGenerator, Features
from gansmith.objectives.pyramid import pyramid_l1
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._families import ADVERSARIAL, Generated, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec

PAPER = {"lr_g": 2e-4, "lr_d": 2e-4}
"""For tens of thousands of rounds; in the few thousand of a CPU's minutes, higher rates get further."""


class FastganHp(AdamHp):
    """Hyper-parameters of `fastgan`."""

    batch: int = Setting(16, ge=2, le=65536, description="real samples a round, over all processes")
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    augment: Literal["none", "diffaugment", "ada", "fixed", "apa"] = Setting(
        "diffaugment", description="what D sees of images; the paper's augmentation unless told otherwise"
    )
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    redraw: float = Setting(1.0, ge=0, description="weight of drawing real images again from D's maps")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")


class Described(Generated):
    """Scores, and real images drawn again from the discriminator's maps of them."""

    D: FastDiscriminator
    draw_whole: Decoder
    draw_part: Decoder

    @flow
    def view(self) -> Tensor:
        """Real images as D sees them."""
        return self.see(self.image)

    @flow
    def maps(self) -> Features:
        """D's last two maps of real images."""
        return self.D.features(self.view)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images, `(n, patches)`."""
        scores: Tensor = self.D.head(self.maps.coarse, self.condition)
        return scores

    @flow
    def redrawn(self) -> Tensor:
        """How far the redrawn whole image and the redrawn random quarter are from what D saw (eq. 2)."""
        whole, part = self.draw_whole(self.maps.coarse), self._part(self.maps.fine, 1)
        seen = self.D.stretched(self.view)
        loss = pyramid_l1(whole, F.adaptive_avg_pool2d(seen, whole.shape[-2:]))
        return loss + pyramid_l1(self.draw_part(part), self._part(seen, seen.shape[-1] // self.maps.fine.shape[-1]))

    @flow
    def corner(self) -> tuple[int, int]:
        """Top left cell of the quarter of the fine map that is redrawn in this move."""
        top, left = ((n + 1) * u for n, u in zip(self.D.grid, self.draws.shared(2).tolist(), strict=True))
        return int(top), int(left)

    def _part(self, x: Tensor, cell: int) -> Tensor:
        """The quarter of a map or of an image, `cell` pixels a cell of the fine map."""
        (top, left), (height, width) = self.corner, self.D.grid
        return x[..., cell * top : cell * (top + height), cell * left : cell * (left + width)]


@recipe(
    "fastgan",
    "For small sets of images: a light generator whose small maps gate its large ones, and a discriminator that has to "
    "redraw what it saw.",
    FastganHp,
    sizes={"s": {}, "m": {"width": 32, **PAPER}, "l": {"width": 64, "z_dim": 256, **PAPER}},
    references=(
        "Liu et al. 2021, Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis, "
        "arXiv:2101.04775",
        "Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training, arXiv:2006.10738",
    ),
)
def fastgan(spec: Spec, hp: FastganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    discriminator = FastDiscriminator(image.shape, hp.width, classes)
    fine, coarse = discriminator.widths
    doublings = discriminator.halvings - 1  # both drawings have half the image's sides; the quarter its own pixels
    nets = {
        "G": FastGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": discriminator,
        "draw_whole": Decoder(coarse, image.shape[0], doublings),
        "draw_part": Decoder(fine, image.shape[0], doublings),
    }
    d, g = ADVERSARIAL["hinge"]
    terms = {**d, "redraw": Term(lambda s: s.redrawn, hp.redraw)}, g
    adam = partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2), fused=True)
    game = duel(nets, terms, hp, classes, adam, Described)
    watcher = replace(game.players["D"], nets=("D", "draw_whole", "draw_part"))
    return replace(game, players={**game.players, "D": watcher})
