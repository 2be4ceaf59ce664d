"""Drawings of events: how often each value comes, in real and in made ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.run.table_svg import MARGIN, WIDTH, clipped, document, words

__all__ = ["Spread", "histograms"]

Floats = NDArray[np.float64]

HEIGHT, HEAD, FOOT, GAP, COLUMNS, BINS = 150, 38, 20, 18, 3, 50
"""Pixels of a plot, above and below it, and between two; plots in a row; bars of one."""

OUTSIDE = 0.005
"""Share of real events beyond either end of an axis; a long tail would leave no room for a peak."""


class Spread(NamedTuple):
    """A column or quantity.

    Attributes:
        title: Above it.
        about: A second line.
        real: Values of real events, NaN where there is none; empty where only made ones are drawn.
        made: Values of made events.
    """

    title: str
    about: str
    real: Floats
    made: Floats


def histograms(found: Sequence[Spread], label: str) -> str:
    """An SVG file of histograms: real events as areas, made ones as lines over them, on the same bins."""
    columns = min(COLUMNS, len(found))
    wide = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns
    tall = HEAD + HEIGHT + FOOT
    both = any(len(spread.real) for spread in found)
    body = [f'<path class="made" d="M{MARGIN} {MARGIN + 6}h18"/>', words(MARGIN + 24, MARGIN + 10, "made", 12)]
    if both:
        body += [f'<rect class="real" x="{MARGIN + 72}" y="{MARGIN}" width="18" height="10"/>']
        body += [words(MARGIN + 96, MARGIN + 10, "real", 12)]
    for i, spread in enumerate(found):
        x, y = MARGIN + (i % columns) * (wide + GAP), MARGIN + 20 + (i // columns) * (tall + GAP)
        body.append(_plot(spread, x, y, wide))
    rows = -(-len(found) // columns)
    return document(WIDTH, 2 * MARGIN + 20 + rows * tall + (rows - 1) * GAP, label, "".join(body))


def _plot(spread: Spread, x: float, y: float, wide: float) -> str:
    real, made = (values[np.isfinite(values)] for values in (spread.real, spread.made))
    low, high = _ends(real if len(real) else made)
    edges = np.linspace(low, high, BINS + 1)
    shares = [np.histogram(values, edges)[0] / max(len(values), 1) for values in (real, made)]
    top = max(float(shares[0].max()), float(shares[1].max()), 1e-12)
    over, bottom = y + HEAD, y + HEAD + HEIGHT
    step = wide / BINS
    bars = "".join(
        f'<rect class="real" x="{x + i * step:.1f}" y="{bottom - share / top * HEIGHT:.1f}" width="{step:.1f}" '
        f'height="{share / top * HEIGHT:.1f}"/>'
        for i, share in enumerate(shares[0].tolist())
        if share
    )
    line = "".join(f"V{bottom - share / top * HEIGHT:.1f}h{step:.2f}" for share in shares[1].tolist())
    return "".join(
        [
            words(x, y + 13, clipped(spread.title, wide, 13), 13, "bold"),
            words(x, y + 29, clipped(spread.about, wide, 11), 11, "dim") if spread.about else "",
            bars,
            f'<path class="made" d="M{x:.1f} {bottom:.1f}{line}V{bottom:.1f}"/>',
            f'<path class="axis" d="M{x:.1f} {over:.1f}V{bottom:.1f}H{x + wide:.1f}"/>',
            words(x, bottom + 14, f"{low:.4g}", 11, "dim"),
            words(x + wide, bottom + 14, f"{high:.4g}", 11, "dim", "end"),
        ]
    )


def _ends(values: Floats) -> tuple[float, float]:
    """Where an axis begins and ends."""
    if not len(values):
        return 0.0, 1.0
    low, high = (float(q) for q in np.quantile(values, [OUTSIDE, 1 - OUTSIDE]))
    if low == high:
        low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room
