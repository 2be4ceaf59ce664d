"""Figures without a plotting library: lines as SVG that stands alone, points and sample grids as small PNG."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gansmith.data.grid import grid
from gansmith.run.charts import COLOURS, HEIGHT, LEFT, WIDTH, line_chart

__all__ = ["Panel", "contact", "lines", "scatter", "small_png", "write_bytes", "write_figures"]

STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#444}.grid{stroke:#ddd;stroke-width:1}"
    ".marker{stroke:#888;stroke-width:1;stroke-dasharray:4 3}"
)
ROW = 16
SIDE, PAD, HEAD = 150, 8, 34
INK, FAINT, POINT = (40, 40, 40), (205, 205, 205), (47, 111, 222)
MOST = 60_000
"""Bytes of a picture that goes into the documentation."""

Points = Sequence[tuple[float, float]]


def lines(
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    y_range: tuple[float, float] | None = None,
    percent: bool = False,
    x_ticks: Mapping[float, str] | None = None,
    marker: tuple[float, str] | None = None,
) -> str:
    """The report's line chart as an SVG file of its own: background, style, legend; empty text without points."""
    series = {name: points for name, points in series.items() if points}
    chart = line_chart(series, x_label, marker, y_range, percent, x_ticks)
    found = re.search(r"<svg[^>]*>(.*)</svg>", chart, re.DOTALL)
    if found is None:
        return ""
    legend, x, row = [], float(LEFT), 0
    for i, name in enumerate(series):
        width = 26 + 6.6 * len(name)
        if x + width > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
        y = HEIGHT + 14 + ROW * row
        legend.append(f'<rect x="{x:.0f}" y="{y - 8}" width="10" height="10" fill="{COLOURS[i % len(COLOURS)]}"/>')
        legend.append(f'<text x="{x + 14:.0f}" y="{y}">{html.escape(name)}</text>')
        x += width
    height = HEIGHT + 22 + ROW * row
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f"<style>{STYLE}</style>"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{found[1]}'
        f'<text x="{LEFT}" y="10">{html.escape(y_label)}</text>{"".join(legend)}</svg>\n'
    )


class Panel:
    """Points in the plane beneath a title.

    Args:
        title: First line.
        note: Second line.
        points: `(n, 2)`.
    """

    def __init__(self, title: str, note: str, points: NDArray[np.floating[Any]]) -> None:
        self.title, self.note, self.points = title, note, points


def scatter(panels: Sequence[Panel], centres: NDArray[np.floating[Any]], columns: int = 4) -> Image.Image:
    """Panels in rows over the same square around the centres, which are drawn as small rings."""
    limit = float(np.abs(centres).max()) * 1.25
    rows = -(-len(panels) // columns)
    sheet = Image.new("RGB", (columns * (SIDE + PAD) + PAD, rows * (SIDE + HEAD + PAD) + PAD), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default()
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        left, top = PAD + column * (SIDE + PAD), PAD + row * (SIDE + HEAD + PAD)
        draw.text((left, top), panel.title, fill=INK, font=font)
        draw.text((left, top + 15), panel.note, fill=(110, 110, 110), font=font)
        top += HEAD
        draw.rectangle((left, top, left + SIDE, top + SIDE), outline=FAINT)

        def place(at: NDArray[np.floating[Any]], left: int = left, top: int = top) -> tuple[float, float]:
            return left + (at[0] / limit + 1) / 2 * SIDE, top + (1 - at[1] / limit) / 2 * SIDE

        for centre in centres:
            x, y = place(centre)
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=FAINT)
        for point in panel.points:
            if np.abs(point).max() < limit:
                x, y = place(point)
                draw.rectangle((x - 0.5, y - 0.5, x + 0.5, y + 0.5), fill=POINT)
    return sheet


def contact(images: NDArray[Any], columns: int, value_range: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """Samples side by side as a PNG of at most 60 kB: in fewer colours, then smaller, until it fits."""
    return small_png(grid(images, columns, pad=1, scale=1, value_range=value_range))


def small_png(picture: Image.Image, most: int = MOST) -> bytes:
    """A picture as a PNG of at most so many bytes: as it is, in 128 colours, then ever smaller."""
    data = _png(picture)
    share = 1.0
    while len(data) > most and share > 0.1:
        size = (round(picture.width * share), round(picture.height * share))
        smaller = picture if share == 1 else picture.resize(size, Image.Resampling.LANCZOS)
        data = _png(smaller.quantize(128, dither=Image.Dither.NONE))
        share *= 0.85
    return data


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a picture, at once or not at all; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def write_figures(made: Mapping[str, tuple[bytes, str]], folder: Path) -> list[list[str]]:
    """Write figures given as bytes and caption by file name; returns names and captions for the result file."""
    for name, (data, _) in made.items():
        write_bytes(folder / name, data)
    return [[name, caption] for name, (_, caption) in made.items()]
