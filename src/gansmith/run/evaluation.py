"""Judging a model: its samples against real images that it never saw, in the features of a frozen network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.errors import InputError
from gansmith.features.base import Extractor
from gansmith.features.judge_extractor import JudgeExtractor
from gansmith.features.perceptual import Mapped, Perceptual
from gansmith.metrics import Evaluation, Settings, evaluate_features
from gansmith.run.image_columns import IMAGE_COLUMNS, made_columns, real_columns
from gansmith.run.judge import TrainedJudge
from gansmith.run.model import Model
from gansmith.run.sample import draw
from gansmith.types import Batch

__all__ = ["Ruler", "evaluate_model", "measure_model"]

CHUNK = 256


@dataclass
class Ruler:
    """The networks that samples are measured by.

    Attributes:
        extractor: Gives features.
        judge: Tells classes; None where the data has none.
    """

    extractor: Extractor
    judge: JudgeExtractor | None = None

    @classmethod
    def of(cls, judge: TrainedJudge, extractor: Extractor | None = None) -> Ruler:
        """A ruler of a trained judge; another extractor may give the features."""
        own = JudgeExtractor(judge.net, str(judge.info.get("fingerprint", ""))[:8] or "unknown")
        return cls(extractor or own, own if judge.knows_classes else None)

    @property
    def perceptual(self) -> Perceptual | None:
        """How different two images look, by the extractor's maps or else the judge's; None where neither has any."""
        for network in (self.extractor, self.judge):
            if isinstance(network, Mapped):
                return Perceptual(network)
        return None

    def settings(self, split: str, resamples: int, seed: int = 0, data: str = "") -> Settings:
        """The protocol that goes with every number."""
        judge, perceptual = self.judge, self.perceptual
        return Settings(
            extractor=self.extractor.id,
            weights=self.extractor.hash,
            judge=judge.id if judge else None,
            judge_weights=judge.hash if judge else None,
            perceptual=perceptual.id if perceptual else None,
            perceptual_weights=perceptual.hash if perceptual else None,
            split=split,
            protocol={"data": data},
            resamples=resamples,
            seed=seed,
        )

    def measure(self, batches: Iterable[Batch]) -> dict[str, Tensor]:
        """Features, and with labels also labels and logits, of encoded images."""
        found: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            for batch in batches:
                image = batch["image"].float().cpu()
                row = {"features": self.extractor(image)}
                if self.judge is not None and "label" in batch:
                    row |= {"logits": self.judge.judge(image), "labels": batch["label"].cpu()}
                for name, value in row.items():
                    found.setdefault(name, []).append(value)
        return {name: torch.cat(values) for name, values in found.items()}

    def measure_images(self, images: ImageSet, codec: ImageCodec) -> dict[str, Tensor]:
        """The same for real images."""

        def batches() -> Iterable[Batch]:
            for start in range(0, len(images), CHUNK):
                rows = slice(start, start + CHUNK)
                labels = images.labels[rows] if images.labels is not None else None
                yield codec.encode(images.images[rows], labels)

        return self.measure(batches())


def evaluate_model(
    model: Model,
    ruler: Ruler,
    real: dict[str, Tensor],
    train: dict[str, Tensor] | None,
    settings: Settings,
    n: int,
    metrics: Sequence[str] | None = None,
    ceiling: bool = False,
    tick: Callable[[float], None] | None = None,
    images: ImageSet | None = None,
) -> Evaluation:
    """Measure `n` samples of a model.

    Args:
        model: What is judged.
        ruler: What measures.
        real: Measured images that the model never saw.
        train: Measured training images, for the ceiling and the check on copying.
        settings: Protocol, seed and resamples; the seed also draws the samples.
        n: Samples.
        metrics: Names; None for all that the data allows, but those that are only measured when asked for.
        ceiling: Also measure real data in the place of the samples.
        tick: Told the share that is drawn.
        images: The images of `real`, for the ceiling of what is measured on pairs of images.

    Raises:
        InputError: A metric that was asked for needs feature maps, classes or a latent space that aren't there.
    """
    columns = [column for column, name in IMAGE_COLUMNS.items() if name in (metrics or ())]
    perceptual = ruler.perceptual
    if columns and perceptual is None:
        asked = ", ".join(IMAGE_COLUMNS[column] for column in columns)
        raise InputError(f"{asked}: {ruler.extractor.id} has no feature maps; take the judge's features or efflite0")
    parts = 2 if columns else 1
    fake = measure_model(model, ruler, n, settings.seed, None if tick is None else (lambda share: tick(share / parts)))
    if perceptual is not None and columns:
        more = None if tick is None else (lambda share: tick((1 + share) / 2))
        fake |= made_columns(model, perceptual, n, settings.seed, columns, more)
        if ceiling and images is not None:
            real = real | real_columns(images, model.codec, perceptual, columns, settings.seed)
    return evaluate_features(real, fake, train=train, metrics=metrics, settings=settings, ceiling=ceiling)


def measure_model(
    model: Model, ruler: Ruler, n: int, seed: int = 0, tick: Callable[[float], None] | None = None
) -> dict[str, Tensor]:
    """Features, and where the model has classes also labels and logits, of `n` samples of a model."""

    def batches() -> Iterable[Batch]:
        done = 0
        for batch in draw(model, n, seed=seed, chunk=CHUNK):
            yield batch
            done += len(batch["image"])
            if tick is not None:
                tick(done / n)

    return ruler.measure(batches())
