"""What can be had of images without any training, which a model has to be better than."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor

from gansmith.types import Batch

__all__ = ["UNTRAINED", "plain"]

UNTRAINED: Mapping[str, str] = {
    "pairs": "The sources unchanged",
    "unpaired": "The sources unchanged",
    "style": "The sources unchanged",
    "domains": "The sources unchanged",
    "complete": "The mean of the modalities that are there",
    "upscale": "Bicubic interpolation",
    "inpaint": "Holes filled with the image's mean colour",
    "denoise": "The noisy images",
    "colourise": "The grey images",
}


def plain(given: Batch, shape: tuple[int, int, int]) -> Tensor | None:
    """What can be had without training: the source brought to the size by cubic interpolation, holes in mean colour.

    Where channels are missing, the mean of the others, `(n, 1, h, w)`.

    Args:
        given: `source` `(n, c, h, w)`, and `mask` where something is missing, or `missing` `(n, c)`.
        shape: Channels, height and width that are wanted.

    Returns:
        Images; None where the channels can't be compared.
    """
    source, (channels, height, width) = given["source"], shape
    if "missing" in given:
        there = 1 - given["missing"][:, :, None, None]
        return (source * there).sum(1, keepdim=True) / there.sum(1, keepdim=True).clamp_min(1)
    if "mask" in given:
        known = 1 - given["mask"]
        mean = (source * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp_min(1)
        source = source * known + mean * given["mask"]
    if source.shape[2:] != (height, width):
        source = F.interpolate(source, (height, width), mode="bicubic").clamp(-1, 1)
    if source.shape[1] == 1 and channels == 3:
        return source.expand(-1, 3, -1, -1).contiguous()
    return source if source.shape[1] == channels else None
