"""The doctor on trial: faults found and named, healthy runs left in peace, and sick runs that the autopilot puts right.

Rules and thresholds were chosen on other seeds; what is reported is measured on the seeds below. A run is good where
its samples cover at least half of what real rows cover at the end, and never lost a quarter of what they had covered: a
game that does worse though nothing was done to it is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.doctor.clinic import Case, examine
from benchmarks.doctor.patients import FAULTS, HEALTHY, ROUNDS, Fault, Patient
from benchmarks.game import one_thread
from benchmarks.record import RESULTS, ROOT, Result
from benchmarks.table import Cell, Table
from gansmith.metrics.table import intervals

__all__ = ["jobs", "run", "wilson"]

SEEDS, QUICK = (41, 42, 43), (0,)
SECONDS = 9.0
GOOD, WITHIN = 0.5, 0.8
"""Coverage, as a share of real rows', of a good run; share of the healthy run's that a mended one has to reach."""

HELD, LOST = 0.2, 0.25
"""Coverage from which on a loss counts; share of the most so far that a run had lost at some look that fell apart.

Of 34 healthy runs of the seeds that rules were chosen on 30 had lost at most 14%, and four from 26% to everything.
"""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of Wilson of a share, at 95%; everything where nothing was tried."""
    return intervals.wilson(hits / of, of) if of else (0.0, 1.0)


def kept(case: Case) -> dict[str, Any]:
    """What is stored of a case."""
    ceiling = {score["name"]: score["value"] for score in case.real["ceiling"]}
    return {
        "told": [[at, found] for at, found in case.told],
        "end": [[d.name, d.level] for d in case.diagnoses],
        "treated": [t.to_json() for t in case.treated],
        "scores": {name: round(value, 5) for name, value in case.scores.items()},
        "coverage": round(case.scores.get("coverage", 0.0) / ceiling["coverage"], 4),
        "course": [round(value / ceiling["coverage"], 3) for value in case.course],
        "total": case.events[0]["total"],
        "seconds": round(case.seconds, 1),
    }


def well(result: Mapping[str, Any]) -> bool:
    """Whether a run ended well, and was well since it first was."""
    most, lost = 0.0, 0.0
    for covered in result["course"]:
        most = max(most, covered)
        lost = max(lost, 1 - covered / most) if most >= HELD else lost
    return bool(result["coverage"] >= GOOD and lost < LOST)


def compute(patient: Patient, fault: Fault | None, seed: int, treat: bool) -> dict[str, Any]:
    """Play one run."""
    with one_thread():  # for networks of this size a second one costs more than it gives
        visit = patient.visit(seed)
        return kept(examine(fault.spoil(visit) if fault else visit, treat))


def job_of(patient: Patient, seed: int, fault: Fault | None = None, treat: bool = False, name: str = "") -> Job:
    """A cell as something to do: a fault, its treatment, or a run that nothing is done to, called by a name."""
    stage = "recovery" if treat else "faults" if fault else "healthy"
    called = name or (fault.name if fault else "")
    identity = {
        "stage": stage,
        "name": fault.name if fault else "",
        "ward": patient.ward,
        "recipe": patient.variant.recipe,
        "given": dict(patient.variant.settings),
        "conditional": patient.conditional,
        "hidden": patient.hidden,
        "far": patient.far,
        "rounds": ROUNDS,
        "seed": seed,
    }
    work = partial(compute, patient, fault, seed, treat)
    return Job(stage, f"{called} ({patient.ward}), seed {seed}", identity, SECONDS * patient.variant.cost, work)


def healthy(seed: int, quick: bool = False) -> list[Job]:
    """Runs over the registry that nothing is done to."""
    return [job_of(patient, seed, name=name) for name, patient in list(HEALTHY.items())[: 2 if quick else None]]


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells; runs that several faults are measured against, and some of the registry's, are one cell."""
    seeds, made = QUICK if quick else SEEDS, []
    for seed in seeds:
        for fault in FAULTS[:2] if quick else FAULTS:
            for patient in fault.patients:
                made.append(job_of(patient, seed, fault))
                if fault.kind == "training":
                    made += [job_of(patient, seed, fault, treat=True), base_of(fault, patient, seed)]
    return made + [job for seed in seeds for job in healthy(seed, quick)]


def base_of(fault: Fault, patient: Patient, seed: int) -> Job:
    """The run without a fault."""
    return job_of(fault.well(patient), seed, name=f"without {fault.name}")


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
        delays = sorted((f[0] / r["total"], f[0]) for r, f in seen)
        pooled = [pooled[0] + len(seen), pooled[1] + len(right), pooled[2] + len(mine)]
        share, samples = delays[len(delays) // 2] if delays else (0.0, 0)
        delay = f"{samples:,} ({share:.0%})" if delays else None
        rows.append([fault.name, fault.kind, f"{len(seen)} of {len(mine)}", f"{len(right)} of {len(mine)}", delay])
    rows.append(["all", "", _share(pooled[0], pooled[2]), _share(pooled[1], pooled[2]), None])
    heads = ("fault", "kind", "found", "named right at first", "after samples (of the run), median")
    return Table("Faults", heads, rows, "In brackets: Wilson's interval at 95%.")


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits} of {of} ({low:.0%} to {high:.0%})"


def alarms(runs: Sequence[Job], folder: Path) -> Table:
    """Healthy runs in which something was called serious at some look."""
    rows: list[list[Cell]] = []
    good = poor = called = named = 0
    for job in runs:
        result = found(job, folder)
        if result is None:
            continue
        names = sorted({name for _, given in result["told"] for name, level in given if level == "sick"})
        if well(result):
            good, called = good + 1, called + bool(names)
        else:
            poor, named = poor + 1, named + bool(names)
        if names and well(result):
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
                        job_of(patient, seed, fault),
                        job_of(patient, seed, fault, treat=True),
                        base_of(fault, patient, seed),
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
    seeds, asked = QUICK if quick else SEEDS, jobs(quick, choice)
    complete(asked, folder, choice)
    runs = [job for seed in seeds for job in healthy(seed, quick)]
    return Result(
        {"seeds": list(seeds), "rounds": ROUNDS},
        [detection(asked, folder), alarms(runs, folder), recovery(asked, folder)],
        numbers={"cells": [job.id for job in asked]},
    )
