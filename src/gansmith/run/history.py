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
    signals: dict[str, list[tuple[int, float]]] = {}
    scores: dict[str, list[tuple[int, float]]] = {}
    total = classes = rounds = 0
    broke, done = "", False
    for event in events:
        samples = event.get("samples", 0)
        match event.get("event"):
            case "start" | "resume":
                total = event.get("total", 0)
                classes = len(event.get("data", {}).get("classes", ()))
            case "round":
                rounds = event.get("round", rounds)
                values = {**event.get("values", {}), **event.get("steps", {}), "rate": event.get("rate")}
                for name, value in values.items():
                    _keep(signals, RENAMED.get(name, name), samples, value)
            case "evaluation":
                for name, value in event.get("scores", {}).items():
                    _keep(scores, name, samples, value)
            case "broke":
                broke = str(event.get("what", "a number"))
            case "done":
                done = True
    found = metrics or {}
    return History(
        total=total,
        signals={name: Series.of(pairs) for name, pairs in signals.items()},
        scores={name: Series.of(pairs) for name, pairs in scores.items()},
        final={r["name"]: float(r["value"]) for r in found.get("results", ())},
        ceiling={r["name"]: float(r["value"]) for r in found.get("ceiling", ())},
        classes=classes,
        finished=done,
        broke=broke,
        rounds=rounds,
    )


def _keep(series: dict[str, list[tuple[int, float]]], name: str, samples: int, value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        series.setdefault(name, []).append((samples, float(value)))
