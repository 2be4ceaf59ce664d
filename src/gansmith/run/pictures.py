"""Grids of samples: a row a class, the same noise in every picture, so that progress can be seen."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from gansmith.data.grid import grid
from gansmith.data.image_set import ImageSet
from gansmith.run.files import replacing
from gansmith.run.model import Model
from gansmith.run.sample import sample

__all__ = ["class_grid", "progress_grid", "real_grid", "save_png", "to_png"]

COLUMNS, ROWS, MOST_CLASSES = 10, 6, 12


def class_grid(model: Model, columns: int = COLUMNS, seed: int = 0, truncation: float = 1.0) -> Image.Image:
    """A grid with a row for each class or category of a code (the first dozen), or six rows of any other model."""
    codes = {name: code.choices for name, code in model.drawing.codes.items() if code.choices}
    if not model.classes and not codes:
        made = sample(model, columns * ROWS, seed=seed, truncation=truncation)
        return grid(made.images, columns, value_range=model.codec.frame.value_range)
    name, count = next(iter({"label": len(model.classes)}.items() if model.classes else codes.items()))
    shown = (model.classes or tuple(f"{name} {i}" for i in range(count)))[:MOST_CLASSES]
    asked = [c for c in range(len(shown)) for _ in range(columns)]
    made = sample(model, len(asked), where={name: asked}, seed=seed, truncation=truncation)
    return grid(made.images, columns, labels=shown, value_range=model.codec.frame.value_range)


def real_grid(images: ImageSet, columns: int = COLUMNS) -> Image.Image:
    """Real images in the same order: the first of each class, or the first of all."""
    value_range = images.fit.value_range
    if images.labels is None or len(images.classes) < 2:
        return grid(np.asarray(images.images[: columns * ROWS]), columns, value_range=value_range)
    shown = [c for c in range(min(len(images.classes), MOST_CLASSES)) if (images.labels == c).any()]
    rows = [np.resize(np.flatnonzero(images.labels == c)[:columns], columns) for c in shown]
    pixels = np.asarray(images.images[np.concatenate(rows)])
    return grid(pixels, columns, labels=[images.classes[c] for c in shown], value_range=value_range)


def progress_grid(model: Model, path: Path) -> None:
    """Write the model's grid to a file."""
    save_png(class_grid(model), path)


def save_png(picture: Image.Image, path: Path) -> None:
    """Write a PNG at once or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(to_png(picture))


def to_png(picture: Image.Image) -> bytes:
    """A picture as PNG bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
