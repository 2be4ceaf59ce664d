"""Initial weights for networks without normalisation."""

from __future__ import annotations

import math

from torch import nn

__all__ = ["he_normal"]

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
