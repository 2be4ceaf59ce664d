"""What is measured beside the contest: codec, conditions, hard shapes, speed side by side, very many rows."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cells import Choice, Job
from benchmarks.commands import PYTHON, run_command
from benchmarks.measure import side_by_side
from benchmarks.record import ROOT
from benchmarks.tables.columns import kinds, read_columns
from benchmarks.tables.data import CACHE, prepare, why_not
from benchmarks.tables.environment import ask
from benchmarks.tables.ours import Condition, Ours
from benchmarks.tables.wide import SHAPES, wide_csv
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table
from gansmith.errors import RunError
from gansmith.metrics.table import Columns

__all__ = ["CONDITIONS", "STAGES", "met", "spoken_condition", "stage_jobs"]

ON = "adult"
ASKED = {False: 1_000, True: 100}
"""Rows for a condition; fewer in a smoke run."""

BUDGET, SMOKE = "2m", "10s"
"""Of training on tables of hard shapes, where memory is measured; of training in a smoke run."""

CONDITIONS: Sequence[Condition] = (
    {"sex": "Female"},
    {"income": ">50K"},
    {"age": (18, 25)},
    {"age": (18, 25), "income": ">50K"},
    {"education": "Preschool"},
    {"workclass": "Without-pay"},
    {"capital-gain": (99_999, 99_999)},
    {"marital-status": "Widowed", "sex": "Male", "age": (70, 90)},
    {"age": (60, 70), "hours-per-week": (60, 99)},
    {"capital-loss": (1_500, 2_500), "hours-per-week": (35, 45), "age": (30, 50)},
    {"race": "Amer-Indian-Eskimo", "sex": "Female", "education": "Bachelors", "age": (30, 40)},
    {"age": (17, 20), "education-num": (13, 16)},
)
"""Common and rare ones, one column and several, categories and ranges."""

STAGES = ("codec", "where", "wide", "speed", "million")


def spoken_condition(condition: Condition) -> str:
    """For a table."""
    return ", ".join(
        f"{name} {v}" if isinstance(v, str) else f"{name} {v[0]:g} to {v[1]:g}" for name, v in condition.items()
    )


def met(columns: Columns, condition: Condition) -> NDArray[np.bool_]:
    """Which rows satisfy a condition `(N,)`."""
    found = np.ones(len(columns), bool)
    for name, value in condition.items():
        if isinstance(value, str):
            names = columns.categories[name]
            found &= columns[name] == (names.index(value) if value in names else -2)
        else:
            found &= (columns[name] >= value[0]) & (columns[name] <= value[1])
    return found


def ours(quick: bool, choice: Choice, seed: int = 0) -> Ours:
    """A run of gansmith; that of seed 0 is the contest's."""
    prepared = prepare(ON, choice.data)
    budget = SMOKE if quick else ""
    return Ours(prepared.train_csv, prepared.schema, prepared.target, seed, budget=budget)


def codec(who: str, repetitions: int, choice: Choice) -> dict[str, Any]:
    """Seconds to fit what turns rows into numbers."""
    prepared = prepare(ON, choice.data)
    if who == "ctgan":
        request = {"do": "codec", "train": str(prepared.train_csv), "columns": kinds(prepared.schema)}
        return ask("deep.py", {**request, "repetitions": repetitions}, threads=1)
    train = prepared.table.subset(prepared.train)
    made = TableCodec.fit(train)
    tokens = made.encode(train.columns)
    steps: dict[str, Callable[[], object]] = {
        "read": lambda: open_table(prepared.train_csv),
        "fit": lambda: TableCodec.fit(train),
        "encode": lambda: made.encode(train.columns),
        "decode": lambda: made.decode(tokens),
    }
    times = side_by_side(steps, repetitions)
    found = {name: {"seconds": list(t.wall), "cpu": list(t.cpu)} for name, t in times.items()}
    return {"seconds": found["fit"]["seconds"], "cpu": found["fit"]["cpu"], "steps": found, "rows": len(train)}


def where(condition: Condition, quick: bool, choice: Choice) -> dict[str, Any]:
    """How many of the rows that were asked for satisfy a condition."""
    prepared, run = prepare(ON, choice.data), ours(quick, choice)
    run.fit()
    asked = ASKED[quick]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made.csv"
        took = run.sample(asked, out, 1, condition)
        made, _ = read_columns(out, prepared.schema)
    right = int(met(made, condition).sum())
    real = int(met(prepared.real, condition).sum())
    rows = {"asked": asked, "rows": len(made), "right": right, "real": real, "real rows": len(prepared.real)}
    return {**rows, "seconds": took.wall, "cpu": took.cpu}


