"""A reader of encoded pictures in the rows of Parquet and Arrow tables."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.array_form import read_labels
from gansmith.data.attributes import as_columns, choose
from gansmith.data.decode import open_picture, peek_picture, read_picture
from gansmith.data.reader import Labels, Peek, Pixels, ReadOptions, Split, UnreadableError, some
from gansmith.data.table_files import Piece, TableFile, find_pieces, names_beside, open_table
from gansmith.errors import InputError, nearest

__all__ = ["TableReader", "open_tables"]

_IMAGE_NAMES = ("image", "img", "images", "picture", "photo")
_LABEL_NAMES = ("label", "labels", "class", "target", "category", "fine_label", "y")


class TableReader:
    """Pictures in a column of encoded bytes, or of structs with `bytes` as the `datasets` library stores them.

    One chunk of rows (a Parquet row group or an Arrow batch) is held at a time.

    Args:
        path: What the user gave.
        pieces: The files, in order.
        options: Which columns to use, and limits.
        notes: Sentences on what was left out.

    Raises:
        InputError: If there is no column of pictures, several that could be meant, no such column as asked for, or
            labels that are missing or do not match.
    """

    def __init__(self, path: Path, pieces: list[Piece], options: ReadOptions, notes: list[str]) -> None:
        self.path = path
        self._options = options
        self._pieces = pieces
        self._tables = [open_table(p.path) for p in pieces]
        self._image = _image_column(self._tables, options.image_column, str(path))
        chunks = [(t, c, size) for t, table in enumerate(self._tables) for c, size in enumerate(table.sizes)]
        self._chunks = [(t, c) for t, c, _ in chunks]
        self._starts = [0, *accumulate(size for _, _, size in chunks)]
        if self._starts[-1] == 0:
            raise InputError(f"{path}: the table has no rows")
        self._held: tuple[int, Any] | None = None
        self.names = [
            _row_name(piece, len(pieces), row)
            for piece, table in zip(pieces, self._tables, strict=True)
            for row in range(sum(table.sizes))
        ]
        self._label = _label_column(self._tables, options.label_column, self._image, str(path))
        self.labels, self.classes = self._read_labels(self._label)
        self.columns, left_out = self._read_columns(options)
        self.notes = (*notes, *left_out)
        self.stamp = self._digest()

    def _digest(self) -> str:
        files = [(p.path.name, p.split, p.path.stat().st_size, p.path.stat().st_mtime_ns) for p in self._pieces]
        key = (str(self.path.resolve()), files, self._options)
        return hashlib.blake2b(repr(key).encode(), digest_size=16).hexdigest()

    def _read_columns(self, options: ReadOptions) -> tuple[dict[str, NDArray[Any]], list[str]]:
        common = [name for name in self._tables[0].kinds if all(name in t.kinds for t in self._tables)]
        offered = [name for name in common if name not in (self._image, self._label)]
        where = str(self.path)
        attributes, captions = choose(offered, options.attributes, options.text_column, (), where)
        asked = options.attributes is not None
        raw = {name: self._values(name) for name in attributes}
        return as_columns(raw, self._values(captions) if captions else None, self.names, asked, where)

    def _values(self, column: str) -> list[Any]:
        return [v for table in self._tables for v in table.values(column).tolist()]

    def _read_labels(self, column: str | None) -> tuple[Labels | None, tuple[str, ...]]:
        if column is None:
            return None, ()
        values = self._values(column)
        where = f"{self.path}: column {column!r}"
        bad = [self.names[i] for i, v in enumerate(values) if v is None or v == -1]
        if bad:
            raise InputError(
                f"{where}: no label in {some(bad)}: remove them, or ignore labels (--read label_column=none)"
            )
        stated = self._tables[0].class_names.get(column) or names_beside(self._pieces[0].path).get(column)
        return read_labels(np.array(values), stated, len(self), where)

    def _locate(self, index: int) -> tuple[int, int]:
        """The chunk of an item, and the row in it."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        chunk = bisect_right(self._starts, index) - 1
        return chunk, index - self._starts[chunk]

    def _bytes(self, index: int) -> io.BytesIO:
        chunk, row = self._locate(index)
        table, number = self._chunks[chunk]
        try:
            if self._held is None or self._held[0] != chunk:
                self._held = None
                self._held = (chunk, self._tables[table].chunk(number, self._image))
            value = self._held[1][row].as_py()
        except Exception as error:  # damaged pages raise whatever the decompressor raises
            raise UnreadableError(f"damaged table: {' '.join(str(error).split())[:160]}") from error
        data = value.get("bytes") if isinstance(value, dict) else value
        if not data:
            only = isinstance(value, dict) and value.get("path")
            raise UnreadableError(
                f"the row has only a path ({value['path']}), no bytes" if only else "the row is empty"
            )
        if len(data) > self._options.max_entry_bytes:
            raise UnreadableError(f"larger than max_entry_bytes={self._options.max_entry_bytes:,}")
        return io.BytesIO(data)

    def __len__(self) -> int:
        """Number of rows."""
        return self._starts[-1]

    def split_of(self, index: int) -> Split | None:
        """The split that the row's file gives."""
        return self._pieces[self._chunks[self._locate(index)[0]][0]].split

    def peek(self, index: int) -> Peek:
        """Size, channels and type out of the picture's header. Raises `UnreadableError`."""
        return peek_picture(open_picture(self._bytes(index), self._options), self._options)

    def read(self, index: int) -> Pixels:
        """Decoded pixels `(H, W, C)`. Raises `UnreadableError`."""
        return read_picture(open_picture(self._bytes(index), self._options), self._options)

    def close(self) -> None:
        """Let go of the files."""
        self._held = None
        self._tables = []


def open_tables(path: Path, options: ReadOptions) -> TableReader:
    """A reader of a table, a folder of tables, or a data set that the `datasets` library saved to the disk.

    Raises:
        InputError: As `TableReader` does; if pyarrow is missing, with the command that installs it.
    """
    pieces, notes = find_pieces(path)
    return TableReader(path, pieces, options, notes)


def _row_name(piece: Piece, pieces: int, row: int) -> str:
    return f"row {row}" if pieces == 1 else f"{piece.path.parent.name}/{piece.path.name} row {row}"


def _common(tables: list[TableFile], kind: str) -> list[str]:
    """Columns of a kind that all tables have."""
    return [name for name in tables[0].kinds if all(t.kinds.get(name) == kind for t in tables)]


def _columns(tables: list[TableFile]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in tables[0].types.items())


def _image_column(tables: list[TableFile], wanted: str | None, where: str) -> str:
    found = _common(tables, "image")
    if wanted is not None:
        if wanted in found:
            return wanted
        raise InputError(f"{where}: image_column={wanted!r} is not a column of pictures{nearest(wanted, found)}")
    if not found:
        raise InputError(f"{where}: no column holds encoded pictures (bytes); columns: {_columns(tables)}")
    named = [name for name in _IMAGE_NAMES if name in found]
    if len(found) > 1 and not named:
        raise InputError(
            f"{where}: several columns could be the pictures: say --read image_column= one of {', '.join(found)}"
        )
    return named[0] if named else found[0]


def _label_column(tables: list[TableFile], wanted: str | None, image: str, where: str) -> str | None:
    found = [name for name in _common(tables, "label") if name != image]
    if wanted == "none":
        return None
    if wanted is not None:
        if wanted in found:
            return wanted
        raise InputError(f"{where}: label_column={wanted!r} is not a column of labels{nearest(wanted, found)}")
    stated = [name for name in tables[0].class_names if name in found]
    return next((name for name in (*_LABEL_NAMES, *stated) if name in found), None)
