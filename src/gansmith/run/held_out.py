"""Data named after training: split as a run splits it, and what a model has seen of its test part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gansmith.data.fit import Fit
from gansmith.data.image_set import HASH_BYTES, Hashes, ImageSet
from gansmith.data.open import open_images
from gansmith.data.reader import ReadOptions
from gansmith.data.split import split_images
from gansmith.errors import InputError
from gansmith.run.folder import RunFolder
from gansmith.run.judge import TrainedJudge, load_judge
from gansmith.run.judging import judge_for
from gansmith.run.log import Log
from gansmith.run.model import Model

__all__ = ["HeldOut", "Seen", "find_judge", "seen"]


@dataclass(frozen=True)
class HeldOut:
    """Images and their parts.

    Attributes:
        images: All of them.
        train: The training part: for a judge, the ceiling and the check on copying.
        test: What measures.
        warnings: Images left out, how the data was split.
    """

    images: ImageSet
    train: ImageSet
    test: ImageSet
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, data: str | Path, fit: Fit, log: Log, strict: bool = False, read: ReadOptions | None = None) -> HeldOut:
        """Read images in the shape that a model makes, and split them by content.

        Raises:
            InputError: They can't be read, or are too few to be split.
        """
        images = open_images(
            data,
            fit=fit,
            strict=strict,
            options=read,
            progress=lambda what, done, total: log.progress(what, done / max(total, 1)),
        )
        splits = split_images(images)
        train, test = images.subset(splits.train), images.subset(splits.test)
        return cls(images, train, test, (*images.warnings, *splits.warnings))

    def check(self, model: Model) -> None:
        """Refuse a model of other classes.

        Raises:
            InputError: It was trained on other classes than the images have.
        """
        if model.codec.classes and self.images.classes != model.codec.classes:
            raise InputError(
                f"{self.images.source} has the classes {', '.join(self.images.classes) or '(none)'}; the model was "
                f"trained on {', '.join(model.codec.classes)}"
            )


@dataclass(frozen=True)
class Seen:
    """What is known of the test images that a model was trained on.

    Attributes:
        rows: `(N,)`, whether this test image is known to have been in its training data.
        note: The same in words.
    """

    rows: NDArray[np.bool_]
    note: str


def seen(model: Model, path: Path | None, held_out: HeldOut) -> Seen:
    """Which test images a model was trained on, as far as its provenance and its run folder tell.

    Args:
        model: The model.
        path: Its folder or its run folder; None where there is none.
        held_out: The data.
    """
    test, train = held_out.test.hashes, held_out.train
    if model.provenance.get("data", {}).get("train_fingerprint") == train.fingerprint:
        same = "the data's training part is the one that the model was trained on"
        return Seen(_among(test, train.hashes), same)
    nothing = np.zeros(len(test), bool)
    if path is None or not (path / "run.json").is_file():
        return Seen(nothing, "the model was trained on other data, whose overlap with these images is not known")
    source = RunFolder(path).read()["data"]["path"]
    try:
        own = open_images(source, fit=held_out.images.fit)
    except InputError:
        return Seen(nothing, f"the model was trained on other data ({source}), which is not there any more")
    rows = _among(test, own.subset(split_images(own).train).hashes)
    count = int(rows.sum())
    return Seen(
        rows, f"{count:,} of them were in the model's training data" if count else "none of them was in training"
    )


def find_judge(path: Path | None, model: Model, train: ImageSet, log: Log) -> TrainedJudge:
    """The judge of a run folder, or of the run that a model folder lies in; else a new one.

    Raises:
        InputError: The run's judge can't measure what the model makes.
    """
    for run in () if path is None else (path, path.resolve().parent):
        folder = RunFolder(run).judge
        if (folder / "judge.json").is_file():
            judge = load_judge(folder)
            judge.check(model.codec)
            return judge
    return judge_for(train, model.codec, log)


def _among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which digests are among the others, `(N,)`."""
    mine, theirs = (np.ascontiguousarray(h).view(f"V{HASH_BYTES}").ravel() for h in (hashes, others))
    known = {value.tobytes() for value in theirs}
    return np.array([value.tobytes() in known for value in mine], bool)
