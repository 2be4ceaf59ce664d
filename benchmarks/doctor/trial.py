"""The doctor on trial: faults found and named, healthy runs left in peace, and sick runs that the autopilot puts right.

Rules and thresholds were chosen on seeds 0, 11 and 21; what is reported is measured on the seeds below. A run is good
where its samples cover at least half of what real rows cover: a game that does worse though nothing was done to it is
counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.doctor.clinic import Case, examine
from benchmarks.doctor.patients import FAULTS, HEALTHY, ROUNDS, Fault, Patient
from benchmarks.record import RESULTS, ROOT, Result
from benchmarks.table import Cell, Table

__all__ = ["jobs", "run", "wilson"]

SEEDS, QUICK = (31, 32, 33), (0,)
SECONDS = 9.0
GOOD, WITHIN = 0.5, 0.8
"""Coverage, as a share of real rows', of a good run; share of the healthy run's that a mended one has to reach."""


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of Wilson (1927) of a share, at 95%."""
    if not of:
        return 0.0, 1.0
    share = hits / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - half) / (1 + z * z / of)), min(1.0, (middle + half) / (1 + z * z / of))


def kept(case: Case) -> dict[str, Any]:
    """What is stored of a case."""
    ceiling = {score["name"]: score["value"] for score in case.real["ceiling"]}
    return {
        "told": [[at, found] for at, found in case.told],
        "end": [[d.name, d.level] for d in case.diagnoses],
        "treated": [t.to_json() for t in case.treated],
        "scores": {name: round(value, 5) for name, value in case.scores.items()},
        "coverage": round(case.scores.get("coverage", 0.0) / ceiling["coverage"], 4),
        "total": case.events[0]["total"],
        "seconds": round(case.seconds, 1),
    }


def compute(patient: Patient, fault: Fault | None, seed: int, treat: bool) -> dict[str, Any]:
    """Play one run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for networks of this size a second thread costs more than it gives
    try:
        visit = patient.visit(seed)
        return kept(examine(fault.spoil(visit) if fault else visit, treat))
    finally:
        torch.set_num_threads(threads)


def job_of(stage: str, name: str, patient: Patient, fault: Fault | None, seed: int, treat: bool) -> Job:
    """A cell as something to do."""
    identity = {
        "stage": stage,
        "name": name,
        "ward": patient.ward,
        "recipe": patient.variant.recipe,
        "given": dict(patient.variant.settings),
        "rounds": ROUNDS,
        "seed": seed,
    }
    work = partial(compute, patient, fault, seed, treat)
    return Job(stage, f"{name} ({patient.ward}), seed {seed}", identity, SECONDS * patient.variant.cost, work)


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells."""
    made = []
    for seed in QUICK if quick else SEEDS:
        for fault in FAULTS[:2] if quick else FAULTS:
            for patient in fault.patients:
                made.append(job_of("faults", fault.name, patient, fault, seed, False))
                if fault.kind == "training":
                    made.append(job_of("recovery", fault.name, patient, fault, seed, True))
                if fault.kind != "code":
                    made.append(job_of("baseline", f"{fault.name}, without it", fault.well(patient), None, seed, False))
        for name, patient in list(HEALTHY.items())[: 2 if quick else None]:
            made.append(job_of("healthy", name, patient, None, seed, False))
    return made


def first(result: Mapping[str, Any], expected: Sequence[str] = ()) -> tuple[int, list[str]] | None:
    """Samples and names at the first look at which something was serious, or expected."""
    for samples, given in result["told"]:
        names = [name for name, level in given if level == "sick" or name in expected]
        if names:
            return samples, names
    return None


