"""Full-size configurations from the papers, by name: what a recipe's `presets` hold and how a request finds one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gansmith.errors import InputError, nearest

__all__ = ["R3GAN", "STYLEGAN2", "Preset", "find_preset"]


@dataclass(frozen=True)
class Preset:
    """A configuration that a paper reports, for the data and the computer that it was made for.

    Attributes:
        title: What it is for.
        settings: Hyper-parameters, in place of a size's.
        image_size: Pixels, where the request names none.
        budget: Training length, where the request names none; schedules run over it.
    """

    title: str
    settings: Mapping[str, Any]
    image_size: int
    budget: str


def find_preset(name: str, recipe: str, presets: Mapping[str, Preset]) -> Preset:
    """A recipe's preset by name.

    Raises:
        InputError: The recipe has no such preset.
    """
    if name not in presets:
        known = f"; it has {', '.join(presets)}" if presets else ": it has none"
        raise InputError(f"recipe {recipe} has no preset {name!r}{nearest(name, presets) or known}")
    return presets[name]


def _r3gan(
    title: str,
    image_size: int,
    widths: tuple[int, int],
    gamma: float,
    ema: float,
    augment_p: float,
    batch: int,
    budget: str,
    group: int = 16,
) -> Preset:
    """A row of Huang et al. 2024, appendix D; what all rows share is filled in.

    Args:
        title: What it is for.
        image_size: Pixels.
        widths: Channels at the image's resolution, and the most.
        gamma: Weight of the penalties at the start; a tenth is left at the end.
        ema: Half-life of the average at the end.
        augment_p: Probability of augmentation at the end.
        batch: Images a round.
        budget: Images over which everything is scheduled.
        group: Channels of a group of the 3x3 convolutions.
    """
    shared = {"net": "residual", "lr_g": 2e-4, "lr_d": 2e-4, "lr_pixels": 0, "lr_end": 0.25}
    shared |= {
        "beta2": 0.9,
        "beta2_end": 0.99,
        "gamma_end": 0.1,
        "penalty_every": 1,
        "match": 0.0,
        "ema_curve": "cosine",
    }
    shared |= {"z_dim": 64, "flip": True}
    own = {"width": widths[0], "most": widths[1], "gamma": gamma, "ema": ema, "batch": batch, "group": group}
    return Preset(title, {**shared, **own, "augment": "fixed", "augment_p": augment_p}, image_size, budget)


R3GAN: Mapping[str, Preset] = {
    "cifar10": _r3gan("CIFAR-10, 8 GPUs", 32, (768, 768), 0.05, 5e6, 0.55, 512, "20M"),
    "ffhq64": _r3gan("faces of FFHQ, 8 GPUs", 64, (384, 768), 2.0, 5e5, 0.3, 256, "20M"),
    "ffhq256": _r3gan("faces of FFHQ, 8 GPUs", 256, (96, 768), 150.0, 5e5, 0.3, 256, "20M"),
    "imagenet32": _r3gan("ImageNet, 32 GPUs", 32, (1536, 1536), 0.5, 5e7, 0.5, 4096, "200M", 32),
    "imagenet64": _r3gan("ImageNet, 64 GPUs", 64, (1536, 1536), 1.0, 5e7, 0.4, 4096, "200M", 32),
}
"""Huang et al. 2024. Schedules are over the images in which the paper's reach their end; training there went on."""


def _stylegan2(
    title: str, image_size: int, width: int, gamma: float, batch: int, ema: float, budget: str, **more: Any
) -> Preset:
    """A configuration of StyleGAN2 or StyleGAN2-ADA.

    Args:
        title: What it is for.
        image_size: Pixels.
        width: Channels at the image's resolution.
        gamma: Weight of R1, here as a multiple of pixels over batch.
        batch: Images a round.
        ema: Half-life of the average.
        budget: Images.
        more: What differs from the shared part.
    """
    shared = {"most": 512, "z_dim": 512, "w_dim": 512, "mapping": 8, "ema_ramp": 1.0, "augment": "ada"}
    own = {"width": width, "batch": batch, "ema": ema, "r1": gamma * batch / image_size**2}
    return Preset(title, {**shared, **own, **more}, image_size, budget)


def _auto(image_size: int) -> Preset:
    """StyleGAN2-ADA's automatic configuration for one GPU (Karras et al. 2020b, appendix; its training program)."""
    batch = max(min(4096 // image_size, 32), 1)
    base = 32768 if image_size >= 512 else 16384  # channels times pixels of a side
    rate = 2.5e-3 if image_size < 1024 else 2e-3
    more = {"mapping": 2, "ema_ramp": 0.05, "group": min(batch, 4), "lr_g": rate, "lr_d": rate}
    gamma = 2e-4 * image_size**2 / batch
    return _stylegan2("any images, one GPU", image_size, base // image_size, gamma, batch, batch * 312.5, "25M", **more)


SLOWER = {"lr_g": 2e-3, "lr_d": 2e-3}
CIFAR = {"mapping": 2, "ema_ramp": 0.05, "group": 32, "path": 0.0, "mixing": 0.0, "residual": False}

STYLEGAN2: Mapping[str, Preset] = {
    **{f"auto{side}": _auto(side) for side in (64, 128, 256, 512, 1024)},
    "cifar10": _stylegan2("CIFAR-10, 2 GPUs", 32, 512, 0.01, 64, 5e5, "100M", **CIFAR),
    "paper256": _stylegan2("the paper's 256 pixels, 8 GPUs", 256, 64, 1.0, 64, 2e4, "25M", group=8),
    "paper512": _stylegan2("the paper's 512 pixels, 8 GPUs", 512, 64, 0.5, 64, 2e4, "25M", group=8),
    "paper1024": _stylegan2("the paper's 1024 pixels, 8 GPUs", 1024, 32, 2.0, 32, 1e4, "25M", **SLOWER),
    "config-f": _stylegan2("StyleGAN2 on FFHQ, 8 GPUs", 1024, 32, 10.0, 32, 1e4, "25M", **SLOWER, augment="none"),
}
"""Karras et al. 2020 (configuration F) and 2020b (StyleGAN2-ADA)."""
