"""The judge of a run: real images measured once, quick scores while training, full ones at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gansmith.data.facts import Facts, facts_of
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.metrics import Evaluation
from gansmith.metrics.functional import accuracy, nearest_items
from gansmith.run.evaluation import Ruler, evaluate_model, measure_model
from gansmith.run.eye import Eye
from gansmith.run.folder import RunFolder
from gansmith.run.image_data import ImageData
from gansmith.run.judge import TrainedJudge, load_judge, save_judge, train_judge
from gansmith.run.log import Log
from gansmith.run.modality import Shown
from gansmith.run.model import Model
from gansmith.run.neighbours import neighbour_grid
from gansmith.run.pictures import class_grid, progress_grid, real_grid, save_png

__all__ = ["Judging", "embedded_judge", "judge_for"]

EPOCHS, MOST, LEAST = 40, 60_000, 2_000
"""A judge sees the training images 40 times, but at most 60,000 and at least 2,000 images."""

SAMPLES = 5_000
EXAMINED, ALIKE = 500, 0.15
"""Validation images that are compared with all training images, and the distance at which two count as one picture, as
a share of the usual distance to the nearest one: copies saved anew as good JPEG lie at 0.1, other images above 0.2.
"""

SHOWN = (
    Shown("final.png", "grid of made images", "Made by the model (not picked: the first samples of seed 0)"),
    Shown("real.png", "grid of real images", "Real test images that the model never saw"),
    Shown(
        "nearest.png",
        "samples and their neighbours",
        "Samples and the training images most like them: no copies?",
    ),
)
"""Pictures of the report."""

FEWEST = 20
"""Validation images below which scores while training would be noise: the last model is then kept."""


@dataclass
class Judging:
    """A run's judge and the parts of the data that it measures.

    Attributes:
        data: The run's images.
        judge: Its classifier.
        ruler: The networks that measure.
        log: For progress.
    """

    data: ImageData
    judge: TrainedJudge
    ruler: Ruler
    log: Log

    @classmethod
    def prepare(cls, data: ImageData, folder: RunFolder, log: Log) -> Judging:
        """The judge of the run: the given one, the run's own, one that comes with the package, or a new one."""
        train = data.part("train")
        if data.request.judge is not None:
            judge = load_judge(Path(data.request.judge))
        elif (folder.judge / "judge.json").is_file():
            judge = load_judge(folder.judge)
        else:
            judge = judge_for(train, data.codec, log)
        judge.check(data.codec)
        save_judge(judge, folder.judge)
        return cls(data, judge, Ruler.of(judge), log)

    @cached_property
    def train(self) -> dict[str, Tensor]:
        """The measured training images, in their order."""
        return self.ruler.measure_images(self.data.part("train"), self.data.codec)

    @cached_property
    def _val(self) -> dict[str, Tensor]:
        return self.ruler.measure_images(self.data.part("val"), self.data.codec)

    @cached_property
    def eye(self) -> Eye | None:
        """What looks at samples while the run trains; None where there are too few validation images."""
        if len(self.data.splits.val) < FEWEST:
            return None
        train = self.data.part("train")
        settings = self.ruler.settings("val", resamples=0)
        return Eye.of(self._measure, settings, self._val, self.train, train.classes, train.names)

    def _measure(self, model: Model, n: int) -> dict[str, Tensor]:
        return measure_model(model, self.ruler, n)

    @property
    def caution(self) -> str:
        """Scores may be shown to anybody."""
        return ""

    def facts(self) -> Facts:
        """What is wrong with the training images themselves."""
        train, val = self.data.part("train"), self.data.part("val")
        keys = np.ascontiguousarray(train.hashes).view(f"V{train.hashes.shape[1]}").ravel()
        right = None
        if self.eye is not None and "logits" in self._val:
            right = accuracy(self._val["logits"], self._val["labels"])
        leaks, examined = self._leaks(val) if self.eye is not None else ([], 0)
        return facts_of(keys, train.names, train.labels, val.labels, train.classes, right, leaks, examined)

    def _leaks(self, val: ImageSet) -> tuple[list[str], int]:
        """Validation images that are nearly the same as some training image, and how many were looked at."""
        features = self._val["features"]
        asked = features[:EXAMINED]
        usual = float(nearest_items(features, features, 2)[0][:, 1].median())
        near = (nearest_items(asked, self.train["features"])[0][:, 0] < ALIKE * usual).nonzero().flatten().tolist()
        return [val.names[i] if val.names else f"validation image {i}" for i in near], len(asked)

    @property
    def info(self) -> Mapping[str, Any]:
        """What the judge is: classes, training data, accuracy."""
        return self.judge.info

    def draw(self, model: Model, place: Path) -> Path:
        """A grid of samples, a row a class."""
        path = place.with_suffix(".png")
        progress_grid(model, path)
        return path

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured: on how many images, in which features, and what the ceiling is."""
        if not evaluation.results:
            return ""
        first = evaluation.results[0]
        return (
            f"{first.n_fake:,} samples against {first.n_real:,} test images, in the features of "
            f"{first.protocol.get('extractor')} (weights {str(first.protocol.get('weights'))[:12]}), k = 5, seed "
            f"{first.protocol.get('seed')}. Intervals: 95% bootstrap. The ceiling is real training images (for "
            "accuracy: real test images) measured the same way: what a perfect generator would score."
        )

    def show(self, model: Model, folder: RunFolder) -> list[Shown]:
        """Grids of samples, of real images, and of samples beside the training images that they resemble most."""
        nearest = neighbour_grid(model, self.ruler, self.data.part("train").images, self.train["features"])
        drawn = {"final.png": class_grid(model), "real.png": real_grid(self.data.part("test")), "nearest.png": nearest}
        for name, picture in drawn.items():
            save_png(picture, folder.samples / name)
        return list(SHOWN)

    def full(self, model: Model) -> Evaluation:
        """All scores of a model on test images, with intervals and the ceiling."""
        test = self.ruler.measure_images(self.data.part("test"), self.data.codec)
        settings = self.ruler.settings("test", resamples=200, data=self.data.fingerprint)
        return evaluate_model(
            model,
            self.ruler,
            test,
            self.train,
            settings,
            n=SAMPLES,
            ceiling=True,
            tick=lambda share: self.log.progress("judging the model", share),
        )


def judge_for(train: ImageSet, codec: ImageCodec, log: Log) -> TrainedJudge:
    """A judge for training images: the one that comes with the package for them, or a new one."""
    shipped = embedded_judge(train.fingerprint)
    if shipped is not None:
        return shipped
    samples = min(MOST, max(LEAST, EPOCHS * len(train)))
    return train_judge(train, codec, samples=samples, tick=lambda share: log.progress("training the judge", share))


def embedded_judge(train_fingerprint: str) -> TrainedJudge | None:
    """The judge that comes with the package for these training images, if there is one."""
    folder = Path(str(resources.files("gansmith.data.embedded") / "judge"))
    if not (folder / "judge.json").is_file():
        return None
    judge = load_judge(folder)
    return judge if judge.info.get("fingerprint") == train_fingerprint else None
