"""Telling what happens: to the run's event file, and to whoever listens (the command line, a notebook)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gansmith.run.events import Events

__all__ = ["Listener", "Log", "quiet"]

Listener = Callable[[Mapping[str, Any]], None]
"""Called with every event: `event` names it, the rest are its values. `progress` events are not written to the file."""


def quiet(event: Mapping[str, Any]) -> None:
    """A listener that does nothing."""


class Log:
    """Writes events to the file, if there is one, and passes them on.

    Args:
        listener: Told every event.
        events: The run's file; None in processes that don't write.
    """

    def __init__(self, listener: Listener | None = None, events: Events | None = None) -> None:
        self._listener, self.events = listener or quiet, events

    def event(self, event: str, **values: Any) -> None:
        """Record an event and pass it on."""
        if self.events is not None:
            self.events.write(event, **values)
        self._listener({"event": event, **values})

    def progress(self, task: str, share: float, **values: Any) -> None:
        """Pass on how far a task is, in [0, 1], without recording it."""
        self._listener({"event": "progress", "task": task, "share": share, **values})

    def note(self, text: str) -> None:
        """Record a sentence for the user."""
        self.event("note", text=text)
