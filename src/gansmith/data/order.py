"""Which picture is served when, and how it is moved: a pure function of the seed and the place in the stream.

Only raw words of a counter-based generator are used, whose streams NumPy promises to keep, so that a run can be
resumed under another version.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["moves", "permutation", "places", "rows_at", "seeds"]

_ORDER, _MOVE, _NOISE, _VIEW = 1, 2, 3, 4
_WORDS = 4
"""Words that the generator yields for one step of its counter."""


def _words(seed: int, stream: int, start: int, steps: int, epoch: int = 0) -> NDArray[np.uint64]:
    """`(steps, 4)` random words; row `i` depends on `start + i` and the keys only."""
    key = np.array([seed % 2**64, (stream << 56) + epoch], dtype=np.uint64)
    counter = np.array([start, 0, 0, 0], dtype=np.uint64)
    return np.random.Philox(key=key, counter=counter).random_raw(steps * _WORDS).reshape(steps, _WORDS)


@lru_cache(maxsize=4)
def permutation(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of `count` pictures in an epoch, the same for ever for the same arguments; not to be written to."""
    words = _words(seed, _ORDER, 0, -(-count // _WORDS), epoch).ravel()[:count]
    order = np.argsort(words, kind="stable").astype(np.int64)
    order.setflags(write=False)
    return order


def rows_at(seed: int, start: int, length: int, count: int) -> NDArray[np.int64]:
    """Numbers of the pictures served at places `start` to `start + length`, across the ends of epochs."""
    parts = []
    at, end = start, start + length
    while at < end:
        epoch, place = divmod(at, count)
        stop = min(count, place + end - at)
        parts.append(permutation(seed, epoch, count)[place:stop])
        at += stop - place
    return np.concatenate(parts)


def moves(
    seed: int, start: int, length: int, flip: bool, shift: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Whether each served picture is flipped, and how far it is shifted down and right, in [-shift, shift]."""
    words = _words(seed, _MOVE, start, length)
    span = np.uint64(2 * shift + 1)
    flips = (words[:, 0] >> np.uint64(63)).astype(bool) & flip
    down, right = ((words[:, i] % span).astype(np.int64) - shift for i in (1, 2))
    return flips, down, right


def places(
    seed: int, start: int, length: int, spare: tuple[int, int], stream: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each served picture's view begins: first row in [0, spare[0]], first column in [0, spare[1]].

    Args:
        seed: Of the run.
        start: First place of the stream.
        length: How many.
        spare: Rows and columns by which the canvas is larger than the view.
        stream: Which of several independent choices.
    """
    words = _words(seed, _VIEW + stream, start, length)
    top, left = ((words[:, i] % np.uint64(spare[i] + 1)).astype(np.int64) for i in (0, 1))
    return top, left


def seeds(seed: int, start: int, length: int) -> NDArray[np.int64]:
    """A seed for the noise of each served picture."""
    return (_words(seed, _NOISE, start, length)[:, 0] >> np.uint64(1)).astype(np.int64)
