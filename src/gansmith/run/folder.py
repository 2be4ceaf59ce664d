"""The files of a run folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gansmith.errors import InputError
from gansmith.run.files import plain_disk_errors, read_json

__all__ = ["FORMAT", "RunFolder", "alone"]

FORMAT = 1
"""Version of the run folder."""

KEYS = ("identity", "data", "versions", "pace", "machine")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run folder within the block; a killed process keeps nobody out.

    Raises:
        InputError: Another process is at work there.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield
        return
    with plain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process is training in {folder}: wait for it, or choose another --out") from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)
        with suppress(OSError):
            folder.rmdir()  # where nothing was written


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run folder."""

    root: Path

    @classmethod
    def existing(cls, path: str | Path) -> RunFolder:
        """A folder that holds a run.

        Raises:
            InputError: It doesn't.
        """
        root = Path(path)
        if not (root / "run.json").is_file():
            what = "is no run folder (it has no run.json)" if root.exists() else "does not exist"
            raise InputError(f"{path} {what}")
        return cls(root)

    def read(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            InputError: It is missing, damaged or of another version.
        """
        found = read_json(self.record)
        if found.get("format") != FORMAT:
            raise InputError(f"{self.root}: run format {found.get('format')!r}; this gansmith reads {FORMAT}")
        missing = [key for key in KEYS if not isinstance(found.get(key), dict)]
        if missing:
            raise InputError(f"{self.record} is damaged: it lacks {', '.join(missing)}")
        return found

    @property
    def record(self) -> Path:
        """What the run is: recipe, data, versions, command."""
        return self.root / "run.json"

    @property
    def events(self) -> Path:
        """Every number, one line an event."""
        return self.root / "events.jsonl"

    @property
    def samples(self) -> Path:
        """Pictures of the generator's progress."""
        return self.root / "samples"

    @property
    def checkpoints(self) -> Path:
        """States to resume from."""
        return self.root / "checkpoints"

    @property
    def well(self) -> Path:
        """The last state in which nothing was wrong, to go back to."""
        return self.root / "well"

    @property
    def model(self) -> Path:
        """The best model."""
        return self.root / "model"

    @property
    def judge(self) -> Path:
        """The classifier that measured it."""
        return self.root / "judge"

    @property
    def metrics(self) -> Path:
        """The scores on test images."""
        return self.root / "metrics.json"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.root / "report.html"
