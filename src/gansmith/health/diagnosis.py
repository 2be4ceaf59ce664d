"""What a doctor says: a diagnosis with its evidence, and remedies in order."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Diagnosis", "Evidence", "Level", "Remedy"]

Level = Literal["well", "watch", "sick"]


@dataclass(frozen=True)
class Evidence:
    """A number that speaks for a diagnosis.

    Attributes:
        signal: Name of the signal or score, whose curve may be drawn.
        value: Its value.
        bound: What it is compared with.
        text: The sentence.
    """

    signal: str
    value: float
    bound: float
    text: str


@dataclass(frozen=True)
class Remedy:
    """Something to do.

    Attributes:
        kind: `setting` changes a setting in a new run; `data` is done to the data; `time` goes on for longer.
        text: What to do, with names of settings as they are on the command line.
    """

    kind: Literal["setting", "data", "time"]
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """One thing that is so.

    Attributes:
        name: Its fixed name, such as `mode-collapse`.
        level: How serious it is.
        confidence: From 0 to 1: how far the evidence is beyond its bounds.
        since: Real samples after which it began; None where that is not known.
        meaning: Two sentences for someone who has never trained a GAN.
        evidence: The numbers.
        remedies: What helps, best first.
    """

    name: str
    level: Level
    confidence: float
    since: int | None
    meaning: str
    evidence: tuple[Evidence, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a dictionary."""
        return asdict(self)
