"""A small U-Net that removes noise, with the preconditioning of Karras et al. 2022 around it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel
from gansmith.nets.initial import he_normal
from gansmith.nets.layout import Layout

__all__ = ["Denoiser", "Scaling", "UNet", "preconditioning"]

FOURIER = 16
"""Frequencies that tell the network how much noise there is."""


class Scaling(NamedTuple):
    """The factors of D(x; sigma) = skip x + out F(in x; noise), each `(n,)`."""

    skip: Tensor
    out: Tensor
    inner: Tensor
    noise: Tensor


def preconditioning(sigma: Tensor, data: float) -> Scaling:
    """Factors that keep the network's input and target at unit variance at every noise level (eq. 7, table 1).

    Args:
        sigma: Noise levels `(n,)`, above 0.
        data: Standard deviation of the data.
    """
    total = (sigma.square() + data**2).sqrt()
    return Scaling(data**2 / total.square(), sigma * data / total, 1 / total, sigma.log() / 4)


class Denoiser(nn.Module):
    """Estimates the clean image behind a noisy one.

    The image is cut into patches that become channels, so that the U-Net works on a grid that a few CPU cores can
    afford; sides that don't divide are padded.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels on the grid; they double where the U-Net first halves it.
        classes: Number of classes; 0 for none.
        patch: Side of a patch in pixels.
        data: Standard deviation of the data.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, patch: int = 2, data: float = 0.5) -> None:
        super().__init__()
        channels, *self.size = shape
        self.patch, self.data = patch, data
        grid = [-(-side // patch) for side in self.size]
        self.padding = (0, grid[1] * patch - self.size[1], 0, grid[0] * patch - self.size[0])
        self.net = UNet(channels * patch**2, width, Layout.of(*grid).doublings, classes)

    def forward(self, x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        """From noisy images `(n, channels, height, width)`, levels `(n,)` and labels `(n,)` to clean ones."""
        scaling = preconditioning(sigma, self.data)
        skip, out, inner = (factor[:, None, None, None] for factor in scaling[:3])
        h = F.pixel_unshuffle(F.pad(inner * x, self.padding), self.patch)
        h = F.pixel_shuffle(self.net(h, scaling.noise, label), self.patch)
        return skip * x + out * h[..., : self.size[0], : self.size[1]]


class UNet(nn.Module):
    """Residual blocks down to a small map and up again, with skips between; told the noise level and the label.

    Args:
        channels: Channels of input and output.
        width: Channels of the first map; twice as many below it.
        halvings: How often the map is halved.
        classes: Number of classes; 0 for none.
    """

    def __init__(self, channels: int, width: int, halvings: int, classes: int = 0) -> None:
        super().__init__()
        widths = [width] + [2 * width] * halvings
        told = 4 * width
        self.frequencies: Tensor
        self.label = ConcatLabel(2 * FOURIER, classes)
        self.tell = nn.Sequential(nn.Linear(self.label.features, told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        self.register_buffer("frequencies", torch.logspace(-2, 6, FOURIER, base=2.0) * math.pi, persistent=False)
        self.inp = nn.Conv2d(channels, width, 3, padding=1)
        self.downs = nn.ModuleList(_Block(widths[max(0, i - 1)], w, told) for i, w in enumerate(widths))
        self.attend = _Attention(widths[-1])
        self.middle = _Block(widths[-1], widths[-1], told)
        self.ups = nn.ModuleList(
            _Block(widths[i] + widths[min(i + 1, halvings)], widths[i], told) for i in reversed(range(halvings + 1))
        )
        self.norm = nn.GroupNorm(8, width)
        self.out = nn.Conv2d(width, channels, 3, padding=1)
        he_normal(self.out, 0)

    def forward(self, x: Tensor, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """From maps `(n, channels, h, w)`, noise levels `(n,)` (about -1.5 to 1.1) and labels to the same shape."""
        angles = noise[:, None] * self.frequencies
        told = self.tell(self.label(torch.cat([angles.cos(), angles.sin()], 1), label))
        h = self.inp(x)
        skips = []
        for at, block in enumerate(self.downs):
            h = block(F.avg_pool2d(h, 2, ceil_mode=True) if at else h, told)
            skips.append(h)
        h = self.middle(self.attend(h), told)
        for block in self.ups:
            skip = skips.pop()
            if h.shape[-2:] != skip.shape[-2:]:
                h = F.interpolate(h, scale_factor=2.0)[..., : skip.shape[-2], : skip.shape[-1]]
            h = block(torch.cat([h, skip], 1), told)
        image: Tensor = self.out(F.silu(self.norm(h)))
        return image


class _Block(nn.Module):
    """Normalise, convolve, hear what is told, normalise, convolve; the second convolution begins at zero."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.hear = nn.Linear(told, 2 * outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        he_normal(self.conv2, 0)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.hear(told)[:, :, None, None].chunk(2, 1)
        h = self.norm2(self.conv1(F.silu(self.norm1(x)))) * (1 + scale) + shift
        y: Tensor = self.skip(x) + self.conv2(F.silu(h))
        return y


class _Attention(nn.Module):
    """Every place of the smallest map looks at every other; begins as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.out = nn.Conv2d(width, width, 1)
        he_normal(self.out, 0)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.ask(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, 2)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        y: Tensor = x + self.out(h)
        return y
