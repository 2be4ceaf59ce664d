"""Scenes and terms that several recipes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from gansmith.core import EMA, Game, Player, Stage, Term, Turn, cosine, flow, ramped_half_life
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.nets.resnet import ResNetDiscriminator, ResNetGenerator
from gansmith.objectives import adversarial as adv
from gansmith.recipes._conditions import Conditioned, draw_images
from gansmith.recipes._recipe import AdamHp
from gansmith.recipes._views import Lens, seen

__all__ = [
    "ADVERSARIAL",
    "BATCH_COUPLED",
    "CRITICS",
    "Generated",
    "Generator",
    "Loss",
    "Terms",
    "contest",
    "duel",
    "falling",
]


class Generator(Protocol):
    """A net from noise and optional labels to samples."""

    z_dim: int

    def __call__(self, z: Tensor, label: Tensor | None) -> Tensor: ...


class Generated(Conditioned):
    """Noise to image, real and made images to scores; conditional where the data has labels."""

    G: Generator
    D: nn.Module
    image: Tensor
    lens: Lens | None = None

    def see(self, image: Tensor) -> Tensor:
        """What the discriminator sees of an image: augmented and noisy, where the game has a lens for that."""
        return image if self.lens is None else seen(self, image)

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


Loss = Literal[
    "minimax",
    "nonsaturating",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "relativistic_average",
    "relativistic_average_hinge",
]

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
        (
            "relativistic_average",
            lambda s: adv.relativistic_average_d(s.d_real, s.d_fake),
            lambda s: adv.relativistic_average_g(s.d_real, s.d_fake),
        ),
        (
            "relativistic_average_hinge",
            lambda s: adv.relativistic_average_hinge_d(s.d_real, s.d_fake),
            lambda s: adv.relativistic_average_hinge_g(s.d_real, s.d_fake),
        ),
    )
}
"""Terms of discriminator and generator by the loss's name, for scenes with flows `d_real` and `d_fake`."""


BATCH_COUPLED = frozenset({"relativistic_average", "relativistic_average_hinge"})
"""Losses that are no means over samples: a game with one of them is batch-coupled."""

CRITICS: Mapping[str, tuple[Callable[..., nn.Module], Callable[..., nn.Module]]] = {
    "light": (LightGenerator, LightDiscriminator),
    "residual": (ResNetGenerator, partial(ResNetDiscriminator, spectral=False)),
}
"""Generators, and discriminators without batch normalisation, as gradient penalties need them."""


class Rates(Protocol):
    """What `duel` reads of hyper-parameters."""

    @property
    def z_dim(self) -> int: ...
    @property
    def lr_g(self) -> float: ...
    @property
    def lr_d(self) -> float: ...
    @property
    def ema(self) -> float: ...


class Falling(Protocol):
    """What `falling` reads of hyper-parameters."""

    @property
    def lr_end(self) -> float: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...


def falling(nets: tuple[str, ...], lr: float, hp: Falling) -> Player:
    """A player who moves by Adam at a rate that falls along a cosine to the share `lr_end`."""
    adam = partial(torch.optim.Adam, lr=lr, betas=(hp.beta1, hp.beta2), fused=True)
    return Player(nets, adam, schedule={"lr": cosine(lr, lr * hp.lr_end)})


def adam(hp: AdamHp) -> Callable[..., torch.optim.Optimizer]:
    """Adam with the decay rates of the hyper-parameters."""
    return partial(torch.optim.Adam, betas=(hp.beta1, hp.beta2))


def duel(
    nets: Mapping[str, nn.Module],
    terms: Terms,
    hp: Rates,
    classes: int,
    optim: Callable[..., torch.optim.Optimizer] | None = None,
    scene: type[Generated] = Generated,
    critic_moves: int = 1,
) -> Game:
    """The common game of a generator `G` and a discriminator `D` that move in turn with the same kind of optimiser.

    Args:
        nets: `G` and `D`.
        terms: Of D and of G.
        hp: Learning rates, half-life of the average, length of the noise; and Adam's decay rates without `optim`.
        classes: Number of classes; 0 for none.
        optim: From parameters and `lr` to an optimiser; default Adam with the decay rates of `hp`.
        scene: What a turn sees.
        critic_moves: Moves of D before G moves; each has a batch of its own if there are several.
    """
    if optim is None:
        assert isinstance(hp, AdamHp)
        optim = adam(hp)
    d = Turn("D", terms[0], repeat=critic_moves, fresh=critic_moves > 1)
    return Game(
        nets,
        scene,
        players={"D": Player(("D",), partial(optim, lr=hp.lr_d)), "G": Player(("G",), partial(optim, lr=hp.lr_g))},
        stages=(Stage((d, Turn("G", terms[1]))),),
        ema={"G": EMA(ramped_half_life(hp.ema))},
        draw=draw_images(hp.z_dim, classes),
        contest=contest,
    )
