"""A table as the metrics see it: named columns of numbers or of categories, whatever they were read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gansmith.errors import InputError, nearest

__all__ = ["Columns", "Numbers", "align", "check_names", "stack"]

Numbers: TypeAlias = NDArray[np.float64]
"""A float64 array."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table in order.

    Attributes:
        values: By name, one entry a row. Numbers (and dates as numbers) are float64, NaN where missing; categories are
            int32 codes into `categories[name]`, -1 where missing.
        categories: The category names of each column of categories; a column without an entry holds numbers.

    Raises:
        InputError: No columns, lengths that differ, infinite numbers, codes out of range; all of them at once.
    """

    values: Mapping[str, NDArray[Any]]
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [
            f"categories of {name!r}, which is no column" for name in self.categories if name not in self.values
        ]
        found: dict[str, NDArray[Any]] = {}
        for name, given in self.values.items():
            kind = np.int32 if name in self.categories else np.float64
            found[name] = column = np.ascontiguousarray(given, dtype=kind)
            if column.ndim != 1:
                problems.append(f"column {name!r} has shape {column.shape}: it needs one value a row")
            elif name in self.categories:
                names = self.categories[name]
                if len(column) and not (column.min() >= -1 and column.max() < len(names)):
                    problems.append(f"column {name!r} holds codes outside -1..{len(names) - 1}")
                if len(set(names)) != len(names):
                    problems.append(f"column {name!r} names a category twice")
            elif np.isinf(column).any():
                problems.append(f"column {name!r} holds infinite numbers")
        if not found:
            problems.append("a table needs at least one column")
        if len({len(column) for column in found.values()}) > 1:
            counts = ", ".join(f"{name} {len(column)}" for name, column in found.items())
            problems.append(f"the columns differ in length: {counts}")
        if problems:
            raise InputError(*problems)
        object.__setattr__(self, "values", found)
        object.__setattr__(self, "categories", {k: tuple(v) for k, v in self.categories.items()})

    @classmethod
    def of(cls, **columns: Sequence[float | str | None]) -> Columns:
        """Columns from lists: with any text in it a column is of categories (named in sorted order), else of numbers.

        Args:
            **columns: Lists of numbers or texts; None (and NaN) is missing.
        """
        values: dict[str, NDArray[Any]] = {}
        categories: dict[str, tuple[str, ...]] = {}
        for name, column in columns.items():
            if any(isinstance(value, str) for value in column):
                present = [value for value in column if value is not None and value == value]
                categories[name] = tuple(sorted({str(value) for value in present}))
                code = {text: number for number, text in enumerate(categories[name])}
                values[name] = np.array([-1 if v is None or v != v else code[str(v)] for v in column], np.int32)
            else:
                values[name] = np.array([np.nan if v is None else float(v) for v in column], np.float64)
        return cls(values, categories)

    def __len__(self) -> int:
        """Rows."""
        return len(next(iter(self.values.values())))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The values of a column; raises `InputError` with the nearest name if there is none."""
        check_names([name], self)
        return self.values[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in order."""
        return tuple(self.values)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of numbers in order."""
        return tuple(name for name in self.values if name not in self.categories)

    def missing(self, name: str) -> NDArray[np.bool_]:
        """Where a column has no value `(N,)`."""
        column = self[name]
        found: NDArray[np.bool_] = column < 0 if name in self.categories else np.isnan(column)
        return found

    def take(self, rows: NDArray[Any]) -> Columns:
        """Some rows, by number or by a mask `(N,)`."""
        return Columns({name: column[rows] for name, column in self.values.items()}, self.categories)

    def only(self, names: Iterable[str]) -> Columns:
        """Some columns, in the order asked for; raises `InputError` for an unknown one."""
        names = list(names)
        check_names(names, self)
        kept = {name: self.categories[name] for name in names if name in self.categories}
        return Columns({name: self.values[name] for name in names}, kept)

    def without(self, *names: str) -> Columns:
        """All columns but some; raises `InputError` for an unknown one, or if none is left."""
        check_names(names, self)
        return self.only([name for name in self.names if name not in names])


def check_names(asked: Iterable[str], columns: Columns, what: str = "column") -> None:
    """Raise `InputError` unless all names are columns; each unknown one comes with the nearest known."""
    wrong = [
        f"no {what} is called {name!r}{nearest(name, columns.names)}" for name in asked if name not in columns.values
    ]
    if wrong:
        raise InputError(*wrong)


def align(**tables: Columns) -> dict[str, Columns]:
    """Tables brought to one order of columns and one list of category names, so that equal codes mean equal values.

    Args:
        **tables: The first one gives the order of columns; category names that it lacks come behind its own.

    Returns:
        The tables by the same keys.

    Raises:
        InputError: A table without rows, columns that one table has and another lacks (with the nearest name), or a
            column of numbers in one and of categories in another; all of them at once.
    """
    first, model = next(iter(tables.items()))
    problems = [f"{key} has no rows" for key, table in tables.items() if not len(table)]
    for key, table in tables.items():
        problems += _mismatch(first, model, key, table)
    if problems:
        raise InputError(*problems)
    union: dict[str, tuple[str, ...]] = {}
    for name in model.categories:
        union[name] = tuple(dict.fromkeys(text for table in tables.values() for text in table.categories[name]))
    return {key: _recode(table, model.names, union) for key, table in tables.items()}


def _mismatch(first: str, model: Columns, key: str, table: Columns) -> list[str]:
    """What keeps two tables from being compared, a line each."""
    lacking = [name for name in model.names if name not in table.values]
    found = [f"{key} has no column {name!r}, which {first} has{nearest(name, table.names)}" for name in lacking]
    found += [
        f"{key} has a column {name!r}, which {first} lacks{nearest(name, model.names)}"
        for name in table.names
        if name not in model.values
    ]
    for name in model.names:
        if name in table.values and (name in model.categories) != (name in table.categories):
            kinds = ["categories" if name in t.categories else "numbers" for t in (model, table)]
            found.append(f"column {name!r} holds {kinds[0]} in {first} and {kinds[1]} in {key}")
    return found


def _recode(table: Columns, names: tuple[str, ...], union: Mapping[str, tuple[str, ...]]) -> Columns:
    values = {}
    for name in names:
        column = table.values[name]
        if name in union and table.categories[name] != union[name]:
            place = {text: code for code, text in enumerate(union[name])}
            codes = np.array([*(place[text] for text in table.categories[name]), -1], np.int32)
            column = codes[column]  # a code of -1 takes the last entry
        values[name] = column
    return Columns(values, union)


def stack(*tables: Columns) -> Columns:
    """The rows of aligned tables, one below the other; raises `InputError` if their columns differ."""
    aligned = list(align(**{f"table {i + 1}": table for i, table in enumerate(tables)}).values())
    values = {name: np.concatenate([table.values[name] for table in aligned]) for name in aligned[0].names}
    return Columns(values, aligned[0].categories)
