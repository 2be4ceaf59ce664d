"""Recurrent networks from one course of vectors to another, as TimeGAN's five are (Yoon et al. 2019, section 4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gansmith.nets.condition import embedded

__all__ = ["Recurrent"]

LABEL = 8


class Recurrent(nn.Module):
    """Gated recurrent units and a linear read-out at every step.

    Args:
        inputs: Numbers of a step that goes in.
        outputs: Numbers of a step that comes out.
        hidden: Units of a layer.
        layers: Layers of units.
        classes: Number of classes, whose learnt vectors are appended to every step; 0 for none.
        squashed: Whether what comes out lies between 0 and 1.
    """

    def __init__(
        self, inputs: int, outputs: int, hidden: int, layers: int, classes: int = 0, squashed: bool = False
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, LABEL) if classes else None
        self.units = nn.GRU(inputs + (LABEL if classes else 0), hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, outputs)
        self.squashed = squashed

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From `(n, steps, inputs)` and labels `(n,)` to `(n, steps, outputs)`; a step sees those before it."""
        if self.embed is not None:
            if label is None:
                raise ValueError("this network is conditional: labels are missing")
            beside = embedded(self.embed, label).unsqueeze(1).expand(-1, x.shape[1], -1)
            x = torch.cat([x, beside.to(x.dtype)], 2)
        read: Tensor = self.out(self.units(x)[0])
        return read.sigmoid() if self.squashed else read
