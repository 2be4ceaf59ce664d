"""Generators compared on one set of real samples, with paired bootstrap intervals of their differences.

Two intervals that overlap say little: both scores were taken on the same real samples, so their errors move together
and a difference can be known far better than either score. Here the same rows are drawn again for every generator, and
the interval is that of the replicates' *differences* (Efron & Tibshirani 1993, An Introduction to the Bootstrap,
chapters 6, 12 and 13; Koehn 2004, Statistical Significance Tests for Machine Translation Evaluation, pairs them so).

**All intervals hold together.** With m differences looked at (pairs of generators times scores), each interval has
confidence `1 - (1 - confidence) / m` (Bonferroni): where no generator differs from another, at most one comparison in
twenty calls anything a difference. A difference is called one only where its interval leaves out 0.

The intervals are those of drawing other real and made samples. They say nothing of other training seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from torch import Tensor

from gansmith.errors import InputError, nearest
from gansmith.metrics import functional as F
from gansmith.metrics.known import measure_named
from gansmith.metrics.measures import MEASURES
from gansmith.metrics.replicates import PAIRED, REPLICATED, Resamples, replicates
from gansmith.metrics.result import Result
from gansmith.metrics.rows import Sample, as_batch
from gansmith.metrics.settings import Settings
from gansmith.metrics.suite import Evaluation, evaluate_features
from gansmith.types import Batch, Json

__all__ = ["COMPARED", "Comparison", "Difference", "check_compared", "compare_features"]

COMPARED = tuple(name for name in REPLICATED if name != "density")
"""What is compared unless names are given: density is left out, as above 1 more of it is no longer better."""

COPYING = ("train_closer", "duplicates")
"""Measured beside, where training samples are given, but never compared."""


@dataclass(frozen=True)
class Difference:
    """By how much one generator's score differs from another's.

    Attributes:
        metric: The score.
        a: A generator.
        b: Another.
        value: Score of a minus score of b.
        low: Lower end of its interval.
        high: Upper end.
    """

    metric: str
    a: str
    b: str
    value: float
    low: float
    high: float

    @property
    def winner(self) -> str | None:
        """The better of the two; None where the interval holds 0: then no difference was seen."""
        if self.low <= 0 <= self.high:
            return None
        return self.a if (self.value > 0) == (measure_named(self.metric).better == "higher") else self.b

    def turned(self) -> Difference:
        """The same seen from the other side."""
        return Difference(self.metric, self.b, self.a, -self.value, -self.high, -self.low)

    def to_json(self) -> dict[str, Json]:
        """A dictionary for `json.dumps`."""
        return {**vars(self), "winner": self.winner}


@dataclass(frozen=True)
class Comparison:
    """What came out.

    Attributes:
        evaluations: Each generator's scores, by its name, without intervals: those of the differences count.
        differences: Every pair (in the order of the names) and every score.
        confidence: With which all intervals hold together.
        each: The confidence of one interval.
        resamples: Bootstrap resamples.
        ceiling: The scores of real samples in the place of made ones.
        skipped: Scores that could not be compared, with the reason.
    """

    evaluations: Mapping[str, Evaluation]
    differences: tuple[Difference, ...]
    confidence: float
    each: float
    resamples: int
    ceiling: tuple[Result, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The generators, in the order given."""
        return tuple(self.evaluations)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The scores that were compared."""
        return tuple(dict.fromkeys(d.metric for d in self.differences))

    def between(self, metric: str, a: str, b: str) -> Difference:
        """The difference of a and b on a score; raises `InputError` if there is none."""
        for d in self.differences:
            if d.metric == metric and {a, b} == {d.a, d.b}:
                return d if d.a == a else d.turned()
        raise InputError(f"{a} and {b} were not compared on {metric}{nearest(metric, self.metrics)}")

    def value(self, metric: str, name: str) -> float:
        """A generator's score; raises `InputError` if there is none."""
        return self.evaluations[name][metric].value

    def ranked(self, metric: str) -> tuple[str, ...]:
        """The generators by a score, best first; equal ones in the order given."""
        sign = -1 if measure_named(metric).better == "higher" else 1
        return tuple(sorted(self.names, key=lambda name: sign * self.value(metric, name)))

    def like_best(self, metric: str) -> tuple[str, ...]:
        """Generators that can't be told from the best one on a score, without that one."""
        best, *others = self.ranked(metric)
        return tuple(name for name in others if self.between(metric, best, name).winner is None)

    @property
    def deciding(self) -> str:
        """The score that tables are ordered by: the first that was compared, the Frechet distance if it was.

        All generators have the same counts, and so nearly the same bias; of the scores it is the one with least noise.
        """
        return self.metrics[0]

    def verdict(self, a: str, b: str) -> str:
        """A sentence: on which scores a is better than b, on which b is, and where no difference was seen."""
        found: dict[str | None, list[str]] = {a: [], b: [], None: []}
        for metric in self.metrics:
            found[self.between(metric, a, b).winner].append(measure_named(metric).spoken or metric.replace("_", " "))
        first, second = (a, b) if found[a] or not found[b] else (b, a)
        parts = [f"{first} is better than {second} on {_listed(found[first])}"] if found[first] else []
        parts += [f"{second} is better on {_listed(found[second])}"] if found[second] else []
        if not parts:
            return f"{a} and {b}: no difference was seen on {_listed(found[None])}."
        parts += [f"no difference was seen on {_listed(found[None])}"] if found[None] else []
        return "; ".join(parts) + "."

    def verdicts(self) -> tuple[str, ...]:
        """A sentence for every pair, the best by the deciding score first."""
        return tuple(self.verdict(a, b) for a, b in combinations(self.ranked(self.deciding), 2))

    def to_json(self) -> dict[str, Json]:
        """A dictionary for `json.dumps`."""
        return {
            "models": {name: [r.to_json() for r in found.results] for name, found in self.evaluations.items()},
            "differences": [d.to_json() for d in self.differences],
            "verdicts": list(self.verdicts()),
            "confidence": self.confidence,
            "confidence_each": self.each,
            "resamples": self.resamples,
            "ceiling": [r.to_json() for r in self.ceiling],
            "skipped": dict(self.skipped),
        }


