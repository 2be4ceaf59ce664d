"""Spectrograms of sounds, side by side: low pitches below, time to the right, loud is bright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gansmith.features.sound import decibels, magnitudes, mel_filters, window_for

__all__ = ["spectrogram_sheet"]

FLOOR = -70.0
BANDS, SCALE, GAP, LINE = 64, 2, 6, 14
WIDEST = 1600
_COLOURS = np.array([[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]])
"""Equally spaced colours from silence to full scale, ever brighter, also without colour vision."""


def spectrogram_sheet(
    signal: NDArray[np.int16], rate: int, titles: Sequence[str] = (), columns: int = 8
) -> Image.Image:
    """A picture of many sounds.

    Args:
        signal: int16 `(n, channels, length)`.
        rate: Samples a second.
        titles: A line above each; empty for none.
        columns: Sounds in a row; fewer where they would be wider than a page.
    """
    tiles = [_tile(one, rate) for one in signal]
    width, height = tiles[0].size
    columns = max(1, min(columns, len(tiles), WIDEST // (width + GAP)))
    rows = -(-len(tiles) // columns)
    top = LINE if titles else 0
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + top + GAP) + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for i, tile in enumerate(tiles):
        left, upper = GAP + i % columns * (width + GAP), GAP + i // columns * (height + top + GAP)
        if titles:
            pen.text((left, upper), titles[i][: width // 6], fill="black")
        sheet.paste(tile, (left, upper + top))
    return sheet


def _tile(sound: NDArray[np.int16], rate: int) -> Image.Image:
    """One spectrogram; its channels are averaged."""
    window = window_for(rate)
    wave = torch.from_numpy(sound.astype(np.float32) / 32768)[None]
    hop = max(window // 4, wave.shape[2] // (WIDEST // 2))
    spectrum = magnitudes(wave, window, hop).square().mean(1).sqrt()
    level = decibels(mel_filters(rate, window, BANDS) @ spectrum, FLOOR)[0].flip(0).numpy()
    place = (1 - level / FLOOR).clip(0, 1) * (len(_COLOURS) - 1)
    channels = [np.interp(place, np.arange(len(_COLOURS)), _COLOURS[:, c]) for c in range(3)]
    pixels = np.stack(channels, 2).round().astype(np.uint8)
    return Image.fromarray(pixels.repeat(SCALE, 0).repeat(SCALE, 1))
