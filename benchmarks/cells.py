"""Benchmarks of many cells: each leaves one file, so that a long one goes on where it stopped.

A cell is known by what it computes, not by where it stands in a table: two tables may show the same cell, and a cell
is never computed twice. What fails for want of data or of a package stays missing; a run that broke is kept as broken,
until its file is deleted. An interrupted cell is computed again; a run inside it goes on from its last checkpoint.
Several processes may share one benchmark: each leaves the cells to the others that they are at.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.record import commit, machine
from benchmarks.table import Cell
from gansmith.errors import InputError, RunError
from gansmith.run.folder import alone

__all__ = ["Choice", "Job", "Outlook", "complete", "fingerprint", "found", "outlook", "spoken", "store", "summed"]

SLACK = 1.2
"""A cell is begun only where this many times its expected seconds are left."""

Fresh = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Choice:
    """What of a benchmark is wanted.

    Attributes:
        only: Stages to compute; empty for all.
        minutes: Begin no cell that would end later than so many minutes from now; None for no limit.
        data: Data sets by name, as the user gave them.
        since: ISO date: of what is wanted, results that are older are computed again; empty for none.
    """

    only: tuple[str, ...] = ()
    minutes: float | None = None
    data: Mapping[str, Path] = field(default_factory=dict)
    since: str = ""

    def wants(self, stage: str) -> bool:
        """Whether a stage is to be computed."""
        return not self.only or stage in self.only

    def of(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of the jobs that are wanted."""
        return [replace(job, since=self.since) for job in jobs if self.wants(job.stage)]


@dataclass(frozen=True)
class Job:
    """One cell.

    Attributes:
        stage: Which part of the benchmark asks for it.
        label: What a person calls it.
        identity: Everything that its result depends on, as JSON.
        seconds: About how long it takes.
        compute: Computes it.
        missing: Why it can't be computed; empty where it can.
        fresh: From a stored result to whether it still is what this job would compute.
        since: ISO date: an older result does not count.
    """

    stage: str
    label: str
    identity: Mapping[str, Any]
    seconds: float
    compute: Callable[[], dict[str, Any]]
    missing: str = ""
    fresh: Fresh = field(default=lambda result: True)
    since: str = ""

    @property
    def id(self) -> str:
        """The same for the same computation."""
        return fingerprint(self.identity)


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits of what a cell is."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def found(job: Job, folder: Path) -> dict[str, Any] | None:
    """The stored result; None where there is none, or one of other defaults, or one that is too old."""
    path = folder / f"{job.id}.json"
    if not path.is_file():
        return None
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if job.since and data["date"] < job.since:
        return None
    return data if "broke" in data or job.fresh(data) else None


def store(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Write a cell's file, at once or not at all, with date, commit and machine."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{job.id}.json"
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    data = {"cell": dict(job.identity), "date": now, "commit": commit(), "machine": machine(), **result}
    temporary = path.with_suffix(".json.tmp")
    temporary.write_text(_compact(data) + "\n", encoding="utf-8")
    temporary.replace(path)


def _compact(data: Mapping[str, Any]) -> str:
    """JSON with one key of the top level on a line."""
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(', ', ': '))}" for key, value in data.items()]
    return "{\n " + ",\n ".join(lines) + "\n}"


@dataclass(frozen=True)
class Outlook:
    """What is there and what is to be done.

    Attributes:
        done: Cells that are stored.
        open: Cells that can be computed, each once.
        barred: Cells that can't, with the reason.
    """

    done: tuple[Job, ...]
    open: tuple[Job, ...]
    barred: tuple[Job, ...]

    def text(self) -> str:
        """A line a stage, and the reasons of what can't be computed."""
        stages = dict.fromkeys(job.stage for job in (*self.done, *self.open, *self.barred))
        lines = []
        for stage in stages:
            done, missing, barred = (
                [j for j in jobs if j.stage == stage] for jobs in (self.done, self.open, self.barred)
            )
            total = len(done) + len(missing) + len(barred)
            about = sum(job.seconds for job in missing)
            lines.append(f"{stage}: {len(done)} of {total} cells done, {len(missing)} missing, {_duration(about)}")
            reasons: dict[str, list[str]] = {}
            for job in barred:
                reasons.setdefault(job.missing, []).append(job.label)
            lines += [f"  {len(labels)} can't be computed: {reason}" for reason, labels in reasons.items()]
        return "\n".join(lines)


def _duration(seconds: float) -> str:
    if not seconds:
        return "nothing to do"
    return f"about {seconds / 60:.0f} minutes" if seconds >= 90 else f"about {seconds:.0f} seconds"


def outlook(jobs: Sequence[Job], folder: Path) -> Outlook:
    """Sort cells; one that two stages ask for is open in the first only."""
    done, missing, barred, seen = [], [], [], set()
    for job in jobs:
        if found(job, folder) is not None:
            done.append(job)
        elif job.missing:
            barred.append(job)
        elif job.id not in seen:
            seen.add(job.id)
            missing.append(job)
    return Outlook(tuple(done), tuple(missing), tuple(barred))


def complete(jobs: Sequence[Job], folder: Path, choice: Choice) -> Outlook:
    """Compute what is wanted and missing; returns what is left.

    A cell that fails for want of something (`InputError`) stays missing; one whose training broke is stored as broken.
    """
    begun = time.perf_counter()
    wanted = choice.of(jobs)
    plan = outlook(wanted, folder)
    _say(plan.text())
    for number, job in enumerate(plan.open, 1):
        spent = time.perf_counter() - begun
        if choice.minutes is not None and spent + job.seconds * SLACK > choice.minutes * 60:
            _say(f"  {job.label}: left for later, {choice.minutes:g} minutes would not be enough")
            continue
        _say(f"[{number}/{len(plan.open)}] {job.stage}: {job.label}, about {job.seconds:.0f} s ...")
        try:
            with alone(folder / job.id):  # another process may be at the same benchmark
                if found(job, folder) is None:
                    store(job, folder, job.compute())
        except InputError as error:
            _say(f"  stays missing: {error}")
        except RunError as error:
            store(job, folder, {"broke": str(error)})
            _say(f"  broke: {error}")
    return outlook(wanted, folder)


def summed(results: Sequence[Mapping[str, Any] | None], names: Sequence[str], seconds: bool = True) -> list[Cell]:
    """Seeds that are there, mean and deviation of each score, median seconds; a missing row says so."""
    done = [r for r in results if r is not None and "broke" not in r]
    broke = sum(r is not None and "broke" in r for r in results)
    if not done:
        return [f"{broke} broke" if broke else "missing", *[None] * (len(names) + seconds)]
    count = f"{len(done)} of {len(results)}" + (f", {broke} broke" if broke else "")
    cells: list[Cell] = [count if len(done) < len(results) else str(len(done))]
    for name in names:
        values = [r["scores"][name] for r in done]
        cells.append(spoken(values))
    return [*cells, *([statistics.median(r["seconds"] for r in done)] if seconds else [])]


def spoken(values: Sequence[float]) -> str:
    """Mean and standard deviation, as text."""
    mean = statistics.fmean(values)
    digits = 1 if abs(mean) >= 10 else 2
    return f"{mean:.{digits}f}" + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
