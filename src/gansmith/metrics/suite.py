"""Many metrics over one set of rows: the evaluation of a model, and the ceiling that real data itself reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from gansmith.errors import InputError, nearest
from gansmith.metrics.functional import TooFew
from gansmith.metrics.measures import MEASURES
from gansmith.metrics.result import Result
from gansmith.metrics.rows import Data, Sample, as_batch
from gansmith.metrics.settings import Settings
from gansmith.types import Json

__all__ = ["DEFAULT_METRICS", "Evaluation", "Suite", "evaluate_features"]

ASKED = (
    *("kernel_subsets", "authenticity", "diversity", "class_diversity", "path_length"),
    *("psnr", "ssim", "likeness", "cycle_psnr", "cycle_rough", "hidden", "label_kept", "label_reached"),
)
"""Computed only when asked for by name.

`kernel_subsets` repeats `kernel` in a noisier way; `authenticity` says little that `train_closer` doesn't say better;
diversity and path length take further passes of the generator; the rest compare a made image with a wanted one.
"""

DEFAULT_METRICS = tuple(name for name in MEASURES if name not in ASKED)
"""All others, of which those are taken that the given tensors allow."""


@dataclass(frozen=True)
class Evaluation:
    """The results of an evaluation.

    Attributes:
        results: One per metric, in the order asked for.
        ceiling: The same metrics for real data in the place of the fakes: what a perfect generator would score here.
        skipped: Metrics that couldn't be computed, with the reason (too few samples).
    """

    results: tuple[Result, ...]
    ceiling: tuple[Result, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Result:
        """The result of a metric; raises `InputError` with the reason if there is none."""
        for result in self.results:
            if result.name == name:
                return result
        reason = self.skipped.get(name)
        raise InputError(f"no result for {name!r}" + (f": {reason}" if reason else nearest(name, self.names())))

    def names(self) -> tuple[str, ...]:
        """The metrics that have a result."""
        return tuple(result.name for result in self.results)

    def to_json(self) -> dict[str, Json]:
        """A dictionary for `json.dumps`: lists of `Result.to_json` under `results` and `ceiling`, and `skipped`."""
        return {
            "results": [result.to_json() for result in self.results],
            "ceiling": [result.to_json() for result in self.ceiling],
            "skipped": dict(self.skipped),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Evaluation:
        """Read what `to_json` wrote; raises `InputError` if it isn't that."""
        results, ceiling, skipped = (data.get(key) for key in ("results", "ceiling", "skipped"))
        if not isinstance(results, list) or not isinstance(ceiling, list) or not isinstance(skipped, dict):
            raise InputError("not an evaluation: it needs 'results', 'ceiling' and 'skipped'")
        read: Callable[[Json], Result] = lambda item: Result.from_json(item if isinstance(item, dict) else {})  # noqa: E731
        return cls(tuple(map(read, results)), tuple(map(read, ceiling)), {k: str(v) for k, v in skipped.items()})


class Suite:
    """Several metrics over one stream; rows are kept once, and distances are computed once for all that need them.

    Args:
        metrics: Names from `MEASURES`; None for `DEFAULT_METRICS`, of which those are taken whose tensors were given.
        settings: How to measure.

    Raises:
        InputError: A name is not known (all of them are listed).
    """

    def __init__(self, metrics: Sequence[str] | None = None, settings: Settings | None = None) -> None:
        unknown = [name for name in metrics or () if name not in MEASURES]
        if unknown:
            raise InputError(*(f"no metric is called {name!r}{nearest(name, MEASURES)}" for name in unknown))
        self.metrics = None if metrics is None else tuple(dict.fromkeys(metrics))
        self.settings = settings or Settings()
        self._data = Data()

    def update(self, *, real: Sample | None = None, fake: Sample | None = None, train: Sample | None = None) -> None:
        """Take samples in: features `(N, D)` alone or named tensors (features, labels, logits)."""
        self._data.update({"real": real, "fake": fake, "train": train})

    def merge(self, other: Suite) -> None:
        """Take in all rows of another suite of the same metrics and settings; raises `InputError` for others."""
        if (self.metrics, self.settings) != (other.metrics, other.settings):
            raise InputError("suites of different metrics or settings can't be merged")
        self._data.merge(other._data)

    def compute(self) -> Evaluation:
        """All values; a metric with too few samples is skipped with its reason.

        Raises:
            InputError: A metric that was asked for by name lacks its tensors, or the tensors are bad.
        """
        names = self.metrics if self.metrics is not None else _possible(self._data)
        results, skipped = _run(names, self._data, self.settings)
        return Evaluation(results, (), skipped)

    def ceiling(self) -> tuple[Result, ...]:
        """The same metrics with real data in the place of the fakes; those that the data doesn't allow are left out.

        - Distances, precision, recall, density, coverage: as many training rows as there are fakes (or all, if there
          are fewer: `detail["n_wanted"]` says so) against the real test rows.
        - Accuracy: the judge on the real test rows, where their labels and logits were given.
        - Memorisation: one half of the real rows as samples, the other half as the held-out reference.
        - Authenticity: the real test rows as samples.
        - Diversity: pairs of real test images, where their distances were given. A path length has no ceiling.
        """
        names = self.metrics if self.metrics is not None else _possible(self._data)
        found: list[Result] = []
        for kind, data, note in _ceilings(self._data, self.settings.seed):
            wanted = [name for name in names if _kind(name) == kind]
            results, _ = _run(wanted, data, self.settings)
            found += [replace(result, detail={**result.detail, **note}) for result in results]
        return tuple(sorted(found, key=lambda result: names.index(result.name)))


