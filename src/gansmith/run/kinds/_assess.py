"""Evaluating a model of any kind on items given later: the run's own, without those that it learnt from, or others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gansmith.data.item_options import ItemOptions
from gansmith.errors import InputError, nearest
from gansmith.metrics import MEASURES
from gansmith.run.assess import Assessment
from gansmith.run.kinds._data import reopened
from gansmith.run.kinds._judging import Ruler
from gansmith.run.kinds._model import KindModel
from gansmith.run.log import Listener, Log

__all__ = ["assess_items"]


def assess_items(
    model: KindModel[Any],
    data: str | Path,
    *,
    n: int = 2000,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    read: ItemOptions | None = None,
    listener: Listener | None = None,
) -> Assessment:
    """Measure a model on items that it never saw.

    The data is split as a run splits it: by content, so that an item that was in training is in training again.

    Args:
        model: What is judged.
        data: Items of its kind; they are brought to its form.
        n: Samples to draw.
        seed: Of samples and intervals.
        metrics: Names; None for all that the data allows.
        read: What the data's format leaves open.
        listener: Told of progress.

    Raises:
        InputError: The data can't be read, or has other classes; or a name is unknown.
    """
    log, kind = Log(listener), model.kind
    items, splits = reopened(
        kind, model.codec, data, read, lambda what, done, total: log.progress(what, done / max(total, 1))
    )
    if model.codec.classes and items.classes != model.codec.classes:
        raise InputError(
            f"{data} has the classes {', '.join(items.classes) or '(none)'}; the model was trained on "
            f"{', '.join(model.codec.classes)}"
        )
    train, test = items.subset(splits.train), items.subset(splits.test)
    ruler, measured = Ruler.of(kind, model.codec, train)
    known = [*MEASURES, *ruler.own_names()]
    unknown = [f"no metric is called {name!r}{nearest(name, known)}" for name in metrics or () if name not in known]
    if unknown:
        raise InputError(*unknown)
    settings = ruler.settings("test", resamples=200, seed=seed, data=items.fingerprint)
    found = ruler.evaluate(model, test, train, measured, settings, n, log, metrics)
    own = model.provenance.get("data", {}).get("train_fingerprint") == train.fingerprint
    told = (
        "the data's training part is the one that the model was trained on"
        if own
        else "the model was trained on other data, whose overlap with these is not known"
    )
    return Assessment(found, (*items.warnings, *splits.warnings, f"{len(test):,} test {kind.things}; {told}"))
