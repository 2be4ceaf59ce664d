"""Sheets of images before and after: a column an example, a row what it is."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gansmith.data.grid import grid
from gansmith.data.reader import Pixels

__all__ = ["sheet"]

GROUND = 0.4
"""Brightness of the grey that holes are shown in, from -1 to 1."""


def sheet(rows: dict[str, Tensor], hole: Tensor | None = None) -> Image.Image:
    """A picture with a labelled row for each kind of image.

    Args:
        rows: Images `(n, c, h, w)` in [-1, 1] by what they are; all rows have n. Smaller images are shown pixel by
            pixel in the size of the largest.
        hole: `(n, 1, h, w)`, 1 where the first row's images miss something.
    """
    shown = dict(rows)
    if hole is not None:
        first = next(iter(shown))
        shown[first] = shown[first] * (1 - hole) + hole * GROUND
    height, width = (max(images.shape[i] for images in shown.values()) for i in (2, 3))
    n = len(next(iter(shown.values())))
    cells = [_rgba(F.interpolate(images, (height, width), mode="nearest-exact")) for images in shown.values()]
    return grid(np.concatenate(cells), n, labels=list(shown))


def _rgba(images: Tensor) -> Pixels:
    """8-bit RGBA of images with 1 to 4 channels."""
    values = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    channels = values.shape[3]
    colour = values[..., :1].repeat(3, 3) if channels < 3 else values[..., :3]
    alpha = values[..., -1:] if channels in (2, 4) else np.full((*values.shape[:3], 1), 255, np.uint8)
    made: Pixels = np.concatenate([colour, alpha], 3)
    return made
