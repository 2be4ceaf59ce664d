"""Evaluating a model of a table on rows given later: the run's own, without those that it learnt from, or others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gansmith.data.table.open import open_table
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError
from gansmith.metrics.table import TABLE_MEASURES, unknown_measures
from gansmith.run.assess import Assessment
from gansmith.run.log import Listener, Log
from gansmith.run.table_columns import columns_of
from gansmith.run.table_judging import judge_rows
from gansmith.run.table_model import TableModel

__all__ = ["assess_rows"]

OF_RECORDS = (
    *("train_closer", "closest_distance", "distance_ratio", "exact_copies", "near_copies", "rare_combinations"),
    *("membership", "membership_density", "attribute_inference", "linkability", "singling_out"),
)
"""Measures that ask whether training records are given away: they need the rows that the model learnt from."""


def assess_rows(
    model: TableModel,
    data: str | Path,
    *,
    n: int = 5000,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    target: str | None = None,
    read: TableOptions | None = None,
    listener: Listener | None = None,
) -> Assessment:
    """Measure a model on rows that it never saw.

    The data is split as a run splits it: by content, so that a row that was in training is in training again. Where
    the model was trained on other rows, nothing is said of privacy: that would need its own training rows.

    Args:
        model: What is judged.
        data: A table with the model's columns.
        n: Rows to make.
        seed: Of rows and intervals.
        metrics: Names from `TABLE_MEASURES`; None for all that the data allows.
        target: The column that usefulness is judged by; None takes the last that is learnt.
        read: What the table's format leaves open.
        listener: Told of progress.

    Raises:
        InputError: The table can't be read, or has other columns or values than the model's; a name is unknown; or a
            measure of privacy is asked for by name and the model was trained on other rows.
    """
    log = Log(listener)
    unknown = unknown_measures(metrics or ())
    if unknown:
        raise InputError(*unknown)
    table = open_table(
        data, model.schema.kinds(), read, progress=lambda what, done, all: log.progress(what, done / max(all, 1))
    )
    splits = table.split()
    train, test = table.subset(splits.train), table.subset(splits.test)
    own = model.provenance.get("data", {}).get("train_fingerprint") == train.fingerprint
    needy = [name for name in metrics or () if name in OF_RECORDS]
    if needy and not own:
        raise InputError(f"{data}: the model was trained on other rows, which {', '.join(needy)} would need")
    wanted = metrics
    if metrics is None and not own:
        wanted = [name for name, m in TABLE_MEASURES.items() if name not in OF_RECORDS and not m.asked]
    learnt = [column.name for column in model.schema.learnt]
    found = judge_rows(
        model,
        columns_of(table.schema, train.columns),
        columns_of(table.schema, test.columns),
        target or learnt[-1],
        log,
        n=n,
        seed=seed,
        metrics=wanted,
        data=table.fingerprint,
    )
    told = (
        "the data's training part is the one that the model learnt from"
        if own
        else "the model was trained on other rows: nothing is said of privacy"
    )
    return Assessment(found, (*table.warnings, *splits.warnings, f"{len(test):,} test rows; {told}"))
