"""Evaluating a model of several tables on tables given later: the run's own, or others of the same form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gansmith.data.related.database import open_database
from gansmith.data.related.relations import Related, Relations
from gansmith.data.related.view import flatten
from gansmith.data.table.options import TableOptions
from gansmith.metrics import Evaluation
from gansmith.run.assess_rows import OF_RECORDS
from gansmith.run.log import Listener, Log
from gansmith.run.related_judging import judge_related, sides_of
from gansmith.run.related_model import RelatedModel
from gansmith.run.related_target import targets_of

__all__ = ["assess_related"]


def assess_related(
    model: RelatedModel,
    data: str | Path,
    *,
    n: int | None = None,
    seed: int = 0,
    target: str | None = None,
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
        target: The column that usefulness is judged by, as `orders.amount`; None takes the last of each table.
        read: What text files leave open.
        listener: Told of progress.

    Returns:
        The scores by table, and what the reader should know.

    Raises:
        InputError: The tables can't be read, have other columns or values, or keys that don't join them; or the target
            is no column of theirs.
    """
    log = Log(listener)
    relations = Relations(tuple(_open(about, model.least > 1) for about in model.relations.tables))
    database = open_database(data, relations, read, lambda what, done, all: log.progress(what, done / max(all, 1)))
    targets, root = targets_of(database, target), model.root
    train = flatten(database, root)[1].subset(database.members[root].splits.train)
    own = model.models[root].provenance.get("data", {}).get("train_fingerprint") == train.fingerprint
    sides = sides_of(model, database, log, n, seed)
    scores = judge_related(sides, relations, targets, log, train.fingerprint, seed)
    if own:
        return scores, ("the training part is the one that the model learnt from",)
    told = "the model was trained on other rows: nothing is said of privacy"
    return {name: _without_privacy(found) for name, found in scores.items()}, (told,)


def _open(about: Related, protected: bool) -> Related:
    """A table whose numbers may lie beyond those that were learnt, and whose rows may be any time apart.

    A protected model does not know all values of its own training rows.
    """
    left_out = {"low", "high", "specials", "reason", "missing", *(("values",) if protected else ())}
    columns = tuple({key: value for key, value in c.items() if key not in left_out} for c in about.columns or ())
    return replace(about, columns=columns, step=None)


def _without_privacy(found: Evaluation) -> Evaluation:
    results, ceiling = (
        tuple(result for result in side if result.name not in OF_RECORDS) for side in (found.results, found.ceiling)
    )
    return Evaluation(results, ceiling, {n: why for n, why in found.skipped.items() if n not in OF_RECORDS})
