"""Piano rolls as pictures: time to the right, pitch upwards, a colour for each voice."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from gansmith.data.music.voices import Grid, notes_of

__all__ = ["draw_rolls"]

_STEP, _KEY, _GAP, _EDGE = 6, 4, 12, 8
"""Pixels of a time step, of a semitone, between rolls and around them."""

_PAPER, _BLACK_KEY, _BEAT, _BAR = "#fdfdfb", "#f1f1ec", "#e2e2da", "#a9a99e"
_INK = ("#c8442f", "#2f6fb5", "#3d8f4d", "#8a5bb0", "#c98a1b", "#2b9aa0", "#b84a86", "#6b6b6b")
_DARK = {1, 3, 6, 8, 10}


def draw_rolls(
    grids: Sequence[Grid], pitches: tuple[int, int], quarter: int, bar: int, columns: int | None = None
) -> Image.Image:
    """A sheet of piano rolls.

    Args:
        grids: Pieces of one length.
        pitches: Lowest and highest pitch that has a row.
        quarter: Time steps in a quarter note; each begins with a thin line.
        bar: Time steps in a bar; each begins with a strong line.
        columns: Rolls beside each other; None makes the sheet about square.
    """
    low, high = pitches
    length = max(len(grid.pitch) for grid in grids)
    wide, tall = length * _STEP, (high - low + 1) * _KEY
    across = columns or max(1, min(len(grids), round(math.sqrt(len(grids) * tall / wide)) or 1))
    down = -(-len(grids) // across)
    size = (2 * _EDGE + across * (wide + _GAP) - _GAP, 2 * _EDGE + down * (tall + _GAP) - _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for number, grid in enumerate(grids):
        left = _EDGE + number % across * (wide + _GAP)
        top = _EDGE + number // across * (tall + _GAP)
        _paper(draw, left, top, len(grid.pitch), pitches, quarter, bar)
        for voice, notes in enumerate(notes_of(grid.pitch, grid.again)):
            for first, last, pitch in notes:
                y = top + (high - pitch) * _KEY
                box = (left + first * _STEP + 1, y, left + last * _STEP - 1, y + _KEY - 1)
                draw.rectangle(box, fill=_INK[voice % len(_INK)])
    return sheet


def _paper(
    draw: ImageDraw.ImageDraw, left: int, top: int, length: int, pitches: tuple[int, int], quarter: int, bar: int
) -> None:
    low, high = pitches
    right, bottom = left + length * _STEP, top + (high - low + 1) * _KEY
    draw.rectangle((left, top, right, bottom), fill=_PAPER, outline=_BAR)
    for pitch in range(low, high + 1):
        if pitch % 12 in _DARK:
            y = top + (high - pitch) * _KEY
            draw.rectangle((left + 1, y, right - 1, y + _KEY - 1), fill=_BLACK_KEY)
    for step in range(quarter, length, quarter):
        x = left + step * _STEP
        draw.line((x, top, x, bottom), fill=_BEAT if step % bar else _BAR)
