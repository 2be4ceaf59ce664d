"""The same values by another description of their column: other places of words, another origin of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, TimeColumn

__all__ = ["gaps", "recoded"]

NOWHERE = -1


def recoded(parsed: ParsedColumn, before: LearntColumn, after: LearntColumn) -> ParsedColumn:
    """Values of one column by the description of another.

    Args:
        parsed: The values.
        before: What they are described by.
        after: What they shall be described by; of the same kind, numbers and times in the same format.

    Returns:
        The values. A category, special value or spelling of a missing one that the other does not have leaves a gap.
    """
    missing = _places(before.missing, after.missing)[parsed.missing]
    special = np.zeros(len(parsed), np.int64)
    values: NDArray[Any] = parsed.values
    gone = parsed.missing > 0
    if isinstance(before, BooleanColumn | CategoryColumn) and isinstance(after, BooleanColumn | CategoryColumn):
        codes = _places(before.values, after.values)[1:] - 1
        values = np.where(gone, np.int32(-1), np.maximum(codes, -1)[np.maximum(values, 0)]).astype(np.int32)
        lost = missing == NOWHERE
    else:
        texts = [[one.text for one in getattr(column, "specials", ())] for column in (before, after)]
        special = _places(*texts)[parsed.special]
        if isinstance(before, TimeColumn) and isinstance(after, TimeColumn):
            values = values + (before.start - after.start) / before.step
        lost = (missing == NOWHERE) | (special == NOWHERE)
        values = np.where(lost, np.nan, values)
    kept = (np.where(lost, 0, flags).astype(np.uint8) for flags in (missing, special))
    return ParsedColumn(values, *kept)


def gaps(parsed: ParsedColumn) -> NDArray[np.bool_]:
    """Which values are not known, though they are not missing `(N,)`."""
    unknown = parsed.values < 0 if parsed.values.dtype.kind == "i" else np.isnan(parsed.values)
    return np.asarray((parsed.missing == 0) & unknown)


def _places(before: Sequence[Any], after: Sequence[Any]) -> NDArray[np.int64]:
    """The flag of each word among others, by its own flag from 1 on; that of none is 0."""
    known = {word: place for place, word in enumerate(after, start=1)}
    return np.array([0, *(known.get(word, NOWHERE) for word in before)], np.int64)
