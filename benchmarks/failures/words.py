"""What a game that was played shows: its curves, and what the doctor says of it, computed anew from what was logged."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gansmith.cli.diagnoses import spoken
from gansmith.health import Diagnosis, diagnose
from gansmith.run.history import history_of_events

__all__ = ["Shown", "shown"]

TOGETHER = 5
"""Ticks whose signals are averaged for a curve: the discriminator is asked about few rows at a tick."""

Kept = Mapping[str, Any]
Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Shown:
    """A game as the page shows it.

    Attributes:
        kept: What its cell holds.
        curves: Signals and scores over samples, by name.
        end: What the doctor says when it is over.
        looks: Share of the run at each look, and name and level of all that was said then.
    """

    kept: Kept
    curves: Mapping[str, Curve]
    end: Sequence[Diagnosis]
    looks: Sequence[tuple[float, Sequence[tuple[str, str]]]]

    def words(self, remedies: bool) -> list[str]:
        """What `gansmith doctor` prints: the first diagnosis, with its remedies where asked, and the others without."""
        return [*spoken(self.end[:1], brief=not remedies), *spoken(self.end[1:], brief=True)]


def shown(kept: Kept) -> Shown:
    """Curves and words of a cell."""
    events, real = kept["events"], kept["metrics"]
    looks = []
    for number, event in enumerate(events, 1):
        if event["event"] in ("evaluation", "broke"):
            said = diagnose(history_of_events(events[:number], real))
            looks.append((event["samples"] / kept["total"], [(d.name, d.level) for d in said]))
    return Shown(kept, _curves(events), diagnose(history_of_events(events, real)), looks)


def _curves(events: Sequence[Mapping[str, Any]]) -> dict[str, Curve]:
    signals: dict[str, Curve] = {}
    scores: dict[str, Curve] = {}
    for event in events:
        found = {**event.get("values", {}), **event.get("steps", {})} if event["event"] == "round" else {}
        for into, values in ((signals, found), (scores, event.get("scores", {}))):
            for name, value in values.items():
                if value is not None:
                    into.setdefault(name, []).append((event["samples"], value))
    return {name: _means(points) for name, points in signals.items()} | scores


def _means(points: Curve) -> Curve:
    groups = [points[i : i + TOGETHER] for i in range(0, len(points), TOGETHER)]
    return [(group[-1][0], statistics.fmean(value for _, value in group)) for group in groups]
