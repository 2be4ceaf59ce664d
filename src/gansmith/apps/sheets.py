"""Pictures of many pictures: a matrix of mixtures with its sources, a sheet of directions, originals and copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gansmith.apps.directions import Directions
from gansmith.apps.mixing import Mixed
from gansmith.apps.points import Name, point
from gansmith.data.grid import grid
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.run.model import Model
from gansmith.run.sample import Truncation, Where, check_truncation
from gansmith.run.write_samples import check_place

__all__ = ["check_picture", "direction_sheet", "headed", "matrix", "strengths_of"]

GAP = 10
"""Pixels between a matrix and the sources at its edges."""

HEAD = 18
INK = (40, 40, 40)
MOST_PICTURES = 5000

Tick = Callable[[float], None]


def matrix(mixed: Mixed, value_range: tuple[float, float] = (0.0, 1.0)) -> Image.Image:
    """A matrix with the rows' sources at its left and the columns' at its top."""
    rows, columns = mixed.images.shape[:2]
    body = grid(mixed.images.reshape(rows * columns, *mixed.images.shape[2:]), columns, value_range=value_range)
    left, top = grid(mixed.rows, 1, value_range=value_range), grid(mixed.columns, columns, value_range=value_range)
    canvas = Image.new("RGB", (left.width + GAP + body.width, top.height + GAP + body.height), "white")
    canvas.paste(top, (left.width + GAP, 0))
    canvas.paste(left, (0, top.height + GAP))
    canvas.paste(body, (left.width + GAP, top.height + GAP))
    return canvas


def headed(
    images: Pixels, heads: Sequence[str], labels: Sequence[str], value_range: tuple[float, float] = (0.0, 1.0)
) -> Image.Image:
    """Rows of pictures with a text above each column and one at the left of each row.

    Args:
        images: `(rows, columns, height, width, channels)`.
        heads: One for each column.
        labels: One for each row.
        value_range: The floats that are black and white.
    """
    rows, columns = images.shape[:2]
    cells = images.reshape(rows * columns, *images.shape[2:])
    bare = grid(cells[:columns], columns, value_range=value_range)
    body = grid(cells, columns, labels=labels, value_range=value_range)
    canvas = Image.new("RGB", (body.width, body.height + HEAD), "white")
    canvas.paste(body, (0, HEAD))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    left, cell = body.width - bare.width, bare.width / columns
    for number, text in enumerate(heads):
        middle = left + (number + 0.5) * cell - draw.textlength(text, font) / 2
        draw.text((round(middle), HEAD - 14), text, fill=INK, font=font)
    return canvas


def check_picture(out: str | Path) -> None:
    """Raise `InputError` unless `out` can be the name of a PNG file."""
    if Path(out).suffix.lower() != ".png":
        raise InputError(f"--out {out}: this is one picture; give a name that ends in .png")
    check_place(Path(out), (".png",), ".png")


def strengths_of(directions: Directions) -> list[float]:
    """Strengths that show directions well: -3 to 3 deviations; towards a condition, from none of it to all."""
    return [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] if directions.field else [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]


def direction_sheet(
    model: Model,
    directions: Directions,
    sample: Name = 0,
    strengths: Sequence[float] | None = None,
    where: Where | None = None,
    truncation: Truncation = 1.0,
    tick: Tick = lambda share: None,
) -> Image.Image:
    """A row for each direction: one sample, moved along it further and further.

    Args:
        model: What makes it.
        directions: Its directions.
        sample: Which one: a seed, `"7:12"`, or a picture for models with an encoder.
        strengths: One for each column; None for `strengths_of`.
        where: Conditions of the sample.
        truncation: As in `Model.sample`.
        tick: Told the share that is done.

    Raises:
        InputError: The directions don't fit the model, or the sample or a condition is none.
    """
    columns = list(strengths_of(directions) if strengths is None else strengths)
    if len(columns) * len(directions) > MOST_PICTURES or not columns:
        raise InputError(f"{len(directions)} directions in {len(columns)} strengths are no picture to look at")
    check_truncation(truncation, model.style_shape[0])
    start = point(model, sample, where)
    rows: list[NDArray[Any]] = []
    for number in range(len(directions)):
        made = [
            directions.edit(model, number, s).make(start.noise, start.conditions, truncation)["image"] for s in columns
        ]
        rows.append(np.concatenate([model.codec.decode({"image": image})[0] for image in made]))
        tick((number + 1) / len(directions))
    labels = [_label(directions, number) for number in range(len(directions))]
    return headed(np.stack(rows), [f"{s:+g}" if s else "0" for s in columns], labels, model.codec.frame.value_range)


def _label(directions: Directions, number: int) -> str:
    name = directions.names[number]
    text = name if name == str(number) else f"{number} {name}"
    return f"{text} ({directions.ranks[number]:.0%})" if directions.method == "pca" else text
