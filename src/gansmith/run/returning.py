"""What a translation and the way back say of each other: how near one comes, and whether by a hidden message.

A pair of translators can keep what the wanted domain has no room for as a faint pattern in the made image, which the
way back reads (Chu et al. 2017, CycleGAN, a Master of Steganography, arXiv:1712.02950). Such a pattern does not survive
what the image itself does: being saved as JPEG, or a little noise.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gansmith.metrics.functional import psnr

__all__ = ["QUALITY", "hidden", "jpeg", "noised", "returned"]

QUALITY, LEVEL = 90, 3.0
"""JPEG quality, and the standard deviation in 1/255 of noise, that nobody sees in an image."""

LEAST = 1e-10
"""Mean square that counts as none."""


def returned(back: Callable[[Tensor], Tensor], made: Tensor, source: Tensor) -> dict[str, Tensor]:
    """How near sources come back to themselves, for each `(n,)`, in dB.

    Args:
        back: Makes sources of made images.
        made: Sources, translated, `(n, c, h, w)` in [-1, 1].
        source: The same sources.

    Returns:
        `cycle_psnr` of the way back from the images as they were made; `cycle_rough`, the lower one of those from the
        images saved as JPEG and with slight noise; `hidden`, by how much that is less than the change itself explains.
    """
    clean = psnr(back(made), source)
    rough, unexplained = [], []
    for changed in (jpeg(made), noised(made)):
        again = psnr(back(changed), source)
        rough.append(again)
        unexplained.append(hidden(clean, again, psnr(changed, made)))
    return {
        "cycle_psnr": clean,
        "cycle_rough": torch.stack(rough).amin(0),
        "hidden": torch.stack(unexplained).amax(0),
    }


def hidden(clean: Tensor, rough: Tensor, change: Tensor) -> Tensor:
    """By how many dB the way back is worse after a change than the change explains; at least 0.

    A way back that passes a change on as large as it is has the sum of both mean squares: what it misses anyway, and
    the change. It has more only where it reads what the change destroys.

    Args:
        clean: PSNR of the way back without the change, `(n,)`.
        rough: The same with it.
        change: PSNR of the changed image.
    """
    passed_on = (10 ** (-clean / 10) + 10 ** (-change / 10)).clamp_min(LEAST)
    return (-10 * passed_on.log10() - rough).clamp_min(0)


def jpeg(images: Tensor, quality: int = QUALITY) -> Tensor:
    """Images `(n, c, h, w)` in [-1, 1] saved in 8 bits as JPEG, colours not thinned out, and read again.

    Alpha, which JPEG does not have, is rounded to 8 bits.
    """
    levels = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    colours = 3 if levels.shape[3] >= 3 else 1
    made = levels.copy()
    for at, image in enumerate(levels):
        buffer = io.BytesIO()
        picture = Image.fromarray(np.ascontiguousarray(image[..., :colours] if colours == 3 else image[..., 0]))
        picture.save(buffer, "JPEG", quality=quality, subsampling=0)
        made[at, ..., :colours] = np.asarray(Image.open(buffer)).reshape(*image.shape[:2], colours)
    return torch.from_numpy(made).permute(0, 3, 1, 2).float() / 127.5 - 1


def noised(images: Tensor, level: float = LEVEL, seed: int = 0) -> Tensor:
    """Images in [-1, 1] with normal noise, rounded to 8 bits.

    Args:
        images: `(n, c, h, w)`.
        level: Its standard deviation in 1/255.
        seed: Of the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(images.shape, generator=generator) * (2 * level / 255)
    return ((images + noise).clamp(-1, 1) * 127.5 + 127.5).round() / 127.5 - 1
