"""Events turned as a whole: physics that does not single out a direction shows each event at any angle."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gansmith.data.item_source import Vary
from gansmith.data.items import Arrays
from gansmith.data.order import seeds

__all__ = ["turning"]


def turning(angles: Sequence[str]) -> Vary | None:
    """All named angles of an event turned by one same amount, even in [-pi, pi]; None where no angle is named."""
    if not angles:
        return None

    def turned(arrays: Arrays, seed: int, start: int) -> Arrays:
        amount = seeds(seed, start, len(arrays[angles[0]])) * (2 * math.pi / 2.0**63)
        turns = {name: np.mod(arrays[name] + amount + math.pi, 2 * math.pi) - math.pi for name in angles}
        return {**arrays, **turns}

    return turned
