"""A network whose statistics of the image are kept, so that parts of a large image are treated as one.

Instance normalisation divides each map by its own deviation. Left alone, every part of an image has statistics of its
own, and colours drift from one part to the next. Here they are those of the first image that is seen: the whole image,
made small.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["anchored", "has_statistics"]


class _Anchored(nn.Module):
    """An instance normalisation that keeps the statistics of the first batch that it sees."""

    def __init__(self, norm: nn.InstanceNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.moments: tuple[Tensor, Tensor] | None = None

    def forward(self, maps: Tensor) -> Tensor:
        if self.moments is None:
            self.moments = torch.var_mean(maps, (0, 2, 3), correction=0)
        variance, mean = self.moments
        return F.batch_norm(maps, mean, variance, self.weight, self.bias, eps=self.eps)


def has_statistics(net: nn.Module) -> bool:
    """Whether a network normalises by statistics of the image."""
    return any(isinstance(module, nn.InstanceNorm2d) for module in net.modules())


def anchored(net: nn.Module) -> nn.Module:
    """A copy of a network, its weights shared, that keeps the statistics of the first image that it is given.

    Args:
        net: With instance normalisation. It is left as it is.

    Returns:
        What makes of an image `(1, c, h, w)` what the network would make of it, were its statistics those of the first.
    """
    made = copy.deepcopy(net, {id(value): value for value in (*net.parameters(), *net.buffers())})
    for module in list(made.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.InstanceNorm2d):
                setattr(module, name, _Anchored(child))
    return made
