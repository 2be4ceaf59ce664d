"""A distance between images at several scales, for reconstructions that need not match pixel by pixel."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["pyramid_l1"]


def pyramid_l1(made: Tensor, wanted: Tensor, levels: int = 3) -> Tensor:
    """Mean absolute difference, averaged over an image pyramid: full size, then halved by 2x2 means.

    The coarse levels weigh what a plain pixel difference hardly sees, colour and layout, as a perceptual distance does,
    but need no pretrained network.

    Args:
        made: `(n, c, h, w)`.
        wanted: The same shape.
        levels: Levels of the pyramid, fewer where a side would fall below 2 pixels; 1 is the plain difference.
    """
    total, count = (made - wanted).abs().mean(), 1
    while count < levels and min(made.shape[-2:]) >= 4:
        made, wanted = F.avg_pool2d(made, 2), F.avg_pool2d(wanted, 2)
        total, count = total + (made - wanted).abs().mean(), count + 1
    return total / count
