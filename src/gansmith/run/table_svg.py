"""SVG files of tables: the page, the words on it and its colours, in the light and in the dark."""

from __future__ import annotations

import re
import unicodedata

from gansmith.run.html import text

__all__ = ["MARGIN", "WIDTH", "clipped", "document", "legible", "percent", "shade", "width_of", "words"]

MARGIN, WIDTH = 14, 1104
"""Pixels around what is drawn, and from one side of a wide picture to the other."""
_STEPS = 10
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows: a name could scramble the words beside it."""

_STYLE = """
text { font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: #1c2330; }
.paper { fill: #fff; } .card { fill: none; stroke: #dfe3ea; } .dim { fill: #5d6778; } .bold { font-weight: 600; }
.axis { stroke: #9aa4b5; fill: none; } .void { fill: #eceef2; stroke: #b9c0cc; stroke-width: .5; }
.real { fill: #8fb8e3; } .made { fill: none; stroke: #c2410c; stroke-width: 1.5; stroke-linejoin: round; }
.of-real { fill: #1d5fa8; } .of-made { fill: #b33a08; } .on { fill: #fff; }
"""
_DARK = """
text { fill: #e6e9ef; } .paper { fill: #1c2028; } .card { stroke: #323945; } .dim { fill: #9aa4b5; }
.axis { stroke: #6b7585; } .void { fill: #2a303b; stroke: #4a5363; }
.real { fill: #3f6fa3; } .made { stroke: #ff9d57; } .of-real { fill: #8fc0f5; } .of-made { fill: #ffa869; }
.on { fill: #10131a; }
"""
_BELOW, _ABOVE = ("#1f5fa6", "#6fb1ff"), ("#a84300", "#ffa04d")
_MIDDLE = ("#f6f6f4", "#262c36")
"""Blue and orange, which every common kind of colour blindness tells apart; ends and middle in light and dark."""


def legible(given: object) -> str:
    """Words that XML can hold, on one line: no control characters, no marks that turn the direction of writing."""
    return " ".join(_BAD.sub("\ufffd", _TURNING.sub("", str(given))).split())


def width_of(line: str, size: float) -> float:
    """About how wide a line is in pixels at a font size, rather more than less."""
    return sum(map(_em, line)) * size


def _em(sign: str) -> float:
    """About how wide a sign is, as a share of the font size."""
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if sign in " .,:;'|!iljI()[]ftr-":
        return 0.39
    return 0.95 if sign in "MW@%mw" else 0.7 if sign.isupper() else 0.62


def clipped(given: object, room: float, size: float) -> str:
    """Words cut, with an ellipsis, to a width in pixels at a font size."""
    line = legible(given)
    if width_of(line, size) <= room:
        return line
    while line and width_of(line, size) + size > room:
        line = line[:-1]
    return line.rstrip() + "…"


def words(x: float, y: float, given: object, size: float, kind: str = "", end: str = "start", more: str = "") -> str:
    """A text element.

    Args:
        x: Pixels from the left.
        y: Pixels of the base line from the top.
        given: What it says; whatever is in it is text.
        size: Font size in pixels.
        kind: Its classes.
        end: Which point of it lies at x: `start`, `middle` or `end`.
        more: Further attributes, as they stand in SVG.
    """
    classes = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{end}"' if end != "start" else ""
    line = text(legible(given))
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{classes}{anchor}{more}>{line}</text>'


def percent(share: float) -> str:
    """A share as a short percentage: `0%` is none at all, `100%` is all."""
    if 0 < share < 0.001:
        return "<.1%"
    if 0.99 < share < 1:
        return f"{min(share, 0.999):.1%}"
    return f"{share:.1%}" if 0 < share < 0.0995 else f"{share:.0%}"


def shade(value: float) -> str:
    """Class of the colour of a value in -1..1, clipped to it: `s-10` to `s10`."""
    return f"s{round(min(max(value, -1.0), 1.0) * _STEPS)}"


def document(width: float, height: float, label: str, body: str) -> str:
    """A whole SVG file.

    Args:
        width: Pixels.
        height: Pixels.
        label: What is to be seen, for those who don't see it.
        body: What is drawn; it may use the classes of this module.
    """
    dark = _DARK + _shades(1)
    said = text(legible(label))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{said}"><title>{said}</title>'
        f"<style>{_STYLE}{_shades(0)}@media (prefers-color-scheme: dark) {{{dark}}}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="6"/>{body}</svg>\n'
    )


def _shades(scheme: int) -> str:
    ends = {-1: _BELOW[scheme], 1: _ABOVE[scheme]}
    steps = range(-_STEPS, _STEPS + 1)
    return "".join(f".s{i} {{ fill: {_between(_MIDDLE[scheme], ends[1 if i > 0 else -1], abs(i))}; }}\n" for i in steps)


def _between(low: str, high: str, step: int) -> str:
    # steps near the middle are taken larger than steps near the ends, or weak associations could not be seen
    share = (step / _STEPS) ** 0.8
    parts = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
