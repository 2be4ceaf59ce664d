"""Evaluating a model on data given later: other images, or the run's own, without those that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gansmith.data.image_set import ImageSet
from gansmith.data.open import open_images
from gansmith.data.reader import ReadOptions
from gansmith.data.split import split_images
from gansmith.errors import InputError
from gansmith.features import extractor as find_extractor
from gansmith.metrics import Evaluation, Suite
from gansmith.run.evaluation import Ruler, evaluate_model
from gansmith.run.folder import RunFolder
from gansmith.run.judge import TrainedJudge, load_judge
from gansmith.run.judging import judge_for
from gansmith.run.log import Listener, Log
from gansmith.run.model import Model

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True)
class Assessment:
    """An evaluation and how it came about.

    Attributes:
        evaluation: The scores and their ceiling.
        notes: What the reader should know: images left out, how the data was split.
    """

    evaluation: Evaluation
    notes: tuple[str, ...]


def assess(
    model: Model | str | Path,
    data: str | Path,
    *,
    n: int = 5000,
    seed: int = 0,
    features: str | None = None,
    metrics: list[str] | None = None,
    recipe: str | None = None,
    strict: bool = False,
    read: ReadOptions | None = None,
    listener: Listener | None = None,
) -> Assessment:
    """Measure a model on images that it never saw.

    The data is split as a run splits it: by content, so that an image that was in training is in training again. The
    test part measures, the training part gives the ceiling and the check on copying.

    Args:
        model: A model, its folder or its run folder. The judge of a run folder is used again.
        data: Images.
        n: Samples to draw.
        seed: Of samples and intervals.
        features: Extractor in place of the judge's features: `efflite0`, `inception:FILE`, `pixels`.
        metrics: Names; None for all that the data allows.
        recipe: Recipe file of a model whose recipe is not installed.
        strict: Refuse data with unreadable images.
        read: What the data's format leaves open, and limits on it.
        listener: Told of progress.

    Raises:
        InputError: Model or data can't be read, or have different classes or channels.
    """
    log = Log(listener)
    trained = model if isinstance(model, Model) else Model.load(model, recipe)
    Suite(metrics)  # refuses names that are not known, before anything takes time
    extractor = find_extractor(features, shape=_shape(trained)) if features else None
    images = open_images(
        data,
        fit=trained.codec.frame,
        strict=strict,
        options=read,
        progress=lambda what, done, total: log.progress(what, done / max(total, 1)),
    )
    if trained.codec.classes and images.classes != trained.codec.classes:
        raise InputError(
            f"{data} has the classes {', '.join(images.classes) or '(none)'}; the model was trained on "
            f"{', '.join(trained.codec.classes)}"
        )
    splits = split_images(images)
    train, test = images.subset(splits.train), images.subset(splits.test)
    notes = [*images.warnings, *splits.warnings]
    judge = _judge(model, trained, train, log)
    ruler = Ruler.of(judge, extractor)
    evaluation = evaluate_model(
        trained,
        ruler,
        ruler.measure_images(test, trained.codec),
        ruler.measure_images(train, trained.codec),
        ruler.settings("test", resamples=200, seed=seed, data=images.fingerprint),
        n=n,
        metrics=metrics,
        ceiling=True,
        tick=lambda share: log.progress("judging the model", share),
        images=test,
    )
    same = trained.provenance.get("data", {}).get("train_fingerprint") == train.fingerprint
    notes.append(
        f"{len(test):,} test images; "
        + ("the data's training part is the one that the model was trained on" if same else _other(model, test))
    )
    return Assessment(evaluation, tuple(notes))


def _shape(model: Model) -> tuple[int, int, int]:
    channels, height, width = model.codec.spec["image"].shape
    return channels, height, width


def _other(model: Model | str | Path, test: ImageSet) -> str:
    """What is known about the overlap of the test images and the model's training data."""
    if isinstance(model, Model) or not (Path(model) / "run.json").is_file():
        return "the model was trained on other data, whose overlap with these images is not known"
    path = RunFolder(Path(model)).read()["data"]["path"]
    try:
        own = open_images(path, fit=test.fit)
    except InputError:
        return f"the model was trained on other data ({path}), which is not there any more"
    seen = {h.tobytes() for h in own.subset(split_images(own).train).hashes}
    shared = int(np.sum([h.tobytes() in seen for h in test.hashes]))
    return f"{shared:,} of them were in the model's training data" if shared else "none of them was in training"


def _judge(model: Model | str | Path, trained: Model, train: ImageSet, log: Log) -> TrainedJudge:
    if not isinstance(model, Model):
        for run in (Path(model), Path(model).resolve().parent):  # a run folder, or the model folder inside one
            folder = RunFolder(run).judge
            if (folder / "judge.json").is_file():
                judge = load_judge(folder)
                judge.check(trained.codec)
                return judge
    return judge_for(train, trained.codec, log)
