"""How far recipes are after as many real images, read from the curves of their runs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.table import Cell, Table

__all__ = ["by_samples"]

SEEN = (5_000, 10_000, 15_000, 20_000, 40_000)


def by_samples(title: str, results: Sequence[Mapping[str, Any]]) -> Table:
    """A row a recipe: the kernel distance on validation images, in the judge's features, after as many samples.

    Args:
        title: Of the table.
        results: Finished cells, each with its `recipe`, and a `curve` of `samples` and `kernel`.
    """
    rows: list[list[Cell]] = []
    for recipe in dict.fromkeys(r["recipe"] for r in results):
        curves = [r["curve"] for r in results if r["recipe"] == recipe]
        rows.append([recipe, len(curves), *(_mean([_at(curve, seen) for curve in curves]) for seen in SEEN)])
    note = (
        "Kernel distance x1,000 in the judge's features, on validation images, between two looks of a run on the line "
        "from one to the other; a dash: no look so early, or the run saw fewer. Mean over seeds."
    )
    return Table(title, ["recipe", "seeds", *(f"after {seen:,}" for seen in SEEN)], rows, note)


def _at(curve: Sequence[Mapping[str, float]], seen: int) -> float | None:
    samples, kernel = [p["samples"] for p in curve], [p["kernel"] for p in curve]
    if not samples or not samples[0] <= seen <= samples[-1]:
        return None
    return float(np.interp(seen, samples, kernel))


def _mean(values: Sequence[float | None]) -> Cell:
    known = [value for value in values if value is not None]
    return f"{1000 * statistics.mean(known):.0f}" if known and len(known) == len(values) else None
