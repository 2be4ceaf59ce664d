"""The cells of the contest: a contestant, a data set, a seed. Made rows are kept in the cache, scores are stored."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Choice, Job
from benchmarks.record import machine
from benchmarks.tables.contestants import CEILING, Contestant
from benchmarks.tables.data import CACHE, dataset, prepare, why_not
from benchmarks.tables.scores import PROTOCOL, judge
from gansmith.run.files import write_json

__all__ = ["ORDER", "job_of", "jobs"]

ORDER: Sequence[tuple[str, tuple[int, ...]]] = (
    ("adult", (0,)),
    ("pima", (0, 1, 2)),
    ("penguins", (0, 1, 2)),
    ("diabetes", (0, 1, 2)),
    ("diamonds", (0, 1, 2)),
    ("credit", (0, 1, 2)),
    ("adult", (1, 2)),
)
"""Data sets and seeds, what tells most first."""

JUDGING = (5.0, 4e-3)
"""Seconds to judge made rows: at least, and more for each row."""


def job_of(one: Contestant, name: str, seed: int, choice: Choice, boosted: bool = True) -> Job:
    """A cell as something to do."""
    identity = {"contestant": one.name, "data": name, "seed": seed, **one.settings}
    rows = dataset(name).rows
    seconds = one.seconds(rows) + JUDGING[0] + JUDGING[1] * rows
    work = partial(compute, one, name, seed, choice, boosted)
    label = f"{one.name} on {name}, seed {seed}"
    return Job(one.name, label, identity, seconds, work, why_not(name, choice.data), _as_judged_today)


def _as_judged_today(result: Mapping[str, Any]) -> bool:
    return bool(result["protocol"] == PROTOCOL)


def jobs(
    contestants: Mapping[str, Contestant],
    choice: Choice,
    order: Sequence[tuple[str, tuple[int, ...]]] = ORDER,
    boosted: bool = True,
) -> list[Job]:
    """All cells in their order."""
    return [
        job_of(one, name, seed, choice, boosted)
        for name, seeds in order
        for seed in seeds
        for one in contestants.values()
    ]


def compute(one: Contestant, name: str, seed: int, choice: Choice, boosted: bool) -> dict[str, Any]:
    """Make rows unless they are in the cache, and judge them."""
    prepared = prepare(name, choice.data)
    place = CACHE / "rows" / f"{one.name}-{prepared.folder.name}-{seed}{_told(one.settings)}.csv.gz"
    facts = place.with_name(place.name.replace(".csv.gz", ".json"))
    if not _kept(place, facts, choice.since):
        made = one.make(prepared.train_csv, prepared.schema, prepared.target, seed, len(prepared.train), one.threads)
        _keep(made.rows, place)
        seconds = {"seconds_fit": made.seconds_fit, "seconds_sample": made.seconds_sample}
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        write_json(facts, {**seconds, **made.facts, "rows": len(prepared.train), "date": now, "machine": machine()})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.csv"
        with gzip.open(place, "rb") as packed, path.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        found = judge(path, prepared, seed, boosted, ceiling=one.name == CEILING)
    return {"made": json.loads(facts.read_text(encoding="utf-8")), "fingerprint": prepared.table.fingerprint, **found}


def _told(settings: Mapping[str, Any]) -> str:
    return "".join(f"-{name}-{value}" for name, value in settings.items())


def _kept(place: Path, facts: Path, since: str) -> bool:
    """Whether rows are in the cache, and new enough."""
    if not (place.is_file() and facts.is_file()):
        return False
    return bool(json.loads(facts.read_text(encoding="utf-8"))["date"] >= since)


def _keep(rows: Path, place: Path) -> None:
    """Move a CSV into the cache, packed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_suffix(".tmp")
    with rows.open("rb") as plain, gzip.GzipFile(temporary, "wb", mtime=0) as packed:
        shutil.copyfileobj(plain, packed)
    temporary.replace(place)
    rows.unlink()
