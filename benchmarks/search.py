"""Settings of the default recipe ranked at the same number of samples, on the embedded images.

One setting is changed at a time from the recipe's defaults, each cell with several seeds. Cells are trained and judged
by the public `gansmith.train`; each leaves one file in `results/search`, so that the search goes on where it stopped
and a cell is never computed twice. A cell's settings are written out in full: when a default changes, the cells of the
old one stay what they were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.game import settings
from benchmarks.measure import median
from benchmarks.record import RESULTS, ROOT, Result, commit, machine
from benchmarks.table import Cell, Table
from gansmith.recipes._recipe import Size

__all__ = ["CHANGES", "Setting", "run"]

RECIPE = "r3gan"
SIZE: Size = "s"
CHANGES: Mapping[str, Sequence[float]] = {
    "batch": (16, 32, 64),
    "match": (0.0, 0.3, 1.0),
    "lr_g": (1e-3, 2e-3, 4e-3),
    "lr_d": (1e-3, 2e-3, 4e-3),
    "width": (12, 16, 24),
    "penalty_every": (1, 4, 16),
    "gamma": (0.3, 1.0, 3.0),
    "ema": (2000.0, 5000.0, 10000.0),
}
SCORES = ("accuracy", "precision", "recall", "coverage", "kernel")
QUICK_CHANGES: Mapping[str, Sequence[float]] = {"match": (0.0, 1.0)}
RUNS = ROOT / "runs/search"


@dataclass(frozen=True)
class Setting:
    """One cell of the search.

    Attributes:
        change: What differs from the defaults, as text.
        values: All hyper-parameters.
        budget: Samples.
        seed: Of the run.
    """

    change: str
    values: Mapping[str, Any]
    budget: int
    seed: int

    @property
    def id(self) -> str:
        """The same for the same computation."""
        text = json.dumps([RECIPE, SIZE, dict(self.values), self.budget, self.seed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def cells(changes: Mapping[str, Sequence[float]], budget: int, seeds: Iterable[int]) -> list[Setting]:
    """The defaults, then every change of one setting; the first seed of all comes first."""
    base = settings(SIZE).model_dump(mode="json")
    rows = {"defaults": base}
    for name, values in changes.items():
        others = [type(base[name])(value) for value in values]
        rows |= {f"{name}={value:g}": {**base, name: value} for value in others if value != base[name]}
    return [Setting(change, values, budget, seed) for seed in seeds for change, values in rows.items()]


def compute(cell: Setting) -> dict[str, Any]:
    """Train and judge one cell; an interrupted one goes on from its last checkpoint."""
    import gansmith
    from gansmith.data.embedded import fashion_path

    folder = RUNS / cell.id
    made = gansmith.train(
        fashion_path(), RECIPE, size=SIZE, budget=cell.budget, out=folder, seed=cell.seed, **dict(cell.values)
    )
    scores = json.loads(made.folder.metrics.read_text(encoding="utf-8"))
    events = [json.loads(line) for line in made.folder.events.read_text(encoding="utf-8").splitlines()]
    rounds = [e for e in events if e["event"] == "round"]
    ends = [0, *(e["samples"] for e in rounds)]
    seconds = sum((e["samples"] - start) / e["rate"] for e, start in zip(rounds, ends, strict=False))
    found = {
        "change": cell.change,
        "settings": dict(cell.values),
        "budget": cell.budget,
        "seed": cell.seed,
        "scores": {r["name"]: [r["value"], r.get("low"), r.get("high")] for r in scores["results"]},
        "ceiling": {r["name"]: r["value"] for r in scores["ceiling"]},
        "judge": scores["judge"],
        "training seconds": seconds,
        "commit": commit(),
        "machine": machine(),
    }
    shutil.rmtree(folder)
    return found


def cached(cell: Setting, folder: Path) -> dict[str, Any]:
    """The cell's file, made if it is not there."""
    path = folder / f"{cell.id}.json"
    if not path.is_file():
        print(f"{cell.change}, seed {cell.seed} ...", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".json.tmp")
        temporary.write_text(json.dumps(compute(cell), indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def ranked(found: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    """A row for each change: medians over seeds, best coverage first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for cell in found:
        groups.setdefault(cell["change"], []).append(cell)
    rows: list[list[Cell]] = []
    for change, group in groups.items():
        values = [median([cell["scores"][name][0] for cell in group]) for name in SCORES]
        rows.append([change, len(group), *values, median([cell["training seconds"] for cell in group])])
    return sorted(rows, key=lambda row: -float(row[2 + SCORES.index("coverage")] or 0))


def run(quick: bool) -> Result:
    """Compute what is missing, then rank."""
    changes, budget, seeds = (QUICK_CHANGES, 320, (0,)) if quick else (CHANGES, 64_000, (0, 1, 2))
    folder = (ROOT / "runs/benchmarks/search") if quick else RESULTS / "search"
    asked = cells(changes, budget, seeds)
    found = [cached(cell, folder) for cell in asked]
    note = "Medians over seeds, on test images, in the features of the embedded judge. Seconds: training only."
    columns = ["change", "seeds", *SCORES, "seconds"]
    table = Table(f"Settings after {budget:,} samples", columns, ranked(found), note)
    used = {"recipe": RECIPE, "size": SIZE, "budget": budget, "seeds": list(seeds), "defaults": dict(asked[0].values)}
    return Result(used, [table], numbers={"cells": [cell.id for cell in asked]})
