"""How near a made image is to the very one that it should be: peak signal-to-noise ratio, structural similarity."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import InputError

__all__ = ["MOST_PSNR", "psnr", "ssim"]

MOST_PSNR = 100.0
"""dB of equal images, for which the ratio is infinite: what differences of 1/100,000 of the range have."""

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03


def _checked(made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    if made.shape != wanted.shape or made.ndim != 4 or 0 in made.shape:
        raise InputError(
            f"images must be two (N, C, H, W) of one shape, got {tuple(made.shape)} and {tuple(wanted.shape)}"
        )
    return made.double(), wanted.double()


def psnr(made: Tensor, wanted: Tensor, span: float = 2.0) -> Tensor:
    """`10 log10(span^2 / mean squared difference)` of each image, in dB, at most 100.

    Args:
        made: `(N, C, H, W)`.
        wanted: The same.
        span: From black to white: 2 for [-1, 1].

    Returns:
        `(N,)` float64.
    """
    made, wanted = _checked(made, wanted)
    error = (made - wanted).square().flatten(1).mean(1)
    return (10 * torch.log10(span**2 / error)).clamp_max(MOST_PSNR)


def ssim(made: Tensor, wanted: Tensor, span: float = 2.0) -> Tensor:
    """Structural similarity of each image, averaged over places and channels; 1 for equal images.

    Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity, equation 13, with its
    11x11 Gaussian window of standard deviation 1.5, at all places where the window fits (smaller images: a window of
    the largest odd side that fits).

    Args:
        made: `(N, C, H, W)`.
        wanted: The same.
        span: From black to white: 2 for [-1, 1].

    Returns:
        `(N,)` float64.
    """
    made, wanted = _checked(made, wanted)
    side = min(WINDOW, *((s - 1) // 2 * 2 + 1 for s in made.shape[2:]))
    at = torch.arange(side, dtype=torch.float64, device=made.device) - side // 2
    line = torch.exp(-(at**2) / (2 * SIGMA**2))
    line = line / line.sum()

    def mean(image: Tensor) -> Tensor:
        n, c, h, w = image.shape
        flat = image.reshape(n * c, 1, h, w)
        return F.conv2d(F.conv2d(flat, line[None, None, None]), line[None, None, :, None]).reshape(n, -1)

    a, b = mean(made), mean(wanted)
    aa, bb, ab = mean(made * made) - a * a, mean(wanted * wanted) - b * b, mean(made * wanted) - a * b
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    return ((2 * a * b + c1) * (2 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2))).mean(1)
