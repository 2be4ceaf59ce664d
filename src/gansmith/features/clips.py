"""Features of clips without trained weights: fixed random convolutions of frames, and of their change over time.

Random filters with a rectifier behind them already tell textures and shapes apart (Jarrett et al. 2009, What is
the best multi-stage architecture for object recognition?); they cost nothing to ship, favour no model, and see motion
as well as looks. They know nothing of what a thing is: where a trained network is installed, frames are compared in it.
"""

from __future__ import annotations

from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.base import Extractor, extract, state_hash
from gansmith.features.images import to_rgb

__all__ = ["ClipFeatures", "frame_extractor"]

SIDE = 32
WIDTH = 32
CHUNK = 64


class ClipFeatures:
    """Two stages of random convolutions on single frames and on pairs of neighbouring frames, averaged.

    Frames are shown at 32x32. The filters of the first stage have sum zero, so that plain brightness counts little.

    Attributes:
        id: Name and version.
        hash: sha256 of the filters.
        dim: 64: the first half says how frames look, the second how they change.
    """

    id = "random-clips-1"
    dim = 2 * WIDTH

    @cached_property
    def _filters(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(34)

        def drawn(outputs: int, inputs: int, side: int, centred: bool) -> Tensor:
            weight = torch.randn(outputs, inputs, side, side, generator=generator, dtype=torch.float64)
            weight = weight - weight.mean((2, 3), keepdim=True) if centred else weight
            length: Tensor = torch.linalg.vector_norm(weight.flatten(1), dim=1)
            return (weight / length[:, None, None, None]).float()

        return {
            "look1": drawn(48, 3, 5, True),
            "look2": drawn(WIDTH, 48, 3, False),
            "move1": drawn(48, 6, 5, True),
            "move2": drawn(WIDTH, 48, 3, False),
        }

    @cached_property
    def hash(self) -> str:
        """sha256 of the filters."""
        return state_hash(self._filters)

    def __call__(self, clips: Tensor) -> Tensor:
        """Features `(N, 64)` float32 of clips `(N, C, T, H, W)` in [-1, 1]."""
        return torch.cat([self.frames(clips).mean(1), self.changes(clips).mean(1)], 1)

    def frames(self, clips: Tensor) -> Tensor:
        """How each frame looks, `(N, T, 32)`."""
        return self._of(self._shown(clips), "look")

    def changes(self, clips: Tensor) -> Tensor:
        """How each frame goes over into the next, `(N, T - 1, 32)`: of their mean and their difference."""
        x = self._shown(clips)
        return self._of(torch.cat([(x[:, 1:] + x[:, :-1]) / 2, x.diff(dim=1)], 2), "move")

    def _shown(self, clips: Tensor) -> Tensor:
        """Frames `(N, T, 3, 32, 32)`."""
        if clips.ndim != 5 or clips.shape[2] < 2:
            raise InputError(f"clips must be (N, C, T, H, W) of at least 2 frames, got shape {tuple(clips.shape)}")
        frames = clips.detach().float().transpose(1, 2)
        small = F.adaptive_avg_pool2d(to_rgb(frames.flatten(0, 1)), (SIDE, SIDE))
        return small.reshape(len(clips), -1, *small.shape[1:])

    def _of(self, x: Tensor, which: str) -> Tensor:
        n, t = x.shape[:2]
        first, second = self._filters[f"{which}1"], self._filters[f"{which}2"]
        with torch.no_grad():
            found = [
                F.relu(F.conv2d(F.relu(F.conv2d(part, first, stride=2, padding=2)), second, stride=2, padding=1))
                for part in torch.split(x.flatten(0, 1), CHUNK)
            ]
        return torch.cat([part.mean((2, 3)) for part in found]).reshape(n, t, -1)


def frame_extractor() -> Extractor | None:
    """EfficientNet-Lite0 on single frames, where the extra `features` is installed; None without it."""
    from gansmith.features.efficientnet import EfficientNetFeatures

    try:
        return EfficientNetFeatures(block=10, size=64)
    except InputError:
        return None


def frame_features(extractor: Extractor, clips: Tensor) -> Tensor:
    """What an extractor of images says of each frame, `(N, T, D)`."""
    return extract(extractor, clips.transpose(1, 2).flatten(0, 1)).reshape(len(clips), clips.shape[2], -1)
