"""Each column's own distribution made normal, exactly invertible: by its ranks among training events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.types import Json

__all__ = ["Ranks"]

KNOTS = 256
"""Quantiles of a column that are kept; between two its values and their normal scores go along a line."""

FEW, OFTEN = 20, 0.005
"""Different values up to which each is a value of its own (a charge), and the share of a value that is one among
others (an isolation of exactly 0)."""

SKEWED = 1.0
"""Skewness from which on a positive column is looked at by its logarithm: a steep spectrum."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Columns to normal scores and back (the rank-based inverse normal transform, with steps for values of their own).

    A value that comes again and again has a span of scores instead of one; where in it an event lies is decided by
    `chance`. Beyond the training values the outer lines go on. Everything is float64.

    Attributes:
        values: Knots, `(d, k)`, ascending; of logarithms where `log`.
        scores: Normal scores of the knots, `(d, k)`, ascending.
        slopes: Of values over scores below the first knot and above the last one, `(d, 2)`.
        log: Which columns are steep positive spectra, `(d,)`.
        whole: Which columns hold whole numbers only, `(d,)`.
    """

    values: Tensor
    scores: Tensor
    slopes: Tensor
    log: Tensor
    whole: Tensor

    @classmethod
    def fit(cls, columns: Floats) -> Ranks:
        """Of training columns `(n, d)` without NaN."""
        log = np.array([_steep(column) for column in columns.T], dtype=bool)
        whole = np.array([bool((column == np.round(column)).all()) for column in columns.T], dtype=bool)
        knots = [_knots(np.sort(np.log(c) if steep else c)) for c, steep in zip(columns.T, log, strict=True)]
        longest = max((len(values) for values, _ in knots), default=2)
        slopes = np.array([_slopes(*found) for found in knots]).reshape(-1, 2)
        values, scores = (
            np.array([np.pad(found[i], (0, longest - len(found[i])), "edge") for found in knots]).reshape(-1, longest)
            for i in (0, 1)
        )
        return cls(*map(torch.from_numpy, (values, scores, slopes, log, whole)))

    def encode(self, columns: Tensor, chance: Tensor) -> Tensor:
        """Scores `(n, d)` of columns `(n, d)`; `chance` `(n, d)` in (0, 1) places values that have a span."""
        least = self.values[:, 0].exp() * 1e-3
        warped = torch.where(self.log, torch.maximum(columns, least).log(), columns).T.contiguous()
        last = self.values.shape[1] - 1
        first = torch.searchsorted(self.values, warped).clamp_max(last)
        end = torch.searchsorted(self.values, warped, right=True) - 1
        spans = (end > first) & (self.values.gather(1, first) == warped)
        low, high = (torch.special.ndtr(self.scores.gather(1, at.clamp_min(0))) for at in (first, end))
        inside = torch.special.ndtri(low + chance.T * (high - low))
        line = _along(self.values, self.scores, end, warped)
        below, above = self.values[:, :1] - warped, warped - self.values[:, -1:]
        flat = self.slopes == 0
        rates = torch.where(flat, 0.0, 1 / torch.where(flat, 1.0, self.slopes))
        line = torch.where(below > 0, self.scores[:, :1] - below * rates[:, :1], line)
        line = torch.where(above > 0, self.scores[:, -1:] + above * rates[:, 1:], line)
        return torch.where(spans, inside, line).T

    def decode(self, scores: Tensor, exact: bool = True) -> Tensor:
        """Columns `(n, d)` of scores `(n, d)`; differentiable where whole numbers need not be `exact`."""
        scores = scores.T.contiguous()
        at = torch.searchsorted(self.scores, scores.detach(), right=True) - 1
        line = _along(self.scores, self.values, at, scores)
        below, above = scores - self.scores[:, :1], scores - self.scores[:, -1:]
        line = torch.where(below < 0, self.values[:, :1] + below * self.slopes[:, :1], line)
        line = torch.where(above > 0, self.values[:, -1:] + above * self.slopes[:, 1:], line).T
        found = torch.where(self.log, torch.where(self.log, line, 0.0).exp(), line)
        return torch.where(self.whole, found.round(), found) if exact else found

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, data: Any) -> Ranks:
        """Those that `to_json` described. Raises `ValueError`, `KeyError` or `TypeError` where they are damaged."""
        reals = [torch.tensor(data[name], dtype=torch.float64) for name in ("values", "scores", "slopes")]
        flags = [torch.tensor(data[name], dtype=torch.bool) for name in ("log", "whole")]
        d = len(flags[0])
        if reals[0].ndim != 2 or reals[0].shape != reals[1].shape or len(reals[0]) != d or reals[2].shape != (d, 2):
            raise ValueError("knots don't fit together")
        if not all(bool(torch.isfinite(part).all()) for part in reals):
            raise ValueError("knots are not finite")
        return cls(reals[0], reals[1], reals[2], flags[0], flags[1])


def _along(xs: Tensor, ys: Tensor, at: Tensor, x: Tensor) -> Tensor:
    """The broken line through the knots `(d, k)` at x `(d, n)` in the segments that begin at `at` `(d, n)`."""
    at = at.clamp(0, xs.shape[1] - 2)
    x0, x1, y0, y1 = xs.gather(1, at), xs.gather(1, at + 1), ys.gather(1, at), ys.gather(1, at + 1)
    wide = x1 > x0
    share = (x - x0) / torch.where(wide, x1 - x0, 1.0)
    return torch.where(wide, y0 + share.clamp(0, 1) * (y1 - y0), y0)


def _steep(column: Floats) -> bool:
    """Whether a column is a steep positive spectrum."""
    if column.min() <= 0 or len(np.unique(column[:1000])) <= FEW:
        return False
    skew, of_log = _skewness(column), _skewness(np.log(column))
    return skew > SKEWED and abs(of_log) < skew


def _skewness(column: Floats) -> float:
    spread = column.std()
    return float((((column - column.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def _knots(ordered: Floats) -> tuple[Floats, Floats]:
    """Values and scores of the knots of an ascending column `(n,)`."""
    n = len(ordered)
    found, first, count = np.unique(ordered, return_index=True, return_counts=True)
    single = np.ones(len(found), bool) if len(found) <= FEW else count >= max(OFTEN * n, 3)
    values: list[float] = []
    places: list[float] = []
    start = 0
    for at in [*np.flatnonzero(single), -1]:
        stop = n if at < 0 else int(first[at])
        if stop > start:
            _add_run(ordered, start, stop, values, places)
        if at >= 0:
            values += [float(found[at])] * 2
            places += [stop / n, (stop + int(count[at])) / n]
            start = stop + int(count[at])
    edge = 0.5 / n
    scores = torch.special.ndtri(torch.tensor(places, dtype=torch.float64).clamp(edge, 1 - edge)).numpy()
    return np.array(values), scores


def _add_run(ordered: Floats, start: int, stop: int, values: list[float], places: list[float]) -> None:
    """Append knots of the events from `start` to `stop`, whose values hardly repeat.

    They are as many events apart everywhere but in the tails, where scores change faster: there each is twice as far
    from the end as the one before.
    """
    wanted = max(2, round(KNOTS * (stop - start) / len(ordered)))
    tail = 2 ** np.arange((stop - start).bit_length() - 1) - 1
    even = np.linspace(start, stop - 1, wanted).round().astype(np.int64)
    chosen = np.unique(np.concatenate([start + tail, even, stop - 1 - tail]))
    own, inverse = np.unique(ordered[chosen], return_inverse=True)
    shares = np.bincount(inverse, chosen + 0.5) / np.bincount(inverse)
    values += own.tolist()
    places += (shares / len(ordered)).tolist()


def _slopes(values: Floats, scores: Floats) -> tuple[float, float]:
    """How values go on below the first knot and above the last one; not at all where values of their own lie there."""

    def slope(a: int, b: int) -> float:
        wide = scores[b] - scores[a]
        return float((values[b] - values[a]) / wide) if wide > 0 else 0.0

    return (slope(0, 1), slope(-2, -1)) if len(values) > 1 else (0.0, 0.0)
