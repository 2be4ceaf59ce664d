"""The data sets, and their rows as all contestants get them: the same split by content, training rows as CSV."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import ROOT
from benchmarks.tables.columns import columns_of, write_rows
from gansmith.data.table.open import open_table
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, Schema
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError
from gansmith.metrics.table import Columns

__all__ = ["CACHE", "DATASETS", "Dataset", "Prepared", "dataset", "prepare", "why_not"]

CACHE = ROOT / "runs/tables"


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Attributes:
        name: For `--data`, and in tables.
        rows: About how many, to say how long a cell takes.
        targets: Columns that learners predict; the first is the one that people predict of this set.
        embedded: Whether scikit-learn brings it.
    """

    name: str
    rows: int
    targets: tuple[str, ...]
    embedded: bool = False


DATASETS = (
    Dataset("adult", 32_561, ("income", "age")),
    Dataset("pima", 768, ("diabetes",)),
    Dataset("penguins", 344, ("body_mass_g",)),
    Dataset("diabetes", 442, ("target",), embedded=True),
    Dataset("diamonds", 53_940, ("price",)),
    Dataset("credit", 30_000, ("def_pay",)),
)


def dataset(name: str) -> Dataset:
    """A data set by its name."""
    return next(found for found in DATASETS if found.name == name)


def why_not(name: str, data: Mapping[str, Path]) -> str:
    """Why a data set can't be read; empty where it can."""
    return "" if dataset(name).embedded or name in data else f"no path of {name}: give --data {name}=PATH"


@dataclass(frozen=True)
class Prepared:
    """A data set, split.

    Attributes:
        name: Its name.
        table: All rows.
        train: Numbers of the training rows.
        held: Numbers of the rows that no contestant sees: validation and test.
        folder: Where its files are.
    """

    name: str
    table: TableSet
    train: NDArray[np.int64]
    held: NDArray[np.int64]
    folder: Path

    @property
    def schema(self) -> Schema:
        """What its columns are."""
        return self.table.schema

    @property
    def target(self) -> str:
        """What people predict of it."""
        return dataset(self.name).targets[0]

    @property
    def classes(self) -> tuple[str, ...]:
        """The targets that are classes."""
        found = [self.schema.column(target) for target in dataset(self.name).targets]
        return tuple(column.name for column in found if isinstance(column, BooleanColumn | CategoryColumn))

    @cached_property
    def real(self) -> Columns:
        """The training rows."""
        return columns_of(self.table.subset(self.train))

    @cached_property
    def unseen(self) -> Columns:
        """The rows that no contestant sees."""
        return columns_of(self.table.subset(self.held))

    @property
    def train_csv(self) -> Path:
        """The training rows for contestants."""
        return self.folder / "train.csv"

    @property
    def held_csv(self) -> Path:
        """The others, for learners that live elsewhere."""
        return self.folder / "held.csv"


def prepare(name: str, data: Mapping[str, Path]) -> Prepared:
    """Read and split a data set, and write its rows for contestants unless they are there.

    Raises:
        InputError: It is not given, cannot be read, or lacks its targets.
    """
    if why := why_not(name, data):
        raise InputError(why)
    table = open_table(data[name] if name in data else _diabetes())
    lacking = [target for target in dataset(name).targets if target not in table.columns]
    if lacking:
        raise InputError(f"{name}: there is no learnt column {', '.join(map(repr, lacking))}")
    splits = table.split()
    held = np.sort(np.concatenate([splits.val, splits.test]))
    folder = CACHE / "data" / f"{name}-{table.fingerprint[:12]}"
    made = Prepared(name, table, splits.train, held, folder)
    if not folder.is_dir():
        _write(made)
    return made


def _write(made: Prepared) -> None:
    """Write the files of a prepared set; the folder appears whole or not at all."""
    made.folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=made.folder.parent))
    try:
        write_rows(made.table.subset(made.train), temporary / "train.csv")
        write_rows(made.table.subset(made.held), temporary / "held.csv")
        made.schema.save(temporary / "schema.json")
        os.replace(temporary, made.folder)
    except OSError:
        if not made.folder.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _diabetes() -> Path:
    """scikit-learn's `diabetes` in its own units, as CSV."""
    path = CACHE / "data/diabetes.csv"
    if not path.is_file():
        try:
            from sklearn.datasets import load_diabetes
        except ImportError as error:
            raise InputError('diabetes comes with scikit-learn: pip install "gansmith[tables]"') from error
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        load_diabetes(as_frame=True, scaled=False).frame.to_csv(temporary, index=False)
        temporary.replace(path)
    return path
