"""ProjectedGAN's discriminator (Sauer et al. 2021): small heads on random mixtures of a frozen network's maps."""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.features.efficientnet import WEIGHTS_SHA256, load_efficientnet
from gansmith.features.efficientnet_net import BLOCK_WIDTHS, EfficientNetLite0, fold_norms
from gansmith.nets.fastgan import PatchHead
from gansmith.nets.full_precision import in_full
from gansmith.nets.initial import SLOPE, he_normal

__all__ = ["BACKBONE_ID", "Backbone", "Heads", "RandomMix"]

BLOCKS = (2, 4, 10, 15)
"""Blocks of EfficientNet-Lite0 after which the pyramid is read: strides 4, 8, 16 and 32."""

STRIDES = (4, 8, 16, 32)

BACKBONE_ID = f"efficientnet-lite0 blocks {', '.join(map(str, BLOCKS))} of sha256 {WEIGHTS_SHA256[:16]}"
"""What the frozen network is, for checkpoints that don't copy it."""

END = 8
"""A head halves its map until the sides are at most this."""


class Backbone(nn.Module):
    """The frozen network, from images to a pyramid of four maps; differentiable with respect to the images.

    Its batch normalisations are folded into the convolutions: their statistics can't move, and it runs faster.

    Args:
        size: Side in pixels that images are resized to, bilinear with antialiasing.
        net: The trained network; None for the installed package's weights.

    Raises:
        InputError: The package with the weights isn't installed.
    """

    widths = tuple(BLOCK_WIDTHS[block] for block in BLOCKS)
    """Channels of the four maps."""

    def __init__(self, size: int = 64, net: EfficientNetLite0 | None = None) -> None:
        super().__init__()
        self.size = size
        net = load_efficientnet() if net is None else net.eval()
        fold_norms(net)
        self.stem, self.blocks = net.stem, net.blocks
        self.requires_grad_(False)

    def sides(self) -> tuple[int, ...]:
        """Height and width of the four maps."""
        return tuple(-(-self.size // stride) for stride in STRIDES)

    @in_full
    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """From images `(n, 1 or 3, h, w)` in [-1, 1] to four maps, fine to coarse."""
        if image.shape[-2:] != (self.size, self.size):
            image = F.interpolate(image, (self.size, self.size), mode="bilinear", antialias=True)
        x = (image * 127.5 + 0.5) / 128  # levels 0..255, less 127, over 128: as trained
        h = self.stem(x.expand(-1, 3, -1, -1))
        maps = []
        for at, block in enumerate(self.blocks):
            h = block(h)
            if at in BLOCKS:
                maps.append(h)
        return tuple(maps)


class RandomMix(nn.Module):
    """Fixed random mixtures of a pyramid: across channels, then across scales (section 3.2).

    Cross-channel mixing is a random 1x1 convolution at every scale. Cross-scale mixing goes from coarse to fine like a
    U-Net's way up: the coarser mixture is convolved 3x3, doubled bilinearly and added to the finer one. The pyramid
    keeps its resolutions. Nobody owns these weights, so they stay as they were drawn, and checkpoints hold them.

    Args:
        inputs: Channels of the maps, fine to coarse.
        width: Channels of the finest mixture; they double with every scale.
    """

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.widths = tuple(width * 2**scale for scale in range(len(inputs)))
        self.channels = nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in zip(inputs, self.widths, strict=True))
        self.scales = nn.ModuleList(nn.Conv2d(b, a, 3, padding=1, bias=False) for a, b in pairwise(self.widths))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """From four maps to four mixtures `(n, width 2^scale, h, w)`, fine to coarse."""
        mixed = [conv(x) for conv, x in zip(self.channels, maps, strict=True)]
        for at in reversed(range(len(mixed) - 1)):
            down = F.interpolate(self.scales[at](mixed[at + 1]), mixed[at].shape[-2:], mode="bilinear")
            mixed[at] = (mixed[at] + down) * 0.5**0.5  # a sum of two keeps its scale
        return tuple(mixed)


class Heads(nn.Module):
    """One small discriminator for each scale: halvings to a map of at most 4x4, then one score of it.

    Args:
        inputs: Channels of the mixtures, fine to coarse.
        sides: Their heights and widths.
        width: Channels that the first layers make; they double at every halving.
        classes: Number of classes; 0 for none. Labels enter by projection.
    """

    def __init__(self, inputs: tuple[int, ...], sides: tuple[int, ...], width: int, classes: int = 0) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_Head(a, side, width, classes) for a, side in zip(inputs, sides, strict=True))
        for module in [m for m in self.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]:
            spectral_norm(module)

    def forward(self, maps: tuple[Tensor, ...], label: Tensor | None = None) -> tuple[Tensor, ...]:
        """From mixtures and labels `(n,)` to scores `(n, 1)`, for each scale."""
        return tuple(head(x, label) for head, x in zip(self.heads, maps, strict=True))


class _Head(nn.Module):
    def __init__(self, inputs: int, side: int, width: int, classes: int) -> None:
        super().__init__()
        convs = []
        while side > END:
            convs.append(nn.Conv2d(inputs, width, 4, 2, 1))
            inputs, width, side = width, 2 * width, side // 2
        self.convs = nn.ModuleList(convs)
        self.head = PatchHead(inputs, width, classes, side)
        for conv in convs:
            he_normal(conv)

    def forward(self, x: Tensor, label: Tensor | None) -> Tensor:
        for conv in self.convs:
            x = F.leaky_relu(conv(x), SLOPE)
        scores: Tensor = self.head(x, label)
        return scores
