"""Ranks and tables of the quality benchmark, and what a recipe's page shows of it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.cells import Job, spoken
from benchmarks.figures import lines
from benchmarks.table import Cell, Table

__all__ = ["CIRCULAR", "curve", "ranking", "row", "stage_table"]

CIRCULAR: Mapping[str, str] = {"projected": "efflite0"}
"""Recipes by the features that they train on: a distance in those says nothing about them."""

RANKED = ("judge", "frechet")
"""Ranks go by the Fréchet distance in the judge's features: no recipe trains on the judge, and all cells of a data set
have the same counts and so the same bias. The kernel distance has none, but at these counts it is mostly noise."""

COLUMNS = (
    ("FD-EffLite0", "efflite0", "frechet"),
    ("KD-EffLite0", "efflite0", "kernel"),
    ("FD-judge", "judge", "frechet"),
    ("KD-judge x1,000", "judge", "kernel"),
    ("precision", "judge", "precision"),
    ("recall", "judge", "recall"),
    ("coverage", "judge", "coverage"),
    ("class accuracy", "judge", "accuracy"),
)
HEADS = (
    "recipe",
    "seeds",
    *(head for head, _, _ in COLUMNS),
    "told apart",
    "samples",
    "samples/s",
    "s per 1,000 made",
)
Found = Mapping[str, Any]


def value(result: Found, features: str, name: str) -> float | None:
    """One score of a cell; the judge's kernel distance, whose features are small numbers, times a thousand."""
    score = result[features].get(name)
    return None if score is None else score[0] * (1_000 if (features, name) == ("judge", "kernel") else 1)


def ranking(results: Sequence[Found]) -> list[str]:
    """Recipes, best first: by their mean rank over the data sets."""
    places: dict[str, list[int]] = {}
    by_data: dict[str, dict[str, list[float]]] = {}
    for result in results:
        score = value(result, *RANKED)
        if score is not None:
            by_data.setdefault(result["data"], {}).setdefault(result["recipe"], []).append(score)
    for scores in by_data.values():
        for place, name in enumerate(sorted(scores, key=lambda n: statistics.fmean(scores[n]))):
            places.setdefault(name, []).append(place)
    return sorted(places, key=lambda n: statistics.fmean(places[n]))


def row(recipe: str, results: Sequence[Found]) -> list[Cell]:
    """A recipe's line: means over seeds with deviations; a circular number is marked and stands in brackets."""
    cells: list[Cell] = [recipe, str(len(results))]
    for _, features, name in COLUMNS:
        values = [v for r in results if (v := value(r, features, name)) is not None]
        text = spoken(values) if values else None
        cells.append(f"({text})*" if text and CIRCULAR.get(recipe) == features else text)
    told = [r["trained"]["told apart"] for r in results if r["trained"]["told apart"] is not None]
    samples = statistics.fmean(r["trained"]["samples"] for r in results)
    rate = results[0]["rate"]["samples per second"]
    made = statistics.fmean(r["seconds per 1,000 samples"] for r in results)
    return [*cells, spoken(told) if told else None, round(samples), rate, made]


def stage_table(title: str, jobs: Sequence[Job], results: Sequence[Found | None], left: str = "") -> Table:
    """A stage on one data set, best first; what is missing or broke at the end."""
    by_recipe: dict[str, list[tuple[Job, Found | None]]] = {}
    for job, result in zip(jobs, results, strict=True):
        by_recipe.setdefault(job.identity["recipe"], []).append((job, result))
    done = {n: [r for _, r in pairs if r and "broke" not in r] for n, pairs in by_recipe.items()}
    order = [n for n in ranking([r for rs in done.values() for r in rs])]
    rows = []
    for name in [*order, *(n for n in by_recipe if n not in order)]:
        pairs = by_recipe[name]
        if done[name]:
            cells = row(name, done[name])
            cells[1] = f"{len(done[name])} of {len(pairs)}" if len(done[name]) < len(pairs) else str(len(pairs))
        else:
            broke = any(r and "broke" in r for _, r in pairs)
            cells = [name, "broke" if broke else "missing", *[None] * (len(HEADS) - 2)]
        rows.append(cells)
    note = (
        "Best first by the Fréchet distance in the judge's features, on test images; mean ± standard deviation over "
        "seeds. Precision, recall and coverage in the judge's features too. Told apart: how often the discriminator "
        "scored a held-out real image above a made one in the last fifth of the run."
    )
    if any(name in CIRCULAR for name in by_recipe):
        note += " (..)*: the recipe trains on these features; the number says nothing about it."
    return Table(title, HEADS, rows, f"{note} {left[:1].upper()}{left[1:]}." if left else note)


def curve(result: Found) -> str:
    """Quality against samples while a cell trained, as SVG; empty without evaluations."""
    names = {"precision": "precision", "recall": "recall", "coverage": "coverage", "accuracy": "class accuracy"}
    series = {
        shown: [(point["samples"], point[name]) for point in result["curve"] if name in point]
        for name, shown in names.items()
    }
    return lines(series, "samples seen", "on validation images, in the judge's features", (0.0, 1.0), percent=True)
