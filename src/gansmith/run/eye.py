"""A look at samples while a run trains: quick scores, which modes are made, and whether the average lags behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gansmith.metrics import evaluate_features
from gansmith.metrics.functional import Modes, clusters, kernel_distance, spread
from gansmith.run.evaluation import Ruler, measure_model
from gansmith.run.modality import Look
from gansmith.run.model import Model
from gansmith.types import Json

__all__ = ["LOOK", "Eye"]

LOOK = 1_000
"""Samples of a look: cheap, and enough for shares of modes."""

RAW = 256
"""Samples of the generator as it is, without averaging: only its distance is taken of them."""

SCORES = ("kernel", "precision", "recall", "coverage")
"""Scores that are meaningful for a few hundred images."""

COPIES = 100
"""Validation images from which on it is asked whether samples are nearer to training images."""

MANY, CLUSTERS = 20, 10
"""Most classes that are taken for modes; clusters that are, where there are more or none."""

LEAST = 0.01
"""Share of real images that a mode needs, so that its samples can be counted: ten of a look."""


@dataclass(frozen=True)
class Eye:
    """What looks at the samples of one run.

    Attributes:
        ruler: The networks that measure.
        real: Measured validation images.
        train: Measured training images, as many at most, to be compared with.
        modes: Points that stand for modes.
        names: Of the modes.
        expected: Share of training images in each.
        spread: Mean distance of two validation images.
    """

    ruler: Ruler
    real: Mapping[str, Tensor]
    train: Tensor
    modes: Modes
    names: Sequence[str]
    expected: Tensor
    spread: float

    @classmethod
    def of(
        cls,
        ruler: Ruler,
        real: Mapping[str, Tensor],
        train: Mapping[str, Tensor],
        classes: Sequence[str],
        items: Sequence[str],
    ) -> Eye:
        """From measured validation and training images.

        Args:
            ruler: The networks that measured them.
            real: Features of validation images, with labels where there are classes.
            train: The same of training images.
            classes: Names of the classes.
            items: Names of the training images; empty where they have none.
        """
        features = train["features"]
        order = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))
        few = order[: len(real["features"])]
        if "labels" in real and len(classes) <= MANY:
            modes, names = Modes(real["features"].double(), real["labels"], len(classes)), list(classes)
        else:
            modes = clusters(features[order[: 10 * LOOK]], min(CLUSTERS, len(features)))
            nearest = torch.cdist(modes.points, features[few].double()).argmin(1)
            names = [f"like {items[i]}" if items else f"like image {i}" for i in few[nearest].tolist()]
        expected = modes.shares(features[order[: 10 * LOOK]])
        return cls(ruler, real, features[few], modes, names, expected, max(spread(real["features"]), 1e-12))

    def look(self, model: Model, raw: Model | None = None) -> Look:
        """Look at a model.

        Args:
            model: With averaged weights, where the game averages.
            raw: The same without averaging; None where they are one.
        """
        made = measure_model(model, self.ruler, LOOK)
        names = [*SCORES, "accuracy"] if "logits" in made else SCORES
        copying = len(self.real["features"]) >= COPIES
        real: Any = dict(self.real)
        found = evaluate_features(
            real,
            made,
            train=self.train if copying else None,
            metrics=[*names, "train_closer"] if copying else names,
            settings=self.ruler.settings("val", resamples=0),
        )
        scores = {result.name: result.value for result in found.results}
        scores["spread"] = spread(made["features"]) / self.spread
        if raw is not None:
            own = measure_model(raw, self.ruler, RAW)["features"]
            scores["raw_kernel"] = float(kernel_distance(self.real["features"], own))
        return Look(scores, self._shares(made["features"]))

    def _shares(self, made: Tensor) -> dict[str, Json]:
        pairs = zip(self.names, self.expected.tolist(), self.modes.shares(made).tolist(), strict=True)
        return {name: [round(real, 4), round(share, 4)] for name, real, share in pairs if real >= LEAST}
