"""A table as the data of a private run: what is known of it is public, or was counted with noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from gansmith import __version__
from gansmith.data.split import split_by_content
from gansmith.data.survey import Progress
from gansmith.data.table.open_public import open_public
from gansmith.data.table.options import TableOptions
from gansmith.data.table.poisson_source import PoissonSource
from gansmith.data.table.private_codec import count_levels, private_codec
from gansmith.errors import InputError
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.accountant import noise_of_counts
from gansmith.run.request import Request
from gansmith.run.secret import secret_of
from gansmith.run.table_data import TableData, check_options, check_target

__all__ = ["PrivateTableData"]

FEWEST = 1_000
"""Training rows below which noise leaves nothing to learn."""

SHARE = 0.1
"""Part of epsilon that the counts for the codec would cost alone."""

MOST_DELTA = 1e-6
"""Delta where none is asked for; for many rows, a tenth of what one row is of all."""

EPOCHS = 40
"""How often a row is seen where no budget is given: more steps need more noise."""

MOST_SEEN = 4_000_000
"""Rows seen at most, so that many rows don't take hours."""


@dataclass(frozen=True)
class PrivateTableData(TableData):
    """A table that was read by a public schema, with a codec of noisy counts.

    Attributes:
        counts: Noise of those counts over their sensitivity; None where nothing is counted.
        delta: Probability with which the promise may fail.
    """

    counts: float | None = None
    delta: float = MOST_DELTA

    @classmethod
    def of(cls, request: Request, progress: Progress | None = None) -> Self:
        """Read and split the table of a request.

        Raises:
            InputError: As `TableData.of`; or there is no schema, it leaves something open, or rows are too few.
        """
        check_options(request)
        epsilon = request.epsilon
        if epsilon is None or not 0 < epsilon <= 100:
            raise InputError(f"--epsilon must lie between 0 and 100, not {epsilon}")
        if request.schema is None:
            raise InputError(
                "--epsilon needs --schema: what the columns are must be known without looking at rows (write one with "
                f"gansmith inspect {request.data} --schema FILE.json, and see that nothing in it is a secret)"
            )
        options = request.read if isinstance(request.read, TableOptions) else TableOptions()
        table = open_public(request.data, request.schema, options, progress)
        splits = split_by_content(table.hashes)
        rows = len(splits.train)
        if rows < FEWEST or not len(splits.test):
            raise InputError(
                f"{request.data}: {rows:,} training rows are too few to be learnt in private: at least {FEWEST:,}"
            )
        check_target(request, table.schema)
        delta = min(MOST_DELTA, 0.1 / rows) if request.delta is None else request.delta
        if not 0 < delta < 1 / rows:
            raise InputError(
                f"--delta {delta:g} must lie above 0 and below one part of the {rows:,} training rows ({1 / rows:.1g}):"
                " a larger one would allow to publish a row"
            )
        counts = noise_of_counts(SHARE * epsilon, delta / 2) if count_levels(table.schema) else None
        secret = secret_of(
            "counts", __version__, table.fingerprint, table.schema.to_json(), epsilon, delta, request.seed
        )
        codec = private_codec(table.subset(splits.train), counts or 0.0, secret)
        return cls(request, table, splits, codec, counts=counts, delta=delta)

    @property
    def budget(self) -> str:
        """Forty times every row, in rows: what is promised depends on steps, which no clock should decide."""
        return str(min(EPOCHS * self.rows, MOST_SEEN))

    @property
    def size(self) -> Size:
        """Small networks: every weight gets noise."""
        return "s" if self.rows <= 200_000 else "m"

    def identity(self) -> dict[str, Any]:
        """The same, with what is promised."""
        return {**super().identity(), "epsilon": self.request.epsilon, "delta": self.delta}

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> PoissonSource:  # type: ignore[override]
        """Batches into which every row is taken by a coin of its own.

        Raises:
            InputError: Several processes.
        """
        if world > 1:
            raise InputError("a private run has one process: what several would do to the promise is not known")
        return PoissonSource(self._tokens, hp.batch, seed)
