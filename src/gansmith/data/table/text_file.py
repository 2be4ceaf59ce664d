"""Delimited text as a stream of batches, with problems told by their line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from gansmith.data.table.arrow import arrow
from gansmith.data.table.dialect import HEAD, Dialect, find_dialect
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError

__all__ = ["TextFile"]

BLOCK = 8 * 2**20
"""Bytes of text that are parsed at once; a row must fit."""

_SHOWN = 5
_LOOKED = 2_000_000
"""Rows that are read again to find the line of a value; beyond, its row is told."""


class _Checked(io.RawIOBase):
    """A file's bytes as UTF-8 without a byte order mark; wrong bytes and NUL are errors with their line."""

    def __init__(self, file: IO[bytes], encoding: str, where: str) -> None:
        self._file, self._encoding, self._where = file, encoding, where
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._line = 1
        self._left = b""

    def readable(self) -> bool:
        return True

    def _more(self, size: int) -> bytes:
        try:
            raw = self._file.read(size)
        except (OSError, EOFError) as error:  # also what a damaged gzip raises
            raise InputError(f"{self._where}: cannot be read ({error})") from error
        try:
            out = self._decoder.decode(raw, not raw).encode("utf-8")
        except UnicodeError as error:
            line = self._line + (raw[: error.start].count(b"\n") if isinstance(error, UnicodeDecodeError) else 0)
            raise InputError(
                f"{self._where}: near line {line:,} the text is not {self._encoding.removesuffix('-sig')}: "
                "say how it is encoded, e.g. encoding='cp1252'"
            ) from error
        if b"\0" in out:
            line = self._line + out[: out.index(b"\0")].count(b"\n")
            raise InputError(f"{self._where}: line {line:,} holds a NUL byte: the file is damaged, or is no text")
        self._line += out.count(b"\n")
        return out if out or not raw else self._more(size)

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; empty at the end."""
        if not self._left:
            self._left = self._more(size if size > 0 else BLOCK)
        if size < 0:
            size = len(self._left)
        out, self._left = self._left[:size], self._left[size:]
        return out


class TextFile:
    """A CSV or TSV file, packed by gzip or not, whose columns are read as text.

    Args:
        path: The file.
        options: What the user already decided about its form.

    Raises:
        InputError: As `find_dialect` does.
    """

    def __init__(self, path: Path, options: TableOptions) -> None:
        self.path = path
        with self._open() as file:
            try:
                head = file.read(HEAD + 1)
            except (OSError, EOFError) as error:
                raise InputError(f"{path}: cannot be read ({error})") from error
        self.dialect: Dialect = find_dialect(head[:HEAD], len(head) <= HEAD, str(path), options)

    def _open(self) -> IO[bytes]:
        try:
            with self.path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
            return cast(IO[bytes], gzip.open(self.path, "rb")) if packed else self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    def batches(self) -> Iterator[Any]:
        """Record batches of text, from the start; a batch holds the rows of a few megabytes.

        Raises:
            InputError: Where rows have too many or too few values, a row is longer than `BLOCK`, or the bytes are no
                text in the encoding.
        """
        pa = arrow()
        import pyarrow.csv as reader

        ragged: list[Any] = []

        def odd(row: Any) -> str:
            ragged.append(row)
            return "skip"

        names = [str(i) for i in range(len(self.dialect.columns))]
        with self._open() as file:
            try:
                stream = reader.open_csv(
                    _Checked(file, self.dialect.encoding, str(self.path)),
                    reader.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
                    reader.ParseOptions(
                        delimiter=self.dialect.delimiter, newlines_in_values=True, invalid_row_handler=odd
                    ),
                    reader.ConvertOptions(
                        check_utf8=False, strings_can_be_null=False, column_types={n: pa.string() for n in names}
                    ),
                )
                skip = self.dialect.header
                for batch in stream:
                    if ragged:
                        break
                    yield batch.slice(1) if skip and batch.num_rows else batch
                    skip = skip and not batch.num_rows
            except pa.ArrowInvalid as error:
                raise InputError(self._explain(str(error))) from error
        if ragged:
            raise InputError(*self._ragged())

    def _explain(self, message: str) -> str:
        if "straddl" in message:
            return (
                f"{self.path}: a row is longer than {BLOCK // 2**20} MB: it holds a value that is far too long, "
                "or a quote that is never closed"
            )
        if "Empty CSV" in message:
            return f"{self.path}: is empty"
        return f"{self.path}: cannot be read as a table ({' '.join(message.split())[:160]})"

    def _ragged(self) -> list[str]:
        """The first rows with too many or too few values, by their line."""
        wanted = len(self.dialect.columns)
        found = []
        for start, row in self._again():
            if row and len(row) != wanted:
                found.append(f"line {start:,} has {len(row)}")
                if len(found) > _SHOWN:
                    break
        shown = ", ".join(found[:_SHOWN]) + (" and more lines are wrong" if len(found) > _SHOWN else "")
        hint = "quote values that hold the delimiter, or say another delimiter="
        return [f"{self.path}: rows need {wanted} values, but {shown}: {hint}"]

    def _again(self) -> Iterator[tuple[int, list[str]]]:
        """Every row with the line on which it starts; slow, for messages."""
        with self._open() as file:
            text = io.TextIOWrapper(file, self.dialect.encoding, errors="replace", newline="")
            rows = csv.reader(text, delimiter=self.dialect.delimiter)
            start = 1
            try:
                for row in rows:
                    yield start, row
                    start = rows.line_num + 1
            except csv.Error:  # a value beyond the limit of the csv module
                return

    def places(self, rows: Sequence[int]) -> list[str]:
        """Where rows of the data lie, for people: `line 17`; `row 3,000,000` far down in a long file."""
        wanted = {row for row in rows if row < _LOOKED}
        lines: dict[int, int] = {}
        if wanted:
            number = -1 if self.dialect.header else 0
            for start, row in self._again():
                if number in wanted:
                    lines[number] = start
                number += bool(row)
                if number > max(wanted):
                    break
        return [f"line {lines[row]:,}" if row in lines else f"row {row + 1:,}" for row in rows]
