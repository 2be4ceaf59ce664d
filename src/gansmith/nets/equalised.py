"""Layers with an equalised learning rate (Karras et al. 2018, section 4.1), and their LeakyReLU of gain sqrt(2).

Weights begin as standard normal numbers and are scaled when used, so that Adam moves all of them at the same relative
speed. Parameters have the shapes and the meaning of the public StyleGAN2 weights: see `docs/guide/stylegan2-layout.md`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import embedded
from gansmith.nets.initial import SLOPE

__all__ = ["GAIN", "EqualConv2d", "EqualEmbedding", "EqualLinear", "normalised"]

GAIN = math.sqrt(2)
"""Of every LeakyReLU: keeps the second moment of what goes in."""


def normalised(x: Tensor) -> Tensor:
    """Rows of `(n, d)` scaled to a mean square of one."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class EqualLinear(nn.Module):
    """A linear layer, with or without LeakyReLU.

    Args:
        a: Features in.
        b: Features out.
        bias: What the biases begin at.
        speed: Learning rate relative to the other layers (0.01 in mapping networks).
        active: Whether LeakyReLU with gain sqrt(2) follows.
    """

    def __init__(self, a: int, b: int, bias: float = 0.0, speed: float = 1.0, active: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a) / speed)
        self.bias = nn.Parameter(torch.full((b,), bias))
        self.scale, self.speed, self.active = speed / math.sqrt(a), speed, active

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, a)` to `(n, b)`."""
        if not self.active:
            return F.linear(x, self.weight * self.scale, self.bias * self.speed)
        # LeakyReLU of g times x is g times LeakyReLU of x: the gain is put on the small tensors
        return F.leaky_relu(F.linear(x, self.weight * (self.scale * GAIN), self.bias * (self.speed * GAIN)), SLOPE)


class EqualConv2d(nn.Module):
    """A convolution, with or without bias and LeakyReLU; odd kernels keep the size at stride 1.

    Args:
        a: Channels in.
        b: Channels out.
        kernel: Height and width of the kernel.
        stride: 1, or 2 without padding (for an image that was blurred with padding before).
        gain: Factor on the output.
        active: LeakyReLU with gain sqrt(2) and biases follow; without, there are no biases either.
    """

    def __init__(self, a: int, b: int, kernel: int, stride: int = 1, gain: float = 1.0, active: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(b)) if active else None
        self.stride, self.padding = stride, kernel // 2 if stride == 1 else 0
        self.gain = gain * GAIN if active else gain
        self.scale = self.gain / math.sqrt(a * kernel * kernel)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, a, height, width)` to `(n, b, height, width)`."""
        bias = None if self.bias is None else self.bias * self.gain
        y = F.conv2d(x, self.weight * self.scale, bias, self.stride, self.padding)
        return y if bias is None else F.leaky_relu(y, SLOPE)


class EqualEmbedding(nn.Module):
    """Class ids or condition vectors to vectors of mean square one.

    Args:
        classes: Number of classes, or length of the condition vector.
        dim: Length of the result.
    """

    def __init__(self, classes: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Embedding(classes, dim)
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, label: Tensor | None) -> Tensor:
        """From labels `(n,)` or vectors `(n, classes)` to `(n, dim)`."""
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        return normalised(embedded(self.table, label) / math.sqrt(self.table.num_embeddings) + self.bias)
