"""How columns belong together in real and in made rows, as heat maps in an SVG file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import Schema
from gansmith.metrics.table import Associations, associations
from gansmith.metrics.table.columns import Numbers
from gansmith.run.html import text
from gansmith.run.table_sides import MANY, check_sides, many_valued, metric_columns, strengths
from gansmith.run.table_svg import MARGIN, WIDTH, clipped, document, shade, width_of, words

__all__ = ["association_maps"]

MOST = 40
"""Columns in a map; of more, those that are most strongly associated."""

ROWS = 10_000
"""Rows of each side that are measured."""

BESIDE = 14
"""Columns up to which the three maps stand beside each other, with their numbers in the cells."""

LABEL, GAP, FONT = 96, 18, 10
NUMBERED, LARGEST = 17, 44.0
"""Pixels of a cell from which on its number is written into it, and the most that it has."""

LISTED = 14
"""Pairs in the list of those that differ most."""


def association_maps(schema: Schema, real: Mapping[str, ParsedColumn], made: Mapping[str, ParsedColumn]) -> str:
    """Heat maps of the association of every two columns: in real rows, in made rows, and made minus real.

    Two columns of numbers (or times) have Pearson's correlation, -1..1; two of categories (or booleans) Cramer's V,
    0..1; a number and a category the correlation ratio, 0..1. All three maps share a colour scale from -1 to 1. Up to
    10,000 rows are measured, equally many of both sides, since estimates from few rows are too high.

    Args:
        schema: What the columns are.
        real: Real columns by name.
        made: Made columns by name.

    Returns:
        An SVG file as text; empty where fewer than two columns are learnt.

    Raises:
        InputError: Columns are missing or differ in length, or there are no rows; with every problem.
    """
    check_sides(schema, real=real, made=made)
    names = _chosen(schema, real)
    if len(names) < 2:
        return ""
    most = min(ROWS, *(len(side[names[0]]) for side in (real, made)))
    found = associations(metric_columns(schema, names, real, most), metric_columns(schema, names, made, most))
    left = len(schema.learnt) - len(names)
    notes = [
        f"{most:,} rows of each side. Two numbers: Pearson's correlation.",
        "Two categories: Cramér's V. A number and a category: correlation ratio.",
    ]
    if any(many_valued(schema.column(name)) for name in names):
        notes.append(f"A category with over {MANY} values seems to go with everything: much of that is chance.")
    if left:
        notes.append(f"{left:,} columns that are less associated with others are left out.")
    return _drawn(found, notes)


def _chosen(schema: Schema, real: Mapping[str, ParsedColumn]) -> list[str]:
    """The columns to draw, in the order of the table."""
    names = [c.name for c in schema.learnt]
    if len(names) <= MOST:
        return names
    compared, strength = strengths(schema, real)
    means = strength.mean(axis=1) - [many_valued(schema.column(name)) for name in compared]
    return [compared[i] for i in sorted(np.argsort(-means, kind="stable")[:MOST])]


def _drawn(found: Associations, notes: Sequence[str]) -> str:
    """The maps beside each other, or the third below the others with a list of pairs to its right."""
    count = len(found.names)
    beside = count <= BESIDE
    maps = 3 if beside else 2
    cell = min(LARGEST, (WIDTH - 2 * MARGIN - (maps - 1) * GAP - maps * LABEL) / maps / count)
    head = max(width_of(clipped(name, LABEL - 6, FONT), FONT) for name in found.names) + 26
    right, down = LABEL + count * cell + GAP, head + count * cell + GAP
    third = (2 * right, 0.0) if beside else (0.0, down)
    matrices = {"real rows": found.real, "made rows": found.made, "made minus real": found.difference}
    body = [
        _map(title, matrix, found.names, cell, head, MARGIN + x, MARGIN + y)
        for (title, matrix), (x, y) in zip(matrices.items(), ((0.0, 0.0), (right, 0.0), third), strict=True)
    ]
    x, y = MARGIN + (0.0 if beside else right + LABEL), MARGIN + down + (0 if beside else 12)
    end = y + 38 + 14 * len(notes)
    body.append(_key(x, y, notes))
    if not beside:
        body.append(_listed(found, x, end + 16))
        end = max(MARGIN + 2 * down, end + 16 + 16 * (LISTED + 1))
    mean = "not defined" if math.isnan(found.mean_difference) else f"{found.mean_difference:.2f} on average"
    said = f"associations of {count} columns in real rows, in made rows, and their difference, {mean}"
    return document(min(WIDTH, maps * right - GAP + 2 * MARGIN), end, said, "".join(body))


def _map(title: str, matrix: Numbers, names: tuple[str, ...], cell: float, head: float, x: float, y: float) -> str:
    """One heat map: its heading, labels on two sides, and a square a pair; nothing on the diagonal."""
    left, top = x + LABEL, y + head
    size = min(FONT, cell * 0.9)
    parts = [words(left, y + 8, title, 12, "bold")]
    for i, name in enumerate(names):
        short = clipped(name, LABEL - 6, size)
        middle = (i + 0.5) * cell + size * 0.36
        parts.append(words(left - 5, top + middle, short, size, "row", "end"))
        turned = f' transform="rotate(-90 {left + middle:.1f} {top - 5:.1f})"'
        parts.append(words(left + middle, top - 5, short, size, "column", more=turned))
    for (i, j), value in np.ndenumerate(matrix):
        if i != j:
            parts.append(_cell(float(value), left + j * cell, top + i * cell, cell))
    return f'<g class="map"><title>{text(title)}</title>{"".join(parts)}</g>'


def _cell(value: float, x: float, y: float, size: float) -> str:
    """A pair's square, with its number where there is room."""
    inner = size - (1 if size > 8 else 0.5)
    kind = "void" if math.isnan(value) else shade(value)
    square = f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{inner:.1f}" height="{inner:.1f}"/>'
    if size < NUMBERED or math.isnan(value):
        return square
    said = _short(value)
    font = round(min(FONT, (inner - 1) / width_of(said, 1)), 1)
    dark = "on" if abs(value) > 0.6 else ""  # letters that stand out from the strong colours
    return square + words(x + inner / 2, y + inner / 2 + font * 0.36, said, font, dark, "middle")


