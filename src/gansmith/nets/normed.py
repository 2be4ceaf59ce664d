"""Convolutions with their normalisation, and how networks from image to image begin."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from gansmith.nets.upsample import RepeatConv

__all__ = ["MOST", "Norm", "Normed", "small_normal"]

Norm = Literal["instance", "batch", "none"]
"""Instance: statistics of each image by itself. Batch: of the batch in training, then running means."""

MOST = 8
"""Channels double at every halving, up to this many times the width."""


def small_normal(net: nn.Module) -> None:
    """Weights of deviation 0.02 and biases of 0 (Isola et al. 2017, section 6.2; Zhu et al. 2017, section 7.1)."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | RepeatConv):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class Normed(nn.Module):
    """A convolution and its normalisation."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d | RepeatConv, norm: Norm) -> None:
        super().__init__()
        self.conv = conv
        kinds = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d, "none": nn.Identity}
        self.norm = kinds[norm](conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """From maps to the next ones."""
        y: Tensor = self.norm(self.conv(x))
        return y
