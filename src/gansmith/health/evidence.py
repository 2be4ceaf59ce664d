"""What rules share: how sure they are, and sentences on the signals that several of them read."""

from __future__ import annotations

from gansmith.health.diagnosis import Evidence

__all__ = ["beyond", "covering", "percent", "telling"]


def percent(value: float) -> str:
    """A share in words."""
    return f"{value:.0%}"


def beyond(value: float, bound: float, far: float) -> float:
    """Confidence: 0.5 at the bound, rising along a line to 1 at `far`."""
    return min(1.0, max(0.5, 0.5 + 0.5 * (value - bound) / (far - bound)))


def telling(share: float, bound: float) -> Evidence:
    """How often the discriminator tells real from made."""
    text = f"the discriminator tells real from made {percent(share)} of the time (50% is a guess)"
    return Evidence("told_apart", share, bound, text)


def covering(covered: float, bound: float) -> Evidence:
    """How much of what real data covers samples cover."""
    return Evidence("coverage", covered, bound, f"samples cover {percent(covered)} of what real data covers")
