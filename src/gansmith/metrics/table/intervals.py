"""Intervals of shares and of areas under a curve, in closed form.

A share of independent trials has Wilson's interval (1927, J. Am. Stat. Assoc. 22). Where trials are not independent, or
the value is no plain share but lies in 0..1 (an AUC), the same interval is taken with an *effective* number of trials:
the number for which a plain share would have the variance that was found. It stays within 0..1 and, unlike a normal
interval, keeps a width where the value is 0 or 1.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from gansmith.errors import InputError
from gansmith.metrics.table.columns import Numbers

__all__ = ["area", "area_variance", "effective", "share_difference", "wilson", "wilson_middle"]


def wilson(share: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share.

    Args:
        share: 0..1.
        trials: Independent trials, or an effective number of them; above 0.
        confidence: Between 0 and 1.

    Returns:
        `(low, high)` within 0..1.

    Raises:
        InputError: No trials, or `confidence` not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence}")
    if trials <= 0:
        raise InputError("an interval of a share needs at least 1 trial")
    middle, half = wilson_middle(share, trials, confidence)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def wilson_middle(share: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """The middle of Wilson's interval, which is his estimate of the share, and half its width; arguments as there."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)))
    return middle, half


def share_difference(
    first: float, ends: tuple[float, float], second: float, other: tuple[float, float]
) -> tuple[float, float]:
    """Interval of `first - second` from the Wilson intervals of two independent shares.

    Newcombe (1998, Statistics in Medicine 17), method 10: squares of the distances to the ends add up.
    """
    down = ((first - ends[0]) ** 2 + (other[1] - second) ** 2) ** 0.5
    up = ((ends[1] - first) ** 2 + (second - other[0]) ** 2) ** 0.5
    return first - second - down, first - second + up


def effective(value: float, variance: float, most: float) -> float:
    """Trials for which a plain share of this value would have this variance; `most` where the variance is 0."""
    if variance <= 0 or not 0 < value < 1:
        return float(most)
    return max(1.0, value * (1 - value) / variance)


def _parts(positive: Numbers, negative: Numbers) -> tuple[Numbers, Numbers]:
    """For each row the share of the other side that it beats, ties counting half."""
    up, down = np.sort(positive), np.sort(negative)
    wins = (np.searchsorted(down, positive, "left") + np.searchsorted(down, positive, "right")) / (2 * len(down))
    losses = (np.searchsorted(up, negative, "left") + np.searchsorted(up, negative, "right")) / (2 * len(up))
    return wins, 1 - losses


def area(positive: Numbers, negative: Numbers) -> float:
    """Area under the ROC curve: how often a positive row's score exceeds a negative row's, ties counting half.

    Args:
        positive: Scores `(P,)`, P >= 1.
        negative: Scores `(N,)`, N >= 1.

    Returns:
        0..1; 0.5 where the scores tell nothing.

    Raises:
        InputError: A side has no rows.
    """
    if not len(positive) or not len(negative):
        raise InputError("an area under the curve needs rows of both kinds")
    return float(_parts(positive, negative)[0].mean())


def area_variance(positive: Numbers, negative: Numbers) -> float:
    """Variance of `area` by DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44): of both sides' rows; 0 for few."""
    wins, losses = _parts(positive, negative)
    found = 0.0
    for part in (wins, losses):
        found += float(part.var(ddof=1)) / len(part) if len(part) > 1 else 0.0
    return found
