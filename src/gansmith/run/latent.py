"""A model's latent space: noise to styles and back to samples, truncation, images to noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gansmith.core import Game, GameError, Styles
from gansmith.errors import GansmithError, InputError
from gansmith.recipes._conditions import condition_of
from gansmith.recipes._recipe import Recipe
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.hardware import device_of
from gansmith.run.sample import CHUNK, Drawable, DrawsImages, Samples, Truncation, Where, asked, joined
from gansmith.types import Batch, Spec

__all__ = [
    "Latent",
    "decode",
    "encode",
    "from_styles",
    "placed",
    "recipes_that",
    "style_shape",
    "styles_of",
    "to_styles",
]


class Latent(Drawable, Protocol):
    """What has a latent space; a `Model` has one."""

    @property
    def recipe(self) -> Recipe[Any]:
        """The variant."""

    @property
    def nets(self) -> Mapping[str, nn.Module]:
        """The nets that sampling uses."""


class LatentImages(Latent, DrawsImages, Protocol):
    """The same of images."""


def placed(model: Latent, *parts: Batch) -> dict[str, Tensor]:
    """All parts in one batch, on the device of the nets; `label` is what conditional nets are shown."""
    device = device_of(model.nets)
    batch = {name: value.to(device) for part in parts for name, value in part.items()}
    shown = condition_of(batch)
    return batch if shown is None else batch | {"label": shown}


def styles_of(model: Latent) -> Styles:
    """The description of the latent space.

    Raises:
        InputError: The game does not describe it.
    """
    if model.drawing.styles is None:
        raise InputError(f"recipe {model.recipe.id} does not describe its latent space, so it can't be worked with")
    return model.drawing.styles


@torch.no_grad()
def style_shape(model: Latent, blank: Batch) -> tuple[int, int]:
    """Layers and length of styles, zeros without styles; `blank` is any batch of one sample."""
    if model.drawing.styles is None:
        return 0, 0
    _, layers, dim = model.drawing.styles.map(model.nets, placed(model, blank)).shape
    return layers, dim


@torch.no_grad()
def to_styles(model: Latent, noise: Batch, conditions: Batch, truncation: Truncation = 1.0) -> Tensor:
    """Styles `(n, layers, dim)` of noise and conditions: centre + truncation (style - centre).

    That is the truncation trick (Karras et al. 2019, section B; Brock et al. 2019 on the noise itself). A sequence has
    a factor for each of the first layers.

    Raises:
        InputError: The game does not describe its latent space.
    """
    styles, batch = styles_of(model), placed(model, noise, conditions)
    mapped = styles.map(model.nets, batch)
    if truncation == 1.0:
        return mapped
    factors = list(truncation) if isinstance(truncation, Sequence) else [truncation] * mapped.shape[1]
    factor = mapped.new_tensor(factors + [1.0] * (mapped.shape[1] - len(factors)))[:, None]
    centre = styles.centre(model.nets, batch)
    return torch.where(factor < 1, centre + factor * (mapped - centre), mapped)


@torch.no_grad()
def from_styles(model: Latent, styles: Tensor, noise: Batch, conditions: Batch) -> Batch:
    """Samples from styles `(n, layers, dim)`; noise and conditions are what the generator reads besides them.

    Raises:
        InputError: The game does not describe its latent space.
    """
    batch = placed(model, {"": styles}, noise, conditions)
    return styles_of(model).make(model.nets, batch.pop(""), batch)


@torch.no_grad()
def encode(model: Latent, image: Tensor, conditions: Batch, chunk: int = CHUNK) -> dict[str, Tensor]:
    """The noise that would make these encoded images `(n, c, h, w)`, on the CPU.

    Raises:
        InputError: The game has no encoder.
    """
    if model.drawing.encode is None:
        having = recipes_that(model.codec.spec, lambda game: game.draw is not None and game.draw.encode is not None)
        raise InputError(f"recipe {model.recipe.id} has no encoder, so images can't be turned into noise{having}")
    parts = []
    for start in range(0, len(image), chunk):
        rows = slice(start, start + chunk)
        batch = placed(model, {"image": image[rows]}, {k: v[rows] for k, v in conditions.items()})
        parts.append(model.drawing.encode(model.nets, batch))
    return {name: torch.cat([part[name].cpu() for part in parts]) for name in model.drawing.noise}


def decode(model: LatentImages, latents: Tensor | Batch, where: Where | None = None, chunk: int = CHUNK) -> Samples:
    """Images of noise, by name, or of styles `(n, layers, dim)`, whose generator then reads no other noise.

    Raises:
        InputError: Noise or styles have another shape than the model's, or a condition is missing.
    """
    given = {"styles": latents} if isinstance(latents, Tensor) else dict(latents)
    wanted = {"styles": model.style_shape} if isinstance(latents, Tensor) else dict(model.drawing.noise)
    shapes = {name: tuple(value.shape[1:]) for name, value in given.items()}
    n = min((len(value) for value in given.values()), default=0)
    if shapes != wanted or not n or any(len(value) != n for value in given.values()):
        raise InputError(f"latents of shapes {shapes or 'none'} don't fit this model: it takes (n, ...) of {wanted}")
    conditions = asked(model, n, where)
    parts = []
    for start in range(0, n, chunk):
        rows = {name: value[start : start + chunk] for name, value in given.items()}
        shown = {name: value[start : start + chunk] for name, value in conditions.items()}
        if isinstance(latents, Tensor):
            rest = {k: torch.zeros(len(rows["styles"]), *shape) for k, shape in model.drawing.noise.items()}
            made = {**from_styles(model, rows["styles"], rest, shown), **shown}
        else:
            made = dict(model.make(rows, shown))
        parts.append(Samples(*model.codec.decode(made), model.codec.words(made)))
    return joined(parts)


def recipes_that(spec: Spec, able: Callable[[Game], bool]) -> str:
    """`"; recipes that do: a, b"` for those of the registry whose game on this data is able; empty for none."""
    found = ", ".join(_able(spec, able))
    return f"; recipes that can: {found}" if found else ""


def _able(spec: Spec, able: Callable[[Game], bool]) -> Iterator[str]:
    for name in recipe_names():
        try:
            recipe = find_recipe(name)
            game = recipe.game(spec, recipe.hp.model_validate(dict(recipe.sizes.get("s", {}))))
        except (GansmithError, GameError):  # not for this data
            continue
        if able(game):
            yield name
