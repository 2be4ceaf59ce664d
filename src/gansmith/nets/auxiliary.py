"""Discriminators with a second head, which reads something off the image: its condition, or its latent codes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import AuxiliaryHead
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.light import LightDiscriminator

__all__ = ["CodeDiscriminator", "ReadingDiscriminator"]

HIDDEN = 128
"""Units of the code reader's hidden layer (Chen et al. 2016, appendix C)."""


class ReadingDiscriminator(LightDiscriminator):
    """The light discriminator, which is not shown the condition but reads it (Odena et al. 2017).

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0) -> None:
        super().__init__(shape, width)
        self.read = AuxiliaryHead(self.head.linear.in_features, classes) if classes else None

    def both(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """From images to scores `(n,)` and what is read of the condition, `(n, classes)`; None without conditions."""
        h = self.features(x)
        return self.head(h, None), None if self.read is None else self.read(h)


class CodeDiscriminator(LightDiscriminator):
    """The light discriminator with a second head Q that reads latent codes (Chen et al. 2016, section 5).

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution.
        choices: Categories of the categorical code; 0 for none.
        numbers: Continuous codes.
        classes: Number of classes, or length of the condition vector, shown by projection; 0 for none.
    """

    def __init__(self, shape: tuple[int, ...], width: int, choices: int, numbers: int, classes: int = 0) -> None:
        super().__init__(shape, width, classes)
        self.choices, self.numbers = choices, numbers
        self.hidden = nn.Linear(self.head.linear.in_features, HIDDEN)
        he_normal(self.hidden)
        self.read = AuxiliaryHead(HIDDEN, choices + 2 * numbers)

    def both(self, x: Tensor, label: Tensor | None) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """From images and conditions to scores `(n,)` and Q: logits, and means and log-variances of the numbers."""
        h = self.features(x)
        logits, mean, log_var = self.read(F.leaky_relu(self.hidden(h), SLOPE)).split(
            [self.choices, self.numbers, self.numbers], 1
        )
        return self.head(h, label), (logits, mean, log_var)
