"""Where parsed tables go: memory, or a folder of the cache that appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import HASH_BYTES, Hashes
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.row_hash import table_fingerprint
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, LearntColumn, Schema
from gansmith.data.table.table_set import TableSet
from gansmith.errors import InputError

__all__ = ["DiskStore", "MemoryStore", "load_table", "row_bytes", "table_cache"]

_FORMAT = 1
_FIELDS = ("values", "missing", "special")
_TEMPORARY = ".making-"


def table_cache() -> Path:
    """`$XDG_CACHE_HOME/gansmith/tables`, by default `~/.cache/gansmith/tables`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "gansmith" / "tables"


def _types(column: LearntColumn) -> dict[str, str]:
    """The type of each array of a column that is kept; the others are all 0."""
    coded = isinstance(column, BooleanColumn | CategoryColumn)
    out = {"values": "<i4" if coded else "<f8"}
    if column.missing:
        out["missing"] = "|u1"
    if not isinstance(column, BooleanColumn | CategoryColumn) and column.specials:
        out["special"] = "|u1"
    return out


def row_bytes(schema: Schema) -> int:
    """Bytes of a parsed row with its digest."""
    return HASH_BYTES + sum(np.dtype(t).itemsize for c in schema.learnt for t in _types(c).values())


def _parsed(column: LearntColumn, arrays: Mapping[str, NDArray[Any]], rows: int) -> ParsedColumn:
    nothing = np.broadcast_to(np.uint8(0), (rows,))
    return ParsedColumn(arrays["values"], arrays.get("missing", nothing), arrays.get("special", nothing))


class MemoryStore:
    """Keeps parsed rows in memory.

    Args:
        schema: What the columns are.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._parts: dict[tuple[str, str], list[NDArray[Any]]] = {
            (c.name, field): [] for c in schema.learnt for field in _types(c)
        }
        self._hashes: list[Hashes] = []

    def add(self, parsed: Mapping[str, ParsedColumn], hashes: Hashes) -> None:
        """Append rows."""
        for name, field in self._parts:
            self._parts[name, field].append(getattr(parsed[name], field))
        self._hashes.append(hashes)

    def finish(self, warnings: tuple[str, ...], source: str) -> TableSet:
        """All rows that were added."""
        hashes = np.concatenate(self._hashes)
        whole = {key: np.concatenate(parts) for key, parts in self._parts.items()}
        columns = {
            c.name: _parsed(c, {f: whole[c.name, f] for f in _types(c)}, len(hashes)) for c in self._schema.learnt
        }
        return TableSet(self._schema, columns, hashes, table_fingerprint(hashes, self._schema), warnings, source)

    def discard(self) -> None:
        """Nothing lies anywhere."""


class DiskStore:
    """Streams parsed rows to files in a temporary folder, which takes its real name once complete.

    Args:
        schema: What the columns are.
        cache: The cache folder; made if missing.
        key: Name of the new folder in it.
        rows: How many rows will come, to see that there is room.

    Raises:
        InputError: If the folder cannot be written, or has too little room.
    """

    def __init__(self, schema: Schema, cache: Path, key: str, rows: int) -> None:
        self._schema, self._cache, self._key, self._rows = schema, cache, key, 0
        self._files: dict[str, IO[bytes]] = {}
        need = rows * row_bytes(schema)
        try:
            cache.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(cache).free
            if free < need:
                amount = f"{need / 2**20:,.0f} MB needed, {free / 2**20:,.0f} MB free"
                raise InputError(f"{cache}: no room for the parsed table ({amount})")
            self._folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=cache))
            for name in ["hashes", *(_file(i, f) for i, c in enumerate(schema.learnt) for f in _types(c))]:
                self._files[name] = (self._folder / name).open("wb")
        except OSError as error:
            raise InputError(f"{cache}: the cache folder cannot be written: {error.strerror or error}") from error

    def add(self, parsed: Mapping[str, ParsedColumn], hashes: Hashes) -> None:
        """Append rows. Raises `InputError` on a full disk."""
        try:
            for number, column in enumerate(self._schema.learnt):
                for field, kind in _types(column).items():
                    array = getattr(parsed[column.name], field).astype(kind, copy=False)
                    self._files[_file(number, field)].write(np.ascontiguousarray(array).data)
            self._files["hashes"].write(np.ascontiguousarray(hashes).data)
        except OSError as error:
            raise InputError(f"{self._cache}: the parsed table cannot be written: {error.strerror or error}") from error
        self._rows += len(hashes)

    def finish(self, warnings: tuple[str, ...], source: str) -> TableSet:
        """Give the folder its name and map the rows. Raises `InputError`."""
        self._close()
        hashes = np.fromfile(self._folder / "hashes", dtype=np.uint8).reshape(-1, HASH_BYTES)
        facts = {
            "format": _FORMAT,
            "rows": self._rows,
            "schema": self._schema.to_json(),
            "fingerprint": table_fingerprint(hashes, self._schema),
            "warnings": list(warnings),
            "source": source,
        }
        target = self._cache / self._key
        try:
            (self._folder / "set.json").write_text(json.dumps(facts), encoding="utf-8")
            if load_table(self._cache, self._key) is None:
                shutil.rmtree(target, ignore_errors=True)
                self._folder.rename(target)
        except OSError as error:
            if not (target / "set.json").exists():  # else another process was faster: its folder is as good
                raise InputError(f"{target}: cannot be written: {error.strerror or error}") from error
        finally:
            self.discard()
        found = load_table(self._cache, self._key)
        if found is None:
            raise InputError(f"{target}: the cache was damaged while it was written: try again")
        return found

    def _close(self) -> None:
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()

    def discard(self) -> None:
        """Remove the temporary folder, if it is still there."""
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _file(number: int, field: str) -> str:
    return f"{number}.{field}"


def load_table(cache: Path, key: str) -> TableSet | None:
    """The table that was parsed under this key, mapped from the disk; None if there is none, or it is damaged."""
    folder = cache / key
    try:
        facts = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        if facts["format"] != _FORMAT:
            return None
        rows, schema = int(facts["rows"]), Schema.from_json(facts["schema"])
        hashes = np.memmap(folder / "hashes", np.uint8, "r", shape=(rows, HASH_BYTES))
        columns = {}
        for number, column in enumerate(schema.learnt):
            arrays: dict[str, NDArray[Any]] = {}
            for field, kind in _types(column).items():
                path = folder / _file(number, field)
                if path.stat().st_size != rows * np.dtype(kind).itemsize:
                    return None
                arrays[field] = np.memmap(path, kind, "r", shape=(rows,))
            columns[column.name] = _parsed(column, arrays, rows)
        warnings = tuple(str(w) for w in facts["warnings"])
        return TableSet(schema, columns, hashes, str(facts["fingerprint"]), warnings, str(facts["source"]))
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None
