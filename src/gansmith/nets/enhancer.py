"""pix2pixHD's generator: a global network at half the size, and one at full size that begins with its maps."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.layout import pad_to_multiple
from gansmith.nets.normed import Norm, small_normal
from gansmith.nets.translate import ResNetTranslator
from gansmith.nets.upsample import Upsample

__all__ = ["CoarseToFine"]


def halved(image: Tensor) -> Tensor:
    """The image at half its size, as the global network and the coarser discriminators see it: means of 3x3 pixels."""
    return F.avg_pool2d(image, 3, 2, 1, count_include_pad=False)


class CoarseToFine(nn.Module):
    """Image to image, coarse to fine: the generator of Wang et al. 2018, section 3.2, with one local enhancer.

    The global network is a `ResNetTranslator` on the halved image. The enhancer halves the image once, adds the last
    maps of the global network to its own, and goes on from their sum; it has half as many channels at full size, so
    that both have the same at half size.

    Args:
        channels: Of the input.
        made: Channels of the output.
        width: Channels of the global network's first maps (64 in the paper), even.
        blocks: Residual blocks of the global network (9 in the paper).
        local: Residual blocks of the enhancer (3 in the paper).
        halvings: How often the global network halves its maps (4 in the paper).
        norm: How maps are normalised.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled.

    Attributes:
        sees: Side in pixels of what an output pixel sees through the convolutions, statistics of the image left out.
    """

    scale = 1

    def __init__(
        self,
        channels: int,
        made: int,
        width: int = 64,
        blocks: int = 9,
        local: int = 3,
        halvings: int = 4,
        norm: Norm = "instance",
        head: str | None = "tanh",
        upsample: Upsample = "transposed",
    ) -> None:
        super().__init__()
        self.whole = ResNetTranslator(channels, made, width, blocks, halvings, norm, head, upsample)
        self.local = ResNetTranslator(channels, made, width // 2, local, 1, norm, head, upsample)
        small_normal(self)
        self.divisor = 2 * self.whole.divisor
        self.sees = 2 * self.whole.sees + 1 + self.local.sees
        self.receptive_field = None if norm == "instance" else self.sees

    def forward(self, image: Tensor) -> Tensor:
        """From images `(n, channels, h, w)` to images `(n, made, h, w)`."""
        height, width = image.shape[-2:]
        image = pad_to_multiple(image, self.divisor)
        coarse = self.whole.maps(halved(image))
        return self.local.painted(self.local.raised(self.local.lowered(image) + coarse))[..., :height, :width]

    def small(self, image: Tensor) -> Tensor:
        """What the global network makes of the halved image, `(n, made, h / 2, w / 2)`: the first stage's."""
        made: Tensor = self.whole(halved(image))
        return made
