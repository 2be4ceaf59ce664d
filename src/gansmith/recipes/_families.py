"""Scenes and terms that several recipes share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gansmith.core import EMA, Game, Player, Stage, Term, Turn, flow, ramped_half_life
from gansmith.objectives import adversarial as adv
from gansmith.recipes._conditions import Conditioned, draw_images
from gansmith.recipes._recipe import AdamHp

__all__ = ["ADVERSARIAL", "Generated", "contest", "duel"]


class Generator(Protocol):
    """A net from noise and optional labels to samples."""

    z_dim: int

    def __call__(self, z: Tensor, label: Tensor | None) -> Tensor: ...


class Generated(Conditioned):
    """Noise to image, real and made images to scores; conditional where the data has labels."""

    G: Generator
    D: nn.Module
    image: Tensor

    def see(self, image: Tensor) -> Tensor:
        """What the discriminator sees of an image: an augmentation may stand here."""
        return image

    @flow
    def fake(self) -> Tensor:
        """Made images, one for each real one and of its class."""
        return self.G(self.draws.normal(self.G.z_dim), self.condition)

    @flow
    def d_real(self) -> Tensor:
        """Scores of real images."""
        score: Tensor = self.D(self.see(self.image), self.condition)
        return score

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        score: Tensor = self.D(self.see(self.fake), self.condition)
        return score


def contest(scene: Any) -> tuple[Tensor, Tensor]:
    """The scores that tell how well the discriminator tells real from made."""
    return scene.d_real, scene.d_fake


Terms = tuple[Mapping[str, Term], Mapping[str, Term]]

ADVERSARIAL: Mapping[str, Terms] = {
    name: ({"adv": Term(d)}, {"adv": Term(g)})
    for name, d, g in (
        (
            "minimax",
            lambda s: adv.minimax_d(s.d_real, s.d_fake),
            lambda s: adv.minimax_g(s.d_fake),
        ),
        (
            "nonsaturating",
            lambda s: adv.nonsaturating_d(s.d_real, s.d_fake),
            lambda s: adv.nonsaturating_g(s.d_fake),
        ),
        (
            "least_squares",
            lambda s: adv.least_squares_d(s.d_real, s.d_fake),
            lambda s: adv.least_squares_g(s.d_fake),
        ),
        (
            "hinge",
            lambda s: adv.hinge_d(s.d_real, s.d_fake),
            lambda s: adv.hinge_g(s.d_fake),
        ),
        (
            "wasserstein",
            lambda s: adv.wasserstein_d(s.d_real, s.d_fake),
            lambda s: adv.wasserstein_g(s.d_fake),
        ),
        (
            "relativistic",
            lambda s: adv.relativistic(s.d_real, s.d_fake),
            lambda s: adv.relativistic(s.d_fake, s.d_real),
        ),
    )
}
"""Terms of discriminator and generator by the loss's name, for scenes with flows `d_real` and `d_fake`."""


def duel(nets: Mapping[str, nn.Module], terms: Terms, hp: AdamHp, classes: int) -> Game:
    """The common game of a generator `G` and a discriminator `D` that move in turn with the same Adam.

    Args:
        nets: `G` and `D`.
        terms: Of D and of G.
        hp: Learning rates, decay rates, half-life of the average, length of the noise.
        classes: Number of classes; 0 for none.
    """
    adam = partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2))
    return Game(
        nets,
        Generated,
        players={"D": Player(("D",), partial(adam, lr=hp.lr_d)), "G": Player(("G",), partial(adam, lr=hp.lr_g))},
        stages=(Stage((Turn("D", terms[0]), Turn("G", terms[1]))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )
