"""How a decoder doubles its maps: by a transposed convolution, or by repetition and a convolution."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["RepeatConv", "Upsample", "doubling"]

Upsample = Literal["repeat", "transposed"]
"""Repeat: every pixel four times, then a 3x3 convolution. Transposed: the layers of the public networks."""


class RepeatConv(nn.Module):
    """Every pixel four times, then a 3x3 convolution with a border of zeros.

    Odd and even pixels are made by weights that belong together, so that no checkerboard comes of them (Odena et al.
    2016, Deconvolution and Checkerboard Artifacts). It is worked out as one transposed 4x4 convolution, whose weights
    are sums of the nine: 16 products for four pixels and two channels in place of 36.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        bias: Whether there is one.

    Attributes:
        weight: `(outputs, inputs, 3, 3)`, as of a convolution.
        bias: `(outputs,)` or None.
        out_channels: Channels of the output.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.out_channels = outputs
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        nn.init.normal_(self.weight, std=1 / math.sqrt(9 * inputs))

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, inputs, h, w)` to `(n, outputs, 2 h, 2 w)`."""
        wide = F.pad(self.weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
        rows = wide[:, :, 1:] + wide[:, :, :-1]
        return F.conv_transpose2d(x, rows[..., 1:] + rows[..., :-1], self.bias, stride=2, padding=1)


def doubling(
    inputs: int, outputs: int, side: Literal[3, 4], bias: bool, upsample: Upsample
) -> nn.ConvTranspose2d | RepeatConv:
    """A layer that doubles a map's sides; `side` is that of the transposed kernel."""
    if upsample == "repeat":
        return RepeatConv(inputs, outputs, bias)
    return nn.ConvTranspose2d(inputs, outputs, side, 2, 1, output_padding=side % 2, bias=bias)
