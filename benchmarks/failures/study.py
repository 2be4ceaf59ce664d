"""Plays the games of the chapter cell by cell; then pictures, tables and the page's blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.failures.filmed import film
from benchmarks.failures.games import FAILURES, Failure, Play, settings
from benchmarks.failures.page import block, illustration, overview
from benchmarks.failures.words import Shown, shown
from benchmarks.figures import write_bytes
from benchmarks.record import RESULTS, ROOT, Result

__all__ = ["PICTURES", "blocks", "jobs", "pictures", "run"]

SEED, ROUNDS, SECONDS = 1, 1_500, 10.0
QUICK, QUICK_ROUNDS = ("healthy", "numbers-that-break"), 100
PICTURES = ROOT / "docs/images/failures"


def compute(play: Play, rounds: int) -> dict[str, Any]:
    """Play one game."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for networks of this size a second thread costs more than it gives
    try:
        visit = play.visit(SEED)
        visit.rounds = rounds
        return film(visit)
    finally:
        torch.set_num_threads(threads)


def job_of(play: Play, stage: str, rounds: int = ROUNDS) -> Job:
    """A game as a cell; the same game is one cell wherever it is shown."""
    identity = {
        "game": settings(play.patient),
        "fault": play.fault,
        "hidden": play.patient.hidden,
        "ward": play.patient.ward,
        "conditional": play.patient.conditional,
        "rounds": rounds,
        "seed": SEED,
    }
    label = f"{stage}: {settings(play.patient)}"
    return Job(stage, label, identity, SECONDS * play.patient.variant.cost, partial(compute, play, rounds))


def asked(quick: bool) -> Mapping[str, Sequence[Job]]:
    """The cells of every failure, by its name."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    return {
        name: [job_of(play, name, rounds) for play in failure.plays.values()]
        for name, failure in FAILURES.items()
        if not quick or name in QUICK
    }


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells."""
    return [job for each in asked(quick).values() for job in each]


def stored(quick: bool, folder: Path) -> dict[str, tuple[Failure, list[Shown]]]:
    """Failures all of whose games were played, with what was kept of them."""
    results = {name: [found(job, folder) for job in each] for name, each in asked(quick).items()}
    return {
        name: (FAILURES[name], [shown(r) for r in kept if r is not None]) for name, kept in results.items() if all(kept)
    }


def pictures(quick: bool, folder: Path) -> dict[str, str]:
    """The pictures as SVG, by file name."""
    return {f"{name}.svg": illustration(*kept) for name, kept in stored(quick, folder).items()}


def blocks(quick: bool, folder: Path) -> dict[str, str]:
    """What the page says of each failure: picture, numbers, and the doctor's words."""
    return {name: block(*kept) for name, kept in stored(quick, folder).items()}


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing; then pictures and the page's blocks."""
    folder = ROOT / "runs/benchmarks/failures" if quick else RESULTS / "failures"
    everything = jobs(quick, choice)
    complete(everything, folder, choice)
    target = ROOT / "runs/benchmarks/figures" if quick else PICTURES
    for name, text in pictures(quick, folder).items():
        write_bytes(target / name, text.encode())
    return Result(
        {"seed": SEED, "rounds": everything[0].identity["rounds"]},
        [overview(stored(quick, folder))],
        numbers={"cells": list(dict.fromkeys(job.id for job in everything)), "blocks": blocks(quick, folder)},
    )
