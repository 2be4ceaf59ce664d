"""How time and memory grow with resolution, batch, data and processes.

Each cell is measured in a process of its own, on synthetic images in a temporary folder, and leaves one file in
`results/growth`. Memory is the peak of the process, less that of one that only imports torch.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.commands import PYTHON, run_command
from benchmarks.figures import lines, write_figures
from benchmarks.record import RESULTS, ROOT, Result, figure_folder
from benchmarks.table import Cell, Table

__all__ = ["jobs", "run"]

RESOLUTIONS, BATCHES, IMAGES = (32, 64, 128, 256), (4, 8, 16, 32, 64, 128, 256), (1_000, 10_000, 100_000, 1_000_000)
FILES = (1_000, 10_000, 50_000)
"""Folders of files are smaller than arrays: 50,000 files of one block each are 200 MB."""

RECIPES = ("r3gan", "dcgan")
PROCESSES = (1, 2)
AT = {"resolution": 16, "pixels": 32, "side": 16}
"""Batch of the resolutions, pixels of the batches, side of the images of the data sizes."""


def measured(words: Mapping[str, Any]) -> dict[str, Any]:
    """What a process of `benchmarks.grower` found, with its peak memory above that of importing torch."""
    with tempfile.TemporaryDirectory() as name:
        told = Path(name) / "found.json"
        command = [PYTHON, "-m", "benchmarks.grower", json.dumps(dict(words)), str(told), name]
        took = run_command(command, env={"OMP_WAIT_POLICY": "PASSIVE"})
        floor = run_command([PYTHON, "-c", "import torch"])
        result: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return {**result, "wall": took.wall, "cpu": took.cpu, "peak": took.peak, "floor": floor.peak}


def in_processes(batch: int, count: int) -> dict[str, Any]:
    """Images a second of the demo's game by one process or two, one thread each."""
    from benchmarks.processes import play

    rounds = 24
    seconds = play(batch, count, 1, rounds, 3)
    return {"rate": rounds * batch / sorted(seconds)[1]}


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells."""
    if quick:
        asked = [("resolution", {"recipe": "dcgan", "pixels": 32, "batch": 4}, 10.0)]
        asked += [("data", {"images": 200, "form": form}, 10.0) for form in ("array", "files")]
        return [_job(stage, {**words, "seconds": 0.1}, seconds) for stage, words, seconds in asked]
    found_ = [
        _job("resolution", {"recipe": r, "pixels": p, "batch": AT["resolution"], "seconds": 8}, 40.0 + p / 2)
        for r in RECIPES
        for p in RESOLUTIONS
    ]
    found_ += [
        _job("batch", {"recipe": "r3gan", "pixels": AT["pixels"], "batch": b, "seconds": 8}, 40.0) for b in BATCHES
    ]
    found_ += [_job("data", {"images": n, "form": "array", "seconds": 4}, 40 + n / 1e4) for n in IMAGES]
    found_ += [_job("data", {"images": n, "form": "files", "seconds": 4}, 40 + n / 500) for n in FILES]
    found_ += [
        Job("processes", f"batch {b}, {n}", {"processes": n, "batch": b}, 60.0, partial(in_processes, b, n))
        for b in (16, 64)
        for n in PROCESSES
    ]
    return found_


def _job(stage: str, words: Mapping[str, Any], seconds: float) -> Job:
    label = ", ".join(f"{name} {value}" for name, value in words.items() if name != "seconds")
    return Job(stage, label, {"stage": stage, **words}, seconds, partial(measured, {"stage": stage, **words}))


def _rows(asked: Sequence[Job], folder: Path, stage: str) -> list[tuple[Mapping[str, Any], dict[str, Any] | None]]:
    """Identity and result of a stage's cells."""
    return [(job.identity, found(job, folder)) for job in asked if job.stage == stage]


def _memory(result: Mapping[str, Any]) -> float:
    return float(result["peak"] - result["floor"]) / 1e6


def training_table(asked: Sequence[Job], folder: Path, stage: str) -> Table:
    """Speed and memory of training, by resolution or by batch."""
    rows: list[list[Cell]] = []
    for asked_, result in _rows(asked, folder, stage):
        head: list[Cell] = [asked_["recipe"], asked_["pixels"], asked_["batch"]]
        values: list[Cell] = [None] * 3 if result is None else [result["rate"], result["round"] * 1e3, _memory(result)]
        rows.append([*head, "missing" if result is None else str(result["threads"]), *values])
    columns = ["recipe", "pixels", "batch", "threads", "images/s", "ms a round", "MB above importing torch"]
    return Table(f"Training by {stage}", columns, rows, "Size s, colour images in memory; peak of the process.")


def data_table(asked: Sequence[Job], folder: Path) -> Table:
    """What more data costs."""
    rows: list[list[Cell]] = []
    for asked_, result in _rows(asked, folder, "data"):
        values: list[Cell] = ["missing", *[None] * 4]
        if result is not None:
            values = [f"{result['bytes'] / 1e6:.1f}", result["open"], result["again"], result["batch"] * 1e3]
            values.append(_memory(result))
        rows.append([asked_["images"], asked_["form"], *values])
    columns = [
        "images",
        "form",
        "MB on disk",
        "opening, s",
        "opening again, s",
        "ms a batch",
        "MB above importing torch",
    ]
    note = (
        f"Grey images of {AT['side']}x{AT['side']}: an .npy file, or a folder of PNG. Opening reads, checks, splits "
        "and fits; a batch is 64 images, read and prepared."
    )
    return Table("Reading by number of images", columns, rows, note)


def process_table(asked: Sequence[Job], folder: Path) -> Table:
    """One process against two."""
    rows: list[list[Cell]] = []
    by: dict[int, dict[int, float | None]] = {}
    for asked_, result in _rows(asked, folder, "processes"):
        by.setdefault(asked_["batch"], {})[asked_["processes"]] = None if result is None else result["rate"]
    for batch, rates in by.items():
        one, two = (rates.get(n) for n in PROCESSES)
        rows.append([batch, one, two, two / one if one and two else None])
    columns = ["global batch", "1 process, images/s", "2 processes, images/s", "times"]
    return Table("Training by processes", columns, rows, "The demo's game, one thread a process.")


def figures(asked: Sequence[Job], folder: Path) -> dict[str, tuple[bytes, str]]:
    """Speed against resolution."""
    series: dict[str, list[tuple[float, float]]] = {}
    for asked_, result in _rows(asked, folder, "resolution"):
        if result is not None:
            series.setdefault(asked_["recipe"], []).append((asked_["pixels"], 1e3 / result["rate"]))
    curve = lines(series, "pixels a side", "ms an image")
    return {"growth.svg": (curve.encode(), "Milliseconds of training an image by resolution.")} if curve else {}


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing, then tables."""
    folder = (ROOT / "runs/benchmarks/growth") if quick else RESULTS / "growth"
    asked = jobs(quick, choice)
    complete(asked, folder, choice)
    tables = [training_table(asked, folder, stage) for stage in ("resolution", "batch")]
    tables += [data_table(asked, folder), process_table(asked, folder)]
    shown = write_figures(figures(asked, folder), figure_folder(quick))
    numbers = {"cells": [job.id for job in asked], "figures": shown}
    return Result({"python": sys.version.split()[0], **AT}, tables, numbers=numbers)
