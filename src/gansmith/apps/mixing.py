"""Style mixing: some layers of one picture's styles, the others of another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.apps.layers import parse_layers
from gansmith.apps.points import Name, join, listed, points
from gansmith.errors import InputError
from gansmith.run.latent import from_styles, recipes_that, to_styles
from gansmith.run.model import Model
from gansmith.run.sample import Truncation, Where, check_truncation

__all__ = ["Mixed", "mix"]

MOST = 2500


class Mixed(NamedTuple):
    """A matrix of mixtures and its sources.

    Attributes:
        images: `(rows, columns, height, width, channels)`: the row's picture with the column's styles in `layers`.
        rows: The rows' sources, `(rows, height, width, channels)`.
        columns: The columns' sources.
        layers: The layers that came from the columns.
    """

    images: NDArray[Any]
    rows: NDArray[Any]
    columns: NDArray[Any]
    layers: tuple[int, ...]


def mix(
    model: Model,
    rows: Sequence[Name],
    columns: Sequence[Name],
    styles: str = "coarse",
    where: Where | None = None,
    truncation: Truncation = 1.0,
    tick: Callable[[float], None] = lambda share: None,
) -> Mixed:
    """Every row's picture with every column's styles in some layers (Karras et al. 2019, section 3.1, figure 3).

    Args:
        model: One with several layers of styles.
        rows: Sources of everything else: seeds (`7`, `"7:12"`), or pictures for models with an encoder.
        columns: Sources of the chosen layers.
        styles: Layers: `coarse`, `middle`, `fine` (thirds), `0-3`, several with commas.
        where: Conditions; lists are taken in turn, by rows and by columns. A mixture has its row's.
        truncation: As in `Model.sample`.
        tick: Told the share that is done.

    Raises:
        InputError: The model has one layer of styles or none, or a source, layer or condition is none.
    """
    count = model.style_shape[0]
    if count < 2:
        having = recipes_that(model.codec.spec, lambda g: bool(g.draw and g.draw.styles and g.draw.styles.space == "w"))
        raise InputError(f"recipe {model.recipe.id} has a single layer of styles, so there is nothing to mix{having}")
    layers = parse_layers(styles, count, "styles")
    check_truncation(truncation, count)
    rows, columns = listed(rows, "rows"), listed(columns, "columns")
    if not 1 <= len(rows) * len(columns) <= MOST:
        raise InputError(f"{len(rows)} rows and {len(columns)} columns: a matrix has 1 to {MOST:,} pictures")
    ends = [points(model, names, where) for names in (rows, columns)]
    noise = [join([p.noise for p in side]) for side in ends]
    conditions = [join([p.conditions for p in side]) for side in ends]
    left, top = (to_styles(model, z, c, truncation) for z, c in zip(noise, conditions, strict=True))
    shown = [
        model.codec.decode({"image": from_styles(model, w, z, c)["image"]})[0]
        for w, z, c in zip((left, top), noise, conditions, strict=True)
    ]
    body = []
    for row in range(len(rows)):
        mixed = left[row].expand(len(columns), -1, -1).clone()
        mixed[:, list(layers)] = top[:, list(layers)]
        rest = [
            {k: v[row : row + 1].expand(len(columns), *v.shape[1:]) for k, v in x[0].items()}
            for x in (noise, conditions)
        ]
        body.append(model.codec.decode({"image": from_styles(model, mixed, *rest)["image"]})[0])
        tick((row + 1) / len(rows))
    return Mixed(np.stack(body), shown[0], shown[1], layers)
