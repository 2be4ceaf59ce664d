"""How each metric depends on the number of samples, and from how many on it notices a degraded copy of real data.

Each cell is one number of samples: draws of real images are measured against real images, as they are, blurred, and
with one class left out (`benchmarks/curves.py`); in the stage `collapse`, of few samples, all of one class. The
embedded images allow up to 2,000; `--data fashion=PATH`, a larger part of Fashion-MNIST, allows up to 10,000.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.curves import BLUR, COLLAPSED, COPIES, METRICS, MOST_PAIRS, measured
from benchmarks.figures import lines, write_figures
from benchmarks.record import RESULTS, ROOT, Result, figure_folder
from benchmarks.table import Cell, Table, number
from gansmith.metrics import MEASURES

__all__ = ["apart", "jobs", "moves", "notices", "run"]

COLLAPSE, EMBEDDED, LARGE = "collapse", "embedded", "fashion"
DRAWS: Mapping[str, Mapping[int, int]] = {
    COLLAPSE: {8: 40, 10: 40, 15: 40, 20: 40, 30: 40, 50: 40},
    EMBEDDED: {20: 20, 50: 20, 100: 20, 200: 20, 500: 20, 1000: 10, 2000: 6},
    LARGE: {1000: 8, 2000: 8, 5000: 4, 10_000: 3},
}
"""Draws by number of samples."""

SECONDS = 0.008
"""About what a sample of a draw takes."""

CLEAR = 2.0
"""A copy is noticed where the means lie so many standard deviations (of the difference of two draws) apart."""

DEGRADED = {COLLAPSE: COLLAPSED[1:], EMBEDDED: COPIES[1:], LARGE: COPIES[1:]}
BIASED = 4.0
"""Standard errors from the value at the most samples that are no chance: few draws have wide tails."""

SHARES = tuple(name for name in METRICS if MEASURES[name].share and name != "duplicates")
NOTICING = ("frechet", "kernel", "precision", "recall", "density", "coverage", "accuracy")
"""What the curves show: a chart has seven colours."""


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells."""
    if quick:
        return [_job(EMBEDDED, n, 2, None, "") for n in (20, 100)]
    path = choice.data.get(LARGE)
    why = "" if path else f"no path of {LARGE}: give --data {LARGE}=PATH"
    made = [_job(stage, n, draws, None, "") for stage in (COLLAPSE, EMBEDDED) for n, draws in DRAWS[stage].items()]
    return made + [_job(LARGE, n, draws, path, why) for n, draws in DRAWS[LARGE].items()]


def _job(stage: str, n: int, draws: int, path: Path | None, why: str) -> Job:
    identity = {"data": stage, "n": n, "draws": draws, "blur": BLUR, "pairs": MOST_PAIRS}
    copies = COLLAPSED if stage == COLLAPSE else COPIES
    work = partial(measured, path, n, draws, copies)
    return Job(stage, f"{n:,} samples", identity, n * draws * SECONDS, work, why)


Values = Mapping[int, Mapping[str, Mapping[str, Sequence[float]]]]
"""By number of samples, copy and metric: a value a draw."""


def stored(asked: Sequence[Job], folder: Path, stage: str) -> Values:
    """What is there of a stage."""
    mine = [(job.identity["n"], found(job, folder)) for job in asked if job.stage == stage]
    return {n: result["values"] for n, result in mine if result is not None and "broke" not in result}


def apart(values: Values, n: int, name: str, copy: str) -> float | None:
    """How far a degraded copy lies on the worse side, in standard deviations of the difference of two draws.

    None where it was not measured; infinity where nothing varies.
    """
    real, worse = (values[n][c].get(name, ()) for c in ("real", copy))
    if len(real) < 2 or len(worse) < 2:
        return None
    gap = statistics.fmean(worse) - statistics.fmean(real)
    gap = gap if MEASURES[name].better == "lower" else -gap
    noise = math.hypot(statistics.stdev(real), statistics.stdev(worse))
    return gap / noise if noise else (math.copysign(math.inf, gap) if gap else 0.0)


def notices(values: Values, name: str, copy: str) -> int | None:
    """The number of samples from which on the copy is noticed every time; None for never."""
    least = None
    for n in sorted(values, reverse=True):
        clear = apart(values, n, name, copy)
        if clear is not None and clear < CLEAR:
            break
        least = n if clear is not None else least
    return least


def moves(values: Values, name: str) -> float | None:
    """Largest difference of a number's mean from that of the most samples, in its standard errors.

    A value whose expectation does not depend on the number lies within about `BIASED`; None for fewer than two.
    """
    kept = [values[n]["real"][name] for n in sorted(values) if len(values[n]["real"].get(name, ())) > 1]
    if len(kept) < 2:
        return None
    shifts = []
    for drawn in kept[:-1]:
        gap = statistics.fmean(drawn) - statistics.fmean(kept[-1])
        noise = math.hypot(*(statistics.stdev(v) / len(v) ** 0.5 for v in (drawn, kept[-1])))
        shifts.append(gap / noise if noise else (math.copysign(math.inf, gap) if gap else 0.0))
    return max(shifts, key=abs)


