"""Losses of games that make an image from another: distances of images and of maps, and patches told apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "absolute",
    "content_distance",
    "feature_matching",
    "patch_nce",
    "spread_and_mean",
    "style_distance",
    "total_variation",
]

EPSILON = 1e-5
"""Added to variances before their root, so that flat maps have a slope."""


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


def spread_and_mean(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Deviation and mean of each map over its places, `(n, c, 1, 1)` each (Huang & Belongie 2017, eq. 6 and 7)."""
    variance, mean = torch.var_mean(maps, (2, 3), correction=0, keepdim=True)
    return (variance + EPSILON).sqrt(), mean


def style_distance(made: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """How far means and deviations of maps are from those of a style, as a share; the wanted ones are fixed.

    Huang & Belongie 2017, eq. 13, where squares are summed. Here those of a map's channels are divided by what the
    wanted ones sum up to: networks differ in how large their maps are, and so do depths of one. The mean over maps.

    Args:
        made: Maps `(n, c, h, w)` of made images, at several depths.
        wanted: Of the styles; heights and widths may differ.
    """
    shares = []
    for a, b in zip(made, wanted, strict=True):
        own, style = (torch.cat(spread_and_mean(maps), 1).flatten(1) for maps in (a, b.detach()))
        shares.append(((own - style).square().sum(1) / style.square().sum(1)).mean())
    return torch.stack(shares).mean()


def content_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """How far maps are apart once mean and deviation, which are their style, are taken out; the wanted ones are fixed.

    Up to the style's own deviations it is the content loss of Huang & Belongie 2017, eq. 12, whose target has the
    content's places and the style's means and deviations.

    Args:
        made: Maps `(n, c, h, w)` of made images.
        wanted: Of what they should show.
    """
    plain = []
    for maps in (made, wanted.detach()):
        deviation, mean = spread_and_mean(maps)
        plain.append((maps - mean) / deviation)
    return (plain[0] - plain[1]).square().mean()


def total_variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, down plus across (Rudin et al. 1992, the anisotropic form).

    Args:
        image: `(n, c, h, w)`, sides of at least 2.
    """
    down, across = image.diff(dim=-2), image.diff(dim=-1)
    return down.abs().mean() + across.abs().mean()
