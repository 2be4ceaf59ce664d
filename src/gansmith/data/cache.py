"""Where prepared pictures go: memory, or a folder of the cache that appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gansmith.data.fit import Fit
from gansmith.data.image_set import HASH_BYTES, Skipped
from gansmith.data.reader import Pixels
from gansmith.errors import GansmithError, InputError

__all__ = ["Decoded", "FileSink", "MemorySink", "Sink", "default_cache", "load_decoded"]

_FORMAT = 1
_TEMPORARY = ".making-"
_DAY = 24 * 3600.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Decoded:
    """What decoding a source yields.

    Attributes:
        images: `(N, H, W, C)`.
        kept: Numbers `(N,)` of the reader's items that could be read.
        hashes: `(N, 16)` digests of the pictures as decoded.
        skipped: The items that could not be read.
        fit: How the pictures were brought to one shape.
        warnings: What was noticed on the way.
    """

    images: NDArray[Any]
    kept: NDArray[np.int64]
    hashes: NDArray[np.uint8]
    skipped: tuple[Skipped, ...]
    fit: Fit
    warnings: tuple[str, ...]


class Sink(Protocol):
    """Takes pictures one at a time, and hands them all back as one array."""

    def add(self, pixels: Pixels) -> None:
        """Append one picture `(H, W, C)`."""

    def finish(
        self, kept: list[int], hashes: list[bytes], skipped: list[Skipped], fit: Fit, warnings: list[str]
    ) -> Decoded:
        """All pictures that were added."""

    def discard(self) -> None:
        """Leave nothing behind; harmless after `finish`."""


def _arrays(kept: list[int], hashes: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    rows = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(len(hashes), HASH_BYTES).copy()
    return np.array(kept, dtype=np.int64), rows


class MemorySink:
    """Keeps pictures in memory.

    Args:
        count: Most pictures that will come.
        fit: Their shape and type.
    """

    def __init__(self, count: int, fit: Fit) -> None:
        self._images = np.empty((count, *fit.shape), dtype=fit.dtype)
        self._count = 0

    def add(self, pixels: Pixels) -> None:
        """Append one picture."""
        self._images[self._count] = pixels
        self._count += 1

    def finish(
        self, kept: list[int], hashes: list[bytes], skipped: list[Skipped], fit: Fit, warnings: list[str]
    ) -> Decoded:
        """All pictures that were added."""
        return Decoded(self._images[: self._count], *_arrays(kept, hashes), tuple(skipped), fit, tuple(warnings))

    def discard(self) -> None:
        """Nothing lies anywhere."""


class FileSink:
    """Streams pictures to a file in a temporary folder, which takes its real name once complete.

    Pictures are written, not mapped: a full disk is then an error that can be caught, not a signal that ends the
    process.

    Args:
        cache: The cache folder; made if missing.
        key: Name of the new folder in it.
        count: Most pictures that will come.
        fit: Their shape and type.

    Raises:
        InputError: If the folder cannot be written, or has too little room for `count` pictures.
    """

    def __init__(self, cache: Path, key: str, count: int, fit: Fit) -> None:
        self._cache, self._key, self._fit = cache, key, fit
        self._count = 0
        self._folder: Path | None = None
        self._file: IO[bytes] | None = None
        need = count * int(np.prod(fit.shape)) * fit.dtype.itemsize
        with self._guard(need):
            cache.mkdir(parents=True, exist_ok=True)
            _sweep(cache)
            free = shutil.disk_usage(cache).free
            if free < need:
                raise InputError(_no_room(cache, need, free))
            self._folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=cache))
            self._file = (self._folder / "images.npy").open("wb")
            self._write_header()

    @contextmanager
    def _guard(self, need: int) -> Iterator[None]:
        """Discard the half-written folder on any failure, and say what the failure means."""
        try:
            yield
        except OSError as error:
            self.discard()
            if error.errno in _FULL:
                raise InputError(_no_room(self._cache, need, None)) from error
            raise InputError(f"{self._cache}: the cache folder cannot be written: {error.strerror or error}") from error
        except GansmithError:
            self.discard()
            raise

    def _write_header(self) -> None:
        assert self._file is not None
        shape = (self._count, *self._fit.shape)
        described = npy.dtype_to_descr(self._fit.dtype)
        npy.write_array_header_1_0(self._file, {"descr": described, "fortran_order": False, "shape": shape})

    def add(self, pixels: Pixels) -> None:
        """Append one picture. Raises `InputError` on a full disk."""
        assert self._file is not None
        with self._guard(0):
            self._file.write(np.ascontiguousarray(pixels).data)
        self._count += 1

    def finish(
        self, kept: list[int], hashes: list[bytes], skipped: list[Skipped], fit: Fit, warnings: list[str]
    ) -> Decoded:
        """Give the folder its name and map the pictures. Raises `InputError` on a full disk."""
        assert self._file is not None and self._folder is not None
        numbers, rows = _arrays(kept, hashes)
        facts = {
            "format": _FORMAT,
            "fit": fit.to_json(),
            "skipped": [[s.name, s.reason] for s in skipped],
            "warnings": list(warnings),
            "count": self._count,
        }
        with self._guard(0):
            self._file.seek(0)
            self._write_header()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            np.save(self._folder / "kept.npy", numbers)
            np.save(self._folder / "hashes.npy", rows)
            (self._folder / "set.json").write_text(json.dumps(facts), encoding="utf-8")
            target = self._cache / self._key
            if load_decoded(self._cache, self._key) is None:
                shutil.rmtree(target, ignore_errors=True)
                # Another process may have been faster: its folder is as good as ours.
                with contextlib.suppress(FileExistsError):
                    _rename(self._folder, target)
        self.discard()
        found = load_decoded(self._cache, self._key)
        if found is None:
            raise InputError(f"{self._cache / self._key}: the cache was damaged while it was written: try again")
        return found

    def discard(self) -> None:
        """Remove the temporary folder, if it is still there."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _rename(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError from error
        raise


def load_decoded(cache: Path, key: str) -> Decoded | None:
    """The pictures that were prepared under this key, mapped from the disk; None if there are none, or damaged."""
    folder = cache / key
    try:
        facts = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        if facts["format"] != _FORMAT:
            return None
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        kept = np.load(folder / "kept.npy", allow_pickle=False)
        hashes = np.load(folder / "hashes.npy", allow_pickle=False)
        fit = Fit.from_json(facts["fit"])
        skipped = tuple(Skipped(str(name), str(reason)) for name, reason in facts["skipped"])
        warnings = tuple(str(w) for w in facts["warnings"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, GansmithError):
        return None
    count = len(kept)
    sound = images.shape == (count, *fit.shape) and hashes.shape == (count, HASH_BYTES) and images.dtype == fit.dtype
    return Decoded(images, kept, hashes, skipped, fit, warnings) if sound else None


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/gansmith/images`, by default `~/.cache/gansmith/images`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "gansmith" / "images"


def _sweep(cache: Path) -> None:
    """Remove what a killed process left more than a day ago."""
    for left in cache.glob(f"{_TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left, ignore_errors=True)


def _no_room(cache: Path, need: int, free: int | None) -> str:
    amount = f"{need / 2**20:,.0f} MB needed, {free / 2**20:,.0f} MB free" if free is not None else "the disk is full"
    return f"{cache}: no room for the prepared pictures ({amount}): free some, or choose a smaller --image-size"
