"""Super-resolution networks: SRResNet and RRDB (ESRGAN) as generators, a U-Net with spectral norm as discriminator.

With the same weights they give what BasicSR and Real-ESRGAN give (`nets.public_layouts` reads their state dicts,
`docs/guide/public-layouts.md` says which parameter is which). Like all networks from image to image they declare
`receptive_field`, `divisor` and `scale` (see `nets.translate`).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE
from gansmith.nets.layout import pad_to_multiple

__all__ = ["RRDBNet", "SRResNet", "SpectralUNet"]

Factor = Literal[2, 4, 8]

GENTLE = 0.1
"""Of the LeakyReLU in BasicSR's SRResNet."""

RESIDUAL = 0.2
"""What a block adds of what it computes (Wang et al. 2018, section 3.1)."""


def _begin(net: nn.Module, scale: float) -> None:
    """Weights at a fraction of He's scale, biases 0: deep residual networks begin near the identity (ESRGAN, 3.1)."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            module.weight.data.mul_(scale)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class _Plain(nn.Module):
    """Two convolutions around which the map is passed on, without normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.conv2(F.relu(self.conv1(x)))
        return y


class SRResNet(nn.Module):
    """Small image to large by residual blocks and sub-pixel convolutions, added to the bilinear enlargement.

    Ledig et al. 2017 without batch normalisation, in the form of BasicSR's MSRResNet: 1,517,571 parameters with factor
    4, 3 channels, width 64 and 16 blocks. BasicSR has factors 2 and 4; 8 is another doubling of the same kind.

    Args:
        channels: Of the images.
        factor: Pixels of a side of what is made, for each of the input.
        width: Channels of all maps.
        blocks: Residual blocks.
        unit: Work on values in [0, 1] inside, as public weights expect; images are in [-1, 1] outside all the same.
    """

    divisor = 1

    def __init__(
        self, channels: int = 3, factor: Factor = 4, width: int = 64, blocks: int = 16, unit: bool = False
    ) -> None:
        super().__init__()
        self.scale, self.unit = factor, unit
        doublings = int(math.log2(factor))
        self.first = nn.Conv2d(channels, width, 3, 1, 1)
        self.body = nn.Sequential(*(_Plain(width) for _ in range(blocks)))
        self.ups = nn.ModuleList(nn.Conv2d(width, 4 * width, 3, 1, 1) for _ in range(doublings))
        self.late, self.last = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, channels, 3, 1, 1)
        _begin(self, 0.1)
        reach = 1 + 2 * blocks + sum(0.5**level for level in range(doublings)) + 2 / factor
        self.receptive_field = 2 * math.ceil(reach) + 1

    def forward(self, image: Tensor) -> Tensor:
        """From images `(n, channels, h, w)` to images `(n, channels, factor h, factor w)`."""
        x = (image + 1) / 2 if self.unit else image
        h = self.body(F.leaky_relu(self.first(x), GENTLE))
        for up in self.ups:
            h = F.leaky_relu(F.pixel_shuffle(up(h), 2), GENTLE)
        base = F.interpolate(x, scale_factor=float(self.scale), mode="bilinear", align_corners=False)
        y: Tensor = self.last(F.leaky_relu(self.late(h), GENTLE)) + base
        return 2 * y - 1 if self.unit else y


class _Dense(nn.Module):
    """Five convolutions, each of which sees the maps of all before it (Huang et al. 2017)."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        outputs = [growth] * 4 + [width]
        self.convs = nn.ModuleList(nn.Conv2d(width + i * growth, out, 3, 1, 1) for i, out in enumerate(outputs))

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for conv in self.convs[:-1]:
            maps.append(F.leaky_relu(conv(torch.cat(maps, 1)), SLOPE))
        y: Tensor = x + RESIDUAL * self.convs[-1](torch.cat(maps, 1))
        return y


class _Block(nn.Module):
    """Residual in residual: three dense blocks around which the map is passed on."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(*(_Dense(width, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + RESIDUAL * self.dense(x)
        return y


