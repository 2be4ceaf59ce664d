"""Fit several related tables, sample families: the whole of it in two lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Self

from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.run.log import Listener
from gansmith.run.related_model import RelatedModel
from gansmith.run.related_train import train_related
from gansmith.run.request import Request
from gansmith.run.table_where import Where
from gansmith.table_gan import written

__all__ = ["TablesGAN"]


class TablesGAN:
    """A generator of tables that keys join.

        tables = TablesGAN().fit({"customers": customers, "orders": orders}).sample(1000)

    Args:
        budget: Time (`"10m"`), shared by the tables, or real rows seen of each (`200_000`); None for what each needs.
        size: Size of the networks; None chooses by the number of rows of each table.
        seed: All randomness of the training.
        relations: How keys join the tables: a file, or what is in one (see `gansmith inspect FOLDER --schema`); None
            finds it.
        out: Run folder with report, samples and checkpoints; None keeps nothing on the disk.
        target: The column that usefulness is judged by, as `orders.amount`; None takes the last of each table.
        protect_outliers: Learn no value that fewer training rows of the root share by what belongs to them; None learns
            all.
        recipe: A variant for tables that completes rows; None for the usual one.
        listener: Called with every event of the training.
        settings: The recipe's hyper-parameters.

    Attributes:
        model: What was fitted; None before.
        scores: Of the fitted model, by table, on families that it never saw; None before.
    """

    def __init__(
        self,
        budget: str | int | None = None,
        *,
        size: Literal["s", "m", "l"] | None = None,
        seed: int = 0,
        relations: str | Path | Mapping[str, Any] | None = None,
        out: str | Path | None = None,
        target: str | None = None,
        protect_outliers: int | None = None,
        recipe: str | None = None,
        listener: Listener | None = None,
        **settings: Any,
    ) -> None:
        self.budget, self.size, self.seed, self.relations = budget, size, seed, relations
        self.target, self.out, self.recipe, self.listener, self.settings = target, out, recipe, listener, settings
        self.protect_outliers = protect_outliers
        self.model: RelatedModel | None = None
        self.scores: dict[str, Evaluation] | None = None

    def fit(self, data: Mapping[str, Any] | str | Path) -> Self:
        """Learn tables.

        Args:
            data: DataFrames (or anything that pyarrow makes a table of) by name, or a folder of files. A tenth of the
                families is kept apart to choose the best models, a tenth to judge them.

        Raises:
            InputError: The tables can't be read, joined or learnt; with every problem.
        """
        with TemporaryDirectory(prefix="gansmith-") as place:
            root = Path(place)
            folder = Path(data) if isinstance(data, str | Path) else _folder(data, root / "tables")
            schema = self.relations
            if isinstance(schema, Mapping):
                schema = root / "relations.json"
                schema.write_text(json.dumps(dict(self.relations or {})), encoding="utf-8")  # type: ignore[arg-type]
            request = Request.of(
                data=folder,
                recipe=self.recipe,
                size=self.size,
                budget=None if self.budget is None else str(self.budget),
                out=self.out or root / "run",
                seed=self.seed,
                schema=schema,
                target=self.target,
                protect_outliers=self.protect_outliers,
                settings=self.settings,
            )
            run = train_related(request, self.listener)
            self.model, self.scores = run.model, run.evaluations
        return self

    def sample(self, n: int, where: Where | None = None, seed: int = 0) -> dict[str, Any]:
        """Make tables with `n` rows of the root; as `RelatedModel.sample`. Raises `InputError` before `fit`, too."""
        return self._fitted().sample(n, where, seed)

    def save(self, folder: str | Path) -> None:
        """Write the model folder, which `RelatedModel.load` reads."""
        self._fitted().save(Path(folder))

    def _fitted(self) -> RelatedModel:
        if self.model is None:
            raise InputError("nothing was fitted yet: call fit(data) first")
        return self.model


def _folder(data: Mapping[str, Any], folder: Path) -> Path:
    """Frames as files that a run can read again."""
    if not isinstance(data, Mapping) or not data:
        raise InputError("several tables are given by name: fit({'customers': frame, 'orders': frame})")
    odd = [str(name) for name in data if not str(name) or not str(name).replace("_", "a").replace("-", "a").isalnum()]
    if odd:
        raise InputError(f"names of tables may hold letters, digits, - and _: rename {', '.join(map(repr, odd))}")
    folder.mkdir()
    for name, frame in data.items():
        written(frame, folder / f"{name}.parquet")
    return folder
