"""The library's front door: the commands as functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.run.assess import assess
from gansmith.run.assess_pictures import JudgedPictures, assess_pictures
from gansmith.run.assess_rows import assess_rows
from gansmith.run.kinds._assess import assess_items
from gansmith.run.kinds._model import KindModel
from gansmith.run.load import load
from gansmith.run.log import Listener
from gansmith.run.match import match_models
from gansmith.run.matched import Matched
from gansmith.run.model import Model
from gansmith.run.related_model import RelatedModel
from gansmith.run.related_train import is_related
from gansmith.run.request import Request
from gansmith.run.table_model import TableModel
from gansmith.run.train import Run
from gansmith.run.train import train as _train
from gansmith.run.translation_model import TranslationModel

__all__ = ["compare", "evaluate", "train"]


def train(
    data: str | Path,
    recipe: str | None = None,
    *,
    size: Literal["s", "m", "l"] | None = None,
    budget: str | int | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    start: str | Path | None = None,
    second: str | Path | None = None,
    task: str | None = None,
    listener: Listener | None = None,
    request: dict[str, Any] | None = None,
    **settings: Any,
) -> Run:
    """Train a GAN on images, from images to images, or on a table; called again, it goes on, or says it is finished.

    Args:
        data: Folder (a sub-folder a class, or `labels.csv`), zip, .npz, .npy, parquet or Arrow; or a table.
        recipe: Name (`r3gan`, `dcgan`, `gan`) or recipe file; None for the default.
        size: Size of the networks; None chooses by device and data.
        budget: Time (`"10m"`) or real samples (`200_000`, `"200k"`); None for ten minutes of images, three of tables.
        out: Run folder; None for `runs/<data>-<recipe>-<hash of settings>`.
        seed: All randomness of the run.
        start: Run folder whose newest weights this run begins with: for a larger budget, or other data.
        second: Of two domains, the folder of what is wanted; `data` then holds what is translated.
        task: From images to images: `pairs`, `unpaired`, `style`, `domains`, `upscale`, `inpaint`, `denoise` or
            `colourise`.
        listener: Called with every event, a dictionary.
        request: More of what `gansmith.run.request.Request` has, e.g. `{"image_size": 64, "device": "cpu"}`.
        settings: The recipe's hyper-parameters.

    Returns:
        The run: its folder, record and best model.

    Raises:
        InputError: Something asked for can't be; nothing was written.
        RunError: Training broke; the last good checkpoint is whole.
    """
    asked = Request.of(
        data=data,
        recipe=recipe,
        size=size,
        budget=None if budget is None else str(budget),
        out=out,
        seed=seed,
        start=start,
        second=second,
        task=task,
        settings=settings,
        **(request or {}),
    )
    if asked.table is None and is_related(asked.data, asked.schema):
        raise InputError(f"{asked.data} holds several tables: use gansmith.TablesGAN(out=...).fit({str(asked.data)!r})")
    return _train(asked, listener)


def evaluate(
    model: Model | TableModel | TranslationModel | KindModel[Any] | str | Path,
    data: str | Path,
    *,
    n: int = 5000,
    seed: int = 0,
    second: str | Path | None = None,
    task: str | None = None,
) -> Evaluation:
    """Measure a model on images or rows that it never saw.

    Args:
        model: A model, or its folder, or its run folder.
        data: Images or a table; what the model was trained on is left out.
        n: Samples to draw; of a model from images to images the test images decide.
        seed: Of the samples and the intervals.
        second: Of a model from images to images: the folder of the wanted domain, where it lies elsewhere.
        task: Of such a model: what `data` is; `pairs` tells a model of two domains the true partners.
    """
    found = load(model) if isinstance(model, str | Path) else model
    if isinstance(found, TranslationModel):
        path = Path(model) if isinstance(model, str | Path) else None
        return assess_pictures(found, JudgedPictures(data, second, task), path=path, seed=seed).evaluation
    if second is not None or task is not None:
        raise InputError("second and task are for models from images to images")
    if isinstance(found, RelatedModel):
        raise InputError(f"{found.root} is a model of several tables: use gansmith evaluate, or one of its tables")
    if isinstance(found, KindModel):
        return assess_items(found, data, n=n, seed=seed).evaluation
    if isinstance(found, TableModel):
        return assess_rows(found, data, n=n, seed=seed).evaluation
    return assess(model if isinstance(model, str | Path) else found, data, n=n, seed=seed).evaluation


def compare(
    models: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    n: int = 5000,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    target: str | None = None,
    second: str | Path | None = None,
    task: str | None = None,
) -> Matched:
    """Say which of several models is better, on what, and whether by more than chance.

    Args:
        models: Run folders or model folders, two or more.
        data: Images or a table; those that a model was trained on are left out. None for what all runs were trained on.
        n: Samples to draw of each model.
        seed: Of the samples and the intervals.
        metrics: Scores to compare by; None for all that the data allows.
        target: Of tables: the column that usefulness is judged by; None takes that of the runs.
        second: Of models from images to images: the folder of the wanted domain, where it lies elsewhere.
        task: Of such models: what `data` is; `pairs` tells models of two domains the true partners.

    Returns:
        `comparison` (values, differences with paired intervals, verdicts), how each run went, the protocol, notes.

    Raises:
        InputError: Models or data can't be read, don't go together, or are too few.
    """
    return match_models(models, data, n=n, seed=seed, metrics=metrics, target=target, second=second, task=task)
