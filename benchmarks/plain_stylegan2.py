"""StyleGAN2's layers as the paper's equations read: the yardstick for the networks of `gansmith.nets.stylegan2`.

Every sample gets convolution weights of its own, w' = s w (Karras et al. 2020, eq. 1) and w'' = w' / sqrt(sum w'^2 + e)
(eq. 3), applied as one grouped convolution; images are resampled by putting zeros between pixels, padding, filtering
every channel, and dropping pixels. Parameters are shared with the networks that they stand in for, so that both compute
the same.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.initial import SLOPE
from gansmith.nets.resample import TAPS, Resample
from gansmith.nets.stylegan2 import StyledConv, ToImage

__all__ = ["straightforward"]


def modulated(x: Tensor, weight: Tensor, style: Tensor, up: bool = False, demodulate: bool = True) -> Tensor:
    """A convolution with weights of its own for each sample; with `up` a transposed one of stride 2.

    Args:
        x: `(n, a, height, width)`.
        weight: `(b, a, k, k)`.
        style: `(n, a)`.
        up: Whether to double the size (plus one pixel).
        demodulate: Whether to divide by the norm of each output's weights.
    """
    n, a, height, width = x.shape
    own = weight[None] * style[:, None, :, None, None]
    if demodulate:
        own = own * (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, n * a, height, width)
    if up:
        y = F.conv_transpose2d(x, own.transpose(1, 2).flatten(0, 1), stride=2, groups=n)
    else:
        y = F.conv2d(x, own.flatten(0, 1), padding=weight.shape[-1] // 2, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def resampled(x: Tensor, up: int, down: int, pad: tuple[int, int]) -> Tensor:
    """Zeros between pixels, padding, the filter [1, 3, 3, 1] / 8 both ways times `up`^2, every `down`-th pixel."""
    n, c, height, width = x.shape
    x = F.pad(x.reshape(n, c, height, 1, width, 1), [0, up - 1, 0, 0, 0, up - 1])
    x = F.pad(x.reshape(n, c, height * up, width * up), [*pad, *pad])
    taps = torch.tensor(TAPS, dtype=x.dtype, device=x.device) * up
    kernel = (taps[:, None] * taps)[None, None].repeat(c, 1, 1, 1)
    return F.conv2d(x, kernel, groups=c)[:, :, ::down, ::down]


class PlainConv(nn.Module):
    """In the place of a `StyledConv`."""

    def __init__(self, own: StyledConv) -> None:
        super().__init__()
        self.own = own

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """As `StyledConv`."""
        own = self.own
        x = modulated(x, own.weight, own.affine(w), own.up)
        if own.up:
            x = resampled(x, 1, 1, (1, 1)) * 4
        if own.strength is not None and own.noise is not None:
            noise = torch.randn(len(x), 1, *x.shape[2:], dtype=x.dtype) if self.training else own.noise
            x = x + noise * own.strength
        return F.leaky_relu(x + own.bias[:, None, None], SLOPE) * 2**0.5


class PlainImage(nn.Module):
    """In the place of a `ToImage`."""

    def __init__(self, own: ToImage) -> None:
        super().__init__()
        self.own = own

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """As `ToImage`."""
        own = self.own
        y = modulated(x, own.weight, own.affine(w) * own.scale, demodulate=False)
        return y + own.bias[:, None, None]


class PlainResample(nn.Module):
    """In the place of a `Resample`."""

    def __init__(self, own: Resample) -> None:
        super().__init__()
        self.up, self.down, self.pad = own.up, own.down, own.pad

    def forward(self, x: Tensor) -> Tensor:
        """As `Resample`."""
        return resampled(x, self.up, self.down, self.pad)


STAND_INS: dict[type[nn.Module], Any] = {StyledConv: PlainConv, ToImage: PlainImage, Resample: PlainResample}


def straightforward(net: nn.Module) -> nn.Module:
    """A copy of a network of `gansmith.nets.stylegan2` that computes the same in the straightforward way."""
    net = copy.deepcopy(net)
    found = [
        (parent, name, STAND_INS[type(child)](child).train(child.training))
        for parent in list(net.modules())
        for name, child in parent.named_children()
        if type(child) in STAND_INS
    ]
    for parent, name, stand_in in found:
        setattr(parent, name, stand_in)
    return net