class RRDBNet(nn.Module):
    """Small image to large by residual-in-residual dense blocks: ESRGAN's generator.

    Wang et al. 2018, section 3.1, in BasicSR's form: 16,697,987 parameters with factor 4, 3 channels, width 64, growth
    32 and 23 blocks. With factor 2 the image's 2x2 cells enter as channels, as in Real-ESRGAN (4x by way of half the
    size); factor 8, which BasicSR has not, is another doubling.

    Args:
        channels: Of the images.
        factor: Pixels of a side of what is made, for each of the input.
        width: Channels of the maps that are passed on.
        blocks: Residual blocks.
        growth: Channels that each convolution of a dense block adds.
        unit: Work on values in [0, 1] inside, as public weights expect; images are in [-1, 1] outside all the same.
    """

    def __init__(
        self,
        channels: int = 3,
        factor: Factor = 4,
        width: int = 64,
        blocks: int = 23,
        growth: int = 32,
        unit: bool = False,
    ) -> None:
        super().__init__()
        self.scale, self.unit = factor, unit
        self.divisor = 2 if factor == 2 else 1
        doublings = 3 if factor == 8 else 2
        self.first = nn.Conv2d(channels * self.divisor**2, width, 3, 1, 1)
        self.body = nn.Sequential(*(_Block(width, growth) for _ in range(blocks)))
        self.after = nn.Conv2d(width, width, 3, 1, 1)
        self.ups = nn.ModuleList(nn.Conv2d(width, width, 3, 1, 1) for _ in range(doublings))
        self.late, self.last = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, channels, 3, 1, 1)
        _begin(self, 0.1)
        reach = 2 + 15 * blocks + sum(0.5**level for level in range(1, doublings + 1)) + 2 / 2**doublings
        self.receptive_field = 2 * (math.ceil(reach) + 1) * self.divisor + 1

    def forward(self, image: Tensor) -> Tensor:
        """From images `(n, channels, h, w)` to images `(n, channels, factor h, factor w)`."""
        x = pad_to_multiple((image + 1) / 2 if self.unit else image, self.divisor)
        h = self.first(F.pixel_unshuffle(x, self.divisor) if self.divisor > 1 else x)
        h = h + self.after(self.body(h))
        for up in self.ups:
            h = F.leaky_relu(up(F.interpolate(h, scale_factor=2.0)), SLOPE)
        y: Tensor = self.last(F.leaky_relu(self.late(h), SLOPE))
        y = y[..., : image.shape[-2] * self.scale, : image.shape[-1] * self.scale]
        return 2 * y - 1 if self.unit else y


class SpectralUNet(nn.Module):
    """Image to a score for each pixel by a U-Net with spectral norm: Real-ESRGAN's discriminator.

    Wang et al. 2021, section 3.3 and figure 6: 4,376,897 parameters with 3 channels and width 64.

    Args:
        channels: Of the images.
        width: Channels of the first map.
    """

    scale = 1
    divisor = 8
    receptive_field = 2 * 40 + 1

    def __init__(self, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        w = width
        convs = [nn.Conv2d(channels, w, 3, 1, 1)]
        convs += [nn.Conv2d(a, 2 * a, 4, 2, 1, bias=False) for a in (w, 2 * w, 4 * w)]
        convs += [nn.Conv2d(2 * a, a, 3, 1, 1, bias=False) for a in (4 * w, 2 * w, w)]
        convs += [nn.Conv2d(w, w, 3, 1, 1, bias=False) for _ in range(2)]
        convs += [nn.Conv2d(w, 1, 3, 1, 1)]
        _begin(nn.ModuleList(convs), 1.0)
        last = len(convs) - 1
        self.convs = nn.ModuleList(spectral_norm(c) if 0 < i < last else c for i, c in enumerate(convs))

    def features(self, image: Tensor) -> list[Tensor]:
        """Maps on the way down and up: 1/1, 1/2, 1/4, 1/8, 1/4, 1/2, 1/1 of the size, and two more."""
        h, maps = pad_to_multiple(image, self.divisor), []
        for conv in self.convs[:4]:
            h = F.leaky_relu(conv(h), SLOPE)
            maps.append(h)
        for at, conv in enumerate(self.convs[4:7]):
            h = F.interpolate(h, scale_factor=2.0, mode="bilinear", align_corners=False)
            h = F.leaky_relu(conv(h), SLOPE) + maps[2 - at]
            maps.append(h)
        for conv in self.convs[7:9]:
            h = F.leaky_relu(conv(h), SLOPE)
            maps.append(h)
        return maps

    @in_full
    def score(self, last: Tensor) -> Tensor:
        """Scores `(n, 1, h, w)` from the last map."""
        scores: Tensor = self.convs[9](last)
        return scores

    def forward(self, image: Tensor) -> Tensor:
        """From images `(n, channels, h, w)` to scores `(n, 1, h, w)`."""
        scores = self.score(self.features(image)[-1])
        return scores[..., : image.shape[-2], : image.shape[-1]]
