"""A measure that only one kind of data has: what its number means, and how it becomes a result with its protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gansmith.metrics.readable import Readable
from gansmith.metrics.result import Better, Result
from gansmith.metrics.settings import Settings
from gansmith.types import Json

__all__ = ["KindMeasure"]


@dataclass(frozen=True)
class KindMeasure(Readable):
    """A measure by its parts; `metrics/known.py` lists those of each kind.

    Attributes:
        kind: Kind of data: `audio`, `music`, ...
        name: Its name on the command line and in files.
        better: Which direction is better.
        about: One line for a person.
        share: Whether the value is a share in [0, 1], which people read as a percentage.
        spoken: Its name in a sentence; empty where that is `name` itself.
        n_matters: The counts on which the value's expectation depends: `n_real`, `n_fake`.
    """

    kind: str
    name: str
    better: Better
    about: str
    share: bool = False
    spoken: str = ""
    n_matters: Sequence[str] = ("n_real", "n_fake")

    def result(
        self,
        value: float,
        ends: tuple[float, float] | None,
        counts: tuple[int, int],
        settings: Settings,
        own: Mapping[str, Json] | None = None,
        detail: Mapping[str, Json] | None = None,
    ) -> Result:
        """A result with its protocol.

        Args:
            value: The number.
            ends: Its interval; None for none.
            counts: Real and made items.
            settings: Seed, confidence, resamples, split, protocol.
            own: What else must agree between results that are compared.
            detail: Anything else worth keeping.
        """
        protocol: dict[str, Json] = {
            **settings.protocol,
            "kind": self.kind,
            "extractor": self.kind,
            "split": settings.split,
            **(own or {}),
            "n_matters": list(self.n_matters),
            "seed": settings.seed,
        }
        if ends is not None:
            protocol |= {"resamples": settings.resamples, "confidence": settings.confidence}
        low, high = (None, None) if ends is None else (float(ends[0]), float(ends[1]))
        return Result(self.name, float(value), self.better, low, high, *counts, protocol, detail or {})