def _short(value: float) -> str:
    rounded = f"{abs(value):.2f}".removeprefix("0")
    sign = "\u2212" if value <= -0.005 else ""
    return {".00": "0", "1.00": f"{sign}1"}.get(rounded, sign + rounded)


def _key(x: float, y: float, notes: Sequence[str]) -> str:
    """The colours from -1 to 1, and what the numbers are."""
    parts = [
        f'<rect class="{shade((i - 10) / 10)} key" x="{x + i * 12:.1f}" y="{y:.1f}" width="12" height="10"/>'
        for i in range(21)
    ]
    for i, mark in ((0, "\u22121"), (10, "0"), (20, "+1")):
        parts.append(words(x + 6 + i * 12, y + 21, mark, FONT, "dim", "middle"))
    behind = x + 21 * 12 + 16
    parts.append(f'<rect class="void key" x="{behind:.1f}" y="{y:.1f}" width="12" height="10"/>')
    parts.append(words(behind + 17, y + 9, "not defined (one value only)", FONT, "dim"))
    parts += [words(x, y + 40 + 14 * i, line, FONT, "dim note") for i, line in enumerate(notes)]
    return "".join(parts)


def _listed(found: Associations, x: float, y: float) -> str:
    """The pairs that differ most, in words; nothing where no difference is defined."""
    gaps = np.nan_to_num(np.abs(np.tril(found.difference, -1)))
    order = [divmod(int(k), len(found.names)) for k in np.argsort(-gaps, axis=None, kind="stable")[:LISTED]]
    pairs = [(a, b) for a, b in order if gaps[a, b] > 0]
    if not pairs:
        return ""
    parts = [words(x, y, "pairs that differ most", 12, "bold")]
    parts += [words(x + at, y, side, FONT, f"of-{side}", "end") for side, at in (("real", 330), ("made", 380))]
    for i, (a, b) in enumerate(pairs):
        line = y + 18 + i * 16
        pair = f"{clipped(found.names[b], 135, 11)} and {clipped(found.names[a], 135, 11)}"
        parts.append(words(x, line, pair, 11, "pair"))
        parts.append(words(x + 330, line, _short(found.real[a, b]), 11, "of-real", "end"))
        parts.append(words(x + 380, line, _short(found.made[a, b]), 11, "of-made", "end"))
    return "".join(parts)
