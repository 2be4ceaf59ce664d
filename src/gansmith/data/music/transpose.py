"""Music in other keys: how training windows are shown differently every time."""

from __future__ import annotations

import numpy as np

from gansmith.data.item_source import Vary
from gansmith.data.items import Arrays
from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.voices import REST

__all__ = ["transposing"]


def transposing(codec: MusicCodec, most: int) -> Vary | None:
    """Move each window by up to `most` semitones either way, as far as every voice stays in its range of the data.

    Args:
        codec: Knows the ranges.
        most: Semitones; 0 moves nothing.
    """
    if not most:
        return None

    def vary(arrays: Arrays, seed: int, start: int) -> Arrays:
        pitch = arrays["pitch"].astype(np.int64)
        sounding = pitch != REST
        down = np.where(sounding, pitch - np.array(codec.lowest), most).min((1, 2)).clip(0, most)
        up = np.where(sounding, np.array(codec.highest) - pitch, most).min((1, 2)).clip(0, most)
        draws = [np.random.default_rng((seed, start + i)).random() for i in range(len(pitch))]
        by = np.floor(np.array(draws) * (down + up + 1)).astype(np.int64) - down
        moved = np.where(sounding, pitch + by[:, None, None], REST).astype(np.uint8)
        return {**arrays, "pitch": moved}

    return vary
