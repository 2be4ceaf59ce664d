"""Initial weights for networks without normalisation."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["SLOPE", "even_doubling", "he_normal"]

SLOPE = 0.2
"""Of the LeakyReLU that these networks use."""


def he_normal(layer: nn.Conv2d | nn.Linear, scale: float = 1.0) -> None:
    """Normal weights that keep the variance through LeakyReLU (He et al. 2015, eq. 14), bias zero.

    Args:
        layer: A convolution or linear layer.
        scale: Factor on the standard deviation; 0 makes a residual branch begin as the identity.
    """
    gain = math.sqrt(2 / (1 + SLOPE**2))
    nn.init.normal_(layer.weight, std=scale * gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def even_doubling(layer: nn.ConvTranspose2d) -> None:
    """A 4x4 transposed convolution of stride 2 that begins as doubling by repetition and a random 3x3 convolution.

    All pixels that come from one begin alike then. With independent weights odd and even pixels begin different, a
    checkerboard that has to be unlearnt (Odena et al. 2016, Deconvolution and Checkerboard Artifacts).

    The 16 weights are sums of 1, 2 or 4 of the nine, with a mean square of 1 over the `4 * inputs` numbers that meet in
    a pixel (LeCun et al. 1998), so that the signal falls a little in every LeakyReLU. Biases are zero.

    Args:
        layer: With kernel 4, stride 2 and padding 1.
    """
    inputs, outputs = layer.weight.shape[:2]
    assert layer.kernel_size == (4, 4) and layer.stride == (2, 2) and layer.padding == (1, 1)
    small = torch.randn(inputs * outputs, 1, 3, 3) / (1.5 * math.sqrt(4 * inputs))  # 36 terms of nine weights in 16
    with torch.no_grad():
        layer.weight.copy_(F.conv2d(small, torch.ones(1, 1, 2, 2), padding=1).view_as(layer.weight))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
