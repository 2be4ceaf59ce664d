"""The residual networks of SNGAN (Miyato et al. 2018, appendix B), for any image size.

Classes enter the generator by conditional batch normalisation and the discriminator by projection, as in Miyato &
Koyama (2018, appendix A).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.nets.batch_features import GROUP, Across, across_batch
from gansmith.nets.condition import ConditionalBatchNorm2d, ProjectionHead
from gansmith.nets.generator import ImageGenerator
from gansmith.nets.layout import Layout

__all__ = ["ResNetDiscriminator", "ResNetGenerator"]


class ResNetGenerator(ImageGenerator):
    """Noise to image by residual blocks with batch normalisation and nearest-neighbour doubling.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels of every block.
        classes: Number of classes; 0 for none. Labels enter by the gains and biases of the blocks' normalisations.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__(shape, z_dim, head)
        layout = self.layout
        self.base = (width, *layout.base)
        self.stem = nn.Linear(z_dim, width * layout.base[0] * layout.base[1])
        self.blocks = nn.ModuleList(_UpBlock(width, classes) for _ in range(layout.doublings))
        self.norm = ConditionalBatchNorm2d(width, 0 if layout.doublings else classes)
        self.out = nn.Conv2d(width, self.channels, 3, padding=1)
        self.apply(_init)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        h = self.stem(z).reshape(-1, *self.base)
        for block in self.blocks:
            h = block(h, label)
        return self.image(self.out(torch.relu(self.norm(h, label))))


class ResNetDiscriminator(nn.Module):
    """Image to score by residual blocks, halving by average pooling, summed over space.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels of every block.
        classes: Number of classes; 0 for none. Labels enter by projection.
        spectral: Divide every weight by its largest singular value (Miyato et al. 2018, eq. 8).
        across: Features that look across the batch.
        group: Samples whose spread they measure.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        classes: int = 0,
        spectral: bool = True,
        across: Across = "none",
        group: int = GROUP,
    ) -> None:
        super().__init__()
        channels, *sides = shape
        doublings = Layout.of(*sides).doublings
        blocks = [_DownBlock(channels if i == 0 else width, width, first=i == 0) for i in range(doublings)]
        self.blocks = nn.Sequential(*blocks, _DownBlock(width if doublings else channels, width, halve=False))
        self.across = across_batch(across, width, group)
        self.head = ProjectionHead(self.across.features, classes)
        self.apply(_init)
        if spectral:
            for module in [m for m in self.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]:
                spectral_norm(module)

    def features(self, x: Tensor) -> Tensor:
        """From images `(n, channels, height, width)` to what the head reads, `(n, features)`."""
        h: Tensor = self.across(F.relu(self.blocks(x)).sum((2, 3)))
        return h

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(x), label)
        return score


class _UpBlock(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ConditionalBatchNorm2d(width, classes), ConditionalBatchNorm2d(width, classes)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.skip = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor, label: Tensor | None) -> Tensor:
        h = self.conv1(F.interpolate(F.relu(self.norm1(x, label)), scale_factor=2.0))
        h = self.conv2(F.relu(self.norm2(h, label)))
        y: Tensor = h + F.interpolate(self.skip(x), scale_factor=2.0)  # 1x1 convolution and doubling commute
        return y


class _DownBlock(nn.Module):
    def __init__(self, a: int, b: int, first: bool = False, halve: bool = True) -> None:
        super().__init__()
        self.first, self.halve = first, halve
        self.conv1, self.conv2 = nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)
        self.skip = nn.Conv2d(a, b, 1) if a != b or halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = x if self.first else F.relu(x)  # the image itself is not rectified
        h = self.conv2(F.relu(self.conv1(h)))
        y: Tensor = self._pool(h) + self.skip(self._pool(x))
        return y

    def _pool(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2) if self.halve else x


def _init(module: nn.Module) -> None:
    """Glorot's uniform weights, scaled up by sqrt(2) in front of a ReLU, as in the authors' experiments."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight, 2**0.5 if module.kernel_size == (3, 3) else 1.0)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
