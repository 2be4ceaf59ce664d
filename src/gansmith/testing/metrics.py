"""What every metric must do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor

from gansmith.metrics import Metric

__all__ = ["check_metric"]


def check_metric(make: Callable[[], Metric], real: Tensor, good: Tensor, bad: Tensor) -> str:
    """Check a metric over features: any split gives one answer, and better samples score better.

    Args:
        make: Makes the metric.
        real: Features of real data `(n, d)`.
        good: Features of samples that are like it.
        bad: Features of samples that are not.

    Raises:
        AssertionError: A promise is broken.
    """

    def value(fake: Tensor, pieces: int = 1, flip: bool = False) -> Any:
        metric = make()
        metric.update(real=real)
        for part in (fake.flip(0) if flip else fake).chunk(pieces):
            metric.update(fake=part)
        return metric.compute()

    whole = value(good)
    assert math.isfinite(whole.value), "is not finite"
    for other in (value(good, pieces=3), value(good, flip=True)):
        assert math.isclose(other.value, whole.value, rel_tol=1e-6, abs_tol=1e-9), "depends on pieces or order"
    left, right = make(), make()
    left.update(real=real, fake=good[: len(good) // 2])
    right.update(fake=good[len(good) // 2 :])
    left.merge(right)
    assert math.isclose(left.compute().value, whole.value, rel_tol=1e-6, abs_tol=1e-9), "merge is not the whole"
    worse = value(bad).value
    improves = whole.value > worse if whole.better == "higher" else whole.value < worse
    assert improves, f"says {whole.better} is better, but good samples score {whole.value:.4g} and bad ones {worse:.4g}"
    return f"{whole.name}: pieces, order and merge do not matter; {whole.better} is better"
