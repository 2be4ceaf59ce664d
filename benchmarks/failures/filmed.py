"""Plays a game in the plane under the doctor's eyes and keeps what a picture of it, and a diagnosis, need."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from torch import Tensor

from benchmarks.doctor.clinic import Visit, drawn, examine
from gansmith.core import State

__all__ = ["MOMENTS", "film"]

MOMENTS = (1, 10, 30, 60, 100)
"""Ticks, of a hundred, after which samples are kept."""

SHOWN, FEW = 180, 64
"""Samples of a picture; training rows up to which all of them are shown too."""


def film(visit: Visit) -> dict[str, Any]:
    """Play it; samples at moments, and all that was logged."""
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
        "events": _short(case.events),
        "metrics": _short(case.real),
        "total": case.events[0]["total"],
        "seconds": round(case.seconds, 1),
    }


def _points(rows: Tensor) -> list[list[float]]:
    """Rows to two decimals; those that are no numbers are left out."""
    return [[round(value, 2) for value in row] for row in rows.tolist() if all(abs(value) < 1e6 for value in row)]


def _short(value: Any) -> Any:
    """The same with numbers to four digits, and nothing in the place of those that are none."""
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_short(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value
