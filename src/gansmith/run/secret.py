"""Secrets of private runs: the same for the same run on this computer, and unknown everywhere else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from gansmith.errors import InputError

__all__ = ["key_file", "secret_of"]

BYTES = 32


def key_file() -> Path:
    """`$XDG_DATA_HOME/gansmith/secret.key`, by default `~/.local/share/gansmith/secret.key`."""
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "share") / "gansmith" / "secret.key"


def secret_of(*about: Any) -> int:
    """A number of 256 bits that follows from the user's key and from what it is for.

    So a run can be resumed and repeated to the bit, while nobody else can compute its noise; and what differs in
    anything has other noise, so that two releases never share it.

    Args:
        about: What the secret is for, as JSON.

    Raises:
        InputError: The key can't be read or written, or is damaged.
    """
    message = json.dumps(about, sort_keys=True, default=str).encode()
    return int.from_bytes(hashlib.blake2b(message, key=_key(), digest_size=BYTES).digest(), "little")


def _key() -> bytes:
    """The user's key, made at first use; nobody but the user may read it."""
    path = key_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            contextlib.suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file,
        ):
            file.write(secrets.token_bytes(BYTES))
        found = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the key of private runs can't be kept: {error.strerror or error}") from error
    if len(found) != BYTES:
        raise InputError(f"{path}: is damaged: it holds {len(found)} bytes, not {BYTES}; move it away to get a new one")
    return found
