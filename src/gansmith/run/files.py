"""Writing files so that a crash or a full disk leaves the old ones whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from gansmith.errors import InputError, RunError

__all__ = [
    "plain_disk_errors",
    "read_json",
    "recover",
    "replacing",
    "replacing_folder",
    "sha256",
    "tidy",
    "write_json",
    "write_text",
]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space left, quota exceeded, file larger than the process may write."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes when it does not.

    Raises:
        RunError: The disk is full or can't be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with plain_disk_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The same for a folder: what the block writes is synced, then renamed to `path`, whose old content goes.

    Raises:
        RunError: The disk is full or can't be written; `path` is as it was.
    """
    temporary, old = (path.with_name(f".{path.name}.{os.getpid()}.{kind}") for kind in ("tmp", "old"))
    with plain_disk_errors(path):
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            yield temporary
            for file in sorted(temporary.rglob("*")):
                if file.is_file():
                    file.chmod(0o644)  # some writers make private files; what a run makes may be shared
                _sync(file)
            _sync(temporary)
            if path.exists():
                path.rename(old)
            temporary.rename(path)
            _sync(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            if old.exists() and not path.exists():
                old.rename(path)
            shutil.rmtree(old, ignore_errors=True)


def recover(path: Path) -> None:
    """Put a folder back that was being replaced when the process was killed."""
    for old in sorted(path.parent.glob(f".{path.name}.*.old")):
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(path)


def tidy(root: Path) -> None:
    """Remove what interrupted writes left behind in a folder and below it."""
    for left in sorted(root.rglob(".*.tmp")):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Replace a JSON file atomically."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InputError: The file is missing or holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} can't be read as JSON: {error}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path} should hold a JSON object")
    return cast(dict[str, Any], data)


def sha256(path: Path) -> str:
    """Hash of a file's content as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some file systems can't sync a folder
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


@contextmanager
def plain_disk_errors(path: Path) -> Iterator[None]:
    """Say in one line why `path` could not be written.

    Raises:
        RunError: The disk is full.
        InputError: There is something in the way, or writing is not allowed.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise _full(path) from error
        raise InputError(f"{path} can't be written: {error.strerror or error}; choose another place") from error
    except SafetensorError as error:  # it wraps the system's error in text
        if any(f"os error {number})" in str(error) for number in FULL):
            raise _full(path) from error
        raise


def _full(path: Path) -> RunError:
    return RunError(
        f"the disk is full: {path} was not written, what was there before is whole; make room and repeat the command"
    )
