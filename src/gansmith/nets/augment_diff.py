"""DiffAugment (Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training): a fixed, mild policy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gansmith.nets.augment import Randomness, on_colours

__all__ = ["POLICIES", "DiffAugment"]

POLICIES = ("color", "translation", "cutout")
"""What can be done to images; the paper's full policy is all three."""

SHIFT, HOLE = 0.125, 0.5
"""The paper's, as shares of each side."""


class DiffAugment(nn.Module):
    """Every image is recoloured, shifted and cut at random; differentiable twice.

    Args:
        policy: Names in `POLICIES`, in the order in which they are done.
    """

    def __init__(self, policy: Sequence[str] = POLICIES) -> None:
        super().__init__()
        self.policy = tuple(policy)

    def forward(self, image: Tensor, draws: Randomness) -> Tensor:
        """Change images `(n, channels, height, width)` in [-1, 1], one row for each that is drawn for."""
        for name in self.policy:
            image = STEPS[name](image, draws)
        return image


def _color(image: Tensor, draws: Randomness) -> Tensor:
    """Brightness + U[-1/2, 1/2), saturation x U[0, 2), contrast x U[1/2, 3/2)."""
    u = draws.uniform(3, 1, 1, 1).to(image)

    def change(image: Tensor) -> Tensor:
        image = image + (u[:, 0] - 0.5)
        grey = image.mean(1, keepdim=True)
        image = grey + (image - grey) * (2 * u[:, 1])
        mean = image.mean((1, 2, 3), keepdim=True)
        return mean + (image - mean) * (u[:, 2] + 0.5)

    return on_colours(image, change)


def _translation(image: Tensor, draws: Randomness) -> Tensor:
    """A shift of up to an eighth of each side; what comes in is the middle grey."""
    for axis in (2, 3):
        side = image.shape[axis]
        most = int(side * SHIFT + 0.5)
        source = torch.arange(side, device=image.device) + draws.integers(2 * most + 1)[:, None] - most
        shape = [len(image), 1, 1, 1]
        shape[axis] = side
        index = source.clamp(0, side - 1).view(shape).expand_as(image)
        image = image.gather(axis, index) * (source == source.clamp(0, side - 1)).view(shape)
    return image


def _cutout(image: Tensor, draws: Randomness) -> Tensor:
    """A hole of half each side, filled with the middle grey; it may stick out of the image."""
    inside = []
    for side in image.shape[2:]:
        hole = int(side * HOLE + 0.5)
        start = draws.integers(side + 1 - hole % 2)[:, None] - hole // 2
        at = torch.arange(side, device=image.device)
        inside.append((at >= start) & (at < start + hole))
    return image * ~(inside[0][:, None, :, None] & inside[1][:, None, None, :])


STEPS = {"color": _color, "translation": _translation, "cutout": _cutout}
