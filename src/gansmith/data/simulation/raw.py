"""Columns of events as a file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from gansmith.data.image_set import Skipped

__all__ = ["RawEvents"]


@dataclass(frozen=True)
class RawEvents:
    """Columns of events.

    Attributes:
        columns: `(N,)` or `(N, ...)` numbers, NaN where a value is missing or can't be read; or `(N,)` text.
        places: Where each event stands, for people: `line 17`.
        bad: What stands in place of a number, by event and column, where it is more than missing.
        skipped: Events that are none.
        conditions: Columns that the file itself says are conditions.
        notes: Sentences on what was guessed.
    """

    columns: Mapping[str, NDArray[Any]]
    places: tuple[str, ...]
    bad: Mapping[tuple[int, str], str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
