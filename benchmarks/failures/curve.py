"""One small chart of a signal: a line a game, on a plain or a logarithmic scale."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["AXES", "Axis", "curve"]

LEFT, RIGHT, TOP, BOTTOM = 38, 6, 20, 20


@dataclass(frozen=True)
class Axis:
    """A signal and how it is drawn.

    Attributes:
        signal: Its name in the log.
        title: What a reader calls it.
        scale: `share` from 0 to 100%; `log`; `half` from 50% to 100%.
        least: Of a logarithmic scale: what is smaller is drawn there.
    """

    signal: str
    title: str
    scale: str = "share"
    least: float = 1e-3


AXES = {
    axis.signal: axis
    for axis in (
        Axis("contest", "told apart (contest)", "half"),
        Axis("overfit", "training above held-out (overfit)", "half"),
        Axis("kernel", "kernel distance, log scale", "log"),
        Axis("coverage", "coverage"),
        Axis("recall", "recall"),
        Axis("accuracy", "accuracy of the class"),
        Axis("train_closer", "nearer to training rows", "half"),
        Axis("G/grad_norm", "gradient of G, log scale", "log", 1e-12),
        Axis("G/update_ratio", "step of G / its weights, log scale", "log", 1e-7),
        Axis("D/update_ratio", "step of D / its weights, log scale", "log", 1e-9),
    )
}
"""Signals that can be drawn, by name."""

Line = tuple[str, Sequence[Sequence[float]]]


def curve(axis: Axis, lines: Sequence[Line], total: int, size: tuple[int, int]) -> str:
    """Lines `(colour, [[samples, value], ...])` over samples from 0 to `total`, as SVG of this size."""
    width, height = size[0] - LEFT - RIGHT, size[1] - TOP - BOTTOM
    low, high, marks = _scale(axis, [value for _, points in lines for _, value in points])

    def y(value: float) -> float:
        return TOP + (1 - (min(max(_on(axis, value), low), high) - low) / (high - low)) * height

    parts = [f'<text x="{LEFT}" y="12">{html.escape(axis.title)}</text>']
    for value, text in marks:
        at = y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + width}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="small" x="{LEFT - 4}" y="{at + 4:.1f}" text-anchor="end">{text}</text>')
    for share, anchor in ((0.0, "start"), (1.0, "end")):
        text = f"{share * total / 1e3:.0f}k" if share else "0 real samples"
        at = LEFT + share * width
        parts.append(f'<text class="small" x="{at:.0f}" y="{size[1] - 6}" text-anchor="{anchor}">{text}</text>')
    for colour, points in lines:
        path = " ".join(f"{LEFT + n / total * width:.1f},{y(value):.1f}" for n, value in points)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.8" points="{path}"/>')
        if len(points) == 1:
            parts.append(f'<circle cx="{path.split(",")[0]}" cy="{path.split(",")[1]}" r="3" fill="{colour}"/>')
    return "".join(parts)


def _on(axis: Axis, value: float) -> float:
    """Where a value stands on the scale."""
    return math.log10(max(value, axis.least)) if axis.scale == "log" else value


def _scale(axis: Axis, values: Sequence[float]) -> tuple[float, float, list[tuple[float, str]]]:
    """Both ends of the scale and its marks."""
    if axis.scale == "half" and min(values, default=0.5) > 0.35:
        return 0.35, 1.0, [(0.5, "50%"), (0.75, "75%"), (1.0, "100%")]
    if axis.scale != "log":
        return 0.0, 1.0, [(0.0, "0%"), (0.5, "50%"), (1.0, "100%")]
    places = [_on(axis, value) for value in values] or [0.0]
    low, high = math.floor(min(places)), math.ceil(max(places))
    high = max(high, low + 1)
    step = -(-(high - low) // 4)
    return low, high, [(10.0**power, _power(power)) for power in range(low, high + 1, step)]


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -3 <= power <= 3 else f"1e{power}"
