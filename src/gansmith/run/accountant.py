"""What a private run costs, told by the library `dp-accounting`; the only user of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gansmith.errors import InputError

__all__ = ["Cost", "noise_for", "noise_of_counts", "tool"]

GRID = 1e-3
"""Step of the grid on which privacy losses are summed; losses are rounded up, so epsilon is never told too small."""

EXACT = 1e-3
"""Noise is the least that will do, to this share."""

MOST_NOISE = 1e4


@dataclass(frozen=True)
class Cost:
    """What a private run does to its rows.

    Attributes:
        counts: Noise of the counts that the codec is fitted by, over their sensitivity; None where nothing is counted.
        noise: Noise of a training step, over the bound of a row's gradient.
        rate: Probability with which a row is in a batch.
        steps: Training steps.
    """

    counts: float | None
    noise: float
    rate: float
    steps: int

    def epsilon(self, delta: float) -> float:
        """The epsilon of all of it together, where one row is added or removed.

        By the distribution of privacy losses (Koskela et al. 2020; Doroshenko et al. 2022, Connect the Dots).

        Raises:
            InputError: The library is missing.
        """
        return _epsilon(self, delta, "pld")

    def epsilon_by_renyi(self, delta: float) -> float:
        """The same by Rényi divergences (Mironov et al. 2019), which always comes out larger."""
        return _epsilon(self, delta, "rdp")


def tool() -> Any:
    """The library. Raises `InputError` where it is missing."""
    try:
        import dp_accounting
    except ImportError:
        raise InputError('--epsilon needs dp-accounting: pip install "gansmith[private]"') from None
    return dp_accounting


def noise_for(epsilon: float, delta: float, counts: float | None, rate: float, steps: int) -> float:
    """The least noise of a step that keeps a promise.

    Raises:
        InputError: No noise does, since the counts alone cost as much; or the library is missing.
    """

    def kept(noise: float) -> bool:
        return Cost(counts, noise, rate, steps).epsilon(delta) <= epsilon

    return _least(kept, f"epsilon={epsilon:g} can't be kept over {steps:,} steps")


def noise_of_counts(epsilon: float, delta: float) -> float:
    """The least noise of counts, over their sensitivity, that alone costs this epsilon.

    Raises:
        InputError: No noise does, or the library is missing.
    """
    return _least(lambda noise: Cost(noise, 1.0, 0.0, 0).epsilon(delta) <= epsilon, f"epsilon={epsilon:g} is too small")


def _least(kept: Callable[[float], bool], problem: str) -> float:
    """The least noise that keeps a promise: found from above, so what comes out keeps it."""
    high = 1.0
    while not kept(high):
        high *= 2
        if high > MOST_NOISE:
            raise InputError(f"{problem}: allow a larger epsilon, or a smaller --budget")
    low = high / 2
    while kept(low) and low > 1 / MOST_NOISE:
        low, high = low / 2, low
    while high / low > 1 + EXACT:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high


def _epsilon(cost: Cost, delta: float, by: str) -> float:
    dp = tool()
    from dp_accounting import pld, rdp

    accountant = pld.PLDAccountant(value_discretization_interval=GRID) if by == "pld" else rdp.RdpAccountant()
    if cost.counts is not None:
        accountant.compose(dp.GaussianDpEvent(cost.counts))
    if cost.steps:
        accountant.compose(dp.PoissonSampledDpEvent(cost.rate, dp.GaussianDpEvent(cost.noise)), cost.steps)
    return float(accountant.get_epsilon(delta))