def wide(name: str, what: str, quick: bool) -> dict[str, Any]:
    """Seconds and the most memory of a process that reads and encodes a table, or of those that train and sample."""
    path = wide_csv(name, quick)
    if what == "read":
        env = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        try:
            return run_command([PYTHON, "-m", "benchmarks.tables.reading", path], env)._asdict()
        except RuntimeError as error:
            raise RunError(str(error).strip().splitlines()[-1]) from None
    run = Ours(path, open_table(path).schema, SHAPES[name][1], 0, budget=SMOKE if quick else BUDGET)
    shutil.rmtree(run.folder, ignore_errors=True)
    fit, out = run.fit(), run.folder / "made.csv"
    sample = run.draw(1_000 if quick else 10_000, out, 0)
    out.unlink()
    sampled = {f"{key} of sampling": value for key, value in sample._asdict().items()}
    return {**fit._asdict(), **sampled}


def speed(epochs: int, n: int, quick: bool, choice: Choice) -> dict[str, Any]:
    """CTGAN's pace, our whole fit and our sampling, CTGAN's pace again: all in one stretch."""
    prepared = prepare(ON, choice.data)
    request = {"do": "pace", "epochs": epochs, "n": n, "train": str(prepared.train_csv)}
    run = ours(quick, choice, 99)
    shutil.rmtree(run.folder, ignore_errors=True)
    paces, out = [], run.folder / "many.csv"
    paces.append(ask("deep.py", {**request, "columns": kinds(prepared.schema)}, threads=1))
    fit = run.fit()
    sample = run.draw(n, out, 0)
    out.unlink()
    paces.append(ask("deep.py", {**request, "columns": kinds(prepared.schema)}, threads=1))
    names = [name for name in paces[0] if name.startswith(("seconds_", "cpu_"))]
    return {
        "ctgan": {name: statistics.fmean(pace[name] for pace in paces) for name in names},
        "paces": paces,
        "gansmith": {"fit": fit._asdict(), "sample": sample._asdict()},
        "rows": n,
    }


def million(n: int, quick: bool, choice: Choice) -> dict[str, Any]:
    """So many rows into one file: seconds, and the most memory."""
    run = ours(quick, choice)
    run.fit()
    out = CACHE / "gansmith" / f"many-{n}.csv"
    try:
        took = run.draw(n, out, 0)
        size = out.stat().st_size
    finally:
        out.unlink(missing_ok=True)
    return {"rows": n, "seconds": took.wall, "cpu": took.cpu, "peak": took.peak, "bytes": size}


def stage_jobs(quick: bool, choice: Choice) -> list[Job]:
    """All of them."""
    why, made = why_not(ON, choice.data), []

    def add(stage: str, label: str, seconds: float, work: Callable[[], dict[str, Any]], **identity: Any) -> None:
        needs = "" if stage == "wide" else why
        made.append(Job(stage, label, {"stage": stage, **identity}, seconds, work, needs))

    for who, seconds in (("gansmith", 30.0), ("ctgan", 200.0)):
        add("codec", f"codec of {who}", seconds, partial(codec, who, 1 if quick else 5, choice), who=who)
    for condition in CONDITIONS[:2] if quick else CONDITIONS:
        work = partial(where, condition, quick, choice)
        add("where", spoken_condition(condition), 20, work, condition=condition, asked=ASKED[quick])
    for name, (about, _, _) in SHAPES.items():
        for what, seconds in (("read", 60.0), ("train", 200.0)):
            add("wide", f"{about}: {what}", seconds, partial(wide, name, what, quick), table=name, what=what)
    epochs, n = (2, 1_000) if quick else (10, 100_000)
    add(
        "speed", "CTGAN and gansmith side by side", 600, partial(speed, epochs, n, quick, choice), rows=n, epochs=epochs
    )
    for n in (10_000, 100_000) if quick else (100_000, 10_000_000):
        add("million", f"{n:,} rows", 20 + n / 2e4, partial(million, n, quick, choice), rows=n)
    return made
