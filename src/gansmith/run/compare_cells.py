"""The tables of a comparison as text, cell by cell: for the terminal and for the page."""

from __future__ import annotations

from gansmith.metrics import Comparison
from gansmith.metrics.known import measure_named
from gansmith.run.course import Course

__all__ = ["COURSE", "course_cells", "difference_cells", "score_cells"]

COURSE = ("run", "recipe", "seed", "samples", "training time", "samples/s", "machine", "doctor")
"""What `course_cells` tells of a run."""


def score_cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the scores as text: the best of each row is marked `*`, what can't be told from it `=`."""
    ceilings = {r.name: r for r in comparison.ceiling}
    order = comparison.ranked(comparison.deciding)
    rows = []
    for metric in comparison.metrics:
        measure = measure_named(metric)
        best, like = comparison.ranked(metric)[0], comparison.like_best(metric)
        marks = {best: " *", **dict.fromkeys(like, " =")}
        cells = [measure.show(comparison.value(metric, name)) + marks.get(name, "") for name in order]
        ceiling = measure.show(ceilings[metric].value) if metric in ceilings else ""
        title = comparison.evaluations[best][metric].title
        rows.append([title, measure.better, *cells, ceiling])
    return ["score", "better", *order, "ceiling"], rows


def difference_cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the differences as text: of both models, or of each one from the best of each score."""
    rows = []
    two = len(comparison.names) == 2
    for metric in comparison.metrics:
        measure = measure_named(metric)
        best, *others = comparison.names if two else comparison.ranked(metric)
        for other in others:
            d = comparison.between(metric, best, other)
            ends = f"{measure.show_difference(d.low)} .. {measure.show_difference(d.high)}"
            verdict = f"{d.winner} is better" if d.winner else "no difference seen"
            rows.append([metric, f"{best} - {other}", measure.show_difference(d.value), ends, verdict])
    return ["score", "models", "difference", "interval", "verdict"], rows


def course_cells(name: str, course: Course) -> list[str]:
    """A run in a row of text, in the order of `COURSE`."""
    unfinished = "" if course.finished else f" of {course.total:,}"
    return [
        name,
        f"{course.recipe} ({course.size})",
        str(course.seed),
        f"{course.samples:,}{unfinished}",
        _spoken(course.seconds),
        f"{course.rate:,.0f}",
        course.machine,
        ", ".join(d.name for d in course.diagnoses),
    ]


def _spoken(seconds: float) -> str:
    """A time such as `3 min 20 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
