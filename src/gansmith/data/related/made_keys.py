"""New keys of a table that is made some rows at a time: none comes twice, however many there are."""

from __future__ import annotations

from math import gcd, prod
from typing import Any

import numpy as np

from gansmith.data.table.arrow import arrow
from gansmith.data.table.identifiers import letters_of, make_identifiers
from gansmith.data.table.schema import IdentifierPattern
from gansmith.errors import InputError

__all__ = ["made_keys"]

_VAST = 2**62
"""Of so many keys drawn at random, two are never the same."""


def made_keys(pattern: IdentifierPattern, count: int, seed: int, first: int = 0) -> Any:
    """Keys `first` to `first + count` of a seed, all different.

    Key i of a mask is what a step of fixed length, without a common factor with the number of possible keys, reaches
    after i turns: all are reached once before any comes again.

    Args:
        pattern: How they look.
        count: How many.
        seed: The same seed gives the same keys. A counter counts.
        first: Number of the first one.

    Returns:
        Arrow array of text `(count,)`.

    Raises:
        InputError: There are not so many keys of that form.
    """
    if pattern.form != "mask":
        return make_identifiers(pattern, count, seed, first)
    letters = letters_of(pattern.mask)
    room = prod(len(alphabet) for alphabet in letters)
    if room >= _VAST:
        return make_identifiers(pattern, count, seed, first)
    if first + count > room:
        raise InputError(f"the mask {pattern.mask!r} has {room:,} keys, too few for so many rows: make it longer")
    random = np.random.default_rng(seed)
    start, step = (int(random.integers(0, room)) for _ in range(2))
    while gcd(step, room) != 1:
        step = step % room + 1
    found = []
    for number in range(first, first + count):
        at, key = (start + number * step) % room, ""
        for alphabet in letters:
            at, place = divmod(at, len(alphabet))
            key += alphabet[place]
        found.append(key)
    return arrow().array(found, arrow().string())
