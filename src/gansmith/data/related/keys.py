"""Columns of keys, read as text and joined."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import HASH_BYTES, Hashes
from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.profile import MISSING
from gansmith.data.table.source import TableSource
from gansmith.errors import InputError, nearest

__all__ = ["check_keys", "key_hashes", "read_columns", "share_joined", "take_parents"]

SHOWN = 3

Index = NDArray[np.int64]


def read_columns(source: TableSource, names: Sequence[str]) -> dict[str, Any]:
    """Columns as Arrow arrays of text `(N,)`; a missing key is null.

    Raises:
        InputError: A column isn't there.
    """
    pa, pc = arrow(), arrow_compute()
    lacking = [
        f"{source.name}: has no column {name!r}{nearest(name, source.columns)}"
        for name in names
        if name not in source.columns
    ]
    if lacking:
        raise InputError(*lacking)
    parts: dict[str, list[Any]] = {name: [] for name in names}
    for batch in source.batches() if names else ():
        for name in names:
            parts[name].append(batch.column(source.columns.index(name)))
    words = pa.array(MISSING, pa.string())
    found = {}
    for name, chunks in parts.items():
        text = pa.chunked_array(chunks, pa.large_string() if not chunks else None).cast(pa.large_string())
        text = text.combine_chunks()
        gone = pc.is_in(text, words.cast(pa.large_string()))
        found[name] = pc.if_else(gone, pa.scalar(None, pa.large_string()), text)
    return found


def check_keys(keys: Any, source: TableSource, column: str) -> None:
    """Refuse keys that don't tell rows apart. Raises `InputError` with the first rows."""
    gone = np.flatnonzero(arrow_compute().is_null(keys).to_numpy(zero_copy_only=False))
    if len(gone):
        raise InputError(f"{source.name}: key {column!r} is missing in {_rows(source, gone)}: every row needs one")
    codes = keys.dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    again = np.sort(order[1:][np.diff(codes[order]) == 0])
    if len(again):
        first = int(np.flatnonzero(codes == codes[again[0]])[0])
        twice = f"{keys[first].as_py()!r} of {source.places([first])[0]} again in {_rows(source, again)}"
        raise InputError(f"{source.name}: key {column!r} must tell rows apart, and is there more than once: {twice}")


def take_parents(keys: Any, foreign: Any, source: TableSource, column: str, parent: str) -> Index:
    """The parent's row of each row, int64 `(N,)`.

    Raises:
        InputError: Rows without a parent, with the first keys and rows.
    """
    pc = arrow_compute()
    found = pc.fill_null(pc.index_in(foreign, value_set=keys, skip_nulls=True), -1)
    rows: Index = found.to_numpy(zero_copy_only=False).astype(np.int64)
    lost = np.flatnonzero(rows < 0)
    if len(lost):
        missing = pc.is_null(foreign).to_numpy(zero_copy_only=False)
        words = list(dict.fromkeys("none" if missing[i] else repr(foreign[int(i)].as_py()) for i in lost[:1000]))
        more = ", ..." if len(words) > SHOWN else ""
        raise InputError(
            f"{source.name}: {column!r} names no row of {parent} in {_rows(source, lost)} (keys "
            f"{', '.join(words[:SHOWN])}{more}): remove these rows, or add their parents"
        )
    return rows


def share_joined(keys: Any, foreign: Any) -> float:
    """Share of the keys that are there, in [0, 1], which a parent has."""
    pc = arrow_compute()
    there = foreign.drop_null()
    return float(pc.mean(pc.is_in(there, value_set=keys)).as_py()) if len(there) else 0.0


def key_hashes(keys: Any) -> Hashes:
    """A digest of each key, uint8 `(N, 16)`: who is in training depends on the key alone."""
    words = [hashlib.blake2b(key.encode(), digest_size=HASH_BYTES).digest() for key in keys.to_pylist()]
    return np.frombuffer(b"".join(words), np.uint8).reshape(-1, HASH_BYTES)


def _rows(source: TableSource, rows: Index) -> str:
    """`2 rows (line 3, line 7)`."""
    shown = ", ".join(source.places(rows[:SHOWN].tolist()))
    more = ", ..." if len(rows) > SHOWN else ""
    return f"{len(rows):,} row{'' if len(rows) == 1 else 's'} ({shown}{more})"
