"""Rules on made events: quantities that follow from columns show errors that no column shows."""

from __future__ import annotations

import math

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond
from gansmith.health.history import History

__all__ = ["peak_missed"]

BOUNDS = {"peak_width": math.log(1.35), "peak": 0.5}
"""|log ratio| of the widths of peaks, and their shift in real widths, beyond what real events reach."""


def peak_missed(history: History) -> Diagnosis | None:
    """Peaks of derived quantities at another place than real ones, or of another width."""
    over = {name: value for name, bound in BOUNDS.items() if (value := _beyond(history, name)) > bound}
    if not over or history.early:
        return None
    return Diagnosis(
        "peak-missed",
        "watch",
        max(beyond(value, BOUNDS[name], 3 * BOUNDS[name]) for name, value in over.items()),
        None,
        "Quantities that follow from columns peak elsewhere than in real events, or more broadly or sharply. Each "
        "column may look right, and what is reckoned from several of them is still wrong.",
        tuple(_told(name, value) for name, value in over.items()),
        (
            Remedy("setting", "show the critic the quantity, or parts of it: --read 'derived=mass=...'"),
            Remedy("time", "train longer: a larger --budget; narrow peaks come last"),
            Remedy(
                "data", "angles named as such (--read turn=...), and columns at the precision that they were measured"
            ),
        ),
    )


def _beyond(history: History, name: str) -> float:
    """A score less what real events reach in the place of made ones; 0 where it was not measured."""
    now = history.now(name)
    return 0.0 if now is None else now - history.ceiling.get(name, 0.0)


def _told(name: str, value: float) -> Evidence:
    says = {
        "peak_width": f"are {math.exp(value):.1f} times as wide as real ones, or as narrow",
        "peak": f"lie {value:.1f} real widths beside the real ones",
    }
    return Evidence(name, value, BOUNDS[name], f"peaks of derived quantities {says[name]}")
