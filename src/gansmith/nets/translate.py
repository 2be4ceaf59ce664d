"""Networks from image to image: the generators of CycleGAN, pix2pix, CUT and pix2pixHD.

With the same weights they give what the public implementations give (`load_translator` of `nets.public_layouts` reads
their state dicts; `docs/guide/public-layouts.md` says which parameter is which). Sides that don't divide are continued
by reflection and cut off again, so any image fits.

Every network here says what a tiling needs: `receptive_field`, the side in pixels of what one output pixel can depend
on, or None where that is the whole image (statistics of the image, a map of one pixel); `divisor`, which the sides have
to be multiples of; `scale`, output pixels for an input pixel.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.initial import SLOPE
from gansmith.nets.layout import pad_to_multiple
from gansmith.nets.normed import MOST, Norm, Normed, small_normal
from gansmith.nets.upsample import Upsample, doubling

__all__ = [
    "ResNetTranslator",
    "UNetTranslator",
]


KEPT = 2.0
"""Logit of a mask at the beginning: 88% of the image is kept."""


class _Residual(nn.Module):
    """Two 3x3 convolutions around which the map is passed on; borders are reflected."""

    def __init__(self, width: int, norm: Norm) -> None:
        super().__init__()
        bias = norm != "batch"
        self.first = Normed(nn.Conv2d(width, width, 3, bias=bias), norm)
        self.second = Normed(nn.Conv2d(width, width, 3, bias=bias), norm)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.first(F.pad(x, (1, 1, 1, 1), "reflect")))
        y: Tensor = x + self.second(F.pad(h, (1, 1, 1, 1), "reflect"))
        return y


class ResNetTranslator(nn.Module):
    """Image to image by residual blocks on a halved map: CycleGAN's generator, or pix2pixHD's global one.

    Johnson et al. 2016, as changed by Zhu et al. 2017, section 7.1: `blocks` 6 for 128 pixels, 9 from 256 on. With 3
    channels and width 64 it has 7,837,699 (6 blocks) or 11,378,179 parameters (9). `halvings=4` is the global generator
    of Wang et al. 2018, section 3.2.

    Args:
        channels: Of the input.
        made: Channels of the output.
        width: Channels at the image's resolution.
        blocks: Residual blocks.
        halvings: How often the map is halved; channels double each time.
        norm: How maps are normalised.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled; public weights are of `"transposed"` layers.
        mask: Paint a mask, too, that says how much of the input's first `made` channels is kept at each place (Pumarola
            et al. 2018, GANimation, section 3.1): what need not change is not painted anew.

    Attributes:
        tapped: Channels of the maps that `features` gives.
        sees: Side in pixels of what an output pixel sees through the convolutions, statistics of the image left out.
    """

    scale = 1

    def __init__(
        self,
        channels: int,
        made: int,
        width: int = 64,
        blocks: int = 9,
        halvings: int = 2,
        norm: Norm = "instance",
        head: str | None = "tanh",
        upsample: Upsample = "transposed",
        mask: bool = False,
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        widths = [width * 2**level for level in range(halvings + 1)]
        self.stem = Normed(nn.Conv2d(channels, width, 7, bias=bias), norm)
        self.downs = nn.ModuleList(Normed(nn.Conv2d(a, b, 3, 2, 1, bias=bias), norm) for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(_Residual(widths[-1], norm) for _ in range(blocks))
        self.ups = nn.ModuleList(Normed(doubling(a, b, 3, bias, upsample), norm) for a, b in pairwise(widths[::-1]))
        self.mask = mask
        self.out = nn.Conv2d(width, made + 1 if mask else made, 7)
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()
        small_normal(self)
        if mask and self.out.bias is not None:
            nn.init.constant_(self.out.bias[-1:], KEPT)
        self.divisor = 2**halvings
        self.tapped = (channels, *widths[1:], *[widths[-1]] * min(blocks, 2))
        reach = 3 + (self.divisor - 1) + 2 * self.divisor * blocks + (2 * self.divisor - 2) + 3
        self.sees = 2 * reach + 1
        self.receptive_field = None if norm == "instance" else self.sees

    def forward(self, image: Tensor) -> Tensor:
        """From images `(n, channels, h, w)` to images `(n, made, h, w)`."""
        drawn = self.drawn(self.maps(image))[..., : image.shape[-2], : image.shape[-1]]
        if not self.mask:
            return self.head(drawn)  # type: ignore[no-any-return]
        kept, painted = drawn[:, -1:].sigmoid(), self.head(drawn[:, :-1])
        return kept * image[:, : painted.shape[1]] + (1 - kept) * painted  # type: ignore[no-any-return]

    def maps(self, image: Tensor) -> Tensor:
        """The last maps before the image, `(n, width, h, w)` of the sides continued to multiples of `divisor`."""
        return self.raised(self.lowered(image))

    def lowered(self, image: Tensor) -> Tensor:
        """The maps of the smallest size, before the blocks."""
        h = self._stemmed(image)
        for down in self.downs:
            h = F.relu(down(h))
        return h

    def raised(self, h: Tensor) -> Tensor:
        """From the maps of the smallest size through the blocks to the last maps."""
        for block in self.blocks:
            h = block(h)
        for up in self.ups:
            h = F.relu(up(h))
        return h

    def painted(self, h: Tensor) -> Tensor:
        """From the last maps to images."""
        return self.head(self.drawn(h))  # type: ignore[no-any-return]

    def drawn(self, h: Tensor) -> Tensor:
        """From the last maps to numbers without bounds."""
        return self.out(F.pad(h, (3, 3, 3, 3), "reflect"))  # type: ignore[no-any-return]

    def features(self, image: Tensor) -> list[Tensor]:
        """Maps on the way, which CUT compares: the image, each halving's convolution, the first and a middle block."""
        h, found = self._stemmed(image), [image]
        for down in self.downs:
            assert isinstance(down, Normed)
            h = down.conv(h)
            found.append(h)
            h = F.relu(down.norm(h))
        wanted = {0, len(self.blocks) // 2} if len(self.blocks) > 1 else {0}
        for at, block in enumerate(self.blocks):
            h = block(h)
            if at in wanted:
                found.append(h)
            if at == max(wanted):
                break
        return found

    def _stemmed(self, image: Tensor) -> Tensor:
        return F.relu(self.stem(F.pad(pad_to_multiple(image, self.divisor), (3, 3, 3, 3), "reflect")))


class UNetTranslator(nn.Module):
    """Image to image by halvings down to a few pixels and up again with skips: pix2pix's generator.

    Isola et al. 2017, section 6.1.1, in the form of the public implementation: `halvings` 8 is its U-Net-256
    (54,413,955 parameters with 3 channels, width 64 and batch normalisation), 7 its U-Net-128 (41,828,995).

    The paper's only noise is dropout, in training and in sampling. Here dropout is an input: half of the innermost maps
    on the way up is kept where the noise is above 0. Noise of a sample is then a row of numbers as in any other
    generator: seeded, repeatable, and in an exported graph an ordinary input. Without noise nothing is dropped.

    Args:
        channels: Of the input.
        made: Channels of the output.
        width: Channels after the first halving.
        halvings: How often the map is halved, at least 2. Sides have to be at least 2^halvings.
        norm: How maps are normalised.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled; public weights are of `"transposed"` layers.
    """

    receptive_field = None
    scale = 1

    def __init__(
        self,
        channels: int,
        made: int,
        width: int = 64,
        halvings: int = 8,
        norm: Norm = "batch",
        head: str | None = "tanh",
        upsample: Upsample = "transposed",
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        widths = [width * min(2**level, MOST) for level in range(halvings)]
        inner = ["none", *[norm] * (halvings - 2), "none"]
        self.downs = nn.ModuleList(
            Normed(nn.Conv2d(a, b, 4, 2, 1, bias=bias), kind)
            for (a, b), kind in zip(pairwise([channels, *widths]), inner, strict=True)
        )
        ups = []
        for level in reversed(range(1, halvings)):
            inputs = widths[level] * (1 if level == halvings - 1 else 2)
            ups.append(Normed(doubling(inputs, widths[level - 1], 4, bias, upsample), norm))
        ups.append(Normed(doubling(2 * widths[0], made, 4, True, upsample), "none"))
        self.ups = nn.ModuleList(ups)
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()
        small_normal(self)
        self.divisor = 2**halvings
        dropped = range(4, halvings - 1) if halvings > 5 else range(max(1, halvings - 2), halvings - 1)
        self.dropped = {level: widths[level - 1] for level in dropped}  # channels by the level whose step up drops

    def noise_size(self, height: int, width: int) -> int:
        """How many numbers of noise an image of this size takes, one for each unit that may be dropped."""
        sides = [-(-side // self.divisor) * self.divisor for side in (height, width)]
        return sum(c * (sides[0] >> level) * (sides[1] >> level) for level, c in self.dropped.items())

    def forward(self, image: Tensor, noise: Tensor | None = None) -> Tensor:
        """From images `(n, channels, h, w)` to images `(n, made, h, w)`.

        Args:
            image: What is translated.
            noise: Standard normal numbers `(n, any)`: `noise_size` of them, or as many for images of another size,
                then repeated or cut. None drops nothing.
        """
        h, skips, at = pad_to_multiple(image, self.divisor), [], 0
        for level, down in enumerate(self.downs):
            h = down(F.leaky_relu(h, SLOPE) if level else h)
            skips.append(h)
        for level, up in zip(reversed(range(len(self.ups))), self.ups, strict=True):
            h = skips[level] if level == len(skips) - 1 else torch.cat([skips[level], h], 1)
            h = up(F.relu(h))
            if noise is not None and level in self.dropped:
                count = h[0].numel()
                keep = noise[:, torch.arange(at, at + count, device=noise.device) % noise.shape[1]] > 0
                h, at = h * (2 * keep.view_as(h)).to(h.dtype), at + count
        made: Tensor = self.head(h)
        return made[..., : image.shape[-2], : image.shape[-1]]
