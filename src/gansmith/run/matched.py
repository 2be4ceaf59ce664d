"""What a comparison of models is, whatever they make."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gansmith.metrics import Comparison
from gansmith.run.contestants import Contestant
from gansmith.run.course import Course

__all__ = ["Figure", "Matched"]


class Figure(NamedTuple):
    """A picture of a comparison: its file, its bytes, what it is, and what stands below it."""

    name: str
    data: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Matched(ABC):
    """A comparison of models and how it came about.

    Attributes:
        comparison: Scores, differences with intervals, verdicts.
        contestants: The models, in the order given.
        courses: How the run of each went, by name; models without a run folder are left out.
        data: The path of the data, as it was given or as the runs say.
        protocol: Samples, real items, features or learners, seed: what a reader needs to judge the numbers.
        notes: What the reader should know.
    """

    comparison: Comparison
    contestants: tuple[Contestant[Any], ...]
    courses: Mapping[str, Course]
    data: str
    protocol: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    @abstractmethod
    def how(self) -> str:
        """The protocol in sentences."""

    @abstractmethod
    def figures(self, seed: int) -> list[Figure]:
        """Pictures of what each model makes, drawn from a seed, and of real items."""

    def to_json(self) -> dict[str, Any]:
        """A dictionary for `json.dumps`."""
        return {
            **self.comparison.to_json(),
            "paths": {c.name: str(c.path) for c in self.contestants},
            "runs": {name: course.to_json() for name, course in self.courses.items()},
            "protocol": dict(self.protocol),
            "notes": list(self.notes),
        }
