"""The judge of a model that completes modalities: of every held-out case each modality in turn is missing.

What is judged is the modality that was made, a grey picture, beside the one that was there. Scores are those of one
modality after the other, and their mean: how well one can be told from the others differs much between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from gansmith.metrics import Evaluation, Settings
from gansmith.run.averaged import averaged, distance_apart, parts_of, scores_apart, straight
from gansmith.run.before_after import sheet
from gansmith.run.plain import plain
from gansmith.run.translation_judging import MEASURED, TranslationJudging
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Batch, Json

__all__ = ["CompletionJudging"]

UNDER, FLOORS = "modalities", "untrained modalities"
"""Where a result's detail has the scores of each modality, and those of what needs no training."""

TOLD = ("psnr", "ssim")
"""Scores that the report gives for each modality."""


@dataclass
class CompletionJudging(TranslationJudging):
    """A run's held-out cases; see `TranslationJudging`."""

    apart: ClassVar[tuple[str, ...]] = ("kernel", "frechet")

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities."""
        return self.data.codec.modalities

    def given(self, model: TranslationModel, split: str, most: int) -> tuple[Batch, Tensor | None]:
        """Cases of a split, once for each modality, which then is missing; and that modality `(n, 1, h, w)`."""
        return _each_missing(self.data.domain(split, max(1, most // len(self.names))))

    def made(self, model: TranslationModel, given: Batch) -> Tensor:
        """What the model makes for the one modality that each row lacks, `(n, 1, h, w)`."""
        return _picked(model.make(given), given)

    def described(self, images: Tensor, given: Batch) -> dict[str, Tensor]:
        """Features, and which modality it is."""
        return {"features": self.features(images), "label": given["missing"].argmax(1)}

    def real(self, split: str, most: int) -> dict[str, Tensor]:
        """Features of real pictures, and which modality they are of."""
        given, wanted = _each_missing(self.data.domain(split, max(1, most // len(self.names))))
        return self.described(wanted, given)

    def distance(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> float:
        """The mean of the modalities' kernel distances."""
        return distance_apart(real, made, len(self.names))

    def scored(self, made: dict[str, Tensor], names: Sequence[str], settings: Settings) -> Evaluation:
        """Scores of one modality after the other, their mean, and the same of what needs no training."""
        real, train = (self.real(split, MEASURED) for split in ("test", "train"))
        found = averaged(scores_apart(self.names, real, made, train, names, settings), names, UNDER, straight)
        floors = self._floors()
        noted = (
            replace(r, detail={**r.detail, FLOORS: floors[r.name]}) if r.name in floors else r for r in found.results
        )
        return replace(found, results=tuple(noted))

    def _floors(self) -> dict[str, Json]:
        """Scores of the mean of the other modalities, by score and modality."""
        given, wanted = _each_missing(self.data.domain("test", max(1, MEASURED // len(self.names))))
        made = plain(given, self.data.codec.spec["image"].shape)  # type: ignore[arg-type]
        assert made is not None  # of modalities there always is a mean
        which = given["missing"].argmax(1)
        near = self.nearness(made, wanted)
        return {
            score: {name: float(values[which == i].mean()) for i, name in enumerate(self.names)}
            for score, values in near.items()
        }

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured, and those of each modality beside what needs no training."""
        lines = [super().method(evaluation)]
        for result in evaluation.results:
            floors: Mapping[str, float] = result.detail.get(FLOORS, {})  # type: ignore[assignment]
            if result.name in TOLD and floors:
                each = (f"{k} {v:.4g} ({floors[k]:.4g})" for k, v in parts_of(result, UNDER).items())
                lines.append(
                    f"{result.title} of each modality where it is missing (of the others' mean): {', '.join(each)}."
                )
        return " ".join(lines).strip()

    def pictures(self, model: TranslationModel, batch: Batch) -> Any:
        """Below each modality of some cases what the model makes of the others for it."""
        given, wanted = _each_missing(batch["image"])
        made, count = self.made(model, given), len(batch["image"])
        rows: dict[str, Tensor] = {}
        for i, name in enumerate(self.names):
            part = slice(i * count, (i + 1) * count)
            rows |= {name: wanted[part], f"{name} made": made[part]}
        return sheet(rows)

    def wanted(self, batch: Batch) -> Any:
        """The modalities of some cases."""
        return sheet({name: batch["image"][:, i : i + 1] for i, name in enumerate(self.names)})

    def _sheet(self, model: TranslationModel, split: str, back: bool = False) -> Any:
        return self.pictures(model, self._few(split))


def _each_missing(image: Tensor) -> tuple[Batch, Tensor]:
    """Images `(n, c, h, w)` c times, first all without their first channel, and the channels that are missing."""
    n, c = image.shape[:2]
    missing = torch.eye(c).repeat_interleave(n, 0)
    source = image.repeat(c, 1, 1, 1)
    given = {"source": source * (1 - missing[:, :, None, None]), "missing": missing}
    return given, _picked(source, given)


def _picked(images: Tensor, given: Batch) -> Tensor:
    """Of each image the one channel that was missing, `(n, 1, h, w)`."""
    return images[torch.arange(len(images)), given["missing"].argmax(1)][:, None]
