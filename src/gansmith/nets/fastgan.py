"""FastGAN's networks (Liu et al. 2021, section 3): few weights, quick gradients, a discriminator that has to describe.

The generator's early, small maps gate the channels of its late, large ones (skip-layer excitation), so a gradient
reaches them by a short way. The discriminator's features must suffice for small decoders to draw the image again, which
keeps it from learning the few training images by heart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.generator import ImageGenerator
from gansmith.nets.initial import SLOPE, even_doubling, he_normal
from gansmith.nets.layout import Layout

__all__ = [
    "Decoder",
    "FastDiscriminator",
    "FastGenerator",
    "Features",
    "PatchHead",
    "SkipExcitation",
    "UpBlock",
    "gated",
]

MOST = 8
"""Channels double at every halving, up to this many times the width."""

FAR = 4
"""Doublings between a gating map and the gated one in the paper (4 -> 64, 8 -> 128, 16 -> 256)."""

GAIN = 3.0
"""Given back to every map of a spectrally normalised discriminator, whose random layers shrink signals so much. Without
it scores begin within 0.02 of zero, far inside the margin of the hinge loss, and take hundreds of rounds to leave it.
"""

BASE = 3
"""The discriminator's last map has a short side of 3 to 5: 4 for the powers of two and for 28 pixels."""

REACH = 4
"""Cells of the last map, along a side, that a score sees: those of the paper's last convolution."""


def gated(x: Tensor) -> Tensor:
    """The gated linear unit a * sigmoid(b) of the halves (a, b) of the channels (Dauphin et al. 2017).

    Written out, since the gradient of `F.glu` loses the channels-last order, and batch normalisation before it then
    takes six times as long on a CPU.
    """
    a, b = x.chunk(2, 1)
    return a * b.sigmoid()


class UpBlock(nn.Module):
    """Double height and width: transposed convolution, batch normalisation, gated linear unit.

    The paper doubles by repetition and convolves 3x3; a 4x4 transposed convolution of stride 2 begins with the same
    function and needs 4/9 of the multiplications.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out; the convolution makes twice as many, and one half gates the other.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, 2 * outputs, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(2 * outputs)
        even_doubling(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, inputs, h, w)` to `(n, outputs, 2 h, 2 w)`."""
        return gated(self.norm(self.conv(x)))


class SkipExcitation(nn.Module):
    """Skip-layer channel-wise excitation: y = F(low) * high, F in (0, 1) one number a channel (eq. 1).

    Args:
        low: Channels of the small map.
        high: Channels of the large map.
    """

    SIDE = 4

    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(low, high, self.SIDE)
        self.excite = nn.Conv2d(high, high, 1)
        he_normal(self.squeeze)
        he_normal(self.excite)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """From `(n, low, h, w)` and `(n, high, H, W)` to the second, its channels scaled."""
        pooled = F.adaptive_avg_pool2d(low, self.SIDE)
        gate = torch.sigmoid(self.excite(F.leaky_relu(self.squeeze(pooled), SLOPE)))
        return gate * high


class FastGenerator(ImageGenerator):
    """Noise to image.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels at the image's resolution.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__(shape, z_dim, head)
        layout, last = self.layout, self.layout.doublings
        widths = [width * min(MOST, 2**level) for level in range(last + 1)][::-1]
        self.base = (2 * widths[0], *layout.base)
        self.condition = ConcatLabel(z_dim, classes)
        self.stem = nn.Linear(self.condition.features, self.base[0] * layout.base[0] * layout.base[1], bias=False)
        self.norm = nn.BatchNorm2d(self.base[0])
        self.ups = nn.ModuleList(UpBlock(a, b) for a, b in pairwise(widths))
        self.far = min(FAR, max(2, last - 1))
        """Doublings between a gating map and the gated one."""
        self.gates = nn.ModuleList(
            SkipExcitation(widths[at - self.far], widths[at]) for at in range(self.far, last + 1)
        )
        self.out = nn.Conv2d(widths[-1], self.channels, 3, padding=1)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        h = self.stem(self.condition(z, label)).reshape(-1, *self.base)
        if self.out.weight.is_contiguous(memory_format=torch.channels_last):
            h = h.contiguous(memory_format=torch.channels_last)
        maps = [gated(self.norm(h))]
        for at, up in enumerate(self.ups, 1):
            h = up(maps[-1])
            if at >= self.far:
                h = self.gates[at - self.far](maps[at - self.far], h)
            maps.append(h)
        return self.image(self.out(maps[-1]))


class Features(NamedTuple):
    """The last two maps of a discriminator's trunk: `fine` `(n, c, 2 h, 2 w)` and `coarse` `(n, 2 c, h, w)`."""

    fine: Tensor
    coarse: Tensor


