"""Models of a table compared: the same real rows, the same learners, and intervals that all hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from gansmith.data.table.open import open_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.schema import Schema
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.metrics import Evaluation, Settings
from gansmith.metrics.compare_scores import compare_scores
from gansmith.metrics.table import Columns, evaluate_tables, unknown_measures
from gansmith.run.contestants import Contestant, gathered, own_data
from gansmith.run.course import Course
from gansmith.run.load import load_rows
from gansmith.run.log import Listener, Log
from gansmith.run.matched import Figure, Matched
from gansmith.run.private_words import NOT_PRIVATE
from gansmith.run.sample import whole
from gansmith.run.table_charts import column_panels
from gansmith.run.table_columns import columns_of, joined
from gansmith.run.table_model import TableModel

__all__ = ["TableMatch", "compare_tables"]

LEAST_ROWS = 100
"""Made rows below which an interval would be a guess."""

RESAMPLES = 500
"""Of the test rows: intervals that hold together reach far into the tails."""

CONFIDENCE = 0.95

FIDELITY = ("quality", "column_shapes", "pair_trends", "detection")
USEFUL = {True: ("useful_auc", "useful_f1", "useful_accuracy"), False: ("useful_r2", "useful_rmse")}
"""What is compared unless names are given: of a target of classes, and of one of numbers."""


@dataclass(frozen=True)
class TableMatch(Matched):
    """A comparison of models of a table.

    Attributes:
        real: Test rows that no model was trained on.
        schema: What their columns are.
    """

    real: Mapping[str, Any]
    schema: Schema

    @property
    def how(self) -> str:
        """The protocol in sentences."""
        p, c = self.protocol, self.comparison
        return (
            f"{p['samples']:,} made rows of each model, {p['training_rows']:,} training and {p['test_rows']:,} test "
            f"rows; the same learners of {p['target']!r} for all, seed {p['seed']}. Intervals: of each score by rows "
            f"drawn again, joined to those of differences (Zou and Donner 2008), {c.each:.2%} each, so that all "
            f"{len(c.differences)} hold together with {c.confidence:.0%} (Bonferroni). They are those of other rows, "
            "not of other training seeds."
        )

    def figures(self, seed: int) -> list[Figure]:
        """The columns of each model's rows beside real ones; a model that knows other values has no picture."""
        found = []
        for number, c in enumerate(self.contestants, start=1):
            if c.model.schema.learnt == self.schema.learnt:
                made = joined(list(c.model.columns(self.protocol["samples"], seed=seed)))
                svg = column_panels(self.schema, self.real, made)
                alt = f"columns of rows of {c.name} and of real rows"
                found.append(Figure(f"columns-{number}.svg", svg.encode(), alt, c.name))
        return found


def compare_tables(
    models: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    n: int = 5000,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    recipes: Sequence[str] = (),
    target: str | None = None,
    read: TableOptions | None = None,
    listener: Listener | None = None,
) -> TableMatch:
    """Compare two models or more of one table on test rows that none of them was trained on.

    Args:
        models: Run folders or model folders.
        data: The table; None for the one that all the runs were trained on.
        n: Rows of each model, at least 100.
        seed: Of rows, learners and intervals.
        metrics: Names from `TABLE_MEASURES`; None for quality, shapes, trends, detection and usefulness. Fewer make
            each interval narrower, but choose them before you look.
        recipes: Recipe files of models whose recipes are not installed.
        target: The column that usefulness is judged by; None takes that of the first run.
        read: What the table's format leaves open.
        listener: Told of progress.

    Raises:
        InputError: Models or data can't be read, don't go together, or are too few.
    """
    log = Log(listener)
    if unknown := unknown_measures(metrics or ()):
        raise InputError(*unknown)
    whole(n, "n", LEAST_ROWS, MOST_SAMPLES)
    whole(seed, "seed", 0, MOST_SEED)
    found = _contestants(models, recipes)
    path, wanted = (str(data), None) if data is not None else own_data(found)
    record = next((c.run.read() for c in found if c.run is not None), None)
    schema = found[0].model.schema.kinds() if record is None else record["identity"]["schema"]
    table = open_table(path, schema, read, progress=lambda what, done, all: log.progress(what, done / max(all, 1)))
    if wanted not in (None, table.fingerprint):
        raise InputError(f"{path} has changed since the runs: name it with --data to compare on it as it is now")
    splits = table.split()
    train, test = table.subset(splits.train), table.subset(splits.test)
    learnt = [column.name for column in table.schema.learnt]
    aim = target or (record["data"].get("target") if record else None) or learnt[-1]
    sides = columns_of(table.schema, train.columns), columns_of(table.schema, test.columns)
    names = tuple(metrics or (*FIDELITY, *USEFUL[aim in sides[0].categories]))
    each = 1 - (1 - CONFIDENCE) / (len(names) * len(list(combinations(found, 2))))
    settings = Settings(extractor="columns", split="test", seed=seed, resamples=RESAMPLES, confidence=each)
    judged = {c.name: _judged(c, *sides, aim, names, settings, n, log, first=c is found[0]) for c in found}
    comparison = compare_scores(judged, CONFIDENCE, each, RESAMPLES)
    if not comparison.differences:
        raise InputError("nothing could be compared: " + "; ".join(f"{n}: {w}" for n, w in comparison.skipped.items()))
    protocol = {
        "samples": n,
        "training_rows": len(train),
        "test_rows": len(test),
        "target": aim,
        "data": table.fingerprint,
        "seed": seed,
    }
    courses = {c.name: Course.of(c.run) for c in found if c.run is not None}
    notes = (*table.warnings, *splits.warnings, *_notes(found, train.fingerprint))
    return TableMatch(comparison, tuple(found), courses, path, protocol, notes, test.columns, table.schema)


def _contestants(paths: Sequence[str | Path], recipes: Sequence[str]) -> list[Contestant[TableModel]]:
    """Load models of one table. Raises `InputError` if they can't be compared with each other."""
    found = gathered(paths, recipes, load_rows)
    first = found[0]
    for other in found[1:]:
        mine, theirs = ([c.name for c in m.model.schema.learnt] for m in (first, other))
        if set(mine) != set(theirs):
            apart = ", ".join(sorted(set(mine) ^ set(theirs))[:5])
            raise InputError(f"{first.name} and {other.name} are models of different tables: only one learnt {apart}")
    return found


def _judged(
    contestant: Contestant[TableModel],
    train: Columns,
    test: Columns,
    target: str,
    names: Sequence[str],
    settings: Settings,
    n: int,
    log: Log,
    *,
    first: bool,
) -> Evaluation:
    """The scores of one model; the ceiling, which is the same for all, with the first."""
    task, model = f"judging {contestant.name}", contestant.model
    log.progress(task, 0.0)
    made = columns_of(model.schema, joined(list(model.columns(n, seed=settings.seed))))
    found = evaluate_tables(train, test, made, target, metrics=names, settings=settings, ceiling=first)
    log.progress(task, 1.0)
    return found


def _notes(found: Sequence[Contestant[TableModel]], train: str) -> list[str]:
    """What is known of the rows that models were trained on, and what is not private."""
    other = [c.name for c in found if c.model.provenance.get("data", {}).get("train_fingerprint") != train]
    private = [c.name for c in found if "privacy" in c.model.provenance]
    notes = []
    if strange := [name for name in other if name not in private]:
        notes.append(f"{', '.join(strange)}: trained on other rows than the data's training part, perhaps on test rows")
    if private:
        notes.append(f"{', '.join(private)}: learnt with differential privacy; these scores are {NOT_PRIVATE}")
    return notes
