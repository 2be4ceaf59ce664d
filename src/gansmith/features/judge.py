"""The judge: a small classifier, trained on the user's own labels, whose features measure generated images."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Judge"]


class _Block(nn.Module):
    """Two 3x3 convolutions with batch normalisation, and a shortcut around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, inputs, H, W)` to `(N, outputs, H, W)`."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + cast(Tensor, self.skip(x)))


class Judge(nn.Module):
    """A residual classifier of about 120 thousand weights for images of any size.

    Images larger than about 32 pixels are averaged down first, so that the cost stays bounded. In `eval` the answer
    for an image does not depend on the rest of the batch.

    Args:
        shape: Channels, height and width of one image.
        classes: Number of classes.
        widths: Channels of the stem and of the three stages; the last is the number of features.
        dropout: Share of the features dropped in training, before the last layer.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        widths: tuple[int, int, int, int] = (16, 32, 48, 64),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        channels, height, width = self.shape = shape
        self.shrink = max(1, round(min(height, width) / 32))
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        self.blocks = nn.ModuleList(_Block(a, b) for a, b in pairwise(widths))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Show what is seen on the way: after the stem and after each stage.

        Args:
            x: Images in [-1, 1], `(N, C, H, W)`.

        Returns:
            A map `(N, widths[i], H_i, W_i)` for each of the widths, each stage half as high and wide as the one before.
        """
        if self.shrink > 1:
            x = F.avg_pool2d(x, self.shrink, ceil_mode=True)
        found = [F.relu(self.norm(self.stem(x)))]
        for block in self.blocks:
            found.append(block(F.max_pool2d(found[-1], 2, ceil_mode=True)))
        return found

    def features(self, x: Tensor) -> Tensor:
        """Describe images by the inputs of the last layer.

        Args:
            x: Images in [-1, 1], `(N, C, H, W)`.

        Returns:
            Features, `(N, D)` with `D = widths[-1]`.
        """
        return self.maps(x)[-1].mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Classify images.

        Args:
            x: Images in [-1, 1], `(N, C, H, W)`.

        Returns:
            Logits, `(N, classes)`.
        """
        return cast(Tensor, self.head(self.dropout(self.features(x))))
