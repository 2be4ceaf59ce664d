"""Scores of parts of what was judged (domains, modalities), each measured by itself, as one score: their mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from gansmith.metrics import Evaluation, Result, Settings, evaluate_features
from gansmith.metrics.functional import kernel_distance

__all__ = ["averaged", "distance_apart", "parts_of", "quadratic", "scores_apart", "straight"]

Columns = Mapping[str, Tensor]
"""What was measured of some pictures; `label` says to which part each belongs."""

Ends = Callable[[Sequence[float]], float]
"""From how far each part's end of an interval is from its value to how far the mean's is."""


def quadratic(apart: Sequence[float]) -> float:
    """Of parts that have nothing to do with each other."""
    return float(sum(a**2 for a in apart) ** 0.5 / len(apart))


def straight(apart: Sequence[float]) -> float:
    """Of parts that go up and down together, such as scores of the same cases."""
    return sum(map(abs, apart)) / len(apart)


def scores_apart(
    names: Sequence[str], real: Columns, made: Columns, train: Columns, metrics: Sequence[str], settings: Settings
) -> dict[str, Evaluation]:
    """Scores of one part after the other, each with its ceiling, by name; parts are numbered in the names' order."""
    return {
        name: evaluate_features(
            _part(real, i), _part(made, i), train=_part(train, i), metrics=metrics, settings=settings, ceiling=True
        )
        for i, name in enumerate(names)
    }


def distance_apart(real: Columns, made: Columns, parts: int) -> float:
    """The mean of the parts' kernel distances; of those that have two pictures of both."""
    sides = [(_part(real, i)["features"], _part(made, i)["features"]) for i in range(parts)]
    found = [float(kernel_distance(a, b)) for a, b in sides if min(len(a), len(b)) > 1]
    return sum(found) / max(len(found), 1)


def averaged(each: Mapping[str, Evaluation], names: Sequence[str], under: str, ends: Ends) -> Evaluation:
    """The mean of every score over the parts; a score that some part lacks is skipped with that part's reason.

    Args:
        each: What was measured, by part.
        names: Of the scores.
        under: Name in `Result.detail` under which the parts' values are.
        ends: How the ends of intervals come together.
    """
    means, tops, skipped = [], [], {}
    for name in names:
        reasons = [f"{part}: {e.skipped[name]}" for part, e in each.items() if name in e.skipped]
        if reasons:
            skipped[name] = reasons[0]
            continue
        means.append(_mean({part: e[name] for part, e in each.items()}, under, ends))
        top = {part: r for part, e in each.items() for r in e.ceiling if r.name == name}
        tops += [_mean(top, under, ends)] if len(top) == len(each) else []
    return Evaluation(tuple(means), tuple(tops), skipped)


def parts_of(result: Result, under: str) -> Mapping[str, float]:
    """The values of a score by part; empty where it was measured of everything together."""
    found: Mapping[str, float] = result.detail.get(under, {})  # type: ignore[assignment]
    return found


def _part(side: Columns, number: int) -> dict[str, Tensor]:
    rows = side["label"] == number
    return {name: values[rows] for name, values in side.items() if name != "label"}


def _mean(each: Mapping[str, Result], under: str, ends: Ends) -> Result:
    first, n = next(iter(each.values())), len(each)
    value = sum(r.value for r in each.values()) / n
    low = [r.value - r.low for r in each.values() if r.low is not None]
    high = [r.high - r.value for r in each.values() if r.high is not None]
    return replace(
        first,
        value=value,
        low=value - ends(low) if len(low) == n else None,
        high=value + ends(high) if len(high) == n else None,
        n_real=sum(r.n_real for r in each.values()),
        n_fake=sum(r.n_fake for r in each.values()),
        detail={under: {part: r.value for part, r in each.items()}},
    )
