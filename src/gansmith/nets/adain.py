"""Image and style to image by adaptive instance normalisation (Huang & Belongie 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gansmith.nets.initial import he_normal
from gansmith.nets.translate import ResNetTranslator
from gansmith.nets.upsample import RepeatConv, Upsample

__all__ = ["StyleTranslator"]


class StyleTranslator(ResNetTranslator):
    """An image in the style of another: its halved maps get the means and deviations of the other's (eq. 8).

    Nothing else is normalised: what the means and deviations say would be taken out again. With the image itself as
    style the maps stay as they are.

    Args:
        channels: Of the image and of the style.
        made: Channels of the output.
        width: Channels at the image's resolution.
        blocks: Residual blocks behind the exchange.
        head: `"tanh"` for output in [-1, 1]; None for none.
        upsample: How maps are doubled.
    """

    def __init__(
        self,
        channels: int,
        made: int,
        width: int = 64,
        blocks: int = 3,
        head: str | None = "tanh",
        upsample: Upsample = "repeat",
    ) -> None:
        super().__init__(channels, made, width, blocks, norm="none", head=head, upsample=upsample)
        self.even = nn.InstanceNorm2d(self.tapped[-1])
        self.receptive_field = None  # the statistics
        for module in self.modules():
            if isinstance(module, nn.Conv2d | RepeatConv):
                he_normal(module)  # type: ignore[arg-type]

    def forward(self, image: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        """From images `(n, channels, h, w)` and styles `(n, channels, any, any)` to images `(n, made, h, w)`."""
        exchanged = self.exchanged(self.lowered(image), self.lowered(style))
        return self.painted(self.raised(exchanged))[..., : image.shape[-2], : image.shape[-1]]

    def exchanged(self, maps: Tensor, style: Tensor) -> Tensor:
        """Maps `(n, c, h, w)` with the means and deviations that the style's `(n, c, any, any)` have."""
        variance, mean = torch.var_mean(style, (2, 3), correction=0, keepdim=True)
        even: Tensor = self.even(maps)
        return even * (variance + self.even.eps).sqrt() + mean
