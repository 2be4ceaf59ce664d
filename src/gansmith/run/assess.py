"""Evaluating a model on data given later: other images, or the run's own, without those that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gansmith.data.reader import ReadOptions
from gansmith.features import extractor as find_extractor
from gansmith.metrics import Evaluation, Suite
from gansmith.run.evaluation import Ruler, evaluate_model
from gansmith.run.held_out import HeldOut, find_judge, seen
from gansmith.run.load import load_images
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
    trained = model if isinstance(model, Model) else load_images(model, recipe)
    Suite(metrics)  # refuses names that are not known, before anything takes time
    extractor = find_extractor(features, shape=trained.image_shape) if features else None
    path = None if isinstance(model, Model) else Path(model)
    held_out = HeldOut.of(data, trained.codec.frame, log, strict, read)
    held_out.check(trained)
    ruler = Ruler.of(find_judge(path, trained, held_out.train, log), extractor)
    evaluation = evaluate_model(
        trained,
        ruler,
        ruler.measure_images(held_out.test, trained.codec),
        ruler.measure_images(held_out.train, trained.codec),
        ruler.settings("test", resamples=200, seed=seed, data=held_out.images.fingerprint),
        n=n,
        metrics=metrics,
        ceiling=True,
        tick=lambda share: log.progress("judging the model", share),
        images=held_out.test,
    )
    notes = [*held_out.warnings, f"{len(held_out.test):,} test images; {seen(trained, path, held_out).note}"]
    return Assessment(evaluation, tuple(notes))
