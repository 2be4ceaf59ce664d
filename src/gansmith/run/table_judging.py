"""The judge of a run on a table: quick looks while it trains, all scores at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gansmith.data.facts import Facts, facts_of
from gansmith.data.table.parse import ParsedColumn
from gansmith.metrics import Evaluation, Settings
from gansmith.metrics.table import Columns, Encoder, Ranks, column_scores, evaluate_tables
from gansmith.run.eye import Eye
from gansmith.run.files import write_text
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.modality import Look, Shown
from gansmith.run.table_charts import column_panels, film_columns, progress_panels
from gansmith.run.table_columns import columns_of, joined
from gansmith.run.table_data import TableData
from gansmith.run.table_distribution import Distribution
from gansmith.run.table_maps import association_maps
from gansmith.run.table_model import TableModel
from gansmith.run.write_rows import write_rows

__all__ = ["SAMPLES", "RowEye", "TableJudging", "judge_rows"]

SAMPLES = 20_000
"""Rows that are made to be judged: at most so many, and not more than there are training rows."""

DISTANCES = ("kernel", "raw_kernel")

FILMED = 2_000
"""Rows of a picture while a run trains."""

ROWS_SHOWN = 1_000
"""Rows in the run's samples, for people to look at."""

SHOWN = (
    Shown(
        "columns.svg", "columns of made and of real rows", "Each column: real unseen rows filled, made ones outlined"
    ),
    Shown(
        "pairs.svg", "how strongly columns belong together", "How strongly columns belong together, and the difference"
    ),
)
"""Pictures of the report."""

FEWEST = 20
"""Validation rows below which scores while training would be noise: the last model is then kept."""


