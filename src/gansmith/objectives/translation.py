"""Losses of games that make an image from another: distances of images and of maps, and patches told apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["absolute", "feature_matching", "patch_nce", "total_variation"]


def absolute(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference |made - wanted|, over all numbers.

    The cycle loss of Zhu et al. 2017 (eq. 2), where `made` is an image translated there and back; the identity loss
    (section 5.2), where it is an image of the wanted domain, translated; pix2pix's L1 (Isola et al. 2017, eq. 3).

    Args:
        made: `(n, ...)`.
        wanted: The same shape.
    """
    return (made - wanted).abs().mean()


def patch_nce(asking: Tensor, answering: Tensor, temperature: float = 0.07) -> Tensor:
    """-log of the share that the own place has among all places of the same image (Park et al. 2020, eq. 3 and 4).

    Places of the made image ask; the same place of the source has to answer better than its other places. The answers
    are fixed: no gradient goes through them, as in the authors' experiments.

    Args:
        asking: Unit vectors of the made image `(n, places, features)`.
        answering: Of the source, in the same order.
        temperature: tau, above 0; small ones look at the most similar places only.
    """
    scores = asking @ answering.detach().transpose(1, 2) / temperature
    own = torch.arange(scores.shape[1], device=scores.device).expand(len(scores), -1)
    return F.cross_entropy(scores.flatten(0, 1), own.flatten())


def feature_matching(made: Sequence[Tensor], wanted: Sequence[Tensor], weights: Sequence[float] = ()) -> Tensor:
    """Mean absolute differences of maps, averaged over the maps; the wanted ones are fixed.

    Of a discriminator's maps it is Wang et al. 2018a, eq. 4; of a frozen network's the perceptual loss (Johnson et al.
    2016; with absolute differences Wang et al. 2018b, section 3.3).

    Args:
        made: Maps of made images, any shapes.
        wanted: Maps of the images they should be like.
        weights: One for each map; empty weighs all alike. They are divided by their sum.
    """
    shares = torch.tensor(weights or [1.0] * len(made))
    pairs = zip(made, wanted, (shares / shares.sum()).tolist(), strict=True)
    return torch.stack([share * (a - b.detach()).abs().mean() for a, b, share in pairs]).sum()


def total_variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, down plus across (Rudin et al. 1992, the anisotropic form).

    Args:
        image: `(n, c, h, w)`, sides of at least 2.
    """
    down, across = image.diff(dim=-2), image.diff(dim=-1)
    return down.abs().mean() + across.abs().mean()
