"""What a recipe is: a function from the data's fields and hyper-parameters to a game, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Setting

from gansmith.core import Game, GameError
from gansmith.recipes._conditions import shown, unconditional
from gansmith.recipes._presets import Preset
from gansmith.recipes._rescue import rescued
from gansmith.recipes._rounds import RoundHp, played
from gansmith.recipes._views import ViewHp, viewed
from gansmith.types import Spec

__all__ = ["AdamHp", "ConditionHp", "DataHp", "Hp", "ImageHp", "Recipe", "Size", "ViewHp", "recipe"]

Size = Literal["s", "m", "l"]


class Hp(BaseModel):
    """Hyper-parameters that every recipe has. Frozen; an unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = Setting(64, ge=1, le=65536, description="real samples a round, over all processes")


class ConditionHp(Hp):
    """Hyper-parameters of every recipe whose networks can be shown what a sample shall be."""

    conditional: bool = Setting(True, description="show the networks the labels, attributes and texts of the data")
    drop_condition: float = Setting(
        0.0, ge=0, lt=1, description="share of samples that are trained without their condition"
    )


class DataHp(ConditionHp):
    """Hyper-parameters of every recipe that is trained on images: what it sees of the data."""

    flip: bool = Setting(False, description="mirror training images at random; the model will make mirrored ones too")
    shift: int = Setting(0, ge=0, le=64, description="shift training images by up to this many pixels")


class ImageHp(DataHp):
    """Hyper-parameters of every recipe whose generator makes an image of a noise vector."""

    z_dim: int = Setting(64, ge=1, le=4096, description="length of the generator's noise")


class AdamHp(RoundHp, ViewHp, ImageHp):
    """Hyper-parameters of image recipes whose players move by Adam at constant rates.

    Two rates that differ are the two time-scale rule (Heusel et al. 2017).
    """

    lr_g: float = Setting(2e-4, gt=0, le=1, description="the generator's learning rate (Adam)")
    lr_d: float = Setting(2e-4, gt=0, le=1, description="the discriminator's learning rate (Adam)")
    beta1: float = Setting(0.5, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.999, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


H = TypeVar("H", bound=Hp)


@dataclass(frozen=True)
class Recipe(Generic[H]):
    """A GAN variant.

    Attributes:
        id: Its name on the command line.
        title: The idea in a line.
        hp: The model of its hyper-parameters: names, ranges, defaults, descriptions.
        build: From the fields of the data and hyper-parameters to the game.
        sizes: What `--size` changes: hyper-parameters by size.
        presets: Full-size configurations from papers, by name: hyper-parameters in place of a size's.
        references: Papers.
        provenance: Module or file that it came from.
        kind: Kind of data that it is made for: `image`, `translation`, `table`, `audio`, `music`, `text`, `series`,
            `video` or `simulation`.
        reads: Fields of the data that it is made for: `image`, with `source` where it translates from another domain;
            `tokens` for tables; `signal` for whatever else is an array of numbers.
        tasks: What it learns from image to image, best first: `pairs`, `unpaired`, `style`, `domains`, `upscale`,
            `inpaint`, `denoise`, `colourise`. Empty for recipes that make samples of noise.
    """

    id: str
    title: str
    hp: type[H]
    build: Callable[[Spec, H], Game]
    sizes: Mapping[Size, Mapping[str, Any]] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    provenance: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    reads: tuple[str, ...] = ("image",)
    tasks: tuple[str, ...] = ()
    kind: str = "image"

    def game(self, spec: Spec, hp: H) -> Game:
        """Build the game and check that the data has what it reads.

        Raises:
            GameError: The parts or the data do not fit.
            InputError: A setting does not fit the data.
        """
        lacking = [name for name in self.reads if name not in spec]
        if lacking:
            raise GameError(f"recipe {self.id} is made for data with {', '.join(lacking)}; this has {', '.join(spec)}")
        if not isinstance(hp, ConditionHp):
            game = self.build(spec, hp)
            game.check(spec)
            return game
        game = self.build(spec if hp.conditional else unconditional(spec), hp)
        game.check(spec)
        return played(rescued(viewed(shown(game, spec, hp.conditional, hp.drop_condition), hp)), hp)


def recipe(
    id: str,
    title: str,
    hp: type[H],
    sizes: Mapping[Size, Mapping[str, Any]] | None = None,
    references: tuple[str, ...] = (),
    presets: Mapping[str, Preset] | None = None,
    reads: tuple[str, ...] = ("image",),
    tasks: tuple[str, ...] = (),
    kind: str = "image",
) -> Callable[[Callable[[Spec, H], Game]], Recipe[H]]:
    """Make a recipe of a function `(spec, hp) -> Game`; the module's variable then is the `Recipe`."""

    def wrap(build: Callable[[Spec, H], Game]) -> Recipe[H]:
        return Recipe(
            id, title, hp, build, sizes or {}, references, build.__module__, presets or {}, reads, tasks, kind
        )

    return wrap
