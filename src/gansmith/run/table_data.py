"""A table as the data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gansmith.data.split import Splits
from gansmith.data.survey import Progress
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table
from gansmith.data.table.options import TableOptions
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.protect import Protection
from gansmith.data.table.row_source import RowSource
from gansmith.data.table.rules import training_rates
from gansmith.data.table.schema import Schema
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError, nearest
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.parts import Parted, Unasked
from gansmith.run.request import Request
from gansmith.types import Batch

__all__ = ["TableData", "check_options", "check_target"]

SMALL, LARGE = 10_000, 500_000
"""Training rows up to which networks of size s, and of size m, are taken."""

FEWEST, EPOCHS = 60_000, 120
"""Rows that few are trained on, repeated as they are: so many at least, and so many times all of them."""

OF_IMAGES = ("image_size", "channels", "fit", "strict", "judge", "task")
"""What a request says of images only."""


def check_options(request: Request) -> None:
    """Refuse what acts on images only, and a second path. Raises `InputError`."""
    if request.second is not None:
        raise InputError(
            f"{request.data} is a table, and {request.second} can't be learnt beside it as a second path: put tables "
            "that keys join into one folder, and give that"
        )
    plain = {f.name: f.default for f in fields(Request)}
    asked = [name for name in OF_IMAGES if getattr(request, name) != plain[name]]
    if asked:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in asked)
        raise InputError(f"{request.data} is a table, and {names} can act on images only")


def check_target(request: Request, schema: Schema) -> None:
    """Refuse a target that is not learnt. Raises `InputError`."""
    learnt = [column.name for column in schema.learnt]
    if request.target is not None and request.target not in learnt:
        raise InputError(
            f"--target: the table has no column {request.target!r} that is learnt{nearest(request.target, learnt)}"
        )


@dataclass(frozen=True)
class TableData(Parted[TableSet], Unasked):
    """A table that was read and split, with a codec fitted to the training part.

    Attributes:
        request: What was asked for.
        table: All rows.
        splits: Rows of training, validation and test.
        codec: From rows to tokens and back.
        protection: What of the rows the codec knows; None for all.
    """

    request: Request
    table: TableSet
    splits: Splits
    codec: TableCodec
    protection: Protection | None = None

    @classmethod
    def of(cls, request: Request, progress: Progress | None = None) -> TableData:
        """Read and split the table of a request.

        Raises:
            InputError: It can't be read, or has too few rows; or something is asked for that acts on images only.
        """
        check_options(request)
        options = request.read if isinstance(request.read, TableOptions) else TableOptions()
        table = open_table(request.data, request.schema, options, progress=progress)
        splits = table.split()
        if not len(splits.test):
            raise InputError(
                f"{request.data}: all {len(table)} rows are in training, so none is left to judge the model by"
            )
        check_target(request, table.schema)
        train = table.subset(splits.train)
        if request.protect_outliers is None:
            return cls(request, table, splits, TableCodec.fit(train))
        protection = Protection.fit(train, request.protect_outliers)
        return cls(request, table, splits, TableCodec.protected(train, protection, request.seed), protection)

    @property
    def whole(self) -> TableSet:
        """All of them."""
        return self.table

    @property
    def rows(self) -> int:
        """Number of training items."""
        return len(self.splits.train)

    @property
    def size(self) -> Size:
        """Networks by the number of rows: few rows are learnt by heart by networks that many need."""
        return "s" if self.rows <= SMALL else "m" if self.rows <= LARGE else "l"

    @property
    def budget(self) -> str:
        """Three minutes; for few rows, as many as they take to be learnt: more would only be learnt by heart."""
        return "3m" if self.rows > SMALL else str(max(FEWEST, EPOCHS * self.rows))

    def identity(self) -> dict[str, Any]:
        """Fingerprint, what the columns are taken for, and whether outliers are protected."""
        protected = {} if self.protection is None else {"protect_outliers": self.protection.least}
        return {"data": self.fingerprint, "schema": self.table.schema.to_json(), **protected}

    def describe(self) -> dict[str, Any]:
        """What `run.json` says of the table."""
        schema = self.table.schema
        left = len(schema.columns) - len(schema.learnt)
        also = f", {left} more made anew, constant or left out" if left else ""
        found = self.protection
        protected = {} if found is None else {"protected": {"rows": found.least, "changed": dict(found.changed)}}
        also += f"; outliers protected ({found.least} rows)" if found else ""
        return {
            "fingerprint": self.fingerprint,
            "train_fingerprint": self.train_fingerprint,
            "items": len(self.table),
            "of": "rows",
            "form": f"{len(schema.learnt)} columns learnt{also}",
            "splits": self.splits.to_json(),
            "classes": [],
            "target": self.target,
            **protected,
            "warnings": [
                *self.table.warnings,
                *self.splits.warnings,
                *self._broken,
                *([] if found is None else [found.describe()]),
            ],
        }

    @property
    def target(self) -> str | None:
        """The column that usefulness is judged by: the one asked for, else the last that is learnt."""
        learnt = [column.name for column in self.table.schema.learnt]
        return self.request.target or learnt[-1]

    @cached_property
    def _broken(self) -> tuple[str, ...]:
        """Rules that training rows break."""
        train = self.part("train")
        known = replace(train, schema=self.codec.schema, columns=self.known("train"))
        return training_rates(self.codec.rules, known)[1]

    def known(self, split: str) -> Mapping[str, ParsedColumn]:
        """The rows of a split as the codec knows them: by its schema, without what it must not know."""
        columns = self.part(split).columns
        return columns if self.protection is None else self.protection.known(columns, self.request.seed)

    def restored(self, made: Mapping[str, ParsedColumn]) -> Mapping[str, ParsedColumn]:
        """Made rows by the schema of the whole table."""
        return made if self.protection is None else self.protection.restored(made)

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> RowSource:
        """Batches of training rows: a process's rows of each."""
        return RowSource(self._tokens, hp.batch, seed, rank, world)

    @cached_property
    def _tokens(self) -> Batch:
        """The training rows as tokens, in as few bytes as they need."""
        tokens = self.codec.encode(self.known("train"))["tokens"]
        most = max(token.size for token in self.codec.spec["tokens"].tokens)
        return {"tokens": tokens.to(torch.uint8 if most <= 256 else torch.int32)}

    def some(self, split: str, rows: NDArray[np.int64]) -> Batch:
        """Rows of a split as a batch."""
        return self.codec.encode({name: column.rows(rows) for name, column in self.known(split).items()})
