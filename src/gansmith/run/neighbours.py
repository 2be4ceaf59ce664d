"""Samples beside the training images that they resemble most: a copy would show."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from gansmith.data.grid import grid
from gansmith.data.image_set import Pictures
from gansmith.metrics import nearest_items
from gansmith.run.evaluation import Ruler
from gansmith.run.model import Model
from gansmith.run.sample import draw

__all__ = ["neighbour_grid"]

COLUMNS, BEST = 10, 3


def neighbour_grid(model: Model, ruler: Ruler, train: Pictures, measured: Tensor) -> Image.Image:
    """Ten samples, and below each its three nearest training images, nearest first.

    Args:
        model: Makes the samples.
        ruler: The network that tells what is near.
        train: Training images.
        measured: Their features.
    """
    where = {"label": list(range(len(model.classes)))} if model.classes else None
    (made,) = draw(model, COLUMNS, where, chunk=COLUMNS)
    images, _ = model.codec.decode(made)
    features = ruler.measure([{"image": made["image"]}])["features"]
    _, index = nearest_items(features, measured, min(BEST, len(train)))
    rows = [images, *(train[column] for column in index.T.cpu().numpy())]
    labels = ["made", *(f"nearest {i + 1}" for i in range(len(rows) - 1))]
    return grid(np.concatenate(rows), COLUMNS, labels=labels, value_range=model.codec.frame.value_range)
