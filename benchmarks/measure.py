"""Times of several ways to do the same, taken side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Times", "median", "ratio", "side_by_side", "spread", "turns_in"]


def median(values: Sequence[float]) -> float:
    """The median; an empty sequence is an error."""
    return statistics.median(values)


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of neighbours, which a machine that slows down and recovers hardly moves."""
    return statistics.median(a / b for a, b in zip(values, others, strict=True))


def spread(values: Sequence[float]) -> float:
    """The median distance from the median, as a share of it."""
    middle = statistics.median(values)
    return statistics.median(abs(v - middle) for v in values) / middle if middle else 0.0


@dataclass(frozen=True)
class Times:
    """The repetitions of one case.

    Attributes:
        wall: Seconds on the wall, one a repetition.
        cpu: Seconds of processor time of this process, over its threads.
        amount: What one repetition did: rounds, images.
    """

    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    amount: float

    @property
    def each(self) -> float:
        """Median seconds for one of the amount."""
        return median(self.wall) / self.amount

    @property
    def rate(self) -> float:
        """How many a second."""
        return 1 / self.each

    def over(self, other: Times) -> float:
        """The time for one, as a multiple of the other case's."""
        return ratio(self.wall, other.wall) * other.amount / self.amount

    def cpu_over(self, other: Times) -> float:
        """The same of processor time."""
        return ratio(self.cpu, other.cpu) * other.amount / self.amount

    def to_json(self) -> dict[str, Any]:
        """All repetitions, and what was made of them."""
        return {
            "wall": [round(s, 6) for s in self.wall],
            "cpu": [round(s, 6) for s in self.cpu],
            "amount": self.amount,
            "median": median(self.wall),
            "spread": spread(self.wall),
        }


def side_by_side(
    cases: Mapping[str, Callable[[], object]],
    repetitions: int,
    amount: float = 1,
    warm_up: int = 1,
) -> dict[str, Times]:
    """Run every case once, then every case again, and so on, turning the order round each time.

    Args:
        cases: What to time, by name.
        repetitions: How often.
        amount: What one repetition does.
        warm_up: Repetitions before those that count.
    """
    names = list(cases)
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(-warm_up, repetitions):
        for name in names if turn % 2 else names[::-1]:
            cpu_before, before = time.process_time(), time.perf_counter()
            cases[name]()
            after, cpu_after = time.perf_counter(), time.process_time()
            if turn >= 0:
                wall[name].append(after - before)
                cpu[name].append(cpu_after - cpu_before)
    return {name: Times(tuple(wall[name]), tuple(cpu[name]), amount) for name in names}


def turns_in(case: Callable[[], object], seconds: float, multiple: int = 1) -> int:
    """How many turns of a case fill about so many seconds: a multiple of `multiple`, at least one of it."""
    for _ in range(multiple):
        case()
    before = time.perf_counter()
    for _ in range(multiple):
        case()
    return max(1, round(seconds / (time.perf_counter() - before))) * multiple
