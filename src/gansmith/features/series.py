"""Features of time series without learnt weights: how often, and how far, convolutions with fixed kernels are high.

The kernels are those of MiniRocket (Dempster, Schmidt & Webb 2021, arXiv:2012.08791): 9 steps long, two values,
dilated; here a kernel reads a fixed random mixture of channels, and there are fewer of them, since distances of means
and covariances are taken in them. Biases are quantiles of real training series.
"""

from __future__ import annotations

import hashlib
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["SeriesFeatures"]

KERNELS = 24
"""Mixtures of channels and kernels at each dilation."""

DILATIONS = 4
LENGTH = 9
HIGH = 3
"""Weights of 2 in a kernel; the others are -1, and all of them sum to 0."""


class SeriesFeatures:
    """Features of series of one shape.

    Args:
        train: Real training series `(n, channels, steps)`, of about unit variance.

    Attributes:
        id: Name and version.
        hash: Digest of kernels and biases.
    """

    id = "series-kernels-1"

    def __init__(self, train: Tensor) -> None:
        channels, steps = train.shape[1:]
        generator = torch.Generator().manual_seed(9)
        places = list(combinations(range(LENGTH), HIGH))
        fits = max(1, (steps - 1) // (LENGTH - 1))
        self.dilations = sorted({round(fits ** (i / (DILATIONS - 1))) for i in range(DILATIONS)})
        self.mixes, self.kernels, self.biases = [], [], []
        for dilation in self.dilations:
            mix = torch.randn(KERNELS, channels, generator=generator) * channels**-0.5
            kernel = torch.full((KERNELS, 1, LENGTH), -1.0)
            for row, choice in enumerate(torch.randperm(len(places), generator=generator)[:KERNELS].tolist()):
                kernel[row, 0, list(places[choice])] = 2.0
            self.mixes.append(mix)
            self.kernels.append(kernel)
            found = self._convolved(train[:2000], mix, kernel, dilation).transpose(0, 1).flatten(1)
            found = found[:, :: max(1, found.shape[1] // 10_000)]
            spread = found.std(1).clamp_min(1e-3)
            self.biases.append(torch.stack([torch.quantile(found, 0.5, 1), torch.quantile(found, 0.85, 1), spread], 1))
        digest = hashlib.sha256()
        for tensor in (*self.mixes, *self.kernels, *self.biases):
            digest.update(tensor.contiguous().numpy().tobytes())
        self.hash = digest.hexdigest()

    @staticmethod
    def _convolved(x: Tensor, mix: Tensor, kernel: Tensor, dilation: int) -> Tensor:
        """`(n, kernels, steps)`."""
        mixed = torch.einsum("ncl,kc->nkl", x.float(), mix)
        return F.conv1d(mixed, kernel, padding="same", dilation=dilation, groups=len(kernel))

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        """Features `(n, d)` of series `(n, channels, steps)`: means and spreads of channels, shares above biases."""
        parts = [x.float().mean(2), x.float().std(2)]
        for mix, kernel, biases, dilation in zip(self.mixes, self.kernels, self.biases, self.dilations, strict=True):
            found = self._convolved(x, mix, kernel, dilation)
            for which in range(2):
                # soft, so that a small change of a series is a small change of its features
                high = (found - biases[None, :, which, None]) / (0.3 * biases[None, :, 2, None])
                parts.append(high.sigmoid().mean(2))
        return torch.cat(parts, 1)
