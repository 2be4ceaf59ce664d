"""Digests of rows, by content: equal rows are equal here, whatever their order and spelling."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import HASH_BYTES, Hashes
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, Schema, TimeColumn

__all__ = ["RowHasher", "table_fingerprint"]

_MISSING = np.uint64(0x9E3779B97F4A7C15)

Words = NDArray[np.uint64]


class RowHasher:
    """Digests of the learnt values of rows; keys, personal data and text take no part, so equal rows stay equal.

    They do not depend on which other rows there are, on the order of categories or on the origin of dates.

    Args:
        schema: What the columns are.
    """

    def __init__(self, schema: Schema) -> None:
        self._columns = schema.learnt
        self._seeds = [_words(c.name) for c in self._columns]
        self._codes = [_codes(c) for c in self._columns]

    def __call__(self, parsed: Mapping[str, ParsedColumn]) -> Hashes:
        """Digests `(N, 16)` uint8 of a batch of parsed columns by name."""
        count = len(parsed[self._columns[0].name])
        lanes = [np.zeros(count, np.uint64), np.zeros(count, np.uint64)]
        for column, seeds, codes in zip(self._columns, self._seeds, self._codes, strict=True):
            found = parsed[column.name]
            for lane in (0, 1):
                words = _content(found, column, None if codes is None else codes[:, lane])
                words = np.where(found.missing > 0, _MISSING, words)
                lanes[lane] = _mix(lanes[lane] ^ _mix(words + seeds[lane]))
        return np.stack(lanes, axis=1).astype("<u8").view(np.uint8).reshape(count, HASH_BYTES)


def _words(text: str) -> Words:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def _codes(column: LearntColumn) -> Words | None:
    """A digest of each value of a category `(K, 2)`."""
    if not isinstance(column, BooleanColumn | CategoryColumn):
        return None
    return np.stack([_words(v) for v in column.values])


def _content(found: ParsedColumn, column: LearntColumn, codes: Words | None) -> Words:
    """64 bits that say the value of each row; anything where it is missing."""
    if codes is not None:
        return np.asarray(codes[np.maximum(found.values, 0)])
    values = np.where(found.missing > 0, 0.0, found.values) + 0.0
    if isinstance(column, TimeColumn):
        return np.asarray(np.rint(values * column.step), np.int64).view(np.uint64) + np.uint64(column.start % 2**64)
    return np.ascontiguousarray(values).view(np.uint64)


def _mix(words: Words) -> Words:
    """Spread every bit over all bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def table_fingerprint(hashes: Hashes, schema: Schema) -> str:
    """A digest of a set of rows, whatever their order, and of the names and kinds of columns."""
    digest = hashlib.blake2b(repr([(c.name, c.kind) for c in schema.columns]).encode(), digest_size=HASH_BYTES)
    lanes = np.ascontiguousarray(hashes).view("<u8").reshape(-1, 2)
    digest.update(np.ascontiguousarray(lanes[np.lexsort((lanes[:, 1], lanes[:, 0]))]).data)
    return digest.hexdigest()
