"""Drawings of time series: made courses over real ones, and their autocorrelations and spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.run.table_svg import MARGIN, WIDTH, clipped, document, words

__all__ = ["Lines", "autocorrelations", "courses", "panels", "spectra"]

Floats = NDArray[np.float64]

HEIGHT, HEAD, FOOT, LEFT, GAP = 150, 24, 20, 46, 14
"""Pixels of a panel's plot, above and below it, left of it, and between panels."""

COLUMNS = 3
STROKES = {"real": "#4a86c5", "made": "#d9641a"}
"""Blue and orange, on white and on black alike."""


class Lines(NamedTuple):
    """A panel.

    Attributes:
        title: Above it.
        real: Lines `(k, points)`, NaN where there is none.
        made: The same.
        x: From the first to the last point, in words: `0 .. 23`.
    """

    title: str
    real: Floats
    made: Floats
    x: tuple[str, str]


def courses(title: str, real: Floats, made: Floats) -> Lines:
    """Series `(k, steps)` over each other."""
    return Lines(title, real, made, ("step 1", f"{real.shape[1] if len(real) else made.shape[1]:,}"))


def autocorrelations(title: str, real: Floats, made: Floats, most: int = 100) -> Lines:
    """Mean autocorrelation of series `(n, steps)` by lag, missing values left out."""
    centre = np.nanmean(real)

    def of(x: Floats) -> Floats:
        y = np.nan_to_num(x - centre)
        steps = y.shape[1]
        lags = range(min(most, steps - 1) + 1)
        found = np.array([(y[:, : steps - k] * y[:, k:]).mean() for k in lags])
        shares: Floats = found / max(found[0], 1e-12)
        return shares[None]

    first, second = of(real), of(made)
    return Lines(title, first, second, ("lag 0", f"{first.shape[1] - 1}"))


def spectra(title: str, real: Floats, made: Floats) -> Lines:
    """Mean power of series `(n, steps)` by frequency, in decibels, missing values taken for the mean."""

    def of(x: Floats) -> Floats:
        y = np.nan_to_num(x - np.nanmean(x, axis=1, keepdims=True))
        power: Floats = np.square(np.abs(np.fft.rfft(y * np.hanning(y.shape[1] + 1)[:-1], axis=1)))[:, 1:].mean(0)
        return power

    first, second = of(real), of(made)
    floor = 1e-6 * max(float(first.max()), 1e-300)
    levels = [10 * np.log10(p + floor)[None] for p in (first, second)]
    return Lines(title, levels[0], levels[1], ("slow", "every other step"))


def panels(found: Sequence[Lines], label: str) -> str:
    """An SVG file of panels, each with real lines in blue below made ones in orange."""
    columns = min(COLUMNS, len(found))
    wide = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns
    tall = HEAD + HEIGHT + FOOT
    body = [_legend(found)]
    for i, panel in enumerate(found):
        x = MARGIN + (i % columns) * (wide + GAP)
        y = MARGIN + 20 + (i // columns) * (tall + GAP)
        body.append(_panel(panel, x, y, wide))
    rows = -(-len(found) // columns)
    return document(WIDTH, 2 * MARGIN + 20 + rows * tall + (rows - 1) * GAP, label, "".join(body))


def _legend(found: Sequence[Lines]) -> str:
    said = []
    for i, (name, colour) in enumerate(STROKES.items()):
        if any(len(getattr(panel, name)) for panel in found):
            x = MARGIN + i * 70
            said.append(f'<path d="M{x} {MARGIN + 6}h18" stroke="{colour}" stroke-width="3"/>')
            said.append(words(x + 24, MARGIN + 10, name, 12))
    return "".join(said)


def _panel(panel: Lines, x: float, y: float, wide: float) -> str:
    both = np.concatenate([panel.real.ravel(), panel.made.ravel()])
    both = both[np.isfinite(both)]
    low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    left, top, right, bottom = x + LEFT, y + HEAD, x + wide, y + HEAD + HEIGHT
    parts = [
        words(left, y + 15, clipped(panel.title, wide - LEFT, 13), 13, "bold"),
        f'<path class="axis" d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}"/>',
        words(left - 5, top + 9, f"{high:.3g}", 11, "dim", "end"),
        words(left - 5, bottom, f"{low:.3g}", 11, "dim", "end"),
        words(left, bottom + 14, panel.x[0], 11, "dim"),
        words(right, bottom + 14, panel.x[1], 11, "dim", "end"),
    ]
    for lines, colour in ((panel.real, STROKES["real"]), (panel.made, STROKES["made"])):
        opacity = 0.9 if len(lines) <= 2 else 0.55
        for line in lines:
            path = _path(line, left, right, bottom, HEIGHT / (high - low), low)
            if path:
                parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4" '
                             f'stroke-opacity="{opacity}" stroke-linejoin="round"/>')  # fmt: skip
    return "".join(parts)


def _path(line: Floats, left: float, right: float, bottom: float, scale: float, low: float) -> str:
    """Moves and lines; a missing value is a hole."""
    step = (right - left) / max(1, len(line) - 1)
    parts, down = [], False
    for i, value in enumerate(line):
        if not np.isfinite(value):
            down = False
            continue
        parts.append(f"{'L' if down else 'M'}{left + i * step:.1f} {bottom - (value - low) * scale:.1f}")
        down = True
    return "".join(parts)
