"""What a doctor reads: the signals of a run as series over real samples, and a few facts about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["EMPTY", "History", "Series"]

DRIFT = 0.5
"""Coverage that real data reaches in the place of samples, below which what is held out is another time."""


@dataclass(frozen=True)
class Series:
    """A signal over time.

    Attributes:
        samples: Real samples seen at each value, rising.
        values: The values, all finite.
    """

    samples: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, float]]) -> Series:
        """From pairs of samples and value; those that are no numbers are left out."""
        kept = [(int(n), float(v)) for n, v in pairs if math.isfinite(v)]
        return cls(tuple(n for n, _ in kept), tuple(v for _, v in kept))

    def __len__(self) -> int:
        return len(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def after(self, share: float) -> Series:
        """What follows this share of the values, in [0, 1]; at least the last one."""
        start = min(int(len(self) * share), max(len(self) - 1, 0))
        return Series(self.samples[start:], self.values[start:])

    def between(self, start: float, stop: float) -> Series:
        """The values from one share of them to another."""
        a, b = int(len(self) * start), max(int(len(self) * stop), int(len(self) * start) + 1)
        return Series(self.samples[a:b], self.values[a:b])

    @property
    def mean(self) -> float:
        """The mean; NaN of nothing."""
        return sum(self.values) / len(self) if self else math.nan

    @property
    def tenths(self) -> tuple[float, ...]:
        """The means of ten parts of it; empty where it is shorter than that."""
        n = len(self)
        parts = [self.values[i * n // 10 : (i + 1) * n // 10] for i in range(10)] if n >= 10 else []
        return tuple(sum(part) / len(part) for part in parts)

    @property
    def growth(self) -> float:
        """The mean of its last tenth over that of its first; 1 where it is short or began at nothing."""
        parts = self.tenths
        return parts[-1] / parts[0] if parts and parts[0] > 0 else 1.0

    @property
    def best(self) -> float:
        """The least value; NaN of nothing."""
        return min(self.values, default=math.nan)

    @property
    def best_at(self) -> int:
        """Samples at the first of the least values; of a series that is not empty."""
        return self.samples[self.values.index(self.best)]

    def improving(self, by: float = 0.1) -> bool | None:
        """Whether a distance still falls: the best of its last third against the third before; None if it is short."""
        if len(self) < 6:
            return None
        return self.after(2 / 3).best < (1 - by) * self.between(1 / 3, 2 / 3).best

    def since(self, holds: Callable[[float], bool]) -> int | None:
        """The samples from which on a condition holds without a break to the end; None where it doesn't hold there."""
        found = None
        for n, value in zip(reversed(self.samples), reversed(self.values), strict=True):
            if not holds(value):
                break
            found = n
        return found


EMPTY = Series()

CERTAIN, LAST = 0.97, 0.6
"""How often a discriminator that is certain is right, over what follows this share of the run so far."""

EARLY = 0.5
"""Share of a run that has to be judged, anew after a treatment, before poor samples or few kinds are a sign."""

MORE, LITTLE = 1.03, 0.01
"""Times the coverage before, and what has to be added to it at least, where samples cover more than they did."""


@dataclass(frozen=True)
class History:
    """A run as the doctor sees it, finished or not.

    Attributes:
        total: Samples that the run is planned for.
        signals: Signals by name, as the event format lists them: `told_apart`, `overfit`, losses as `player/term`.
        scores: Scores of the model so far on held-out samples, by name: `kernel`, `recall`, `coverage`, ...
        final: Scores of the finished model on test samples; empty before.
        ceiling: What real data reaches in the place of samples, by score.
        classes: Number of classes; 0 without.
        finished: Whether it is.
        broke: What stopped being a number; empty where nothing did.
        rounds: Rounds played.
        treated: Treatments so far, in words; signals and scores are those since the last one.
        broke_by: `data` where the data had the number that is none; empty otherwise, or where it is not known.
        facts: Numbers on the data, by name: `repeated`, `most_copies`, `missing_classes`, `label_skill`, `blocks`.
        names: What they are of.
        modes: Share of samples in each mode of the data (a class, or a cluster), by its name.
        expected: Share of real items in it.
        begun: Samples at which what is judged began: 0, or the last treatment.
    """

    total: int = 0
    signals: Mapping[str, Series] = field(default_factory=dict)
    scores: Mapping[str, Series] = field(default_factory=dict)
    final: Mapping[str, float] = field(default_factory=dict)
    ceiling: Mapping[str, float] = field(default_factory=dict)
    classes: int = 0
    finished: bool = False
    broke: str = ""
    rounds: int = 0
    treated: tuple[str, ...] = ()
    broke_by: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, Series] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)
    begun: int = 0

    def signal(self, name: str) -> Series:
        """A signal; empty where it was not measured."""
        return self.signals.get(name, EMPTY)

    def score(self, name: str) -> Series:
        """A score over time; empty where it was not measured."""
        return self.scores.get(name, EMPTY)

    @property
    def over(self) -> bool:
        """Whether nothing more will come: what is not good now will not be."""
        return self.finished or bool(self.final)

    @property
    def covers_more(self) -> bool:
        """Whether coverage still grows: the best of its last third against the third before."""
        coverage = self.score("coverage")
        if len(coverage) < 3:
            return False
        late, before = max(coverage.after(2 / 3).values), max(coverage.between(1 / 3, 2 / 3).values)
        return late > max(MORE * before, before + LITTLE)

    @property
    def improving(self) -> bool:
        """Whether samples still get better, in distance or in coverage, while there is time."""
        return not self.over and (bool(self.score("kernel").improving()) or self.covers_more)

    @property
    def certain(self) -> bool:
        """Whether the discriminator tells all of the data from all of the samples, or nearly so."""
        told = self.signal("told_apart")
        return bool(told) and told.after(LAST).mean > CERTAIN

    @property
    def settled(self) -> bool:
        """Whether samples have not got better by as much as 2% in the second half of at least eight looks."""
        kernel = self.score("kernel")
        return len(kernel) >= 8 and kernel.after(0.5).best > 0.98 * kernel.between(0.0, 0.5).best

    @property
    def early(self) -> bool:
        """Whether so little of the run was judged that poor samples are no sign: every generator begins with them."""
        looks = self.score("coverage") or self.score("recall")
        return not self.over and (not looks or looks.samples[-1] - self.begun < EARLY * self.total)

    def of_players(self, name: str) -> dict[str, Series]:
        """The signal `<player>/<name>` of every player that has one."""
        ending = f"/{name}"
        return {key.removesuffix(ending): series for key, series in self.signals.items() if key.endswith(ending)}

    def now(self, name: str) -> float | None:
        """A score as it is now: of the finished model where there is one, else the mean of the last looks."""
        if name in self.final:
            return self.final[name]
        series = self.score(name)
        return series.after(0.8).mean if series else None

    @property
    def drifts(self) -> bool:
        """Whether what is held out is a few blocks of time of which real data itself covers little."""
        return bool(self.facts.get("blocks")) and self.ceiling.get("coverage", 1.0) < DRIFT

    def relative(self, name: str) -> float | None:
        """A score as a share of what real data reaches, where it is known; None where real data reaches nothing."""
        value, ceiling = self.now(name), self.ceiling.get(name, 1.0)
        return value / ceiling if value is not None and ceiling > 0 else None
