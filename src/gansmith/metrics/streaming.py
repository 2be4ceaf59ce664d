"""Metrics that take their samples as they come: update, merge, compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor

from gansmith.errors import InputError, nearest
from gansmith.metrics.functional import Moments
from gansmith.metrics.measures import MEASURES, frechet_result
from gansmith.metrics.result import Better, Result
from gansmith.metrics.rows import Data, Sample, as_batch
from gansmith.metrics.settings import Settings

__all__ = ["FrechetStream", "Metric", "Streaming", "metric"]


@runtime_checkable
class Metric(Protocol):
    """A metric over a stream of samples. Any split of the stream, in any order, gives one answer.

    Attributes:
        name: Its name in results.
        better: Which direction is better.
        needs: Tensors by side, e.g. `{"real": ("features",), "fake": ("features",)}`.
    """

    name: str
    better: Better
    needs: Mapping[str, tuple[str, ...]]

    def update(self, *, real: Sample | None = None, fake: Sample | None = None, train: Sample | None = None) -> None:
        """Take samples in: features `(N, D)` alone or named tensors; raises `InputError` if one is missing."""

    def merge(self, other: Metric) -> None:
        """Take in everything that another metric of the same kind has seen; raises `InputError` for another kind."""

    def compute(self) -> Result:
        """The value over everything seen; raises `TooFew` if that isn't enough, `InputError` if a side is missing."""


class Streaming:
    """A metric of the table `MEASURES` over a stream; it keeps the rows it needs on the CPU.

    Args:
        name: A key of `MEASURES`.
        settings: How to measure.

    Raises:
        InputError: The name is not known.
    """

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        if name not in MEASURES:
            raise InputError(f"no metric is called {name!r}{nearest(name, MEASURES)}")
        self.name = name
        self.settings = settings or Settings()
        self.better: Better = MEASURES[name].better
        self.needs = MEASURES[name].needs
        self._data = Data()

    def update(self, *, real: Sample | None = None, fake: Sample | None = None, train: Sample | None = None) -> None:
        """Take samples in; sides and tensors that the metric doesn't need are not kept."""
        given = {"real": real, "fake": fake, "train": train}
        kept: dict[str, Sample | None] = {}
        for side, names in self.needs.items():
            sample = given[side]
            if sample is not None:
                kept[side] = _pick(self.name, side, as_batch(sample), names)
        self._data.update(kept)

    def merge(self, other: Metric) -> None:
        """Take in all rows of another `Streaming` metric of this name and these settings."""
        if not isinstance(other, Streaming) or (other.name, other.settings) != (self.name, self.settings):
            raise InputError(f"{self.name} can only be merged with {self.name} of the same settings")
        self._data.merge(other._data)

    def compute(self) -> Result:
        """The value, its interval and its protocol."""
        return MEASURES[self.name].result(self._data, self.settings)


class FrechetStream:
    """The Frechet distance in memory that doesn't grow with the stream: moments instead of rows, and so no interval."""

    name = "frechet"
    better: Better = "lower"
    needs: Mapping[str, tuple[str, ...]] = MEASURES["frechet"].needs

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._moments: dict[str, Moments] = {}

    def update(self, *, real: Sample | None = None, fake: Sample | None = None, train: Sample | None = None) -> None:
        """Take samples in; `train` is not used."""
        for side, sample in (("real", real), ("fake", fake)):
            if sample is not None:
                self._add(side, Moments.of(_pick(self.name, side, as_batch(sample), ("features",))["features"]))

    def merge(self, other: Metric) -> None:
        """Take in the moments of another `FrechetStream` of these settings."""
        if not isinstance(other, FrechetStream) or other.settings != self.settings:
            raise InputError("a FrechetStream can only be merged with one of the same settings")
        for side, moments in other._moments.items():
            self._add(side, moments)

    def _add(self, side: str, moments: Moments) -> None:
        self._moments[side] = self._moments[side].merged(moments) if side in self._moments else moments

    def compute(self) -> Result:
        """The value and its protocol; equal to that of `metric("frechet")` up to rounding."""
        for side in ("real", "fake"):
            if side not in self._moments:
                raise InputError(f"this metric needs features of the {side} samples; give {side}={{'features': ...}}")
        return frechet_result(self._moments["real"], self._moments["fake"], self.settings, None)


def _pick(metric: str, side: str, batch: Mapping[str, Tensor], names: tuple[str, ...]) -> dict[str, Tensor]:
    missing = [name for name in names if name not in batch]
    if missing:
        raise InputError(f"{metric} needs {', '.join(missing)} of the {side} samples, got {', '.join(sorted(batch))}")
    return {name: batch[name] for name in names}


def metric(name: str, settings: Settings | None = None) -> Metric:
    """A streaming metric by name; raises `InputError` with a suggestion if there is none of that name."""
    return Streaming(name, settings)
