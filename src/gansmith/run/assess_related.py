"""Evaluating a model of several tables on tables given later: the run's own, or others of the same form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gansmith.data.related.database import open_database
from gansmith.data.related.relations import Relations
from gansmith.data.related.view import flatten
from gansmith.data.table.options import TableOptions
from gansmith.metrics import Evaluation
from gansmith.run.assess_rows import OF_RECORDS
from gansmith.run.log import Listener, Log
from gansmith.run.related_judging import judge_related, sides_of
from gansmith.run.related_model import RelatedModel

__all__ = ["assess_related"]


def assess_related(
    model: RelatedModel,
    data: str | Path,
    *,
    n: int | None = None,
    seed: int = 0,
    read: TableOptions | None = None,
    listener: Listener | None = None,
) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """Measure a model on families that it never saw.

    Families are told apart by their keys, as a run does it: those that were in training are in training again. Where
    the model was trained on other ones, nothing is said of privacy.

    Args:
        model: What is judged.
        data: A folder with files named and formed as those of the training.
        n: Rows of the root to make; None for as many as are in training there.
        seed: Of the families, and of all that is drawn in judging.
        read: What text files leave open.
        listener: Told of progress.

    Returns:
        The scores by table, and what the reader should know.

    Raises:
        InputError: The tables can't be read, have other columns or values, or keys that don't join them.
    """
    log = Log(listener)
    relations = Relations(tuple(_open(about) for about in model.relations.tables))
    database = open_database(data, relations, read, lambda what, done, all: log.progress(what, done / max(all, 1)))
    root = model.root
    train = flatten(database, root)[1].subset(database.members[root].splits.train)
    own = model.models[root].provenance.get("data", {}).get("train_fingerprint") == train.fingerprint
    scores = judge_related(sides_of(model, database, log, n, seed), relations, log, train.fingerprint, seed)
    if own:
        return scores, ("the training part is the one that the model learnt from",)
    told = "the model was trained on other rows: nothing is said of privacy"
    return {name: _without_privacy(found) for name, found in scores.items()}, (told,)


def _open(about: Any) -> Any:
    """A table whose numbers may lie beyond those that were learnt."""
    columns = tuple(_unbounded(column) for column in about.columns or ())
    return replace(about, columns=columns)


def _unbounded(column: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in column.items() if key not in ("low", "high", "specials", "reason", "missing")}


def _without_privacy(found: Evaluation) -> Evaluation:
    results, ceiling = (
        tuple(result for result in side if result.name not in OF_RECORDS) for side in (found.results, found.ceiling)
    )
    return Evaluation(results, ceiling, {n: why for n, why in found.skipped.items() if n not in OF_RECORDS})
