"""The features of a classifier trained on the user's own data: they know what matters in it."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.features.base import check_images, state_hash
from gansmith.features.judge import Judge

__all__ = ["JudgeExtractor"]


class JudgeExtractor:
    """A trained judge as an extractor; it is put into eval mode and its weights are frozen.

    Args:
        judge: The trained classifier.
        name: What it was trained on, for the id: `judge-<name>`.
    """

    def __init__(self, judge: Judge, name: str) -> None:
        self.judge = judge.eval().requires_grad_(False)
        self.id = f"judge-{name}"
        self.hash = state_hash(judge.state_dict())
        self.dim = int(judge.head.in_features)

    def __call__(self, images: Tensor) -> Tensor:
        """Features `(N, dim)` of images `(N, C, H, W)` in [-1, 1] with the channels that the judge was trained on."""
        check_images(images)
        with torch.no_grad():
            return self.judge.features(images).float()

    def maps(self, images: Tensor) -> list[Tensor]:
        """Maps after the stem and after each stage (see `Judge.maps`)."""
        check_images(images)
        with torch.no_grad():
            return self.judge.maps(images.float())