def _possible(data: Data) -> tuple[str, ...]:
    return tuple(
        name
        for name in DEFAULT_METRICS
        if all(data.sides[side].has(*tensors) for side, tensors in MEASURES[name].needs.items())
    )


def _run(names: Sequence[str], data: Data, settings: Settings) -> tuple[tuple[Result, ...], dict[str, str]]:
    results: list[Result] = []
    skipped: dict[str, str] = {}
    for name in names:
        try:
            results.append(MEASURES[name].result(data, settings))
        except TooFew as error:
            skipped[name] = str(error)
    return tuple(results), skipped


def _kind(name: str) -> str:
    needs = MEASURES[name].needs
    if "train" in needs:
        return "memorisation" if "real" in needs else "authenticity"
    if "real" in needs:
        return "distribution"
    return needs["fake"][0]  # judged by the samples alone


def _ceilings(data: Data, seed: int) -> list[tuple[str, Data, dict[str, Json]]]:
    """The data sets of the ceiling: `(kind of metric, data, what to note in the results)`."""
    real, train = data.sides["real"], data.sides["train"]
    found: list[tuple[str, Data, dict[str, Json]]] = []
    if real.has("features") and train.has("features"):
        rows, items = real.column("features"), train.column("features")
        wanted = data.count("fake") or len(items)
        note: dict[str, Json] = {"samples": "real rows of the training set"}
        if wanted > len(items):
            note["n_wanted"] = wanted
        found.append(("distribution", _data(real=rows, fake=items[_draw(len(items), seed)[:wanted]]), note))
        halves = _draw(len(rows), seed).chunk(2)
        if len(halves) == 2:
            split = _data(real=rows[halves[1]], fake=rows[halves[0]], train=items)
            found.append(("memorisation", split, {"samples": "one half of the real test rows"}))
        found.append(("authenticity", _data(fake=rows, train=items), {"samples": "real test rows"}))
    if real.has("logits", "labels"):
        judged = {"logits": real.column("logits"), "labels": real.column("labels")}
        found.append(("logits", _data(fake=judged), {"samples": "real test rows"}))
    for column in ("pair_distance", "class_pair_distance"):
        if real.has(column):
            found.append((column, _data(fake={column: real.column(column)}), {"samples": "pairs of real test rows"}))
    return found


def _data(**sides: Sample) -> Data:
    data = Data()
    data.update(sides)
    return data


def _draw(n: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def evaluate_features(
    real: Sample,
    fake: Sample,
    *,
    train: Sample | None = None,
    metrics: Sequence[str] | None = None,
    settings: Settings | None = None,
    ceiling: bool = False,
) -> Evaluation:
    """Measure fake samples against real test samples, all metrics in one go.

    Args:
        real: Test features `(N, D)`, or `{"features", "labels", "logits"}` (the latter two for the accuracy's ceiling).
        fake: Fake features `(M, D)`, or `{"features", "labels", "logits"}`: labels `(M,)` are the classes asked for,
            logits `(M, C)` the judge's.
        train: Training features `(T, D)`: for the memorisation check and the ceiling.
        metrics: Names; None for all that the tensors allow.
        settings: Protocol, k, resamples, confidence, seed.
        ceiling: Whether to measure real data in the place of the fakes too (see `Suite.ceiling`).

    Returns:
        Results in order, the ceiling's, and what was skipped for too few samples.

    Raises:
        InputError: Unknown metrics, missing tensors of metrics asked for by name, or bad tensors.
    """
    suite = Suite(metrics, settings)
    suite.update(real=as_batch(real), fake=as_batch(fake), train=train)
    evaluation = suite.compute()
    return replace(evaluation, ceiling=suite.ceiling()) if ceiling else evaluation
