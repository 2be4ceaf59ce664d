"""Vectors of places of maps, by which CUT recognises patches."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.normed import small_normal

__all__ = ["PatchHeads"]


class PatchHeads(nn.Module):
    """Places of maps to unit vectors, a small network for each map (Park et al. 2020, section 3 and appendix C).

    Args:
        widths: Channels of the maps.
        features: Length of the vectors.
    """

    def __init__(self, widths: Sequence[int], features: int = 256) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, features), nn.ReLU(), nn.Linear(features, features)) for width in widths
        )
        small_normal(self)

    def forward(self, maps: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """From maps `(n, c, h, w)` and indices `(k,)` of places to vectors `(n, k, features)` of length 1."""
        rows = [
            head(level.flatten(2)[:, :, at].transpose(1, 2))
            for head, level, at in zip(self.heads, maps, places, strict=True)
        ]
        return [F.normalize(row, dim=-1) for row in rows]
