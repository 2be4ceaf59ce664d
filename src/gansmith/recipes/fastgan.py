"""FastGAN: a light generator with skip-layer excitation, and a discriminator that has to redraw real images."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from pydantic import ValidationInfo, field_validator
from torch import Tensor

from gansmith.core import Game, Term, flow
from gansmith.nets.fastgan import Decoder, FastDiscriminator, FastGenerator, Features
from gansmith.objectives.adversarial import matching
from gansmith.objectives.penalties import zero_centred
from gansmith.objectives.pyramid import pyramid_l1
from gansmith.recipes._conditions import classes_of, image_field
from gansmith.recipes._families import ADVERSARIAL, Generated, duel
from gansmith.recipes._inert import needs
from gansmith.recipes._paired import label_term
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Spec

BETAS = {"beta1": 0.5, "beta2": 0.999}
PAPER = {"loss": "hinge", "augment": "diffaugment", "batch": 16, "lr_g": 2e-4, "lr_d": 2e-4, **BETAS}
"""For tens of thousands of rounds. In the few thousand of a CPU's minutes, on images of few pixels, a discriminator
trained like this learns too slowly to keep up: shown labels, the generator makes one image a class.
"""


class FastganHp(AdamHp):
    """Hyper-parameters of `fastgan`."""

    batch: int = Setting(32, ge=2, le=65536, description="real samples a round, over all processes")
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    augment: Literal["none", "diffaugment", "ada", "fixed", "apa"] = Setting(
        "ada", description="what D sees of images; ada adapts to how little data there is (the paper's: diffaugment)"
    )
    ada_speed: float = Setting(100_000.0, gt=0, description="samples in which the probability can rise by 1 (ada, apa)")
    loss: Literal["relativistic", "hinge"] = Setting(
        "relativistic", description="relativistic: pairs, r3gan's penalties; hinge: the paper's, with a spectral norm"
    )
    gamma: float = Setting(1.0, ge=0, description="weight of both gradient penalties (loss=relativistic)")
    penalty_every: int = Setting(4, ge=1, le=64, description="rounds between penalties, then scaled up (relativistic)")
    match: float = Setting(
        1.0, ge=0, description="weight of scoring an image higher with its own label than with others (with labels)"
    )
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(2e-3, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    beta1: float = Setting(0.0, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    redraw: float = Setting(1.0, ge=0, description="weight of drawing real images again from D's maps")
    ema: float = Setting(5000.0, ge=0, description="half-life of the averaged generator, in samples")

    @field_validator("gamma", "penalty_every")
    @classmethod
    def _acts_here(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a setting that would do nothing."""
        return needs(cls, info, value, "loss", "relativistic")


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
    def label_loss(self) -> Tensor:
        """How much the own label's score stays behind the others' on real images."""
        assert self.label is not None  # the term is there only where the data has classes
        return matching(self.D.head.projections(self.maps.coarse), self.label)

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
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training, arXiv:2006.10738",
    ),
)
def fastgan(spec: Spec, hp: FastganHp) -> Game:
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    discriminator = FastDiscriminator(image.shape, hp.width, classes, spectral=hp.loss == "hinge")
    fine, coarse = discriminator.widths
    doublings = discriminator.halvings - 1  # both drawings have half the image's sides; the quarter its own pixels
    nets = {
        "G": FastGenerator(image.shape, hp.z_dim, hp.width, classes, image.head),
        "D": discriminator,
        "draw_whole": Decoder(coarse, image.shape[0], doublings),
        "draw_part": Decoder(fine, image.shape[0], doublings),
    }
    d, g = ADVERSARIAL[hp.loss]
    d = {**d, "redraw": Term(lambda s: s.redrawn, hp.redraw), **label_term(spec, hp)}
    if hp.loss == "relativistic":
        d["r1"] = Term(lambda s: zero_centred(s.d_real, s.image), hp.gamma, hp.penalty_every, leaves=("image",))
        d["r2"] = Term(lambda s: zero_centred(s.d_fake, s.fake), hp.gamma, hp.penalty_every, leaves=("fake",))
    adam = partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2), fused=True)
    game = duel(nets, (d, g), hp, classes, adam, Described)
    watcher = replace(game.players["D"], nets=("D", "draw_whole", "draw_part"))
    return replace(game, players={**game.players, "D": watcher})
