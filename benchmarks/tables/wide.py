"""Tables that are hard by their shape, drawn from a seed: very many columns, and very many values of a category."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables.data import CACHE
from gansmith.data.table.arrow import arrow

__all__ = ["SHAPES", "wide_csv"]

FACTORS = 8
"""Hidden numbers of a row that its columns depend on."""


def many_columns(quick: bool) -> dict[str, NDArray[Any]]:
    """1,000 columns of 10,000 rows: 700 numbers, 300 categories of 2 to 20 values, all from a few hidden numbers."""
    rows, columns = (500, 40) if quick else (10_000, 1_000)
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((rows, FACTORS))
    made: dict[str, NDArray[Any]] = {}
    for i in range(columns):
        values = hidden @ rng.standard_normal(FACTORS) + rng.standard_normal(rows)
        if i % 10 < 7:
            made[f"n{i}"] = np.round(values * 10 ** rng.uniform(0, 3), 2)
        else:
            edges = np.quantile(values, np.linspace(0, 1, int(rng.integers(2, 21)) + 1)[1:-1])
            made[f"c{i}"] = np.array([f"v{code}" for code in np.searchsorted(edges, values)])
    return made


def many_values(quick: bool) -> dict[str, NDArray[Any]]:
    """250,000 rows with a category of 100,000 values, as often as Zipf's law has it, and numbers that go with it."""
    rows, values = (5_000, 2_000) if quick else (250_000, 100_000)
    rng = np.random.default_rng(0)
    weight = 1 / np.arange(1, values + 1)
    code = np.concatenate([np.arange(values), rng.choice(values, rows - values, p=weight / weight.sum())])
    code = rng.permutation(code)
    return {
        "shop": np.array([f"shop {c}" for c in code]),
        "region": np.array([f"r{c % 12}" for c in code]),
        "amount": np.round(np.exp(rng.standard_normal(rows) + (code % 12) / 6), 2),
        "returned": np.where(rng.random(rows) < 0.05 + (code % 7) / 40, "yes", "no"),
    }


SHAPES: Mapping[str, tuple[str, str, Callable[[bool], dict[str, NDArray[Any]]]]] = {
    "columns": ("1,000 columns x 10,000 rows", "c9", many_columns),
    "category": ("a category of 100,000 values, 250,000 rows", "returned", many_values),
}
"""By name: what it is, what people would predict of it, and how it is drawn."""


def wide_csv(name: str, quick: bool) -> Path:
    """The CSV of such a table, drawn unless it is there."""
    import pyarrow.csv as csv

    path = CACHE / "data" / f"wide-{name}{'-quick' if quick else ''}" / "train.csv"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        csv.write_csv(arrow().table(SHAPES[name][2](quick)), temporary)
        temporary.replace(path)
    return path
