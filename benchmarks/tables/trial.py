"""Tables made anew: gansmith beside CTGAN, TVAE and SMOTE, between real rows and independent columns.

All get the same training rows as a CSV and are judged on the same rows that none of them saw. The peers run in an
environment of their own, once: their cells are kept with versions and machine until `--fresh` computes them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.cells import Choice, Job, complete
from benchmarks.record import RESULTS, ROOT, Result
from benchmarks.tables import contest
from benchmarks.tables.contestants import CONTESTANTS, EPOCHS, Contestant, contestants, private
from benchmarks.tables.data import DATASETS
from benchmarks.tables.page import contest_table, stage_tables
from benchmarks.tables.stages import SMOKE, stage_jobs

__all__ = ["jobs", "run"]

QUICK = (("diabetes", (0,)),)


def folder_of(quick: bool) -> Path:
    """Where the cells are."""
    return ROOT / "runs/benchmarks/tables" if quick else RESULTS / "tables"


def those(quick: bool) -> Mapping[str, Contestant]:
    """Who takes part; a smoke run gives the deep ones two epochs, and gansmith seconds."""
    return contestants(2, SMOKE) if quick else CONTESTANTS


def contest_jobs(quick: bool, choice: Choice) -> list[Job]:
    """The cells of the contest."""
    return contest.jobs(those(quick), choice, QUICK if quick else contest.ORDER)


def private_jobs(quick: bool, choice: Choice) -> list[Job]:
    """Cells of the stage `private`; small sets can't be learnt in private."""
    found = contest.jobs(private(SMOKE if quick else ""), choice, (("adult", (0,)),))
    return [replace(job, stage="private") for job in found]


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells; a contestant's name is its stage."""
    return [*contest_jobs(quick, choice), *stage_jobs(quick, choice), *private_jobs(quick, choice)]


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing; then tables."""
    folder, asked = folder_of(quick), jobs(quick, choice)
    complete(asked, folder, choice)
    names = [name for name, _ in QUICK] if quick else [found.name for found in DATASETS]
    tables = [contest_table(name, asked, those(quick), folder) for name in names]
    tables.append(contest_table("adult", asked, private(), folder, "with differential privacy, by epsilon"))
    used = {
        "epochs": EPOCHS,
        "order": [[name, list(seeds)] for name, seeds in contest.ORDER],
        "contestants": {one.name: one.about for one in those(quick).values()},
        "threads": {one.name: one.threads for one in those(quick).values()},
    }
    return Result(used, [*tables, *stage_tables(asked, folder)], numbers={"cells": [job.id for job in asked]})
