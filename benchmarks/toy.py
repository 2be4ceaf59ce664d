"""Textbook data in the plane, networks for it, and the recipes' games with these networks in the place of their own.

A recipe's losses, turns, penalties and optimisers are played as they are: only `G` and `D` are exchanged for fully
connected networks, so what is measured is the recipe and not a copy of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.core import Game
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.recipes._cures import CureHp, curable
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.settings import resolve
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["BATCH", "PLANES", "VARIANTS", "Plane", "PlaneSource", "Variant", "flat", "flat_game", "score"]

Z_DIM, HIDDEN, LAYERS, BATCH = 16, 128, 2, 128
SPEC: Spec = {"image": Field((1, 8, 8), head=None)}
"""What the recipes are built on before their networks are exchanged."""


@dataclass(frozen=True)
class Plane:
    """A mixture of equal Gaussians in the plane.

    Attributes:
        name: Its name.
        centres: `(modes, 2)`.
        std: Standard deviation of each.
    """

    name: str
    centres: Tensor
    std: float

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Samples `(n, 2)`."""
        which = torch.randint(len(self.centres), (n,), generator=generator)
        return self.centres[which] + self.std * torch.randn(n, 2, generator=generator)


def _ring(modes: int = 8, radius: float = 2.0) -> Tensor:
    angle = torch.arange(modes) * (2 * math.pi / modes)
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


def _grid(side: int = 5, step: float = 2.0) -> Tensor:
    ticks = (torch.arange(side) - (side - 1) / 2) * step
    return torch.cartesian_prod(ticks, ticks)


PLANES = {p.name: p for p in (Plane("ring of 8", _ring(), 0.02), Plane("grid of 25", _grid(), 0.05))}
"""Radius 2 and deviation 0.02 as Metz et al. (2017, appendix A), step 2 and 0.05 as Srivastava et al. (2017)."""


class PlaneSource:
    """An endless source of batches of a plane, scaled to about unit size for the networks."""

    def __init__(self, plane: Plane, batch: int, seed: int) -> None:
        self.plane, self.batch = plane, batch
        self.generator = torch.Generator().manual_seed(seed)

    def __next__(self) -> Batch:
        """The next batch."""
        return {"image": self.plane.draw(self.batch, self.generator)}

    def state_dict(self) -> dict[str, Json]:
        """Nothing: a benchmark is not resumed inside a cell."""
        return {}

    def load_state_dict(self, state: Mapping[str, Json]) -> None:
        """Nothing."""


def score(samples: Tensor, plane: Plane) -> dict[str, float]:
    """Modes found, share of samples of high quality, and how evenly the modes are served.

    The rule of Srivastava et al. (2017, section 4.1): a sample is of high quality within three standard deviations of
    the nearest centre; a mode is found where at least one such sample is nearest to it. The divergence is KL(found
    shares || uniform) in nats over the samples of high quality; log(modes) where there is none.
    """
    distance, nearest = torch.cdist(samples, plane.centres).min(1)
    good = distance <= 3 * plane.std
    counts = torch.bincount(nearest[good], minlength=len(plane.centres)).double()
    modes = len(plane.centres)
    shares = counts / counts.sum().clamp_min(1)
    kl = float((shares * (shares.clamp_min(1e-12) * modes).log()).sum()) if counts.sum() else math.log(modes)
    return {"modes": float((counts > 0).sum()), "quality": float(good.double().mean()), "kl": kl}


Kind = Literal["plain", "spectral"]


@dataclass(frozen=True)
class Variant:
    """A recipe with settings, and the discriminator that it is played with.

    Attributes:
        recipe: Its id.
        settings: What differs from the settings that all share (those are given only where a recipe has them).
        kind: Of the discriminator.
        cost: About how long a step takes, as a multiple of the first GAN's.
    """

    recipe: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = "plain"
    cost: float = 1.0

    @property
    def missing(self) -> str:
        """Why it can't be played; empty where it can."""
        if self.recipe not in recipe_names():
            return f"recipe {self.recipe} is not there"
        unknown = set(self.settings) - set(find_recipe(self.recipe).hp.model_fields)
        return f"recipe {self.recipe} has no setting {', '.join(sorted(unknown))}" if unknown else ""


