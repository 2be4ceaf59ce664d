"""The residual networks of SNGAN (Miyato et al. 2018, appendix B), for any image size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.layout import Layout, crop

__all__ = ["ResNetDiscriminator", "ResNetGenerator"]


class ResNetGenerator(nn.Module):
    """Noise to image by residual blocks with batch normalisation and nearest-neighbour doubling.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        width: Channels of every block.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__()
        channels, *self.size = shape
        layout = Layout.of(*self.size)
        self.base = (width, *layout.base)
        self.z_dim = z_dim
        self.condition = ConcatLabel(z_dim, classes)
        self.stem = nn.Linear(self.condition.features, width * layout.base[0] * layout.base[1])
        self.blocks = nn.Sequential(*(_UpBlock(width) for _ in range(layout.doublings)))
        self.norm = nn.BatchNorm2d(width)
        self.out = nn.Conv2d(width, channels, 3, padding=1)
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        h = self.stem(self.condition(z, label)).reshape(-1, *self.base)
        image: Tensor = self.head(self.out(torch.relu(self.norm(self.blocks(h)))))
        return crop(image, *self.size)


class ResNetDiscriminator(nn.Module):
    """Image to score by residual blocks, halving by average pooling, summed over space.

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels of every block.
        classes: Number of classes; 0 for none. Labels enter by projection.
        spectral: Divide every weight by its largest singular value (Miyato et al. 2018, eq. 8).
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, spectral: bool = True) -> None:
        super().__init__()
        channels, *sides = shape
        doublings = Layout.of(*sides).doublings
        blocks = [_DownBlock(channels if i == 0 else width, width, first=i == 0) for i in range(doublings)]
        self.blocks = nn.Sequential(*blocks, _DownBlock(width if doublings else channels, width, halve=False))
        self.head = ProjectionHead(width, classes)
        if spectral:
            for module in [m for m in self.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]:
                spectral_norm(module)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From images `(n, channels, height, width)` and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(F.relu(self.blocks(x)).sum((2, 3)), label)
        return score


class _UpBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.skip = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.interpolate(F.relu(self.norm1(x)), scale_factor=2.0))
        h = self.conv2(F.relu(self.norm2(h)))
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