def detection(asked: Sequence[Job], folder: Path) -> Table:
    """Faults found, named first, and how soon."""
    rows: list[list[Cell]] = []
    pooled = [0, 0, 0]
    for fault in FAULTS:
        mine = [
            r for j in asked if j.stage == "faults" and j.identity["name"] == fault.name and (r := found(j, folder))
        ]
        seen = [(r, f) for r in mine if (f := first(r, fault.expected))]
        right = [f for _, f in seen if f[1][0] in fault.expected]
        delays = sorted(f[0] / r["total"] for r, f in seen)
        pooled = [pooled[0] + len(seen), pooled[1] + len(right), pooled[2] + len(mine)]
        delay = f"{delays[len(delays) // 2]:.0%}" if delays else None
        rows.append([fault.name, fault.kind, f"{len(seen)} of {len(mine)}", f"{len(right)} of {len(mine)}", delay])
    rows.append(["all", "", _share(pooled[0], pooled[2]), _share(pooled[1], pooled[2]), None])
    heads = ("fault", "kind", "found", "named right at first", "after (median, of the run)")
    return Table("Faults", heads, rows, "In brackets: Wilson's interval at 95%.")


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits} of {of} ({low:.0%} to {high:.0%})"


def alarms(asked: Sequence[Job], folder: Path) -> Table:
    """Healthy runs in which something was called serious at some look."""
    rows: list[list[Cell]] = []
    good = poor = called = named = 0
    for job in (j for j in asked if j.stage == "healthy"):
        result = found(job, folder)
        if result is None:
            continue
        names = sorted({name for _, given in result["told"] for name, level in given if level == "sick"})
        if result["coverage"] >= GOOD:
            good, called = good + 1, called + bool(names)
        else:
            poor, named = poor + 1, named + bool(names)
        if names and result["coverage"] >= GOOD:
            rows.append([job.label, result["coverage"], ", ".join(names)])
    rows.append(["false alarms", None, _share(called, good)])
    rows.append(["runs that did badly though nothing was done to them: something was said", None, _share(named, poor)])
    return Table("Healthy runs", ("run", "coverage", "called serious"), rows, "Runs not listed were left in peace.")


def recovery(asked: Sequence[Job], folder: Path) -> Table:
    """Sick runs, and what became of them with the autopilot."""
    rows: list[list[Cell]] = []
    pooled = [0, 0]
    for fault in (f for f in FAULTS if f.kind == "training"):
        mended = sick = 0
        values = []
        for patient in fault.patients:
            for seed in sorted({j.identity["seed"] for j in asked}):
                left, cared, well = (
                    found(job, folder)
                    for job in (
                        job_of("faults", fault.name, patient, fault, seed, False),
                        job_of("recovery", fault.name, patient, fault, seed, True),
                        job_of("baseline", f"{fault.name}, without it", fault.well(patient), None, seed, False),
                    )
                )
                if left is None or cared is None or well is None or left["coverage"] >= WITHIN * well["coverage"]:
                    continue
                sick, mended = sick + 1, mended + (cared["coverage"] >= WITHIN * well["coverage"])
                values.append((left["coverage"], cared["coverage"], well["coverage"]))
        pooled = [pooled[0] + mended, pooled[1] + sick]
        means = [sum(column) / len(values) for column in zip(*values, strict=True)] if values else [None, None, None]
        rows.append([fault.name, f"{mended} of {sick}", *means])
    rows.append(["all", _share(*pooled), None, None, None])
    heads = ("fault", "mended", "coverage, left alone", "coverage, autopilot", "coverage, without the fault")
    note = f"Of runs that end below {WITHIN:.0%} of the coverage without the fault; mended: at least that with it."
    return Table("Recovery", heads, rows, note)


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing; then tables."""
    folder = ROOT / "runs/benchmarks/doctor" if quick else RESULTS / "doctor"
    asked = jobs(quick, choice)
    complete(asked, folder, choice)
    return Result(
        {"seeds": list(QUICK if quick else SEEDS), "rounds": ROUNDS},
        [detection(asked, folder), alarms(asked, folder), recovery(asked, folder)],
        numbers={"cells": [job.id for job in asked]},
    )
