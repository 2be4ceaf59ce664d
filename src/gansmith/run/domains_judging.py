"""The judge of a model that translates between several domains: every held-out picture goes to another domain in turn.

Distances are those of one domain after the other, to which pictures were translated, from real pictures of it. Of all
domains together they would say nothing: pictures left as they are would have the least. For the same reason they are
measured in the features of a judge that learnt to tell the domains: to a network that knows photos in general, pictures
left as they are can be nearer to every domain than ones that were changed, and show it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from gansmith.metrics import Evaluation, Settings
from gansmith.run.averaged import averaged, distance_apart, parts_of, quadratic, scores_apart
from gansmith.run.before_after import sheet
from gansmith.run.completion_judging import CompletionJudging
from gansmith.run.plain import plain
from gansmith.run.style_judging import StyleJudging
from gansmith.run.translation_judge import named
from gansmith.run.translation_judging import MEASURED, TranslationJudging
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Batch

__all__ = ["DomainsJudging", "judging_for"]

BY_DOMAIN, UNDER = ("kernel", "frechet"), "domains"
"""Scores of one domain after the other, and where a result's detail has them."""


def judging_for(task: str) -> type[TranslationJudging]:
    """What judges models of a task."""
    found: dict[str, type[TranslationJudging]] = {
        "domains": DomainsJudging,
        "style": StyleJudging,
        "complete": CompletionJudging,
    }
    return found.get(task, TranslationJudging)


@dataclass
class DomainsJudging(TranslationJudging):
    """A run's held-out pictures of several domains; see `TranslationJudging`."""

    own: ClassVar[bool] = True
    apart: ClassVar[tuple[str, ...]] = BY_DOMAIN
    naming: ClassVar[str] = "label_reached"

    @property
    def names(self) -> tuple[str, ...]:
        """The domains."""
        return self.data.domains.image.classes

    def given(self, model: TranslationModel, split: str, most: int) -> tuple[Batch, Tensor | None]:
        """Pictures of a split, each with one of the other domains; of every domain's pictures as many go to each."""
        batch = self.data.some(split, most)
        own, others = batch["label"], len(self.names) - 1
        place = torch.stack([(own[:i] == own[i]).sum() for i in range(len(own))])  # among those of its domain
        return {"source": batch["image"], "label": (own + 1 + place % others) % len(self.names)}, None

    def described(self, images: Tensor, given: Batch) -> dict[str, Tensor]:
        """Features, and the domains that were asked for."""
        return {"features": self.features(images), "label": given["label"]}

    def real(self, split: str, most: int) -> dict[str, Tensor]:
        """Features of real pictures, and their domains."""
        return {**super().real(split, most), "label": self.data.labels(split, most)}

    def seen(self, images: Tensor) -> Tensor:
        """The domain that the judge sees in each of some pictures."""
        if self.ruler.judge is None:  # other features were asked for
            assert self.classifier is not None
            return named(self.classifier, images)
        return torch.cat([self.ruler.judge.judge(part).argmax(1) for part in torch.split(images, 64)])

    def meant(self, given: Batch, split: str, most: int) -> Tensor:
        """The domains that were asked for."""
        return given["label"]

    def way_back(self, model: TranslationModel, split: str, most: int) -> Callable[[Tensor], Tensor] | None:
        """Translates to the domains that the pictures of a split come from."""
        return partial(_sent, model, self.data.labels(split, most))

    def distance(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> float:
        """The mean of the domains' kernel distances; of those that have two pictures of both."""
        return distance_apart(real, made, len(self.names))

    def scored(self, made: dict[str, Tensor], names: Sequence[str], settings: Settings) -> Evaluation:
        """Scores of all pictures; distances of one domain after the other, their mean, and the same in the ceiling."""
        columns = {name: values for name, values in made.items() if name != "label"}
        found = super().scored(columns, [name for name in names if name not in BY_DOMAIN], settings)
        real, train = (self.real(split, MEASURED) for split in ("test", "train"))
        asked = [name for name in names if name in BY_DOMAIN]
        own = {name: made[name] for name in ("features", "label")}
        mean = averaged(scores_apart(self.names, real, own, train, asked, settings), asked, UNDER, quadratic)
        return Evaluation(
            (*mean.results, *found.results), (*mean.ceiling, *found.ceiling), {**found.skipped, **mean.skipped}
        )

    def baseline(self, model: TranslationModel, split: str = "test") -> dict[str, float]:
        """The same scores of the sources unchanged."""
        given, _ = self.given(model, split, MEASURED)
        channels, height, width = self.data.codec.spec["image"].shape
        made = plain(given, (channels, height, width))
        assert made is not None  # sources and images are of one form
        found = {"kernel": self.distance(self.real(split, MEASURED), self.described(made, given))}
        return {**found, self.naming: float((self.seen(made) == given["label"]).double().mean())}

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured, and the distance of each domain."""
        each = [
            f"{r.title} to each domain: " + ", ".join(f"{k} {v:.4g}" for k, v in parts_of(r, UNDER).items())
            for r in evaluation.results
            if parts_of(r, UNDER)
        ]
        return " ".join([super().method(evaluation), *(f"{line}." for line in each)]).strip()

    def _sheet(self, model: TranslationModel, split: str, back: bool = False) -> Any:
        source = self._few(split)["image"]
        rows = {"before": source}
        for i, name in enumerate(self.names):
            rows[name] = model.make({"source": source, "label": torch.full((len(source),), i)})
        return sheet(rows)


def _sent(model: TranslationModel, label: Tensor, made: Tensor) -> Tensor:
    return model.make({"source": made, "label": label})
