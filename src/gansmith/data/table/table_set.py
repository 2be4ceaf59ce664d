"""A table that was read: its columns as arrays, with everything that is known about its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import HASH_BYTES, Hashes
from gansmith.data.split import Splits, split_rows
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.row_hash import table_fingerprint
from gansmith.data.table.schema import Schema

__all__ = ["TableSet"]


@dataclass(frozen=True)
class TableSet:
    """Rows of a table, ready for training.

    Attributes:
        schema: What every column is.
        columns: The learnt columns by name, in the order of the table; their arrays lie in memory, or on the disk and
            are mapped.
        hashes: `(N, 16)` uint8: a digest of the learnt values of each row.
        fingerprint: A digest of the set: rows, names and kinds of columns, whatever the order of rows.
        warnings: Sentences on what the user should know.
        source: The path, or the type of the frame, that was read.
    """

    schema: Schema
    columns: Mapping[str, ParsedColumn]
    hashes: Hashes
    fingerprint: str
    warnings: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.hashes)

    @property
    def duplicates(self) -> int:
        """Rows whose learnt values an earlier row has too."""
        return len(self) - len(np.unique(np.ascontiguousarray(self.hashes).view(f"V{HASH_BYTES}")))

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> TableSet:
        """The rows with these numbers, in this order, in memory; warnings stay with the whole set."""
        index = np.asarray(indices, dtype=np.int64)
        hashes = self.hashes[index]
        columns = {name: column.rows(index) for name, column in self.columns.items()}
        return TableSet(self.schema, columns, hashes, table_fingerprint(hashes, self.schema), (), self.source)

    def split(self) -> Splits:
        """Training, validation and test rows, by content; see `split.split_rows`. Raises `InputError`."""
        return split_rows(self.hashes, things="rows")
