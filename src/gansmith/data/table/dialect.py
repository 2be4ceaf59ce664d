"""How a text file spells a table: its encoding, its delimiter, and whether its first row names the columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError

__all__ = ["HEAD", "Dialect", "find_dialect"]

HEAD = 2**20
"""Bytes from the start of a file that decide its dialect."""

_DELIMITERS = (",", "\t", ";", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ROWS = 500
_VALUE = re.compile(r"[$€£]?\s*[+-]?[\d.,]*\d%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,2}:\d{2}.*")
"""What is a value and hardly the name of a column: a number, an amount, a date, a time."""


@dataclass(frozen=True)
class Dialect:
    """How to read a text file.

    Attributes:
        encoding: Name of the codec.
        delimiter: Character between values.
        header: Whether the first row names the columns.
        columns: Names of the columns, made up where there is no header.
        notes: Sentences on what was guessed.
    """

    encoding: str
    delimiter: str
    header: bool
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()


def find_dialect(head: bytes, whole: bool, where: str, options: TableOptions) -> Dialect:
    """Find the dialect of a text file from its first bytes.

    Args:
        head: The first `HEAD` bytes, unpacked; less where the file is shorter.
        whole: Whether that is all of the file.
        where: The file, for messages.
        options: What the user already decided.

    Raises:
        InputError: If the file is empty, no text, or has a single column.
    """
    encoding, notes = _encoding(head, where, options)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head, whole)
    if not text.strip():
        raise InputError(f"{where}: is empty")
    delimiter = options.delimiter or _delimiter(text, whole, where)
    rows = _rows(text, delimiter, whole)
    if len(rows[0]) < 2:
        raise InputError(_one_column(rows, delimiter, where))
    header = _is_header(rows) if options.header is None else options.header
    if not header and options.header is None:
        notes.append("the first row holds values, so the columns are called column_1, column_2, ...")
    made_up = [f"column_{i + 1}" for i in range(len(rows[0]))]
    columns = [name.strip() for name in rows[0]] if header else made_up
    return Dialect(encoding, delimiter, header, tuple(columns), tuple(notes))


def _encoding(head: bytes, where: str, options: TableOptions) -> tuple[str, list[str]]:
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if options.encoding is not None:
        wide = codecs.lookup(options.encoding).name
        return ("utf-8-sig" if wide == "utf-8" else options.encoding), []
    if marked is not None:
        return marked, []
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(
            f"{where}: line {line} holds a NUL byte: this is no text, or it is UTF-16 (then say encoding='utf-16-le')"
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        try:
            codecs.getincrementaldecoder("cp1252")().decode(head)
        except UnicodeDecodeError:
            return "latin-1", ["the text is not UTF-8 and was read as Latin-1; say encoding= if letters look wrong"]
        return "cp1252", ["the text is not UTF-8 and was read as Windows-1252; say encoding= if letters look wrong"]
    return "utf-8-sig", []


def _rows(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    """The first complete rows that are not blank."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                found.append(row)
            if len(found) > _ROWS:
                break
    except csv.Error:  # a value beyond the limit of the csv module; what was read so far decides
        pass
    if not whole and len(found) > 1 and len(found) <= _ROWS:
        found.pop()
    return found or [[""]]


def _delimiter(text: str, whole: bool, where: str) -> str:
    """The delimiter that cuts most rows into the same number of values, two or more."""
    scores = {}
    for candidate in _DELIMITERS:
        widths = Counter(len(row) for row in _rows(text, candidate, whole))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        scores[candidate] = (count / widths.total(), width) if width > 1 else (0.0, 0)
    best = max(_DELIMITERS, key=lambda c: scores[c])
    if scores[best][0] == 0:
        return ","
    return best


def _one_column(rows: list[list[str]], delimiter: str, where: str) -> str:
    name = rows[0][0]
    others = [c for c in _DELIMITERS if c != delimiter and c in name]
    if others:
        return f"{where}: delimiter {delimiter!r} gives the one column {name[:60]!r}: try delimiter={others[0]!r}"
    return (
        f"{where}: has one column ({name[:60]!r}), and a table needs two or more: "
        "if its values are separated by an unusual character, say delimiter="
    )


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: no value among its cells, and none that the rows below repeat."""
    first = [cell.strip() for cell in rows[0]]
    body = [[cell.strip() for cell in row] for row in rows[1:] if len(row) == len(first)]
    below = [{row[i] for row in body} for i in range(len(first))]
    filled = [(cell, seen) for cell, seen in zip(first, below, strict=True) if cell]
    values = [cell for cell, seen in filled if _VALUE.fullmatch(cell)]
    typed = [cell for cell in values if any(_VALUE.fullmatch(v) for v in below[first.index(cell)])]
    if typed and len(typed) * 2 >= sum(any(_VALUE.fullmatch(v) for v in seen) for _, seen in filled):
        return False
    repeated = sum(cell in seen for cell, seen in filled)
    return repeated * 2 <= len(filled) or not body
