"""Fit a table, sample rows: the whole of it in two lines."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Self

from gansmith.api import train
from gansmith.data.table.arrow import arrow
from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.run.assess_rows import assess_rows
from gansmith.run.log import Listener
from gansmith.run.table_model import TableModel
from gansmith.run.table_where import Where

__all__ = ["TableGAN", "written"]


class TableGAN:
    """A generator of rows that are like those of a table.

        rows = TableGAN(budget="3m").fit(frame).sample(1000, where={"sex": "F", "age": (18, 30)})

    Args:
        budget: Time (`"10m"`) or real rows seen (`1_000_000`, `"1M"`); None for three minutes.
        size: Size of the networks; None chooses by the number of rows.
        seed: All randomness of the training.
        schema: A file that says what the columns are; None finds it (see `gansmith inspect --schema`).
        target: The column that usefulness is judged by; None takes the last.
        out: Run folder with report, samples and checkpoints; None keeps nothing on the disk.
        recipe: A variant for tables; None for the usual one.
        protect_outliers: Learn no value that fewer training rows share; None learns all.
        epsilon: Learn with differential privacy of this strength; None without. Needs a complete `schema`.
        delta: Probability with which that may fail; None for 1e-6, less for many rows.
        listener: Called with every event of the training.
        settings: The recipe's hyper-parameters.

    Attributes:
        model: What was fitted; None before.
        scores: Of the fitted model, on rows that it never saw; None before.
    """

    def __init__(
        self,
        budget: str | int | None = None,
        *,
        size: Literal["s", "m", "l"] | None = None,
        seed: int = 0,
        schema: str | Path | None = None,
        target: str | None = None,
        out: str | Path | None = None,
        recipe: str | None = None,
        protect_outliers: int | None = None,
        epsilon: float | None = None,
        delta: float | None = None,
        listener: Listener | None = None,
        **settings: Any,
    ) -> None:
        self.budget, self.size, self.seed, self.schema, self.target = budget, size, seed, schema, target
        self.out, self.recipe, self.listener, self.settings = out, recipe, listener, settings
        self.protect_outliers, self.epsilon, self.delta = protect_outliers, epsilon, delta
        self.model: TableModel | None = None
        self.scores: Evaluation | None = None

    def fit(self, data: Any) -> Self:
        """Learn the rows of a table.

        Args:
            data: A pandas DataFrame, anything that pyarrow makes a table of (polars, Arrow), or the path of a file. A
                tenth is kept apart to choose the best model, a tenth to judge it.

        Raises:
            InputError: The table can't be read or learnt; with every problem.
        """
        with TemporaryDirectory(prefix="gansmith-") as folder:
            path = data if isinstance(data, str | Path) else written(data, Path(folder) / "table.parquet")
            run = train(
                path,
                self.recipe,
                size=self.size,
                budget=self.budget,
                out=self.out or Path(folder) / "run",
                seed=self.seed,
                listener=self.listener,
                request={
                    "modality": "table",
                    "schema": self.schema,
                    "target": self.target,
                    "protect_outliers": self.protect_outliers,
                    "epsilon": self.epsilon,
                    "delta": self.delta,
                },
                **self.settings,
            )
            model = run.model
            if not isinstance(model, TableModel):
                raise InputError(f"{data} holds images: use gansmith.train")
            self.model, self.scores = model, run.evaluation
        return self

    def sample(self, n: int, where: Where | None = None, seed: int = 0) -> Any:
        """Make `n` rows; as `TableModel.sample`. Raises `InputError` before `fit`, too."""
        return self._fitted().sample(n, where, seed)

    def evaluate(self, data: str | Path, n: int = 5000, seed: int = 0) -> Evaluation:
        """Measure on rows of a file that were not learnt; as `gansmith.evaluate`."""
        return assess_rows(self._fitted(), data, n=n, seed=seed, target=self.target).evaluation

    def save(self, folder: str | Path) -> None:
        """Write the model folder, which `TableModel.load` reads."""
        self._fitted().save(Path(folder))

    def _fitted(self) -> TableModel:
        if self.model is None:
            raise InputError("nothing was fitted yet: call fit(data) first")
        return self.model


def written(data: Any, path: Path) -> Path:
    """A frame as a file that a run can read again."""
    from pyarrow import parquet

    pa = arrow()
    try:
        found = pa.Table.from_pandas(data, preserve_index=False) if hasattr(data, "iloc") else pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        kind = type(data).__name__
        raise InputError(f"{kind}: can't be read as a table ({' '.join(str(error).split())[:200]})") from None
    parquet.write_table(found, path)
    return path
