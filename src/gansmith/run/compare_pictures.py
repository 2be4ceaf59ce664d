"""Models from images to images compared: the same held-out images through all of them, and paired intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from gansmith.errors import InputError
from gansmith.metrics import check_compared, compare_features
from gansmith.run.assess_pictures import JudgedPictures, judged_on
from gansmith.run.compare import LEAST_IMAGES, REAL, RESAMPLES, Match
from gansmith.run.contestants import Contestant, gathered, own_data
from gansmith.run.course import Course
from gansmith.run.load import load_translator
from gansmith.run.log import Listener, Log
from gansmith.run.translation_judging import MEASURED, SHOWN, TranslationJudging
from gansmith.run.translation_model import TranslationModel

__all__ = ["compare_pictures"]

ORDER = ("likeness", "psnr", "ssim", "kernel", "frechet", "cycle_psnr", "cycle_rough", "label_kept", "label_reached")
"""What is compared where it can be, the deciding score first."""


def compare_pictures(
    models: Sequence[str | Path],
    pictures: JudgedPictures | None = None,
    *,
    seed: int = 0,
    features: str | None = None,
    metrics: Sequence[str] | None = None,
    recipes: Sequence[str] = (),
    listener: Listener | None = None,
) -> Match:
    """Compare two models or more by what each makes of the same test images.

    Args:
        models: Run folders or model folders.
        pictures: What on; None for the data that all the runs were trained on, where one folder says all.
        seed: Of intervals.
        features: As for `assess_pictures`; never those that one of the models was trained on.
        metrics: Names; None for all that the models and the data allow.
        recipes: Recipe files of models whose recipes are not installed.
        listener: Told of progress.

    Raises:
        InputError: Models or images can't be read, don't go together, or are too few; or a score can't be measured.
    """
    log = Log(listener)
    check_compared(metrics)
    found = gathered(models, recipes, load_translator)
    asked = pictures if pictures is not None else _own(found)
    judging, notes = judged_on([c.model for c in found], asked, features, found[0].path, log)
    data = judging.data
    if senseless := [name for name in metrics or () if name in judging.apart]:
        raise InputError(
            f"{', '.join(senseless)}: it says nothing of several domains or modalities together; "
            "gansmith evaluate tells each"
        )
    if len(data.splits.test) < LEAST_IMAGES:
        raise InputError(
            f"{data.domains.image.source}: {len(data.splits.test)} test images are too few to compare on: "
            f"{LEAST_IMAGES} are the least, and some hundreds tell more"
        )
    made = {}
    for at, c in enumerate(found):
        log.progress("judging the models", at / len(found))
        made[c.name] = {name: v.float() for name, v in judging.thorough(c.model, "test", MEASURED).items()}
    log.progress("judging the models", 1.0)
    of_all = {"kernel", "frechet"} - set(judging.apart)
    there = [n for n in ORDER if n in of_all or all(n in columns for columns in made.values())]
    settings = judging.ruler.settings("test", RESAMPLES, seed, data.fingerprint)
    real = judging.real("test", MEASURED)["features"]
    comparison = compare_features({"features": real}, made, metrics=metrics or _enough(there, real), settings=settings)
    protocol: dict[str, Any] = {
        "samples": len(next(iter(made.values()))["features"]),
        "test_images": len(data.splits.test),
        "features": judging.ruler.extractor.id,
        "weights": judging.ruler.extractor.hash,
        "judge": str(judging.info.get("fingerprint", "")),
        "data": data.fingerprint,
        "k": settings.k,
        "seed": seed,
    }
    courses = {c.name: Course.of(c.run) for c in found if c.run is not None}
    said = [*notes, *_training(found, judging), "views of one picture count as images of their own"]

    def drawn(seed: int) -> Mapping[str, Image.Image]:
        return _sheets(found, judging)

    return Match(comparison, tuple(found), courses, str(asked.data), protocol, tuple(said), drawn)


def _own(found: Sequence[Contestant[TranslationModel]]) -> JudgedPictures:
    """The data of the runs. Raises `InputError` where that takes two folders, which runs don't name apart."""
    if found[0].model.task == "unpaired":
        raise InputError("models of two domains are compared on two folders: --data A_FOLDER --second B_FOLDER")
    return JudgedPictures(own_data(found)[0], task=found[0].model.task)


def _enough(names: Sequence[str], real: torch.Tensor) -> list[str]:
    """Without the Frechet distance where there are fewer images than it needs."""
    return [name for name in names if name != "frechet" or len(real) > real.shape[1]]


def _training(found: Sequence[Contestant[TranslationModel]], judging: TranslationJudging) -> list[str]:
    """What is known of what the models were trained on."""
    own = judging.data.train_fingerprint
    others = [c.name for c in found if c.model.provenance.get("data", {}).get("train_fingerprint") != own]
    if not others:
        return ["for every model: the data's training part is the one that the model was trained on"]
    return [f"{', '.join(others)}: trained on other data, whose overlap with these images is not known"]


def _sheets(found: Sequence[Contestant[TranslationModel]], judging: TranslationJudging) -> dict[str, Image.Image]:
    """Before and after of each model, and real images of the wanted domain, all of the same places."""
    batch = judging.data.some("test", SHOWN)
    return {**{c.name: judging.pictures(c.model, batch) for c in found}, REAL: judging.wanted(batch)}