def check_compared(metrics: Sequence[str] | None) -> None:
    """Raise `InputError` for scores that there aren't, or that don't say which of two generators is better."""
    problems = []
    for name in metrics or ():
        if name not in MEASURES:
            problems.append(f"no metric is called {name!r}{nearest(name, REPLICATED)}")
        elif name not in (*REPLICATED, *PAIRED):
            problems.append(f"{name} does not say which model is better; compare by {', '.join(REPLICATED)}")
    if problems:
        raise InputError(*problems)


def compare_features(
    real: Sample,
    fakes: Mapping[str, Sample],
    *,
    train: Sample | None = None,
    metrics: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> Comparison:
    """Compare generators by features of their samples.

    Args:
        real: Test features `(N, D)`, or `{"features", "labels", "logits"}` (the latter two for the accuracy's ceiling).
        fakes: By name, two or more: features `(M, D)`, or `{"features", "labels", "logits"}`, in order of the samples:
            row i of every generator should come from the same noise and condition, where they take the same. M is the
            same for all.
        train: Training features `(T, D)`, for the ceiling and the check on copying.
        metrics: Names of `REPLICATED` and `PAIRED`; None for those of `COMPARED` that the tensors allow.
        settings: Protocol, k, resamples, seed; the confidence (default 95 %) is that of all intervals together.

    Raises:
        InputError: Fewer than two generators, unequal counts, unknown metrics, or bad tensors.
    """
    settings = settings or Settings()
    check_compared(metrics)
    reals, made = as_batch(real), {name: as_batch(fake) for name, fake in fakes.items()}
    _check(reals, made)
    wanted = metrics or COMPARED
    without = {metric: lacking for metric in wanted if (lacking := _lacking(made, metric))}
    reasons = {metric: f"samples of {', '.join(lacking)} lack what it needs" for metric, lacking in without.items()}
    if metrics is not None and reasons:
        raise InputError(*(f"{metric}: {why}" for metric, why in reasons.items()))
    names = [metric for metric in wanted if metric not in without]
    evaluations = _evaluations(reals, made, train, names, settings)
    too_few = {name: why for found in evaluations.values() for name, why in found.skipped.items() if name in names}
    names = [name for name in names if name not in too_few]
    if not names:
        raise InputError(*(f"{name} can't be compared: {why}" for name, why in too_few.items()))
    partly = {metric: why for metric, why in reasons.items() if len(without[metric]) < len(made)}
    size = len(next(iter(made.values()))["features"])
    drawn = Resamples.of(len(reals["features"]), size, settings.resamples, settings.seed)
    found = {name: replicates(names, reals, fake, drawn, settings.k) for name, fake in made.items()}
    pairs = list(combinations(made, 2))
    each = 1 - (1 - settings.confidence) / (len(pairs) * len(names))
    differences = tuple(
        _difference(metric, evaluations, (a, b), found[a][metric] - found[b][metric], each)
        for a, b in pairs
        for metric in names
    )
    ceiling = next(iter(evaluations.values())).ceiling
    skipped = {**too_few, **partly}
    return Comparison(evaluations, differences, settings.confidence, each, settings.resamples, ceiling, skipped)


def _check(real: Batch, made: Mapping[str, Batch]) -> None:
    """Refuse what can't be paired."""
    if len(made) < 2:
        raise InputError(f"a comparison needs two generators or more, got {len(made)}")
    bare = [name for name, side in {"real samples": real, **made}.items() if "features" not in side]
    if bare:
        raise InputError(f"a comparison needs features of the samples: {', '.join(bare)} have none")
    widths = {name: tuple(side["features"].shape[1:]) for name, side in {"real samples": real, **made}.items()}
    if len(set(widths.values())) > 1:
        raise InputError(f"features of different widths can't be compared, got {widths}: use one extractor for all")
    sizes = {name: len(fake["features"]) for name, fake in made.items()}
    if len(set(sizes.values())) > 1:
        raise InputError(f"generators are compared at equal numbers of samples, got {sizes}")


def _lacking(made: Mapping[str, Batch], metric: str) -> list[str]:
    """Generators whose tensors don't allow a score."""
    return [name for name, fake in made.items() if not set(MEASURES[metric].needs["fake"]) <= set(fake)]


def _evaluations(
    real: Batch, made: Mapping[str, Batch], train: Sample | None, names: Sequence[str], settings: Settings
) -> dict[str, Evaluation]:
    """All values; the first generator's evaluation also has the ceiling, which is that of all."""
    wanted = [*names, *(COPYING if train is not None else ())]
    plain, first = replace(settings, resamples=0), next(iter(made))
    found = {}
    for name, fake in made.items():
        try:
            found[name] = evaluate_features(
                real, fake, train=train, metrics=wanted, settings=plain, ceiling=name == first
            )
        except InputError as error:
            raise InputError(*(f"{name}: {problem}" for problem in error.problems)) from None
    return found


def _difference(
    metric: str, evaluations: Mapping[str, Evaluation], pair: tuple[str, str], drawn: Tensor, confidence: float
) -> Difference:
    value = evaluations[pair[0]][metric].value - evaluations[pair[1]][metric].value
    low, high = F.standard_interval(value, drawn, confidence)
    return Difference(metric, *pair, value, low, high)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
