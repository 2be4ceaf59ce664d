"""A look at samples while a run trains: quick scores, which modes are made, and whether the average lags behind."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gansmith.metrics import Settings, evaluate_features
from gansmith.metrics.functional import Modes, clusters, kernel_distance, spread
from gansmith.run.modality import Look
from gansmith.types import Json

__all__ = ["LOOK", "Eye", "Measure"]

Measure = Callable[[Any, int], Mapping[str, Tensor]]
"""From a model and a number to features, and where there are classes labels and logits, of so many samples."""

LOOK = 1_000
"""Samples of a look: cheap, and enough for shares of modes."""

RAW = 256
"""Samples of the generator as it is, without averaging: only its distance is taken of them."""

SCORES = ("kernel", "precision", "recall", "coverage")
"""Scores that are meaningful for a few hundred images."""

RELATIVE = ("precision", "recall", "coverage")
"""Scores that are told as a share of what real items reach."""

COPIES = 100
"""Validation items from which on it is asked whether samples are nearer to training images."""

MANY, CLUSTERS = 20, 10
"""Most classes that are taken for modes; clusters that are, where there are more or none."""

LEAST = 0.01
"""Share of real items that a mode needs, so that its samples can be counted: ten of a look."""


DRAWS = 8


def _tie_of(real: Tensor, train: Tensor) -> float:
    """Difference of kernel distances that is noise: two standard deviations over draws of training items.

    Args:
        real: Features of validation items.
        train: Features of training items.
    """
    generator = torch.Generator().manual_seed(0)
    draws = [torch.randint(len(train), (LOOK,), generator=generator) for _ in range(DRAWS)]
    return 2 * statistics.stdev(float(kernel_distance(real, train[rows])) for rows in draws)


def _reached(real: Any, train: Tensor, settings: Settings) -> dict[str, float]:
    """Scores of training items in the place of samples."""
    found = evaluate_features(real, train, metrics=RELATIVE, settings=settings)
    return {result.name: result.value for result in found.results}


@dataclass(frozen=True)
class Eye:
    """What looks at the samples of one run.

    Attributes:
        measure: Measures samples.
        settings: The protocol.
        real: Measured validation items.
        train: Measured training items, as many at most, to be compared with; None where it can't be told in a run
            whether samples are nearer to them.
        modes: Points that stand for modes.
        names: Of the modes.
        expected: Share of training items in each.
        spread: Mean distance of two validation items.
        tie: Difference of kernel distances that is noise. Among models that close to the best the latest is kept,
            since its weights have been averaged longer and its learning rate is lower.
        ceiling: What training items reach in the place of samples, by score, where validation items are blocks: of a
            series that drifts they cover little. Empty where they are as any others, and reach nearly everything.
    """

    measure: Measure
    settings: Settings
    real: Mapping[str, Tensor]
    train: Tensor | None
    modes: Modes
    names: Sequence[str]
    expected: Tensor
    spread: float
    tie: float
    ceiling: dict[str, float]

    @classmethod
    def of(
        cls,
        measure: Measure,
        settings: Settings,
        real: Mapping[str, Tensor],
        train: Mapping[str, Tensor],
        classes: Sequence[str],
        items: Sequence[str],
        item: str = "image",
        blocks: bool = False,
    ) -> Eye:
        """From measured validation and training items.

        Args:
            measure: What measured them.
            settings: The protocol.
            real: Features of validation items, with labels where there are classes.
            train: The same of training items.
            classes: Names of the classes.
            items: Names of the training items; empty where they have none.
            item: What one is called.
            blocks: Whether validation items are a few blocks of an order, such as time: how near samples are to them,
                and to training items, is then a matter of where the blocks lie.
        """
        features = train["features"]
        order = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))
        few = order[: len(real["features"])]
        if "labels" in real and len(classes) <= MANY:
            modes, names = Modes(real["features"].double(), real["labels"], len(classes)), list(classes)
        else:
            modes = clusters(features[order[: 10 * LOOK]], min(CLUSTERS, len(features)))
            nearest = torch.cdist(modes.points, features[few].double()).argmin(1)
            names = [f"like {items[i]}" if items else f"like {item} {i}" for i in few[nearest].tolist()]
        expected = modes.shares(features[order[: 10 * LOOK]])
        apart, tie = max(spread(real["features"]), 1e-12), _tie_of(real["features"], features)
        compared = features[few] if len(real["features"]) >= COPIES and not blocks else None
        ceiling = _reached(dict(real), features[order[:LOOK]], settings) if blocks else {}
        return cls(measure, settings, real, compared, modes, names, expected, apart, tie, ceiling)

    def look(self, model: Any, raw: Any = None) -> Look:
        """Look at a model.

        Args:
            model: With averaged weights, where the game averages.
            raw: The same without averaging; None where they are one.
        """
        made = self.measure(model, LOOK)
        names = [*SCORES, "accuracy"] if "logits" in made else SCORES
        real: Any = dict(self.real)
        found = evaluate_features(
            real,
            made,
            train=self.train,
            metrics=names if self.train is None else [*names, "train_closer"],
            settings=self.settings,
        )
        scores = {result.name: result.value for result in found.results}
        scores["spread"] = spread(made["features"]) / self.spread
        if raw is not None:
            own = self.measure(raw, RAW)["features"]
            scores["raw_kernel"] = float(kernel_distance(self.real["features"], own))
        return Look(scores, self._shares(made["features"]), tie=self.tie, ceiling=self.ceiling)

    def _shares(self, made: Tensor) -> dict[str, Json]:
        pairs = zip(self.names, self.expected.tolist(), self.modes.shares(made).tolist(), strict=True)
        return {name: [round(real, 4), round(share, 4)] for name, real, share in pairs if real >= LEAST}
