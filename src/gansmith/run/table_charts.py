"""Columns of made rows beside real ones, as SVG files: a panel a column, for the report and for a run's film."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, Schema, TimeColumn
from gansmith.errors import InputError
from gansmith.metrics.table.columns import Numbers
from gansmith.run.table_distribution import Distribution, difference, distribution
from gansmith.run.table_panel import FILM, GRID, Frame, panel
from gansmith.run.table_sides import check_sides, many_valued, strengths
from gansmith.run.table_svg import MARGIN, document, width_of, words

__all__ = ["column_panels", "film_columns", "progress_panels"]

IN_FILM = 6
"""Columns in a film."""

TWINS = 0.95
"""Association from which on a column has little to add to another one in a film."""

GAP = 10
LEAST = 620
"""Pixels that the legend needs."""

Side = tuple[Distribution, Numbers]
"""A real column in cells, and the shares of the made one there."""


def column_panels(
    schema: Schema,
    real: Mapping[str, ParsedColumn],
    made: Mapping[str, ParsedColumn],
    scores: Mapping[str, float] | None = None,
    most: int = 24,
) -> str:
    """A panel for each learnt column: how its values are distributed in real rows (filled) and in made ones (outlined).

    Numbers and times are histograms over the bulk of the real values; the outer bins hold everything beyond. Values of
    categories and booleans, special values, missing values and what is left have a pair of bars each. All shares are
    of all rows of their side.

    Args:
        schema: What the columns are.
        real: Real columns by name.
        made: Made columns by name.
        scores: How like the real column each made one is, 0..1, higher is better, for its panel's head. A column that
            has none, or NaN, counts as the worst.
        most: Panels, at least 1. Of more columns those with the lowest score, or without scores those whose shares
            differ most, are drawn, the worst first; a line says how many are left out.

    Returns:
        An SVG file as text.

    Raises:
        InputError: Columns are missing or differ in length, there are no rows, or `most` is below 1; with every
            problem.
    """
    check_sides(schema, real=real, made=made)
    if most < 1:
        raise InputError(f"there must be room for at least 1 panel, not {most}")
    drawn = [distribution(column, real[column.name]) for column in schema.learnt]
    sides = [(d, d.shares(made[d.column.name])) for d in drawn]
    told = ""
    if len(sides) > most:
        why = "with the lowest score" if scores is not None else "that differ most"
        told = f"The {most:,} columns {why}, the worst first; {len(sides) - most:,} more are left out."
        sides = sorted(sides, key=lambda side: _goodness(side, scores))[:most]
    counts = tuple(len(side[schema.learnt[0].name]) for side in (real, made))
    key = _key(MARGIN, MARGIN, 11, counts) + (words(MARGIN, MARGIN + 28, told, 11, "dim left") if told else "")
    marks = ["" if scores is None else _mark(scores.get(d.column.name)) for d, _ in sides]
    body, width, height = _grid(sides, marks, GRID, 4, MARGIN, MARGIN + (42 if told else 24))
    named = ", ".join(d.column.name for d, _ in sides[:6]) + (", and more" if len(sides) > 6 else "")
    label = f"{len(sides)} columns of made rows (outlined) beside real ones (filled): {named}"
    return document(max(width, LEAST), height, label, key + body)


def film_columns(schema: Schema, real: Mapping[str, ParsedColumn], most: int = IN_FILM) -> tuple[Distribution, ...]:
    """The columns that tell most about a model while it trains, with their real rows counted once for all pictures.

    Columns that go together with many others come first, numbers, categories and times in turn; one that is all but
    a copy of a chosen one, and a category with very many values, is taken only where nothing else is left.

    Args:
        schema: What the columns are.
        real: Real columns by name.
        most: Columns.

    Raises:
        InputError: Columns are missing or differ in length, or there are no rows; with every problem.
    """
    check_sides(schema, real=real)
    names, strength = strengths(schema, real)
    columns = {c.name: c for c in schema.learnt}
    kinds = [_kind(columns[name]) for name in names]
    order = [int(i) for i in np.argsort(-strength.mean(axis=1), kind="stable")]
    chosen: list[int] = []
    while len(chosen) < min(most, len(names)):
        left = [i for i in order if i not in chosen]
        plain = [i for i in left if not _poor(columns[names[i]], strength[i, chosen])] or left
        chosen.append(min(plain, key=lambda i: sum(kinds[j] == kinds[i] for j in chosen)))
    return tuple(distribution(columns[names[i]], real[names[i]], FILM.detail) for i in sorted(chosen))


def progress_panels(schema: Schema, real_summary: Sequence[Distribution], made: Mapping[str, ParsedColumn]) -> str:
    """A small picture of some columns for the film of a run, in the style of `column_panels`.

    Args:
        schema: What the columns are.
        real_summary: What `film_columns` chose and counted.
        made: Made columns by name; those of the summary are enough.

    Returns:
        An SVG file as text, of the same size for any model.

    Raises:
        InputError: A column of the summary is missing, or there are no rows; with every problem.
    """
    check_sides(Schema(columns=tuple(schema.column(d.column.name) for d in real_summary)), made=made)
    sides = [(d, d.shares(made[d.column.name])) for d in real_summary]
    body, width, height = _grid(sides, [""] * len(sides), FILM, 2, 8, 24)
    label = f"{len(sides)} columns of made rows (outlined) beside real ones (filled)"
    return document(width, height, label, _key(8, 6, 10) + body)


def _goodness(side: Side, scores: Mapping[str, float] | None) -> float:
    """What columns are sorted by, the worst first."""
    drawn, made = side
    if scores is None:
        return -difference(drawn, made)
    score = scores.get(drawn.column.name, math.nan)
    return -math.inf if math.isnan(score) else score


def _mark(score: float | None) -> str:
    return "\u2013" if score is None or math.isnan(score) else f"{score:.2f}"


def _grid(
    sides: Sequence[Side], marks: Sequence[str], frame: Frame, across: int, margin: float, top: float
) -> tuple[str, float, float]:
    """Panels row by row, and the size of the picture that they need."""
    parts = []
    for i, ((drawn, made), mark) in enumerate(zip(sides, marks, strict=True)):
        line, place = divmod(i, across)
        x, y = margin + place * (frame.width + GAP), top + line * (frame.height + GAP)
        parts.append(panel(drawn, made, frame, x, y, mark))
    lines, places = -(-len(sides) // across), min(across, len(sides))
    return (
        "".join(parts),
        2 * margin + places * (frame.width + GAP) - GAP,
        top + lines * (frame.height + GAP) - GAP + margin,
    )


def _key(x: float, y: float, size: float, counts: tuple[int, ...] = ()) -> str:
    """What is filled and what is outlined, with the numbers of rows."""
    parts = []
    for i, side in enumerate(("real", "made")):
        told = f"{side} ({counts[i]:,} row{'s' if counts[i] != 1 else ''})" if counts else side
        parts.append(f'<rect class="{side} key" x="{x + 1:.1f}" y="{y:.1f}" width="12" height="{size - 1:g}"/>')
        parts.append(words(x + 18, y + size - 2, told, size))
        x += 18 + width_of(told, size) + 16
    if counts:
        parts.append(words(x, y + size - 2, "The outermost bins also hold everything beyond them.", size, "dim"))
    return "".join(parts)


def _kind(column: LearntColumn) -> str:
    if isinstance(column, BooleanColumn | CategoryColumn):
        return "category"
    return "time" if isinstance(column, TimeColumn) else "number"


def _poor(column: LearntColumn, with_chosen: Numbers) -> bool:
    """Whether a column has little to show beside the chosen ones."""
    return many_valued(column) or bool((with_chosen > TWINS).any())
