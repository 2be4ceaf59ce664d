"""Filling holes in images: a coarse and a fine network of gated convolutions, and a discriminator of patches.

Yu et al. 2019 (Free-Form Image Inpainting with Gated Convolution), with the contextual attention of Yu et al. 2018. A
gated convolution learns where its input is worth reading, so that holes of any form need no rules of their own.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.nets.initial import SLOPE
from gansmith.nets.layout import pad_to_multiple
from gansmith.nets.normed import small_normal

__all__ = ["Filled", "GatedConv", "InpaintDiscriminator", "InpaintGenerator", "contextual_attention"]

SHARPNESS = 10.0
"""Of the softmax over patches (Yu et al. 2018, section 3.3)."""

GAIN = 2.3
"""Of a gated convolution's weights: for standard normal a and b, elu(a) sigmoid(b) has a mean square of 1 / 2.3^2."""

CLEAR = 1e-4
"""Least length of a patch that it is divided by."""


class Filled(NamedTuple):
    """What both networks make of the whole image, `(n, channels, h, w)` each."""

    coarse: Tensor
    fine: Tensor


class GatedConv(nn.Module):
    """elu(features) times sigmoid(gate), both by convolutions of one input (Yu et al. 2019, eq. 3).

    Args:
        a: Channels of the input.
        b: Channels of the output.
        side: Of the kernel.
        stride: 2 halves the map.
        dilation: Pixels between those that the kernel reads.
        up: Double the map first, by repetition.
    """

    def __init__(self, a: int, b: int, side: int = 3, stride: int = 1, dilation: int = 1, up: bool = False) -> None:
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(a, 2 * b, side, stride, dilation * (side // 2), dilation)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, a, h, w)` to `(n, b, h', w')`."""
        features, gate = self.conv(F.interpolate(x, scale_factor=2.0) if self.up else x).chunk(2, 1)
        return F.elu(features) * torch.sigmoid(gate)


def _begin(net: nn.Module) -> None:
    """Weights that keep the mean square of maps; biases 0.

    With the small weights of the other networks here, no two of which are in a row without a normalisation between
    them, the signal would have vanished behind a few gates.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=1 / math.sqrt(module.weight[0].numel()))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in net.modules():
        if isinstance(module, GatedConv):
            module.conv.weight.data.mul_(GAIN)


def _encoder(inputs: int, w: int, widths: tuple[int, ...], dilations: tuple[int, ...]) -> nn.Sequential:
    """A 5x5 layer, 3x3 layers of which the second and fourth halve, and dilated ones."""
    sizes = [inputs, *(w * k for k in widths)]
    layers = [GatedConv(a, b, 3 if i else 5, 2 if i in (1, 3) else 1) for i, (a, b) in enumerate(pairwise(sizes))]
    return nn.Sequential(*layers, *(GatedConv(sizes[-1], sizes[-1], dilation=d) for d in dilations))


def _decoder(inputs: int, w: int, made: int) -> nn.Sequential:
    """Two layers on the small map, two doublings, and a plain layer to the image."""
    half = max(1, w // 2)
    return nn.Sequential(
        *(GatedConv(inputs, 4 * w), GatedConv(4 * w, 4 * w)),
        *(GatedConv(4 * w, 2 * w, up=True), GatedConv(2 * w, 2 * w)),
        *(GatedConv(2 * w, w, up=True), GatedConv(w, half)),
        nn.Conv2d(half, made, 3, 1, 1),
    )


class InpaintGenerator(nn.Module):
    """An image with holes to a whole one: a coarse guess, then a fine one that copies from what is known.

    Figure 3 of Yu et al. 2019. The fine network has two branches, of dilated convolutions and of contextual attention.
    With 3 channels and width 24 (the paper's 48 are halved by its gates too) it has 4,053,678 parameters.

    Args:
        channels: Of the image.
        width: Channels after the first gated layer.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    receptive_field = None
    divisor = 8
    scale = 1

    def __init__(self, channels: int, width: int = 24, head: str | None = "tanh") -> None:
        super().__init__()
        w, inputs, atrous = width, channels + 1, (2, 4, 8, 16)
        self.coarse = nn.Sequential(_encoder(inputs, w, (1, 2, 2, 4, 4, 4), atrous), _decoder(4 * w, w, channels))
        self.branch = _encoder(inputs, w, (1, 1, 2, 2, 4, 4), atrous)
        self.asking = _encoder(inputs, w, (1, 1, 2, 4, 4, 4), ())
        self.copying = nn.Sequential(GatedConv(4 * w, 4 * w), GatedConv(4 * w, 4 * w))
        self.fine = _decoder(8 * w, w, channels)
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()
        _begin(self)

    def forward(self, image: Tensor, mask: Tensor) -> Filled:
        """Fill the holes.

        Args:
            image: `(n, channels, h, w)`; what is inside holes is not looked at.
            mask: `(n, 1, h, w)`, 1 in holes and 0 elsewhere.
        """
        sides = image.shape[-2:]
        image, mask = pad_to_multiple(image, self.divisor), pad_to_multiple(mask.to(image.dtype), self.divisor)
        known = image * (1 - mask)
        coarse = self.head(self.coarse(torch.cat([known, mask], 1)))
        seen = torch.cat([known + coarse * mask, mask], 1)
        asked = self.asking(seen)
        hole = F.max_pool2d(mask, 4)
        copied = self.copying(contextual_attention(asked, asked, hole))
        fine = self.head(self.fine(torch.cat([self.branch(seen), copied], 1)))
        return Filled(coarse[..., : sides[0], : sides[1]], fine[..., : sides[0], : sides[1]])


def contextual_attention(asking: Tensor, known: Tensor, hole: Tensor, fuse: bool = True) -> Tensor:
    """Every place is made anew of the patches of `known` outside holes that are most like it (Yu et al. 2018, 3.3).

    Patches of 3x3 on maps of half the size are compared by their cosine, up to the length of the asking patch; what is
    put down are the 4x4 patches of the whole maps around the same places.

    Args:
        asking: `(n, c, h, w)`, even sides.
        known: The same shape.
        hole: `(n, 1, h, w)`, 1 where `known` must not be copied from.
        fuse: Neighbouring places favour neighbouring patches (section 3.3, attention propagation).

    Returns:
        `(n, c, h, w)`; zeros where nothing at all is known.
    """
    height, width = (side // 2 for side in asking.shape[-2:])
    keys = F.unfold(known[..., ::2, ::2], 3, padding=1)
    keys = keys / keys.square().sum(1, keepdim=True).sqrt().clamp_min(CLEAR)
    scores = keys.transpose(1, 2) @ F.unfold(asking[..., ::2, ::2], 3, padding=1)  # (n, patches, places)
    usable = (F.unfold(hole[..., ::2, ::2], 3, padding=1).sum(1) == 0).to(scores.dtype)[:, :, None]
    if fuse:
        scores = _fused(scores, height, width)
    shares = torch.softmax(SHARPNESS * scores * usable, 1) * usable
    patches = F.unfold(known, 4, stride=2, padding=1)
    return F.fold(patches @ shares, asking.shape[-2:], 4, stride=2, padding=1) / 4


def _fused(scores: Tensor, height: int, width: int) -> Tensor:
    """Sums over steps of one place and one patch together, to the left and right, then up and down."""
    n = len(scores)
    scores = _diagonal(scores).view(n, height, width, height, width).permute(0, 2, 1, 4, 3)
    scores = _diagonal(scores.reshape(n, height * width, height * width))
    return scores.view(n, width, height, width, height).permute(0, 2, 1, 4, 3).reshape(n, height * width, -1)


def _diagonal(scores: Tensor) -> Tensor:
    """s[i, j] + s[i - 1, j - 1] + s[i + 1, j + 1], zero beyond the border."""
    wide = F.pad(scores, (1, 1, 1, 1))
    return wide[:, :-2, :-2] + scores + wide[:, 2:, 2:]


class InpaintDiscriminator(nn.Module):
    """SN-PatchGAN: image and mask to a map with many channels, each number of which is a score.

    Section 3.3 of Yu et al. 2019: six 5x5 convolutions of stride 2 under spectral norm.

    Args:
        shape: Image shape `(channels, height, width)`. Small images have fewer convolutions: none sees a single pixel,
            where the weights' gradient in bfloat16 is not defined in all builds of torch for CPUs.
        width: Channels of the first map, doubled twice.
    """

    divisor = 1

    def __init__(self, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        channels, *sides = shape
        depth = min(6, max(1, math.ceil(math.log2(min(sides)))))
        widths = [channels + 1, *(width * k for k in (1, 2, 4, 4, 4, 4)[:depth])]
        self.receptive_field, self.scale = 2 ** (depth + 2) - 3, 1 / 2**depth
        convs = [nn.Conv2d(a, b, 5, 2, 2) for a, b in pairwise(widths)]
        small_normal(nn.ModuleList(convs))
        self.convs = nn.ModuleList(map(spectral_norm, convs))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """From images and masks to scores `(n, k, h', w')`, k being 4 width from three convolutions on."""
        h = torch.cat([image, mask.to(image.dtype)], 1)
        for conv in self.convs[:-1]:
            h = F.leaky_relu(conv(h), SLOPE)
        scores: Tensor = self.convs[-1](h)
        return scores
