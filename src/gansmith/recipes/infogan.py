"""InfoGAN: codes in the noise that can be read off the image, and so come to mean something, without any label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
import torch.nn.functional as F
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Code, Draw, Game, Term, flow
from gansmith.errors import InputError
from gansmith.nets.auxiliary import CodeDiscriminator
from gansmith.nets.light import LightGenerator
from gansmith.objectives.auxiliary import category_loss, number_loss
from gansmith.recipes._conditions import classes_of, image_field, noise_styles
from gansmith.recipes._families import ADVERSARIAL, Generated, duel
from gansmith.recipes._recipe import AdamHp, recipe
from gansmith.types import Batch, Spec

LOUD_CHOICE, LOUD_NUMBER = 6.0, 3.0
"""What codes are multiplied by before the generator: as loud as all of the noise from the first round on, they come to
mean what is large in an image. Left quiet, they are read off as well, but from a faint texture.
"""


class InfoganHp(AdamHp):
    """Hyper-parameters of `infogan`."""

    z_dim: int = Setting(62, ge=1, le=4096, description="length of the noise beside the codes")
    conditional: bool = Setting(
        False, description="show the networks the data's conditions too; codes are then within them"
    )
    width: int = Setting(16, ge=1, le=1024, description="channels at full resolution; they double at every halving")
    choices: int = Setting(10, ge=0, le=1000, description="categories of the code `code`; 0 for none")
    numbers: int = Setting(2, ge=0, le=100, description="continuous codes `c1`, `c2`, ... in [-1, 1]")
    info: float = Setting(1.0, ge=0, description="weight of reading the categorical code")
    info_numbers: float = Setting(0.1, ge=0, description="weight of reading the continuous codes")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate (Adam)")


class Informed(Generated):
    """Images made from noise and codes; scores, and what is read of the codes."""

    D: CodeDiscriminator

    @flow
    def code(self) -> Tensor:
        """The categorical code `(n,)`."""
        return self.draws.integers(self.D.choices)

    @flow
    def numbers(self) -> Tensor:
        """The continuous codes `(n, numbers)`, even in [-1, 1]."""
        return 2 * self.draws.uniform(self.D.numbers) - 1

    @flow
    def fake(self) -> Tensor:
        """Images made from noise and codes."""
        z = self.draws.normal(self.G.z_dim - self.D.choices - self.D.numbers)
        code = self.code if self.D.choices else None
        return self.G(joined(z, code, self.D.choices, self.numbers), self.condition)

    @flow
    def made(self) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Scores of made images, and Q of their codes."""
        return self.D.both(self.see(self.fake), self.condition)

    @flow
    def d_fake(self) -> Tensor:
        """Scores of made images."""
        return self.made[0]


def joined(z: Tensor, code: Tensor | None, choices: int, numbers: Tensor) -> Tensor:
    """Noise `(n, z_dim)`, the categorical code one-hot, and the continuous codes, side by side."""
    hot = [] if code is None else [LOUD_CHOICE * F.one_hot(code, choices).to(z)]
    return torch.cat([z, *hot, LOUD_NUMBER * numbers.to(z)], 1)


@recipe(
    "infogan",
    "A part of the noise must be readable off the image: it comes to mean classes and styles, without any label.",
    InfoganHp,
    sizes={"s": {"width": 16, "batch": 16, "lr_g": 1e-3, "lr_d": 5e-4}, "m": {"width": 32}, "l": {"width": 64}},
    references=(
        "Chen et al. 2016, InfoGAN: Interpretable Representation Learning by Information Maximizing Generative "
        "Adversarial Nets, arXiv:1606.03657",
    ),
)
def infogan(spec: Spec, hp: InfoganHp) -> Game:
    """Build the game."""
    for count, weight in (("choices", "info"), ("numbers", "info_numbers")):
        if not getattr(hp, count) and getattr(hp, weight) != InfoganHp.model_fields[weight].default:
            raise InputError(f"{weight}={getattr(hp, weight)}: acts only where there are codes to read; {count} is 0")
    if hp.choices == 1 or not hp.choices + hp.numbers:
        raise InputError(f"choices={hp.choices}, numbers={hp.numbers}: give 2 or more choices, or some numbers")
    image, classes = image_field(spec), classes_of(spec)
    nets = {
        "G": LightGenerator(image.shape, hp.z_dim + hp.choices + hp.numbers, hp.width, classes, image.head),
        "D": CodeDiscriminator(image.shape, hp.width, hp.choices, hp.numbers, classes),
    }
    read: dict[str, Term] = {}
    if hp.choices:
        read["info"] = Term(lambda s: category_loss(s.made[1][0], s.code), hp.info)
    if hp.numbers:
        read["info_numbers"] = Term(lambda s: number_loss(s.made[1][1], s.made[1][2], s.numbers), hp.info_numbers)
    d, g = ADVERSARIAL["nonsaturating"]
    game = duel(nets, ({**d, **read}, {**g, **read}), hp, classes, scene=Informed)
    assert game.draw is not None
    return replace(game, draw=_draw(hp, game.draw.conditions))


def _draw(hp: InfoganHp, conditions: tuple[str, ...]) -> Draw:
    names = [f"c{i + 1}" for i in range(hp.numbers)]
    codes = ({"code": Code(hp.choices)} if hp.choices else {}) | {name: Code() for name in names}

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        z = batch["z"]
        numbers = torch.stack([batch[name] for name in names], 1) if names else z[:, :0]
        image: Tensor = nets["G"](joined(z, batch.get("code"), hp.choices, numbers), batch.get("label"))
        return {"image": image}

    def make_of(nets: Mapping[str, nn.Module], styles: Tensor, batch: Batch) -> Batch:
        return make(nets, {**batch, "z": styles[:, 0]})

    return Draw(make, {"z": (hp.z_dim,)}, conditions, replace(noise_styles(hp.z_dim), make=make_of), codes=codes)
