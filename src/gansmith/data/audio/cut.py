"""Sounds of any length as clips of one length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clips", "cut", "usual_length"]

_USUAL_SECONDS = 1.0
_WHOLE = 0.95
"""Share of the sounds that the usual length holds whole."""
_GRAIN = 256
"""The usual length is a multiple of so many samples."""


@dataclass(frozen=True)
class Clips:
    """Clips of one length.

    Attributes:
        signal: int16 `(N, channels, length)`, padded with zeros at the end.
        length: int32 `(N,)`: samples of each before the padding.
        owners: Number of the sound that each clip is a part of, ascending.
        dropped: Samples at the ends of long sounds that are in no clip.
    """

    signal: NDArray[np.int16]
    length: NDArray[np.int32]
    owners: tuple[int, ...]
    dropped: int


def usual_length(lengths: Sequence[int], rate: int) -> int:
    """The length in samples that 19 of 20 sounds fit into, up to a second, as a multiple of 256."""
    wanted = min(float(np.quantile(lengths, _WHOLE, method="inverted_cdf")), _USUAL_SECONDS * rate)
    return _GRAIN * math.ceil(wanted / _GRAIN)


def cut(sounds: Sequence[NDArray[np.int16]], length: int) -> Clips:
    """Cut sounds `(channels, samples)` into clips one after the other; a last piece below half a clip is left out."""
    rows, lengths, owners, dropped = [], [], [], 0
    for owner, sound in enumerate(sounds):
        samples = sound.shape[1]
        for start in range(0, samples, length):
            piece = sound[:, start : start + length]
            if start and piece.shape[1] < length / 2:
                dropped += piece.shape[1]
                continue
            rows.append(np.pad(piece, ((0, 0), (0, length - piece.shape[1]))))
            lengths.append(piece.shape[1])
            owners.append(owner)
    return Clips(np.stack(rows), np.array(lengths, np.int32), tuple(owners), dropped)
