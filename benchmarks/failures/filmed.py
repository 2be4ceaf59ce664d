"""Plays a game in the plane under the doctor's eyes and keeps what a picture of it needs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from benchmarks.doctor.clinic import Visit, drawn, examine
from gansmith.cli.diagnoses import spoken
from gansmith.core import State
from gansmith.health import Diagnosis

__all__ = ["MOMENTS", "film"]

MOMENTS = (1, 10, 30, 60, 100)
"""Ticks, of a hundred, after which samples are kept."""

SHOWN, FEW = 180, 64
"""Samples of a picture; training rows up to which all of them are shown too."""

TOGETHER = 5
"""Ticks whose signals are averaged for a curve: the discriminator is asked about few rows at a tick."""

SIGNALS = {"values": ("contest", "overfit"), "steps": ("G/grad_norm", "G/update_ratio", "D/update_ratio")}


def film(visit: Visit) -> dict[str, Any]:
    """Play it; samples at moments, curves, scores, and the doctor's words."""
    moments: list[dict[str, Any]] = []
    classes: list[int] = []

    def keep(state: State, ticks: int) -> None:
        if ticks in MOMENTS:
            made = drawn(state, state.best_nets, visit, SHOWN)
            moments.append({"samples": state.clock.samples, "points": _points(made["image"])})
            classes[:] = made["label"].tolist() if visit.conditional else []

    case = examine(replace(visit, after=keep))
    real = visit.ward.held_out[:SHOWN]
    trained = visit.ward.train if len(visit.ward.train) <= FEW else visit.ward.train[:0]
    return {
        "moments": moments,
        "classes": classes,
        "real": _points(real),
        "trained": _points(trained),
        "curves": _curves(case.events),
        "scores": {name: round(value, 5) for name, value in case.scores.items()},
        "ceiling": {score["name"]: round(score["value"], 5) for score in case.real["ceiling"]},
        "said": _said(case.diagnoses),
        "end": [[d.name, d.level] for d in case.diagnoses],
        "told": [[at, found] for at, found in case.told],
        "total": case.events[0]["total"],
        "broke": next(([e["samples"], e["what"]] for e in case.events if e["event"] == "broke"), None),
        "seconds": round(case.seconds, 1),
    }


def _points(rows: Tensor) -> list[list[float]]:
    """Rows to two decimals; those that are no numbers are left out."""
    return [[round(value, 2) for value in row] for row in rows.tolist() if all(abs(value) < 1e6 for value in row)]


def _said(diagnoses: Sequence[Diagnosis]) -> list[str]:
    """What `gansmith doctor` prints: the first diagnosis with its remedies, the others without."""
    return [*spoken(diagnoses[:1]), *spoken(diagnoses[1:], brief=True)]


def _curves(events: Sequence[Mapping[str, Any]]) -> dict[str, list[list[float]]]:
    """Signals and scores over samples, by name."""
    found: dict[str, list[list[float]]] = {}
    rounds = [event for event in events if event["event"] == "round"]
    for part, names in SIGNALS.items():
        for name in names:
            kept = [
                (event["samples"], event[part][name])
                for event in rounds
                if math.isfinite(event[part].get(name, math.nan))
            ]
            groups = [kept[i : i + TOGETHER] for i in range(0, len(kept), TOGETHER)]
            found[name] = [[g[-1][0], _digits(statistics.fmean(v for _, v in g))] for g in groups]
    for event in events:
        if event["event"] == "evaluation":
            for name, value in event["scores"].items():
                found.setdefault(name, []).append([event["samples"], _digits(value)])
    return found


def _digits(value: float) -> float:
    return float(f"{value:.4g}")
