"""What a metric is: its name, which way is better, what it needs, how it is computed and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gansmith.metrics import functional as F
from gansmith.metrics.readable import Readable
from gansmith.metrics.result import Better, Result
from gansmith.metrics.rows import Data
from gansmith.metrics.settings import Settings

__all__ = ["LEAST", "Measure"]

LEAST = 8
"""Samples below which no metric is taken.

From about eight on, a kernel distance tells samples of one class from those of ten; of fewer, nothing told them apart.
"""


@dataclass(frozen=True)
class Measure(Readable):
    """A metric by its parts.

    Attributes:
        name: Its name on the command line and in files.
        better: Which direction is better.
        needs: Tensors by side, e.g. `{"real": ("features",), "fake": ("features",)}`.
        n_matters: The counts on which the value's expectation depends.
        compute: From rows and settings to the result.
        about: One line for a person.
        spoken: Its name in a sentence; empty where that is `name` itself.
        share: Whether the value is a share in [0, 1], which people read as a percentage.
        least_k: Samples needed on every side, as a multiple of the neighbour k, where that is more than `LEAST`.
    """

    name: str
    better: Better
    needs: Mapping[str, tuple[str, ...]]
    n_matters: tuple[str, ...]
    compute: Callable[[Data, Settings], Result]
    about: str
    share: bool = False
    spoken: str = ""
    least_k: int = 0

    def least(self, settings: Settings) -> int:
        """Samples needed on every side; a Frechet distance needs more than the features' width as well."""
        return max(LEAST, self.least_k * settings.k)

    def result(self, data: Data, settings: Settings) -> Result:
        """The value, where there are enough samples.

        Raises:
            TooFew: A side has fewer samples than the metric needs to say anything.
            InputError: Tensors are missing or bad.
        """
        for side, names in self.needs.items():
            count = len(data.column(side, names[0]))
            F.check_enough(f"{self.name} ({side} side)", self.least(settings), count)
        return self.compute(data, settings)
