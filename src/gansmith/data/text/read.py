"""Reading texts: lines or blocks of a file, files of a folder, or a column of a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gansmith.data.image_set import Skipped
from gansmith.data.items import Items
from gansmith.data.survey import Progress
from gansmith.data.text.options import TextOptions
from gansmith.errors import InputError, nearest

__all__ = ["TEXT_ENDINGS", "open_texts", "recognise_texts"]

TEXT_ENDINGS = (".txt", ".text", ".md")
TABLES = {".csv": ",", ".tsv": "\t"}

MOST_BYTES = 2**30
"""Larger files are refused: they are read into the memory."""

ENDLESS = 100_000
"""Characters of a line from which on a file without line ends is told to be one."""

NUL = "\0"


def recognise_texts(path: Path) -> str | None:
    """Why a path is taken for texts; None where it is not."""
    if path.is_file() and path.suffix.lower() in TEXT_ENDINGS:
        return f"taken for text, since {path.name} is a text file"
    if path.is_dir():
        inside = [p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")]
        texts = [p for p in inside if p.suffix.lower() in TEXT_ENDINGS]
        if texts and 2 * len(texts) > len(inside):
            return f"taken for text, since {len(texts):,} of {len(inside):,} files in {path.name} are text files"
    return None


def open_texts(path: Path, options: TextOptions, progress: Progress | None = None) -> Items:
    """Read the texts at a path; classes are sub-folders, or a column.

    Raises:
        InputError: There is nothing to read, the encoding is another, or there are no texts.
    """
    rows = list(_rows(path, options, progress))
    skipped = tuple(row for row in rows if isinstance(row, Skipped))
    found = [row for row in rows if not isinstance(row, Skipped)]
    if not found:
        why = f": {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise InputError(f"{path}: holds no texts{why}")
    names, texts, labels = zip(*found, strict=True)
    classes = sorted({label for label in labels if label is not None})
    ids = None
    if len(classes) > 1:
        ids = np.array([classes.index(label or classes[0]) for label in labels], np.int64)
    column = np.empty(len(texts), object)
    column[:] = texts
    return Items(
        {"text": column}, names, _hashes(texts), path, ids, tuple(classes) if ids is not None else (), skipped=skipped
    )


def _hashes(texts: tuple[str, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    import hashlib

    found = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
    return np.frombuffer(b"".join(found), np.uint8).reshape(-1, 16)


Row = tuple[str, str, str | None]


def _rows(path: Path, options: TextOptions, progress: Progress | None) -> Iterator[Row | Skipped]:
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in TEXT_ENDINGS)
        if not files:
            raise InputError(f"{path}: holds no text files ({', '.join(TEXT_ENDINGS)})")
        for i, file in enumerate(files):
            inside = file.relative_to(path)
            label = inside.parts[0] if len(inside.parts) > 1 else None
            try:
                yield from _texts(file, str(inside), label, options, "files")
            except InputError as error:
                yield Skipped(str(inside), str(error).removeprefix(f"{file}: "))
            if progress is not None:
                progress("reading texts", i + 1, len(files))
    elif path.suffix.lower() in TABLES:
        yield from _column(path, options)
    else:
        yield from _texts(path, path.name, None, options, "lines")


def _texts(path: Path, name: str, label: str | None, options: TextOptions, usual: str) -> Iterator[Row]:
    """The texts of one file, without the spaces around them; empty ones are left out."""
    text, item = _decoded(path, options.encoding), options.item or usual
    if item == "files":
        pieces = [text]
    elif item == "blocks":
        pieces = ["\n".join(block) for block in _blocks(text.splitlines())]
    else:
        pieces = text.splitlines()
        if len(pieces) == 1 and len(text) > ENDLESS:
            raise InputError(
                f"{path}: is one line of {len(text):,} characters, and texts are lines: put a line end behind each"
            )
    for i, piece in enumerate(pieces, start=1):
        if piece.strip():
            yield (name if item == "files" else f"{name}, {item[:-1]} {i}"), piece.strip(), label


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line.rstrip())
        elif block:
            yield block
            block = []


def _column(path: Path, options: TextOptions) -> Iterator[Row]:
    """A column of a table of values."""
    reader = csv.reader(io.StringIO(_decoded(path, options.encoding)), delimiter=TABLES[path.suffix.lower()])
    try:
        rows = list(reader)
    except csv.Error as error:  # most often a quotation mark without its second one, so that a field never ends
        raise InputError(f"{path}: line {reader.line_num} cannot be read: {error}; is a quote not closed?") from None
    if not rows:
        raise InputError(f"{path}: is empty")
    head = rows[0]
    if options.column is None:
        raise InputError(
            f"{path}: has the columns {', '.join(head)}: say with --read column=NAME which holds the texts"
        )
    wanted = [name for name in (options.column, options.label) if name is not None]
    lacking = [f"{path}: has no column {name!r}{nearest(name, head)}" for name in wanted if name not in head]
    if lacking:
        raise InputError(*lacking)
    places = [head.index(name) for name in wanted]
    for number, row in enumerate(rows[1:], start=2):
        values = [row[place].strip() if place < len(row) else "" for place in places]
        if values[0]:
            yield f"{path.name}, row {number}", values[0], values[1] if len(values) > 1 else None


def _decoded(path: Path, encoding: str | None) -> str:
    """A file as text. Raises `InputError` where its bytes are none of the encoding."""
    try:
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path}: is empty")
        if size > MOST_BYTES:
            raise InputError(f"{path}: has {size / 2**30:.1f} GiB, and texts are read into the memory: cut it")
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    marked = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding or marked)
    except UnicodeDecodeError as error:
        bad = raw[error.start : error.start + 4].hex(" ")
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}: line {line} has the bytes {bad}, which are no {encoding or 'UTF-8'}: say what it is with "
            "--read encoding=cp1252 (or latin-1, utf-16, ...)"
        ) from None
    if NUL in text:
        raise InputError(f"{path}: holds zero bytes, so it is no text")
    return text
