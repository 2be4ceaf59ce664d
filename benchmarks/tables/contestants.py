"""Who makes tables: each is a function from training rows as CSV to made rows as CSV, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables.columns import kinds
from benchmarks.tables.environment import ask
from benchmarks.tables.ours import Made, fit_and_sample
from gansmith.data.table.arrow import arrow
from gansmith.data.table.schema import Schema

__all__ = ["CEILING", "CONTESTANTS", "EPOCHS", "EPSILONS", "Contestant", "FitAndSample", "private"]

EPOCHS = 100
"""Of CTGAN and TVAE; their default is 300."""

EPSILONS = (1.0, 3.0, 10.0)
"""Strong, usual and weak promises."""

CEILING = "copy"
"""The contestant that real rows themselves stand in for."""

FitAndSample = Callable[[Path, Schema, str, int, int, int], Made]
"""From training rows, what they are, what people predict, seed, number of rows and threads to made rows."""


@dataclass(frozen=True)
class Contestant:
    """One of those who make tables.

    Attributes:
        name: In tables, and for `--only`.
        about: What a reader has to know.
        make: Makes rows.
        settings: What its rows depend on beside data and seed.
        threads: That it is fastest with; 0 for as many as it likes.
        seconds: From the number of training rows to about how long it takes.
    """

    name: str
    about: str
    make: FitAndSample
    settings: Mapping[str, Any]
    threads: int
    seconds: Callable[[int], float]


def deep(model: str, epochs: int, train: Path, schema: Schema, target: str, seed: int, n: int, threads: int) -> Made:
    """CTGAN or TVAE."""
    out = train.parent / f"{model}-{seed}.csv"
    request = {"do": "rows", "model": model, "epochs": epochs, "seed": seed, "n": n}
    files = {"train": str(train), "out": str(out), "columns": kinds(schema)}
    return _answered(ask("deep.py", {**request, **files}, threads), out, threads)


def smote(train: Path, schema: Schema, target: str, seed: int, n: int, threads: int) -> Made:
    """Rows between neighbours."""
    out = train.parent / f"smote-{seed}.csv"
    request = {"target": target, "seed": seed, "n": n, "train": str(train), "out": str(out), "columns": kinds(schema)}
    return _answered(ask("neighbours.py", request, threads), out, threads)


def _answered(answer: dict[str, Any], out: Path, threads: int) -> Made:
    facts = {k: v for k, v in answer.items() if not k.startswith("seconds_")}
    return Made(out, answer["seconds_fit"], answer["seconds_sample"], {**facts, "threads": threads})


def drawn(apart: bool, train: Path, schema: Schema, target: str, seed: int, n: int, threads: int) -> Made:
    """Real rows drawn with replacement; with `apart` every column for itself."""
    import pyarrow.csv as csv

    begun, cpu = time.perf_counter(), time.process_time()
    text = csv.ConvertOptions(column_types={c.name: arrow().string() for c in schema.learnt}, strings_can_be_null=False)
    table = csv.read_csv(train, convert_options=text)
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    rng = np.random.default_rng(seed)
    rows = rng.integers(table.num_rows, size=n)
    made = {
        name: table[name].take(rng.integers(table.num_rows, size=n) if apart else rows) for name in table.column_names
    }
    out = train.parent / f"{'columns' if apart else 'copy'}-{seed}.csv"
    csv.write_csv(arrow().table(made), out)
    facts = {"cpu_fit": fitted_cpu - cpu, "cpu_sample": time.process_time() - fitted_cpu, "threads": threads}
    return Made(out, fitted - begun, time.perf_counter() - fitted, facts)


def contestants(epochs: int, budget: str = "") -> dict[str, Contestant]:
    """All of them; CTGAN and TVAE with so many epochs, gansmith with a budget (empty: what it thinks right)."""
    ours = partial(fit_and_sample, budget=budget)
    steps = epochs / 500  # of each row; a step takes 500 rows
    every = [
        Contestant(
            CEILING,
            "real training rows, drawn with replacement: the ceiling",
            partial(drawn, False),
            {},
            1,
            lambda n: 1,
        ),
        Contestant(
            "gansmith", "what `gansmith train FILE` does", ours, {"budget": budget} if budget else {}, 0, lambda n: 240
        ),
        Contestant(
            "ctgan",
            f"CTGAN of ctgan 0.12.1, {epochs} epochs",
            partial(deep, "ctgan", epochs),
            {"epochs": epochs},
            1,
            lambda n: 20 + 0.13 * steps * n,
        ),
        Contestant(
            "tvae",
            f"TVAE of ctgan 0.12.1, {epochs} epochs",
            partial(deep, "tvae", epochs),
            {"epochs": epochs},
            1,
            lambda n: 20 + 0.035 * steps * n,
        ),
        Contestant("smote", "imbalanced-learn's SMOTENC, its added rows", smote, {}, 1, lambda n: 10 + 2e-3 * n),
        Contestant("columns", "every column drawn for itself: the floor", partial(drawn, True), {}, 1, lambda n: 1),
    ]
    return {one.name: one for one in every}


CONTESTANTS = contestants(EPOCHS)


def private(budget: str = "") -> dict[str, Contestant]:
    """With differential privacy, by epsilon."""
    return {
        f"epsilon {epsilon:g}": Contestant(
            f"epsilon {epsilon:g}",
            f"`gansmith train FILE --schema FILE --epsilon {epsilon:g}`",
            partial(fit_and_sample, budget=budget, epsilon=epsilon),
            {"epsilon": epsilon, **({"budget": budget} if budget else {})},
            0,
            lambda n: 300,
        )
        for epsilon in EPSILONS
    }
