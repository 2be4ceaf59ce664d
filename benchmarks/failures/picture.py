"""The picture of a failure as SVG: two films of scatter plots one over the other, and small curves beneath them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.failures.curve import Axis, curve
from benchmarks.failures.words import Shown

__all__ = ["CLASSES", "Film", "picture"]

WIDTH, PAD, GAP = 760, 14, 8
FRAMES = 5
SIDE = (WIDTH - 2 * PAD - (FRAMES - 1) * GAP) // FRAMES
TITLE, CAPTION = 22, 18
CURVE = 132
CLASSES = ("#2f6fde", "#d1495b", "#3a9d5d", "#b07d12")
"""Colours of the classes that a sample was asked for."""

STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.head{font-weight:600}.small{font-size:11px;fill:#555}"
    ".dots{fill:none;stroke-linecap:round;stroke-width:35}.real{stroke:#c4c4c4;stroke-width:30}"
    ".frame{fill:none;stroke:#ccc}.grid{stroke:#e3e3e3}.trained{fill:none;stroke:#111;stroke-width:14}"
)
UNIT = 10
"""Coordinates of a frame are whole tenths of a pixel, which keeps files small."""


@dataclass(frozen=True)
class Film:
    """A game to be shown.

    Attributes:
        title: Above its frames.
        colour: Of its samples and of its curves.
        shown: What was seen of it.
    """

    title: str
    colour: str
    shown: Shown

    @property
    def data(self) -> Mapping[str, Any]:
        """What `film` kept of it."""
        return self.shown.kept


def picture(films: Sequence[Film], axes: Sequence[Axis]) -> str:
    """The picture of a failure and of its cure, or of one game alone."""
    limit = _limit([film.data for film in films])
    parts, y = [], PAD
    for film in films:
        parts.append(
            f'<text class="head" x="{PAD}" y="{y + 11}" style="fill:{film.colour}">{html.escape(film.title)}</text>'
        )
        parts.append(_frames(film, y + TITLE, limit))
        y += TITLE + SIDE + CAPTION + GAP
    y += GAP
    width = (WIDTH - 2 * PAD - (len(axes) - 1) * GAP) / len(axes)
    total = max(film.data["total"] for film in films)
    for number, axis in enumerate(axes):
        lines = [(film.colour, film.shown.curves.get(axis.signal, [])) for film in films]
        drawn = curve(axis, lines, total, (int(width), CURVE))
        parts.append(f'<g transform="translate({PAD + number * (width + GAP):.0f} {y})">{drawn}</g>')
    height = y + CURVE + PAD
    about = html.escape("; ".join(film.title for film in films))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{about}"><style>{STYLE}</style>'
        f'<defs><clipPath id="c"><rect width="{SIDE * UNIT}" height="{SIDE * UNIT}"/></clipPath>'
        f"{_real(films[0].data['real'], limit)}</defs>"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _limit(films: Sequence[Mapping[str, Any]]) -> float:
    """Half the side of all frames in the data's unit: all real rows, and most samples of every moment but the first."""
    far: float = max(max(map(abs, point)) for film in films for point in film["real"]) * 1.1
    late = [sorted(max(map(abs, p)) for p in m["points"]) for film in films for m in film["moments"][1:]]
    made: float = max((far_out[int(0.9 * len(far_out))] for far_out in late if far_out), default=0.0)
    return max(far, min(1.1 * made, 1.4 * far))


def _place(point: Sequence[float], limit: float) -> tuple[float, float]:
    """Where a point stands in a frame; what lies outside stands at its edge, in the direction where it went."""
    side, reach = SIDE * UNIT, max(1.0, max(map(abs, point)) / (0.985 * limit))
    return (point[0] / reach / limit + 1) / 2 * side, (1 - point[1] / reach / limit) / 2 * side


def _dots(points: Sequence[Sequence[float]], limit: float) -> str:
    return "".join("M{:.0f} {:.0f}h0".format(*_place(point, limit)) for point in points)


def _real(points: Sequence[Sequence[float]], limit: float) -> str:
    return f'<path id="r" class="dots real" d="{_dots(points, limit)}"/>'


def _frames(film: Film, top: int, limit: float) -> str:
    """The moments of one game from left to right; an empty frame where no number was left."""
    parts = []
    for number in range(FRAMES):
        moments = film.data["moments"]
        moment = moments[number] if number < len(moments) else None
        left = PAD + number * (SIDE + GAP)
        inner = f'<rect class="frame" width="{SIDE}" height="{SIDE}"/>'
        inside = f'<use href="#r"/>{_samples(film, moment["points"], limit) if moment else ""}{_trained(film, limit)}'
        inner += f'<g transform="scale({1 / UNIT})" clip-path="url(#c)">{inside}</g>'
        if moment is None or not moment["points"]:
            inner += f'<text x="{SIDE / 2}" y="{SIDE / 2}" text-anchor="middle">no numbers</text>'
        else:
            away = sum(max(map(abs, point)) >= limit for point in moment["points"]) / len(moment["points"])
            note = f", {away:.0%} outside" if away >= 0.05 else ""
            seen = "" if number or note else " real samples seen"
            text = f"{moment['samples'] / 1e3:,.0f}k{seen}{note}"
            inner += f'<text class="small" x="0" y="{SIDE + 13}">{text}</text>'
        parts.append(f'<g transform="translate({left} {top})">{inner}</g>')
    return "".join(parts)


def _samples(film: Film, points: Sequence[Sequence[float]], limit: float) -> str:
    """Samples in the game's colour, or in that of the class asked for."""
    classes = film.data["classes"]
    if not classes or len(classes) != len(points):
        return f'<path class="dots" stroke="{film.colour}" d="{_dots(points, limit)}"/>'
    groups = [[p for p, c in zip(points, classes, strict=True) if c == kind] for kind in range(len(CLASSES))]
    pairs = zip(CLASSES, groups, strict=True)
    return "".join(f'<path class="dots" stroke="{colour}" d="{_dots(group, limit)}"/>' for colour, group in pairs)


def _trained(film: Film, limit: float) -> str:
    """A ring around every training row, where they are few."""
    places = [_place(point, limit) for point in film.data["trained"]]
    return "".join(f'<circle class="trained" cx="{x:.0f}" cy="{y:.0f}" r="50"/>' for x, y in places)
