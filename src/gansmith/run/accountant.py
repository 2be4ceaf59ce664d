"""What a private run costs, told by the library `dp-accounting`; the only user of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gansmith.errors import InputError

__all__ = ["Cost", "noise_for", "noise_of_counts", "tool"]

GRID = 1e-3
"""Step of the grid on which privacy losses are summed; losses are rounded up, so epsilon is never told too small."""

EXACT = 1e-3
"""Noise is the least that will do, to this share."""

MOST = 9.0
"""Logarithm of the most noise that is tried."""


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
    """The least noise of a step that keeps a promise, to a thousandth.

    Raises:
        InputError: No noise does, since the counts alone cost as much; or the library is missing.
    """
    tool()
    from scipy.optimize import brentq

    @lru_cache
    def above(log_noise: float) -> float:
        return Cost(counts, math.exp(log_noise), rate, steps).epsilon(delta) - epsilon

    high = 0.0
    while above(high) > 0:
        high += 1.0
        if high > MOST:
            raise InputError(
                f"epsilon={epsilon:g} can't be kept over {steps:,} steps: allow a larger epsilon, or a smaller --budget"
            )
    low = high - 1.0
    while above(low) <= 0:
        low, high = low - 1.0, low
    found = float(brentq(above, low, high, xtol=EXACT / 2, rtol=EXACT / 2))
    while above(found) > 0:
        found += EXACT / 2
    return math.exp(found)


def noise_of_counts(epsilon: float, delta: float) -> float:
    """The least noise of counts, over their sensitivity, that alone costs this epsilon (Balle & Wang 2018).

    Raises:
        InputError: The library is missing.
    """
    return float(tool().get_sigma_gaussian(epsilon, delta))


def _epsilon(cost: Cost, delta: float, by: str) -> float:
    dp = tool()
    from dp_accounting import pld, rdp

    accountant = pld.PLDAccountant(value_discretization_interval=GRID) if by == "pld" else rdp.RdpAccountant()
    if cost.counts is not None:
        accountant.compose(dp.GaussianDpEvent(cost.counts))
    if cost.steps:
        accountant.compose(dp.PoissonSampledDpEvent(cost.rate, dp.GaussianDpEvent(cost.noise)), cost.steps)
    return float(accountant.get_epsilon(delta))
