"""One column as a small picture: real rows filled, made rows as an outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gansmith.data.table.schema import NumberColumn, TimeColumn
from gansmith.metrics.table.columns import Numbers
from gansmith.run.html import text
from gansmith.run.table_axis import ticks
from gansmith.run.table_distribution import COARSE, FINE, Detail, Distribution
from gansmith.run.table_svg import clipped, legible, percent, width_of, words

__all__ = ["FILM", "GRID", "Frame", "panel"]

PAD = 10
WIDEST = 1.8
"""How much further apart than needed the rows of a panel stand where there is room."""


@dataclass(frozen=True)
class Frame:
    """The measures of a panel, in pixels.

    Attributes:
        width: Of the panel.
        height: Of the panel.
        head: Of its heading; the kind of the column is told where there is room for a second line.
        pitch: From one row of bars to the next, at least.
        label: Of what stands before a bar, at most.
        number: Of one percentage behind a bar; 0 for none.
        font: Size of the letters.
        detail: How finely rows are counted.
    """

    width: float
    height: float
    head: float
    pitch: float
    label: float
    number: float
    font: float
    detail: Detail


GRID = Frame(width=261.5, height=196, head=42, pitch=14, label=112, number=36, font=10, detail=FINE)
FILM = Frame(width=166, height=100, head=22, pitch=11.5, label=70, number=0, font=9, detail=COARSE)


def panel(drawn: Distribution, made: Numbers, frame: Frame, x: float, y: float, score: str = "") -> str:
    """A panel as a group of SVG elements.

    Bins are bars whose areas are shares of all rows: `rect.real` filled, `path.made` their outline. Single values,
    what is left, and missing values are rows with two bars each whose lengths are shares: `rect.real` and `rect.made`.

    Args:
        drawn: The real column in cells.
        made: Shares `(B + R,)` of the made rows in the same cells.
        frame: The measures.
        x: Pixels of its left edge.
        y: Pixels of its upper edge.
        score: What stands in the corner of its head.
    """
    rows = [i for i in range(drawn.bins, len(made)) if drawn.real[i] > 0 or made[i] > 0]
    bottom = frame.height - PAD + 2
    parts = [f'<rect class="card" x=".5" y=".5" width="{frame.width - 1}" height="{frame.height - 1}" rx="6"/>']
    parts.append(_head(drawn, frame, score))
    if drawn.bins:
        # rows stand below the bins, at the panel's foot
        top = bottom - len(rows) * frame.pitch
        parts.append(_bins(drawn, made, frame, frame.head, top - frame.font - 5 - (6 if rows else 0)))
        parts.append(_rows(drawn, made, rows, frame, top, frame.pitch, 1.0))
    else:
        longest = float(max(max(drawn.real[i], made[i]) for i in rows))
        pitch = min((bottom - frame.head) / len(rows), WIDEST * frame.pitch)
        parts.append(_rows(drawn, made, rows, frame, frame.head, pitch, longest))
    title = f"<title>{text(legible(drawn.column.name))} ({drawn.column.kind})</title>"
    return f'<g class="panel" transform="translate({x:g} {y:g})">{title}{"".join(parts)}</g>'


def _head(drawn: Distribution, frame: Frame, score: str) -> str:
    size = frame.font + (2 if frame.number else 1)
    room = frame.width - 2 * PAD - (width_of(score, size) + 8 if score else 0)
    found = [words(PAD, size + 6, clipped(drawn.column.name, room, size), size, "name bold")]
    if score:
        found.append(words(frame.width - PAD, size + 6, score, size, "score dim", "end"))
    if frame.number:
        found.append(words(PAD, size + 20, clipped(_kind(drawn), frame.width - 2 * PAD, frame.font), frame.font, "dim"))
    return "".join(found)


def _kind(drawn: Distribution) -> str:
    column = drawn.column
    if column.kind == "category":
        return f"category, {len(column.values):,} value{'s' if len(column.values) > 1 else ''}"
    return f"{column.kind}, log axis" if drawn.log else column.kind


def _bins(drawn: Distribution, made: Numbers, frame: Frame, top: float, base: float) -> str:
    """Bars between two heights, with the axis below them."""
    places = PAD + drawn.at(drawn.edges) * (frame.width - 2 * PAD)
    widths = np.diff(places)
    # a bar's area is its share: bins of a log axis may differ in width
    sides = [shares[: drawn.bins] / widths for shares in (drawn.real, made)]
    tallest = max(float(side.max()) for side in sides) or 1.0
    real, fake = (side / tallest * (base - top) for side in sides)
    parts = [
        f'<rect class="real" x="{x:.2f}" y="{base - h:.2f}" width="{w:.2f}" height="{h:.2f}"/>'
        for x, w, h in zip(places, widths, real, strict=False)
        if h > 0
    ]
    if fake.any():
        line = "".join(f"V{base - h:.2f}H{x:.2f}" for x, h in zip(places[1:], fake, strict=True))
        parts.append(f'<path class="made" d="M{places[0]:.2f} {base:.2f}{line}V{base:.2f}"/>')
    parts.append(f'<path class="axis" d="M{PAD} {base:.2f}H{frame.width - PAD}"/>')
    return "".join(parts) + _axis(drawn, frame, base)


def _axis(drawn: Distribution, frame: Frame, base: float) -> str:
    column = drawn.column
    if not isinstance(column, NumberColumn | TimeColumn):
        return ""
    low, high = float(drawn.edges[0]), float(drawn.edges[-1])
    parts, free = [], 0.0
    for value, label in ticks(column, low, high, drawn.log):
        x = PAD + float(drawn.at(np.array([value]))[0]) * (frame.width - 2 * PAD)
        half = width_of(label, frame.font) / 2
        middle = min(max(x, half + 3), frame.width - half - 3)
        if middle - half < free:
            continue
        free = middle + half + 5
        parts.append(f'<path class="axis" d="M{x:.2f} {base:.2f}v3"/>')
        parts.append(words(middle, base + frame.font + 3, label, frame.font, "dim", "middle"))
    return "".join(parts)


def _rows(
    drawn: Distribution, made: Numbers, rows: list[int], frame: Frame, top: float, pitch: float, whole: float
) -> str:
    """Rows of two bars each; `whole` is the share that is as long as there is room."""
    labels = [clipped(drawn.labels[cell - drawn.bins], frame.label, frame.font) for cell in rows]
    before = PAD + max((width_of(label, frame.font) for label in labels), default=0.0)
    start = before + 6
    room = frame.width - PAD - 2 * frame.number - start
    thick = (pitch - 3) / 2
    parts = []
    for i, (cell, label) in enumerate(zip(rows, labels, strict=True)):
        y = top + i * pitch
        line = y + pitch / 2 + frame.font * 0.36 - 1
        parts.append(words(before, line, label, frame.font, "dim", "end"))
        for side, share, shift in (("real", drawn.real[cell], 0.0), ("made", made[cell], thick)):
            if share > 0:
                size = f'width="{share / whole * room:.2f}" height="{thick:.2f}"'
                parts.append(f'<rect class="{side}" x="{start:.2f}" y="{y + shift:.2f}" {size}/>')
        if frame.number:
            for side, share, shift in (("real", drawn.real[cell], frame.number), ("made", made[cell], 0.0)):
                x = frame.width - PAD - shift
                parts.append(words(x, line, percent(float(share)), frame.font - 0.5, f"of-{side}", "end"))
    return "".join(parts)
