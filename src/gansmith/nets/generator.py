"""What generators of images share: the sizes that they climb through, and how their last map becomes the image."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.nets.layout import Layout, crop

__all__ = ["ImageGenerator"]


class ImageGenerator(nn.Module):
    """The base of convolutional generators.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the noise.
        head: `"tanh"` for output in [-1, 1]; None for none.

    Attributes:
        channels: Of the image.
        layout: From the smallest map to the image.
    """

    def __init__(self, shape: tuple[int, ...], z_dim: int, head: str | None) -> None:
        super().__init__()
        self.channels, *self.size = shape
        self.z_dim = z_dim
        self.layout = Layout.of(*self.size)
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()

    def image(self, x: Tensor) -> Tensor:
        """From the last map `(n, channels, h, w)`, at least as large as the image, to images."""
        return crop(self.head(x), *self.size)
