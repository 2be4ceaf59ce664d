"""Line charts as SVG text: no dependency, no script, readable in the dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gansmith.run.html import text

__all__ = ["Points", "line_chart"]

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 34
COLOURS = ("#2f6fde", "#d1495b", "#3a9d5d", "#b07d12", "#7b52ab", "#1f8a9e", "#8a8a8a")

Points = Sequence[tuple[float, float]]


def line_chart(
    series: Mapping[str, Points],
    x_label: str,
    marker: tuple[float, str] | None = None,
    y_range: tuple[float, float] | None = None,
    percent: bool = False,
    x_ticks: Mapping[float, str] | None = None,
) -> str:
    """A chart of named lines over a common x.

    Args:
        series: Points `(x, y)` by the line's name; points that are no numbers are left out.
        x_label: What x counts.
        marker: A dashed horizontal line and its text.
        y_range: Lowest and highest y; None for those of the points.
        percent: Write y as a percentage.
        x_ticks: What to write below which x; None for round numbers.

    Returns:
        An `<svg>` element with the legend below it; empty text where there are no points.
    """
    lines = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in series.items()}
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return ""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points] + ([marker[0]] if marker else [])
    x0, x1 = min(xs), max(max(xs), min(xs) + 1e-9)
    y0, y1 = y_range or _padded(min(ys), max(ys))
    scale = _Scale(x0, x1, y0, y1)
    parts = [_axes(scale, x_label, percent, x_ticks or {x: _short(x) for x in _steps(x0, x1)})]
    if marker is not None:
        y = scale.y(marker[0])
        parts.append(f'<line class="marker" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="label" x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{text(marker[1])}</text>'
        )
    for i, points in enumerate(lines.values()):
        path = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in _thin(points))
        parts.append(f'<polyline fill="none" stroke="{_colour(i)}" stroke-width="1.8" points="{path}"/>')
    legend = " ".join(
        f'<span class="key"><i style="background:{_colour(i)}"></i>{text(name)}</span>' for i, name in enumerate(lines)
    )
    title = text(", ".join(lines))
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{"".join(parts)}</svg>'
    return f'{svg}<p class="legend">{legend}</p>'


class _Scale:
    def __init__(self, x0: float, x1: float, y0: float, y1: float) -> None:
        self.x0, self.x1, self.y0, self.y1 = x0, x1, y0, y1

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (min(max(value, self.y0), self.y1) - self.y0) / (self.y1 - self.y0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _axes(scale: _Scale, x_label: str, percent: bool, x_ticks: Mapping[float, str]) -> str:
    parts = []
    for value in _steps(scale.y0, scale.y1):
        y = scale.y(value)
        shown = f"{value:.0%}" if percent else _short(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="label" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>')
    for value, mark in x_ticks.items():
        x, y = scale.x(value), HEIGHT - BOTTOM + 15
        parts.append(f'<text class="label" x="{x:.1f}" y="{y}" text-anchor="middle">{text(mark)}</text>')
    parts.append(f'<text class="label" x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{text(x_label)}</text>')
    return "".join(parts)


def _steps(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers between two ends, about `wanted` of them."""
    raw = (high - low) / wanted
    size: float = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _padded(low: float, high: float) -> tuple[float, float]:
    pad = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - pad, high + pad


def _thin(points: Points, most: int = 400) -> Points:
    step = -(-len(points) // most)
    return [*points[::step], points[-1]] if step > 1 else points


def _short(value: float) -> str:
    if abs(value) >= 1e9:
        return f"{value:.0e}".replace("e+", "e")
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:.3g}"


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]
