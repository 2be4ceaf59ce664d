"""The run's log: `events.jsonl`, one JSON object a line, every number that was measured."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from gansmith.run.files import plain_disk_errors, write_text

__all__ = ["Events", "curves", "read_events"]


LAST = ("broke", "done")
"""How a run ended; a run that goes on has not ended."""


class Events:
    """Appends events; each line is flushed, so that a killed run loses none.

    Args:
        path: The file.
        upto: On resuming: samples at the checkpoint, -1 where there is none. Later events are dropped, since they
            will happen again; the log then reads as if the run had never been interrupted.
    """

    def __init__(self, path: Path, upto: int | None = None) -> None:
        self._path = path
        if upto is not None and path.exists():
            kept = [e for e in read_events(path) if e.get("event") not in LAST and e.get("samples", 0) <= upto]
            write_text(path, "".join(_line(e) for e in kept))
        with plain_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("a", encoding="utf-8")

    def write(self, event: str, **values: Any) -> None:
        """Append one event."""
        with plain_disk_errors(self._path):
            self._file.write(_line({"event": event, **values}))
            self._file.flush()

    def close(self) -> None:
        """Close the file; what could not be written has been reported when it was."""
        with suppress(OSError):
            self._file.close()


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Events in order; a line cut short by a crash is left out."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(event, dict):
                yield event


def curves(events: Sequence[Mapping[str, Any]], key: str, names: Iterable[str]) -> dict[str, list[tuple[float, float]]]:
    """Points (samples, value) by name of what events hold under a key; names without a point are left out."""
    found = {name: [(e["samples"], float(e[key][name])) for e in events if name in e.get(key, {})] for name in names}
    return {name: points for name, points in found.items() if points}


def _line(event: dict[str, Any]) -> str:
    return json.dumps(_plain(event), ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    """JSON has no NaN or infinity: they are written as words, so that any reader can read the file."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