class FastDiscriminator(nn.Module):
    """Image to scores of overlapping patches, with the two maps that the decoders draw from.

    No batch normalisation: scores of real and made images don't depend on what else is in the batch.

    Args:
        shape: Image shape `(channels, height, width)`, both sides of at least 8 pixels.
        width: Channels at the image's resolution; they double at every halving, up to eight times.
        classes: Number of classes; 0 for none. Labels enter by projection at every patch.
        spectral: Spectral normalisation throughout, as in the paper; without it, a penalty has to keep slopes small.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, spectral: bool = False) -> None:
        super().__init__()
        channels, height, columns = shape
        sides = (height, columns)
        layout = Layout.of(height, columns, BASE)
        self.halvings = max(1, layout.doublings)
        widths = [width * min(MOST, 2**level) for level in range(self.halvings + 1)]
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.gain = GAIN if spectral else 1.0
        self.downs = nn.ModuleList(_Down(a, b, self.gain / 2 if spectral else 0.5**0.5) for a, b in pairwise(widths))
        self.widths = (widths[-2], widths[-1])
        """Channels of the fine and of the coarse map."""
        self.grid = tuple(-(-side // 2**self.halvings) for side in sides)
        """Height and width of the coarse map; the fine one has twice as many."""
        self.sides = tuple(n * 2**self.halvings for n in self.grid)
        """What images are stretched to first, where halving wouldn't come out even."""
        self.head = PatchHead(widths[-1], widths[-1], classes, min(self.grid))
        he_normal(self.stem)
        for module in [m for m in self.modules() if spectral and isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]:
            spectral_norm(module)

    def features(self, x: Tensor) -> Features:
        """The last two maps of images `(n, channels, height, width)`."""
        h = fine = self.gain * F.leaky_relu(self.stem(self.stretched(x)), SLOPE)
        for down in self.downs:
            fine, h = h, down(h)
        return Features(fine, h)

    def stretched(self, x: Tensor) -> Tensor:
        """The image at a multiple of the coarse map's sides, so that every cell of it covers the same pixels."""
        return x if x.shape[-2:] == self.sides else F.interpolate(x, self.sides, mode="bilinear")

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n, patches)`."""
        scores: Tensor = self.head(self.features(x).coarse, label)
        return scores


class PatchHead(nn.Module):
    """A map to one score for each patch of 4x4 cells: convolution without padding, linear score, label projection.

    Args:
        inputs: Channels of the map.
        hidden: Channels that the scores read.
        classes: Number of classes; 0 for none.
        side: The map's shorter side; patches are no larger.
    """

    def __init__(self, inputs: int, hidden: int, classes: int, side: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, hidden, min(REACH, side))
        self.score = ProjectionHead(hidden, classes)
        he_normal(self.conv)

    def features(self, x: Tensor) -> Tensor:
        """From `(n, inputs, h, w)` to what the score of each patch is read from, `(n, patches, hidden)`."""
        return F.leaky_relu(self.conv(x), SLOPE).flatten(2).transpose(1, 2)

    def forward(self, x: Tensor, label: Tensor | None) -> Tensor:
        """From `(n, inputs, h, w)` and labels `(n,)` to `(n, patches)`."""
        h = self.features(x)
        n, places, _ = h.shape
        each = None if label is None else label.repeat_interleave(places, 0)
        scores: Tensor = self.score(h.reshape(n * places, -1), each)
        return scores.reshape(n, places)

    def projections(self, x: Tensor) -> Tensor:
        """From `(n, inputs, h, w)` to what each class would add to the mean score, `(n, classes)`."""
        return self.score.projections(self.features(x).mean(1))


class Decoder(nn.Module):
    """A map drawn as a small image, doubled as often as asked: the discriminator's homework (section 3.2).

    Args:
        inputs: Channels of the map.
        channels: Channels of the image.
        doublings: How much larger than the map the image is.
        width: Channels before the image; they double towards the map.
    """

    def __init__(self, inputs: int, channels: int, doublings: int, width: int = 16) -> None:
        super().__init__()
        widths = [inputs, *(width * min(MOST, 2**level) for level in reversed(range(doublings)))]
        self.ups = nn.Sequential(*(UpBlock(a, b) for a, b in pairwise(widths)))
        self.out = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, inputs, h, w)` to `(n, channels, h 2^doublings, w 2^doublings)` in [-1, 1]."""
        return torch.tanh(self.out(self.ups(x)))


class _Down(nn.Module):
    """Halve height and width: a convolution plus an averaged, recoloured copy, times `gain`."""

    def __init__(self, inputs: int, outputs: int, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.conv = nn.Conv2d(inputs, outputs, 4, 2, 1)
        self.direct = nn.Conv2d(inputs, outputs, 1)
        he_normal(self.conv)
        he_normal(self.direct)

    def forward(self, x: Tensor) -> Tensor:
        path = F.leaky_relu(self.conv(x), SLOPE)
        return (path + F.leaky_relu(self.direct(F.avg_pool2d(x, 2)), SLOPE)) * self.gain