def value_table(values: Values, stage: str) -> Table:
    """Mean and deviation of real draws."""
    rows: list[list[Cell]] = []
    for name in METRICS:
        drawn = [values[n]["real"].get(name, ()) if n in values else () for n in DRAWS[stage]]
        shift = moves(values, name)
        verdict = None if shift is None else ("no" if abs(shift) < BIASED else "falls" if shift > 0 else "rises")
        rows.append([name, *(_spoken(v) for v in drawn), verdict])
    columns = ["metric", *(f"{n:,}" for n in DRAWS[stage]), "moves with n"]
    note = (
        "Mean ± standard deviation over draws of n real images against n others (and n training images). Moves: a "
        f"mean lies more than {BIASED:g} standard errors from that at the most samples."
    )
    return Table(f"Real against real, by number of samples ({stage})", columns, rows, note)


def _spoken(values: Sequence[float]) -> Cell:
    if not values:
        return None
    spread = f" ± {number(statistics.stdev(values))}" if len(values) > 1 else ""
    return f"{number(statistics.fmean(values))}{spread}"


def notice_table(values: Values, stage: str) -> Table:
    """From how many samples each metric notices each degradation."""
    rows: list[list[Cell]] = []
    most = max(values, default=0)
    for name in METRICS:
        row: list[Cell] = [name]
        for copy in DEGRADED[stage]:
            least = notices(values, name, copy)
            reached = [clear for n in sorted(values) if (clear := apart(values, n, name, copy)) is not None]
            row += [f"{least:,}" if least else "not" if reached else None, f"{reached[-1]:.1f}" if reached else None]
        rows.append(row)
    columns = ["metric", *(h for copy in DEGRADED[stage] for h in (f"{copy}: from n", "deviations at the most"))]
    note = (
        f"From n: here and at every larger number up to {most:,} the degraded draws lie at least {CLEAR:g} standard "
        "deviations (of the difference of two draws) on the worse side of the real ones, so that one comparison "
        "nearly always tells them apart; not: at no number, or not at the largest. At the most: at the largest number "
        "measured."
    )
    return Table(f"A degraded copy is noticed ({stage})", columns, rows, note)


def figures(values: Values) -> dict[str, tuple[bytes, str]]:
    """Shares of real draws, and how clearly each degradation shows."""
    ticks = {math.log10(n): f"{n / 1000:g}k" if n >= 1000 else str(n) for n in values}
    most = values[max(values)] if values else {}

    def chart(names: Sequence[str], value: Any, **options: Any) -> bytes:
        series = {
            name: [(math.log10(n), y) for n in sorted(values) if (y := value(n, name)) is not None] for name in names
        }
        return lines(series, "samples", options.pop("title"), x_ticks=ticks, **options).encode()

    def mean(n: int, name: str) -> float | None:
        drawn = values[n]["real"].get(name, ())
        return statistics.fmean(drawn) if drawn else None

    def distance(n: int, name: str) -> float | None:
        drawn, fault = mean(n, name), most["a class less"].get(name, ())
        return drawn / statistics.fmean(fault) if drawn is not None and fault else None

    made = {
        "metrics-distances.svg": (
            chart(("frechet", "kernel"), distance, title="times the distance of a missing class", y_range=(-0.2, 1.8)),
            "Distances of real draws from real draws, as shares of what a missing class is worth at the most samples: "
            "of few samples, bias alone is a larger Frechet distance than that fault.",
        ),
        "metrics-shares.svg": (
            chart(SHARES, mean, title="real against real", y_range=(0.3, 1.0), percent=True),
            "Shares that draws of real images reach, by number of samples: what moves is bias.",
        ),
    }
    for copy in DEGRADED[EMBEDDED]:
        made[f"metrics-{copy.split(' ')[-1]}.svg"] = (
            chart(
                NOTICING,
                lambda n, name, copy=copy: apart(values, n, name, copy),
                title="deviations",
                y_range=(-2, 12),
                marker=(CLEAR, "told apart"),
            ),
            f"How clearly each metric shows the degraded copy ({copy}), in standard deviations of the difference of "
            "two draws; the axis ends at 12.",
        )
    return {name: figure for name, figure in made.items() if figure[0]}


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing, then tables and figures."""
    folder = (ROOT / "runs/benchmarks/convergence") if quick else RESULTS / "convergence"
    asked = jobs(quick, choice)
    complete(asked, folder, choice)
    by_stage = {stage: stored(asked, folder, stage) for stage in dict.fromkeys(job.stage for job in asked)}
    tables = [value_table(by_stage[stage], stage) for stage in by_stage if stage != COLLAPSE]
    tables += [notice_table(by_stage[stage], stage) for stage in by_stage]
    shown = write_figures(figures(by_stage[EMBEDDED]), figure_folder(quick))
    settings = {"blur": BLUR, "draws": {stage: {str(n): d for n, d in by.items()} for stage, by in DRAWS.items()}}
    return Result(settings, tables, numbers={"cells": [job.id for job in asked], "figures": shown})
