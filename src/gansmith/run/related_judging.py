"""Judging made tables: each as a table, and each as what belongs to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gansmith.data.related.database import Database
from gansmith.data.related.relations import Relations
from gansmith.data.related.rows import RelatedRows, real_rows, stacked
from gansmith.data.related.view import facts_of
from gansmith.data.table.schema import Schema
from gansmith.errors import InputError
from gansmith.metrics import Evaluation, Settings
from gansmith.metrics.table import Columns, Family, evaluate_related, evaluate_tables
from gansmith.run.log import Log
from gansmith.run.related_model import RelatedModel
from gansmith.run.table_columns import columns_of

__all__ = ["RelatedSides", "integrity", "judge_related", "sides_of"]

MOST = 20_000
"""Rows of a table that are judged, about: so many families are made that no table has more, on average."""


@dataclass(frozen=True)
class RelatedSides:
    """Made families beside real ones.

    Attributes:
        schemas: Of what others see of each table's rows, by its name.
        train: Real families that were learnt from.
        test: Real families that were not.
        made: Made families.
        whole: Share of the rows of each table whose keys are as they should be.
    """

    schemas: Mapping[str, Schema]
    train: Mapping[str, RelatedRows]
    test: Mapping[str, RelatedRows]
    made: Mapping[str, RelatedRows]
    whole: Mapping[str, float]

    def columns(self, side: Mapping[str, RelatedRows], name: str, before: str = "") -> Columns:
        """What others see of the rows of a table, as the metrics see it."""
        found = columns_of(self.schemas[name], side[name].facts)
        values = {f"{before}{column}": found[column] for column in found.names}
        return Columns(values, {f"{before}{column}": names for column, names in found.categories.items()})

    def family(self, side: Mapping[str, RelatedRows], name: str, parent: str, whole: float | None) -> Family:
        """The rows of a table as what belongs to rows of another."""
        rows = side[name]
        assert rows.parent is not None
        theirs = self.columns(side, parent, f"{parent}.")
        return Family(self.columns(side, name), theirs, rows.parent, rows.before, whole)


def sides_of(model: RelatedModel, database: Database, log: Log, n: int | None = None, seed: int = 0) -> RelatedSides:
    """Make families to be judged, beside real ones.

    Args:
        model: What makes them.
        database: The real tables.
        log: For progress.
        n: Rows of the root; None for as many as are in training, fewer where a table would have more than 20,000.
        seed: Of the families.
    """
    names = database.relations.names
    train, test = real_rows(database, 0), real_rows(database, 2)
    root = database.relations.root.name
    families = n or max(1, int(len(train[root]) * min(1.0, MOST / max(len(rows) for rows in train.values()))))
    parts, done = [], 0
    log.progress("making tables", 0.0)
    for part in model.families(families, seed=seed):
        parts.append(part)
        done += len(part[root])
        log.progress("making tables", done / families)
    schemas = {name: Schema(columns=facts_of(database, name)[0]) for name in names}
    made = stacked(database.relations, parts)
    made = {name: made[name].told(model.described(name), schema) for name, schema in schemas.items()}
    whole = integrity(model, min(families, 2000), seed)
    return RelatedSides(schemas, train, test, made, whole)


def integrity(model: RelatedModel, n: int, seed: int = 0) -> dict[str, float]:
    """Share of the made rows of each table whose key is there once and whose parent is there, as they are written."""
    keys: dict[str, list[str]] = {}
    good: dict[str, float] = {}
    parts = list(model.stream(n, seed=seed, text=model.relations.names))
    for about in model.relations.tables:
        found: Any = {c: [v for part in parts for v in part[about.name][c].to_pylist()] for c in about.joins}
        count = sum(part[about.name].num_rows for part in parts)
        fine = np.ones(count, bool)
        if about.key is not None:
            keys[about.name] = found[about.key]
            _, place, times = np.unique(np.array(found[about.key]), return_inverse=True, return_counts=True)
            fine &= times[place] == 1
        if about.foreign_key is not None:
            known = set(keys[str(about.parent)])
            fine &= np.array([key in known for key in found[about.foreign_key]], bool)
        good[about.name] = float(fine.mean()) if count else 1.0
    return good


def judge_related(
    sides: RelatedSides, relations: Relations, targets: Mapping[str, str], log: Log, data: str, seed: int = 0
) -> dict[str, Evaluation]:
    """All scores, by table: as a table, and as what belongs to rows of its parent.

    Args:
        sides: Made families beside real ones.
        relations: How keys join the tables.
        targets: The column that usefulness is judged by, by table.
        log: For progress.
        data: Fingerprint of the real tables.
        seed: Of all that is drawn in judging.
    """
    found = {}
    for number, about in enumerate(relations.tables):
        log.progress("judging the tables", number / len(relations.tables))
        found[about.name] = _judged(sides, about.name, about.parent, targets.get(about.name), data, seed)
    log.progress("judging the tables", 1.0)
    return found


def _judged(sides: RelatedSides, name: str, parent: str | None, target: str | None, data: str, seed: int) -> Evaluation:
    settings = Settings(extractor="columns", split="test", seed=seed, resamples=200, protocol={"data": data})
    if not len(sides.made[name]):
        return Evaluation((), (), {"quality": "no row was made"})
    sets = (sides.train, sides.test, sides.made)
    train, test, made = (sides.columns(side, name) for side in sets)
    try:
        alone = evaluate_tables(train, test, made, target, settings=settings)
    except InputError as error:
        alone = Evaluation((), (), {"quality": str(error)})
    if parent is None:
        return alone
    wholes = (None, None, sides.whole[name])
    ours, unseen, theirs = (sides.family(s, name, parent, whole) for s, whole in zip(sets, wholes, strict=True))
    together = evaluate_related(ours, unseen, theirs, settings=replace(settings, resamples=0))
    return Evaluation(
        (*together.results, *alone.results),
        (*together.ceiling, *alone.ceiling),
        {**together.skipped, **alone.skipped},
    )
