"""Where picture files lie: a folder on the disk, or a zip archive that is read in place."""

from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gansmith.data.layout import LABEL_FILE, hidden, is_picture
from gansmith.data.reader import ReadOptions, UnreadableError
from gansmith.errors import InputError

__all__ = ["Entry", "FolderStore", "Store", "ZipStore"]

_SMALL = 16 * 2**20
"""Archive entries up to 16 MiB may be packed at any ratio: they cannot fill a memory."""


@dataclass(frozen=True)
class Entry:
    """A file of a store: its path relative to the store with `/`, its size in bytes, and what changes with it."""

    path: str
    size: int
    version: int


class Store(Protocol):
    """A tree of files that can be listed and read."""

    @property
    def path(self) -> Path:
        """The folder or the archive."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every file, clutter included, in no particular order."""

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises `UnreadableError` with the reason."""

    def close(self) -> None:
        """Give open files back."""


class FolderStore:
    """A folder, with everything beneath it, or one single file of it.

    Symbolic links are followed; a link back to a folder on the way down is left out, so loops end.

    Args:
        path: The folder.
        options: Limits on what is read.
        only: Name of the one file to list; None for all.
    """

    def __init__(self, path: Path, options: ReadOptions, only: str | None = None) -> None:
        self.path = path
        self._options = options
        found = _walk(path, "", frozenset()) if only is None else iter([only])
        self.entries = tuple(e for e in (self._entry(p) for p in found) if e is not None)

    def _entry(self, relative: str) -> Entry | None:
        try:
            status = (self.path / relative).stat()
        except OSError:  # a dangling link, or a file that went away meanwhile
            return None
        return Entry(relative, status.st_size, status.st_mtime_ns)

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            UnreadableError: If it cannot be read, is empty, or is larger than `max_entry_bytes`.
        """
        try:
            with (self.path / path).open("rb") as file:
                data = file.read(self._options.max_entry_bytes + 1)
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
        return _checked(data, self._options)

    def close(self) -> None:
        """Nothing is kept open."""


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    try:
        status = folder.stat()
        listed = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed: {error.strerror or error}") from error
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    for entry in listed:
        if entry.is_dir():
            if not hidden(entry.name):
                yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", above | {here})
        else:
            yield prefix + entry.name


class ZipStore:
    """A zip archive, read in place: nothing is ever unpacked to the disk.

    Args:
        path: The archive.
        options: Limits on what is read.

    Raises:
        InputError: If it is no zip archive, or has entries with hostile paths, encrypted entries, the same entry
            twice, or entries that unpack to more than the limits; with every problem.
    """

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path = path
        self._options = options
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(f"{path}: is not a readable zip archive ({error})") from error
        files = [info for info in self._zip.infolist() if not info.is_dir()]
        problems = [p for p in (_entry_problem(info, options) for info in files) if p]
        problems += [f"entry {n!r} is there {c} times" for n, c in Counter(i.filename for i in files).items() if c > 1]
        if problems:
            self._zip.close()
            more = [f"{path}: {len(problems) - 20:,} more bad entries"] if len(problems) > 20 else []
            raise InputError(*(f"{path}: {p}: refused" for p in problems[:20]), *more)
        self.entries = tuple(Entry(i.filename, i.file_size, i.CRC) for i in files)

    def read(self, path: str) -> bytes:
        """The unpacked bytes of an entry, checked against its checksum.

        Raises:
            UnreadableError: If the entry is damaged, empty, or packed in a way that is not known.
        """
        try:
            with self._zip.open(path) as file:
                data = file.read(self._options.max_entry_bytes + 1)
        except Exception as error:  # hostile bytes reach zlib, bz2 and lzma, each with errors of its own
            raise UnreadableError(f"cannot be unpacked: {str(error)[:160]}") from error
        return _checked(data, self._options)

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()


def _checked(data: bytes, options: ReadOptions) -> bytes:
    if not data:
        raise UnreadableError("empty file")
    if len(data) > options.max_entry_bytes:
        raise UnreadableError(
            f"larger than max_entry_bytes={options.max_entry_bytes:,}: raise it with --read to read it"
        )
    return data


def _entry_problem(info: zipfile.ZipInfo, options: ReadOptions) -> str:
    """What is wrong with an entry, or nothing. Names are judged as written in the archive."""
    name = info.orig_filename
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        return f"entry {name!r} has a path that leads out of the archive or is not portable"
    if "\0" in name:
        return f"entry {name!r} has a zero byte in its name"
    if not (is_picture(name) or name.endswith(LABEL_FILE)) or hidden(name):
        return ""
    if info.flag_bits & 1:
        return f"entry {name!r} is encrypted (unpack the archive with its password first)"
    if info.file_size > options.max_entry_bytes:
        return (
            f"entry {name!r} unpacks to {info.file_size:,} bytes, more than "
            f"max_entry_bytes={options.max_entry_bytes:,} (raise it with --read if the archive is to be trusted)"
        )
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size > _SMALL and ratio > options.max_ratio:
        return (
            f"entry {name!r} unpacks {ratio:,.0f} times its size, more than max_ratio={options.max_ratio} "
            "(raise it with --read if the archive is to be trusted)"
        )
    return ""
