"""A run as the doctor sees it: from its folder, or from a log of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gansmith.errors import InputError
from gansmith.health import History, Series
from gansmith.run.events import read_events
from gansmith.run.files import read_json
from gansmith.run.folder import RunFolder

__all__ = ["history_at", "history_of", "history_of_events"]

RENAMED = {"contest": "told_apart"}
"""Values of a round whose signal has another name."""


def history_of(folder: RunFolder) -> History:
    """The signals and scores of a run, also of one that is still training."""
    metrics = read_json(folder.metrics) if folder.metrics.is_file() else {}
    return history_of_events(read_events(folder.events), metrics)


def history_at(path: str | Path) -> History:
    """The same of a run folder, or of a log of events (`.jsonl`) that another program wrote.

    Raises:
        InputError: There is neither, or no event that says anything.
    """
    if Path(path).is_file():
        history = history_of_events(read_events(Path(path)))
    else:
        history = history_of(RunFolder.existing(path))
    if not history.signals and not history.scores and not history.broke:
        raise InputError(
            f"{path}: no events `round`, `evaluation` or `broke` are logged, so there is nothing to examine"
        )
    return history


def history_of_events(events: Iterable[Mapping[str, Any]], metrics: Mapping[str, Any] | None = None) -> History:
    """The same of events in the documented format, and of `metrics.json` where there is one.

    Args:
        events: As in `events.jsonl`.
        metrics: Final scores and what real data reaches.
    """
    reader = _Reader()
    for event in events:
        getattr(reader, f"on_{event.get('event')}", reader.other)(event)
    return reader.history(metrics or {})


class _Reader:
    """Collects what events say."""

    def __init__(self) -> None:
        self.signals: dict[str, list[tuple[int, float]]] = {}
        self.scores: dict[str, list[tuple[int, float]]] = {}
        self.modes: dict[str, list[tuple[int, float]]] = {}
        self.expected: dict[str, float] = {}
        self.ceiling: dict[str, float] = {}
        self.facts: dict[str, Any] = {"total": 0, "classes": 0, "finished": False, "broke": "", "broke_by": ""}
        self.treated: list[str] = []
        self.rounds = 0

    def on_start(self, event: Mapping[str, Any]) -> None:
        self.facts["total"] = event.get("total", 0)
        self.facts["classes"] = len(event.get("data", {}).get("classes", ()))

    on_resume = on_start

    def on_data(self, event: Mapping[str, Any]) -> None:
        self.facts |= {"facts": dict(event.get("numbers", {})), "names": dict(event.get("names", {}))}

    def on_round(self, event: Mapping[str, Any]) -> None:
        self.rounds = event.get("round", self.rounds)
        values = {**event.get("values", {}), **event.get("steps", {})}
        values |= {name: event.get(name) for name in ("rate", "waiting", "memory")}
        for name, value in values.items():
            _keep(self.signals, RENAMED.get(name, name), event.get("samples", 0), value)

    def on_evaluation(self, event: Mapping[str, Any]) -> None:
        for name, value in event.get("scores", {}).items():
            _keep(self.scores, name, event.get("samples", 0), value)
        self.ceiling |= {name: float(value) for name, value in event.get("ceiling", {}).items()}
        for name, (real, made) in event.get("modes", {}).items():
            self.expected[name] = float(real)
            _keep(self.modes, name, event.get("samples", 0), made)

    def on_broke(self, event: Mapping[str, Any]) -> None:
        self.facts |= {"broke": str(event.get("what", "a number")), "broke_by": str(event.get("by", ""))}

    def on_treatment(self, event: Mapping[str, Any]) -> None:
        """What was before has been treated: judge what comes after."""
        self.treated.append(f"{event.get('of')}: {event.get('text')}")
        if not event.get("stop"):
            self.signals, self.scores, self.modes = {}, {}, {}
            self.facts |= {"broke": "", "broke_by": "", "begun": event.get("samples", 0)}

    def on_done(self, event: Mapping[str, Any]) -> None:
        self.facts["finished"] = True

    def other(self, event: Mapping[str, Any]) -> None:
        """Events that say nothing of health."""

    def history(self, metrics: Mapping[str, Any]) -> History:
        return History(
            signals={name: Series.of(pairs) for name, pairs in self.signals.items()},
            scores={name: Series.of(pairs) for name, pairs in self.scores.items()},
            modes={name: Series.of(pairs) for name, pairs in self.modes.items()},
            expected=self.expected,
            final={r["name"]: float(r["value"]) for r in metrics.get("results", ())},
            ceiling={r["name"]: float(r["value"]) for r in metrics.get("ceiling", ())} if metrics else self.ceiling,
            rounds=self.rounds,
            treated=tuple(self.treated),
            **self.facts,
        )


def _keep(series: dict[str, list[tuple[int, float]]], name: str, samples: int, value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        series.setdefault(name, []).append((samples, float(value)))