SHARED: Mapping[str, Any] = {"batch": BATCH, "z_dim": Z_DIM, "lr_g": 1e-3, "lr_d": 1e-3}
"""The same for all where a recipe has them; decay rates, critic steps and penalties are the recipe's own."""

VARIANTS: Mapping[str, Variant] = {
    "minimax": Variant("gan", {"loss": "minimax"}),
    "non-saturating": Variant("gan", {"loss": "nonsaturating"}),
    "label smoothing": Variant("gan", {"label_smoothing": 0.1}),
    "two learning rates": Variant("gan", {"lr_g": 2.5e-4}),
    "instance noise": Variant("gan", {"instance_noise": 0.1}),
    "minibatch deviation": Variant("gan", {"batch_features": "std"}),
    "minibatch discrimination": Variant("gan", {"batch_features": "discrimination"}, cost=6),
    "packing, 2": Variant("gan", {"pack": 2}),
    "LeCam": Variant("gan", {"lecam": 0.1}),
    "relativistic average": Variant("gan", {"loss": "relativistic_average"}),
    "lsgan": Variant("lsgan"),
    "wgan": Variant("wgan", cost=2.5),
    "wgan-gp": Variant("wgan-gp", cost=4),
    "hinge + spectral norm": Variant("sngan", kind="spectral", cost=4),
    "dragan": Variant("dragan", cost=1.6),
    "r3gan": Variant("r3gan", {"penalty_every": 1}, cost=1.6),
    "unrolled, 5": Variant("gan", {"unroll": 5}, cost=5),
    "slow discriminator": Variant("gan", {"lr_d": 1e-4}),
    "slow, unrolled, 5": Variant("gan", {"lr_d": 1e-4, "unroll": 5}, cost=5),
    "extragradient": Variant("gan", {"rule": "extragradient"}, cost=2),
    "optimistic": Variant("gan", {"rule": "optimistic"}),
}


def flat(
    variant: Variant, shape: tuple[int, ...], seed: int, names: tuple[str, ...] = (), hidden: int = HIDDEN
) -> Game:
    """The recipe's game with fully connected networks; the same weights for the same seed.

    Args:
        variant: The recipe and its settings.
        shape: Of a row.
        seed: Of the weights.
        names: Of the classes that it is shown; empty for none.
        hidden: Units of a layer of the discriminator.

    Raises:
        InputError: The recipe is not there, or has no such setting.
    """
    recipe = find_recipe(variant.recipe)
    known = recipe.hp.model_fields
    hp = resolve(recipe, "s", {**{k: v for k, v in SHARED.items() if k in known}, **variant.settings})
    game = recipe.game({**SPEC, "label": Field((), "label", names=names)} if names else SPEC, hp)
    torch.manual_seed(seed)
    generator = MLPGenerator(shape, Z_DIM, HIDDEN, LAYERS, len(names), head=None)
    if isinstance(hp, CureHp):  # packing and what looks across the batch are parts of the discriminator
        judge = curable(MLPDiscriminator, shape, hidden, LAYERS, classes=len(names), hp=hp)
    else:
        judge = MLPDiscriminator(shape, hidden, LAYERS, len(names))
    if variant.kind == "spectral":
        for layer in [m for m in judge.modules() if isinstance(m, nn.Linear)]:
            spectral_norm(layer)
    return replace(game, nets={**game.nets, "G": generator, "D": judge})


def flat_game(variant: Variant, seed: int = 0) -> Game:
    """The same in the plane, with no average of weights."""
    return replace(flat(variant, (2,), seed), ema={})