@dataclass
class TableJudging:
    """A run's real rows, as the metrics see them.

    Attributes:
        data: The run's table.
        log: For progress.
    """

    data: TableData
    log: Log

    def part(self, split: str) -> Columns:
        """The rows of `train`, `val` or `test`."""
        return columns_of(self.data.table.schema, self.data.part(split).columns)

    @cached_property
    def _ranks(self) -> Ranks:
        return Ranks(self.part("train"))

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self._ranks(self.part("train")))

    def _features(self, columns: Columns) -> Tensor:
        return torch.from_numpy(self._encoder.dense(self._ranks(columns))).float()

    def _made(self, model: TableModel, n: int) -> Mapping[str, ParsedColumn]:
        """Rows of a model by the schema of the data."""
        return self.data.restored(joined(list(model.columns(n))))

    def _measure(self, model: TableModel, n: int) -> dict[str, Tensor]:
        return {"features": self._features(columns_of(self.data.table.schema, self._made(model, n)))}

    @cached_property
    def eye(self) -> RowEye | None:
        """What looks at rows while the run trains; None where there are too few validation rows."""
        return None if self._eye is None else RowEye(self._eye, self.data.known("val"))

    @cached_property
    def _eye(self) -> Eye | None:
        if len(self.data.splits.val) < FEWEST:
            return None
        real, train = ({"features": self._features(self.part(split))} for split in ("val", "train"))
        settings = Settings(extractor="columns", split="val", resamples=0)
        return Eye.of(self._measure, settings, real, train, (), (), item="row")

    @property
    def caution(self) -> str:
        """Scores may be shown to anybody."""
        return ""

    def facts(self) -> Facts:
        """What is wrong with the training rows themselves: nothing but repetition can be told of rows."""
        hashes = self.data.part("train").hashes
        keys = np.ascontiguousarray(hashes).view(f"V{hashes.shape[1]}").ravel()
        return facts_of(keys) if len(self.data.table.schema.learnt) > FEW_COLUMNS else Facts()

    @property
    def info(self) -> Mapping[str, Any]:
        """What measures: the rows themselves."""
        return {"columns": [column.name for column in self.data.table.schema.learnt], "target": self.data.target}

    def full(self, model: TableModel) -> Evaluation:
        """All scores of a model against rows that it never saw, with intervals and the ceiling."""
        train, test = self.part("train"), self.part("test")
        return judge_rows(model, train, test, self.data.target, self.log, data=self.data.fingerprint)

    @cached_property
    def _film(self) -> tuple[Distribution, ...]:
        return film_columns(self.data.table.schema, self.data.part("train").columns)

    def draw(self, model: TableModel, place: Path) -> Path:
        """A few columns of made rows beside real ones."""
        path = place.with_suffix(".svg")
        write_text(path, progress_panels(self.data.table.schema, self._film, self._made(model, FILMED)))
        return path

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured, and what the ceiling is."""
        if not evaluation.results:
            return ""
        fidelity = "quality, shapes and trends compare with training rows, detection and privacy with unseen ones"
        useful = f"; usefulness: learners of {self.data.target!r}" if self.data.target else ""
        return (
            f"{evaluation.results[0].n_fake:,} made rows, {len(self.data.splits.train):,} training rows, "
            f"{len(self.data.splits.test):,} test rows that no network saw; {fidelity}{useful}. Intervals: 95%. The "
            "ceiling is real unseen rows in the place of the made ones (for usefulness: training on real rows)."
        )

    def show(self, model: TableModel, folder: RunFolder) -> Sequence[Shown]:
        """Draw columns and associations of made rows beside real ones, and keep some rows to be read."""
        schema, real = self.data.table.schema, self.data.part("test").columns
        made = self._made(model, min(len(self.data.part("train")), SAMPLES))
        shapes = column_scores(self.part("train"), columns_of(schema, made))
        scores = {found.name: found.shape for found in shapes}
        drawn = {
            "columns.svg": column_panels(schema, real, made, scores),
            "pairs.svg": association_maps(schema, real, made),
        }
        for name, picture in drawn.items():
            if picture:
                write_text(folder.samples / name, picture)
        write_rows(model, ROWS_SHOWN, folder.samples / "rows.csv")
        return [shown for shown in SHOWN if drawn[shown.name]]


FEW_COLUMNS = 4
"""Up to so many columns, equal rows are to be expected."""


DECISIVE = 1_000
"""From so many unseen rows on, the model that finds them most probable is kept, however small the difference."""


@dataclass(frozen=True)
class RowEye:
    """What looks at rows while a run trains: as at other samples, and at how probable unseen rows are.

    Few unseen rows hardly tell two models apart: of those within the standard error of the most probable the last is
    kept (as Breiman et al. 1984 choose among trees), because it has learnt more of how columns depend on each other.

    Attributes:
        eye: Looks at features of rows.
        unseen: Validation rows.
    """

    eye: Eye
    unseen: Mapping[str, ParsedColumn]

    def look(self, model: TableModel, raw: TableModel | None = None) -> Look:
        """Look at a model, and at the same without averaging where it averages.

        Made rows are soon as near to real ones as real ones are to each other: a distance below what chance makes is
        told as that, so that nobody sees circles in noise.
        """
        seen = self.eye.look(model, raw)
        scores = {name: max(v, self.eye.tie) if name in DISTANCES else v for name, v in seen.scores.items()}
        if not model.likely:
            return replace(seen, scores=scores)
        nats = model.nats(self.unseen)  # on the same rows and orders every time
        tie = float(nats.std(ddof=1)) / len(nats) ** 0.5 if len(nats) < DECISIVE else 0.0
        return replace(seen, scores={"nats": float(nats.mean()), **scores}, decides="nats", tie=tie)


def judge_rows(
    model: TableModel,
    train: Columns,
    test: Columns,
    target: str | None,
    log: Log,
    *,
    n: int | None = None,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    data: str = "",
) -> Evaluation:
    """Make rows and judge them.

    Args:
        model: What makes them.
        train: Real rows that it learnt from.
        test: Real rows that it never saw.
        target: The column that usefulness is judged by.
        log: For progress.
        n: How many rows; None for as many as training rows, at most 20,000.
        seed: Of the rows and of all that is drawn in judging.
        metrics: Names; None for all that the data allows.
        data: Fingerprint of the real rows.
    """
    log.progress("making rows", 0.0)
    made = columns_of(model.schema, joined(list(model.columns(n or min(len(train), SAMPLES), seed=seed))))
    log.progress("making rows", 1.0)
    log.progress("judging the model", 0.0)
    settings = Settings(extractor="columns", split="test", seed=seed, resamples=200, protocol={"data": data})
    private = "privacy" in model.provenance
    found = evaluate_tables(train, test, made, target, metrics=metrics, settings=settings, private=private)
    log.progress("judging the model", 1.0)
    return found
