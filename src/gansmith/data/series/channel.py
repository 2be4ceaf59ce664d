"""One channel: how its numbers become ones of about unit spread, and how made ones are spelt like real ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Channel"]

Floats = NDArray[np.float64]

HEAVY = 6.0
"""Distance from the median, in robust standard deviations, from which on tails are heavy, and drawn in by asinh."""

NORMAL = 1.349
"""Width of the middle half of a normal distribution, in standard deviations."""

FINEST, COARSEST = 8, -6
"""Most decimals that are looked for, and the roundest numbers: millions."""

MARGIN = 0.1
"""Share of the training range by which made values may leave it."""


@dataclass(frozen=True)
class Channel:
    """Robust scaling, fitted to training values.

    Attributes:
        name: Of the channel.
        centre: Median.
        scale: Robust standard deviation; 0 for a channel that is constant.
        heavy: Whether tails are drawn in by asinh.
        mean: Of the values so scaled.
        spread: Their standard deviation.
        decimals: Decimals that all numbers keep to, negative for tens, hundreds, ...; None where they keep to none.
        low: Least value that is made.
        high: Largest.
    """

    name: str
    centre: float
    scale: float
    heavy: bool
    mean: float
    spread: float
    decimals: int | None
    low: float
    high: float

    @classmethod
    def fit(cls, name: str, values: NDArray[Any]) -> Channel:
        """The scaling of a channel's training values, of any shape; NaN is not looked at."""
        seen = values[~np.isnan(values)]
        x = seen.astype(np.float64)
        if not len(x) or x.min() == x.max():
            only = float(x[0]) if len(x) else 0.0
            return cls(name, only, 0.0, False, 0.0, 1.0, _decimals(seen), only, only)
        quarter, centre, third = np.quantile(x, [0.25, 0.5, 0.75])
        scale = float(third - quarter) / NORMAL or float(x.std())
        u = (x - centre) / scale
        heavy = bool(np.abs(u).max() > HEAVY)
        y = np.arcsinh(u) if heavy else u
        low, high = float(x.min()), float(x.max())
        room = MARGIN * (high - low)
        ends = (max(low - room, 0.0) if low >= 0 else low - room, min(high + room, 0.0) if high <= 0 else high + room)
        return cls(name, float(centre), scale, heavy, float(y.mean()), float(y.std()), _decimals(seen), *ends)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values of any shape to numbers of about zero mean and unit variance; NaN stays."""
        x = values.astype(np.float64)
        if not self.scale:
            return np.where(np.isnan(x), np.nan, 0.0).astype(np.float32)
        u = (x - self.centre) / self.scale
        return (((np.arcsinh(u) if self.heavy else u) - self.mean) / self.spread).astype(np.float32)

    def decode(self, encoded: NDArray[Any]) -> Floats:
        """Numbers to values within the range of training, with the decimals that real ones have."""
        u = encoded.astype(np.float64) * self.spread + self.mean
        # float32 can't leave this range, and sinh must not
        x = np.clip((np.sinh(np.clip(u, -50, 50)) if self.heavy else u) * self.scale + self.centre, self.low, self.high)
        return x if self.decimals is None else np.clip(np.round(x, self.decimals), *self._ends())

    def _ends(self) -> tuple[float, float]:
        """The range, brought inwards to numbers with that many decimals."""
        assert self.decimals is not None
        step = 10.0**-self.decimals
        low, high = np.ceil(self.low / step - 1e-6) * step, np.floor(self.high / step + 1e-6) * step
        return (float(np.round(low, self.decimals)), float(np.round(high, self.decimals)))

    def spell(self, value: float) -> str:
        """A number as a file says it; empty where it is missing."""
        if np.isnan(value):
            return ""
        return f"{value:.7g}" if self.decimals is None else f"{value:.{max(self.decimals, 0)}f}"

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `Channel(**...)` takes."""
        return asdict(self)


def _decimals(seen: NDArray[Any]) -> int | None:
    """Fewest decimals that say every value exactly, in its own precision."""
    x = seen.astype(np.float64)
    if not len(x) or np.abs(x).max() > 1e12:
        return None
    for places in range(0 if not x.any() else COARSEST, FINEST + 1):
        if np.array_equal(np.round(x, places).astype(seen.dtype), seen):
            return places
    return None
