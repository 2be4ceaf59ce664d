"""How to measure: networks, protocol, neighbour, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gansmith.types import Json

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        extractor: Id of the network that the features come from. Without it results can't be compared.
        weights: Hash of that network's weights.
        judge: Id of the classifier that the logits come from (the accuracy's counterpart of `extractor`).
        judge_weights: Hash of the classifier's weights.
        perceptual: Id of the maps that tell how different two images look (of `path_length` and the diversities).
        perceptual_weights: Hash of their network's weights.
        split: Which part of the data the real samples are, e.g. `"test"`.
        protocol: What else must agree between results that are compared, e.g. `{"data": fingerprint}`.
        k: Neighbour that sets the radius of a ball in precision, recall, density and coverage.
        resamples: Bootstrap resamples; 0 for no intervals.
        confidence: Of the intervals.
        seed: Of resamples, subsets and parts.
        subsets: Subsets of `kernel_subsets`.
        subset_size: Their size; 1,000 as usually published.
        trim: Share of the steps of `path_length` left out at each end; 0.01 as the authors.
        rank_deficient: Whether a Frechet distance may be taken from no more samples than the features are wide. Such a
            value is mostly bias, so by default it is refused.
    """

    extractor: str | None = None
    weights: str | None = None
    judge: str | None = None
    judge_weights: str | None = None
    perceptual: str | None = None
    perceptual_weights: str | None = None
    split: str | None = None
    protocol: Mapping[str, Json] = field(default_factory=dict)
    k: int = 5
    resamples: int = 200
    confidence: float = 0.95
    seed: int = 0
    subsets: int = 100
    subset_size: int = 1000
    trim: float = 0.01
    rank_deficient: bool = False
