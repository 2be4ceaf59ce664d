"""Showing conditions to networks, and reading them off an image.

They are shown by concatenation, by the gains and biases of batch normalisation, and by projection in a discriminator.

A condition is a class id, or a vector of real numbers (attributes, a sentence's embedding). Networks look both up by
`embedded`, so every conditional network takes either: `classes` is the number of classes, or the vector's length.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gansmith.nets.full_precision import in_full

__all__ = ["AuxiliaryHead", "ConcatLabel", "ConditionalBatchNorm2d", "ProjectionHead", "embedded"]


def embedded(table: nn.Embedding, condition: Tensor) -> Tensor:
    """Rows of the table for class ids `(n,)`, or their combination weighted by a vector `(n, rows)` for each sample.

    A one-hot vector gives the row of its class. No condition is the id -1 or a vector of zeros, and gives zeros.
    """
    if condition.dtype == torch.long:
        found: Tensor = table(condition.clamp_min(0))
        return found * (condition >= 0).unsqueeze(1)
    return condition.to(table.weight.dtype) @ table.weight


class ConcatLabel(nn.Module):
    """Noise with a learnt label vector appended; without classes, the noise as it is.

    Args:
        z_dim: Length of the noise.
        classes: Number of classes; 0 for none.
        width: Length of the label vector.
    """

    def __init__(self, z_dim: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, width) if classes else None
        self.features = z_dim + (width if classes else 0)

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        """From `(n, z_dim)` and labels `(n,)` to `(n, features)`."""
        if self.embed is None:
            return z
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        return torch.cat([z, embedded(self.embed, label)], 1)


class ConditionalBatchNorm2d(nn.Module):
    """Batch normalisation whose gain and bias depend on the condition (de Vries et al. 2017; Miyato & Koyama 2018).

    Each channel is normalised, times `1 + <gain table, condition>`, plus `<bias table, condition>`. Both tables begin
    near zero, so that all conditions begin alike; not at zero, so that spectral normalisation can divide by them.
    Without a condition it is plain batch normalisation with a learnt gain and bias.

    Args:
        features: Channels.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """

    def __init__(self, features: int, classes: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(features, affine=not classes)
        self.gain = nn.Embedding(classes, features) if classes else None
        self.bias = nn.Embedding(classes, features) if classes else None
        for table in (self.gain, self.bias):
            if table is not None:
                nn.init.normal_(table.weight, std=0.02)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """From `(n, features, height, width)` and class ids `(n,)` or vectors `(n, classes)` to the same shape."""
        h: Tensor = self.norm(x)
        if self.gain is None or self.bias is None:
            return h
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        gain, bias = embedded(self.gain, label), embedded(self.bias, label)
        return h * (1 + gain[:, :, None, None]) + bias[:, :, None, None]


class AuxiliaryHead(nn.Module):
    """A linear read-out of the condition from a discriminator's features (Odena et al. 2017).

    Args:
        features: Length of h.
        classes: Number of classes (the output is their logits), or length of the condition vector.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, classes)

    @in_full
    def forward(self, h: Tensor) -> Tensor:
        """From `(n, features)` to `(n, classes)`."""
        read: Tensor = self.linear(h)
        return read


class ProjectionHead(nn.Module):
    """Score = linear(h) + <embed(label), h> (Miyato & Koyama 2018, eq. 3); without classes, linear(h).

    Args:
        features: Length of h.
        classes: Number of classes; 0 for none.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.embed = nn.Embedding(classes, features) if classes else None
        if self.embed is not None:
            nn.init.normal_(self.embed.weight, std=features**-0.5)

    @in_full
    def projections(self, h: Tensor) -> Tensor:
        """Projections `(n, classes)` of `(n, features)`: what each class would add to the score."""
        if self.embed is None:
            raise ValueError("this network has no classes")
        return h @ self.embed.weight.T

    @in_full
    def forward(self, h: Tensor, label: Tensor | None) -> Tensor:
        """From `(n, features)` and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.linear(h).squeeze(1)
        if self.embed is None:
            return score
        if label is None:
            raise ValueError("this network is conditional: labels are missing")
        projected: Tensor = (h * embedded(self.embed, label)).sum(1)
        return score + projected
