"""The table of metrics: what each is called, which way is better, what it needs, and how it is computed from rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import torch
from torch import Tensor

from gansmith.metrics import functional as F
from gansmith.metrics.result import Better, Result
from gansmith.metrics.rows import Data
from gansmith.types import Json

__all__ = ["MEASURES", "Measure", "Settings", "frechet_result"]

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        extractor: Id of the network that the features come from. Without it results can't be compared.
        weights: Hash of that network's weights.
        judge: Id of the classifier that the logits come from (the accuracy's counterpart of `extractor`).
        judge_weights: Hash of the classifier's weights.
        split: Which part of the data the real samples are, e.g. `"test"`.
        protocol: What else must agree between results that are compared, e.g. `{"data": fingerprint}`.
        k: Neighbour that sets the radius of a ball in precision, recall, density and coverage.
        resamples: Bootstrap resamples; 0 for no intervals.
        confidence: Of the intervals.
        seed: Of resamples, subsets and parts.
        subsets: Subsets of `kernel_subsets`.
        subset_size: Their size; 1,000 as usually published.
        rank_deficient: Whether a Frechet distance may be taken from no more samples than the features are wide. Such a
            value is mostly bias, so by default it is refused.
    """

    extractor: str | None = None
    weights: str | None = None
    judge: str | None = None
    judge_weights: str | None = None
    split: str | None = None
    protocol: Mapping[str, Json] = field(default_factory=dict)
    k: int = 5
    resamples: int = 200
    confidence: float = 0.95
    seed: int = 0
    subsets: int = 100
    subset_size: int = 1000
    rank_deficient: bool = False


@dataclass(frozen=True)
class Measure:
    """A metric by its parts.

    Attributes:
        name: Its name on the command line and in files.
        better: Which direction is better.
        needs: Tensors by side, e.g. `{"real": ("features",), "fake": ("features",)}`.
        n_matters: The counts on which the value's expectation depends.
        compute: From rows and settings to the result.
        about: One line for a person.
        spoken: Its name in a sentence; empty where that is `name` itself.
        share: Whether the value is a share in [0, 1], which people read as a percentage.
    """

    name: str
    better: Better
    needs: Mapping[str, tuple[str, ...]]
    n_matters: tuple[str, ...]
    compute: Callable[[Data, Settings], Result]
    about: str
    share: bool = False
    spoken: str = ""

    def show(self, value: float | None) -> str:
        """A value as people read it; empty for None."""
        if value is None:
            return ""
        return f"{value:.1%}" if self.share else f"{value:.4g}"

    def show_difference(self, value: float) -> str:
        """A difference with its sign; of shares in percentage points."""
        return f"{100 * value:+.1f} pts" if self.share else f"{value:+.3g}"


def _shared(data: Data, key: object, make: Callable[[], T]) -> T:
    if key not in data.cache:
        data.cache[key] = make()
    return cast("T", data.cache[key])


def _result(
    name: str,
    value: float,
    ends: tuple[float, float] | None,
    counts: tuple[int, int],
    settings: Settings,
    own: Mapping[str, Json],
    detail: Mapping[str, Json] | None = None,
) -> Result:
    measure = MEASURES[name]
    judged = name == "accuracy"
    network = (settings.judge, settings.judge_weights) if judged else (settings.extractor, settings.weights)
    protocol: dict[str, Json] = {
        **settings.protocol,
        "extractor": network[0],
        "weights": network[1],
        "split": settings.split,
        **own,
        "n_matters": list(measure.n_matters),
        "seed": settings.seed,
    }
    if ends is not None:
        protocol |= {"resamples": settings.resamples, "confidence": settings.confidence}
    low, high = ends if ends is not None else (None, None)
    return Result(name, value, measure.better, low, high, *counts, protocol, detail or {})


def _counts(data: Data, settings: Settings) -> tuple[Tensor, Tensor]:
    """Resampling counts of the two sides, shared by the metrics that resample rows."""

    def make() -> tuple[Tensor, Tensor]:
        n, m = data.count("real"), data.count("fake")
        return F.counts(n, settings.resamples, settings.seed), F.counts(m, settings.resamples, settings.seed + 1)

    return _shared(data, ("counts", settings.resamples, settings.seed), make)


def _mean_ends(values: Tensor, settings: Settings) -> tuple[float, float] | None:
    if settings.resamples == 0:
        return None
    return F.bootstrap_mean(values, settings.resamples, settings.confidence, settings.seed)


def frechet_result(real: F.Moments, fake: F.Moments, settings: Settings, replicates: Tensor | None) -> Result:
    """The Frechet distance of two streams' moments, with the interval of the replicates laid around it."""
    width, least = len(real.mean), min(real.count, fake.count)
    F.check_enough("a Frechet distance", 2, least)
    if not settings.rank_deficient:
        F.check_enough(f"a Frechet distance over {width} features (a covariance of full rank)", width + 1, least)
    value = F.frechet_from_moments(real, fake)
    ends = None
    if replicates is not None:
        low, high = F.interval(replicates, settings.confidence, around=value)
        ends = (max(0.0, low), high)
    detail: dict[str, Json] = {"bias": F.frechet_bias(real.covariance(), real.count, fake.count)}
    if least < 10 * width:
        detail["note"] = f"{least} samples for {width} features: sample size alone is worth about {detail['bias']:.3g}"
    return _result("frechet", value, ends, (real.count, fake.count), settings, {"dim": width}, detail)


def _frechet(data: Data, settings: Settings) -> Result:
    real, fake = data.column("real", "features"), data.column("fake", "features")
    replicates = None
    if settings.resamples and min(len(real), len(fake)) > (2 if settings.rank_deficient else real.shape[1]):
        replicates = F.frechet_replicates(real, fake, *_counts(data, settings))
    return frechet_result(F.Moments.of(real), F.Moments.of(fake), settings, replicates)


def _kernel(data: Data, settings: Settings) -> Result:
    real, fake = data.column("real", "features"), data.column("fake", "features")
    weights = torch.ones(1, len(real)).double(), torch.ones(1, len(fake)).double()
    if settings.resamples:
        drawn = _counts(data, settings)
        weights = torch.cat((weights[0], drawn[0])), torch.cat((weights[1], drawn[1]))
    got = F.kernel_replicates(real, fake, *weights)  # the value and all replicates in one pass over the kernel
    value, ends = float(got[0]), None
    if settings.resamples:
        ends = F.interval(got[1:], settings.confidence)
    own: dict[str, Json] = {"dim": real.shape[1], "kernel": "(x.y/D+1)^3"}
    return _result("kernel", value, ends, (len(real), len(fake)), settings, own)


def _kernel_subsets(data: Data, settings: Settings) -> Result:
    real, fake = data.column("real", "features"), data.column("fake", "features")
    got = F.kernel_subsets(real, fake, settings.subsets, settings.subset_size, settings.seed)
    own: dict[str, Json] = {
        "dim": real.shape[1],
        "kernel": "(x.y/D+1)^3",
        "subsets": settings.subsets,
        "subset_size": settings.subset_size,
    }
    detail: dict[str, Json] = {"std": got.std, "stderr": got.stderr}
    return _result("kernel_subsets", got.mean, None, (len(real), len(fake)), settings, own, detail)


def _manifold(name: str) -> Callable[[Data, Settings], Result]:
    """Precision, recall, density or coverage; the distances are computed once for all four."""
    points = {
        "precision": "fake_inside",
        "recall": "real_inside",
        "density": "fake_density",
        "coverage": "real_covered",
    }[name]

    def compute(data: Data, settings: Settings) -> Result:
        real, fake = data.column("real", "features"), data.column("fake", "features")
        got = _shared(data, ("prdc", settings.k), lambda: F.prdc(real, fake, settings.k))
        ends = _mean_ends(getattr(got, points), settings)
        detail: dict[str, Json] = {}
        if name == "coverage":
            detail["expected"] = F.expected_coverage(len(real), len(fake), settings.k)
        own: dict[str, Json] = {"dim": real.shape[1], "k": settings.k}
        return _result(name, getattr(got, name), ends, (len(real), len(fake)), settings, own, detail)

    return compute


def _accuracy(data: Data, settings: Settings) -> Result:
    logits, labels = data.column("fake", "logits"), data.column("fake", "labels")
    right = F.correct(logits, labels)
    detail: dict[str, Json] = {
        "per_class": [None if v != v else v for v in F.per_class(logits, labels).tolist()],
        "confusion": F.confusion(logits, labels).tolist(),
    }
    own: dict[str, Json] = {"classes": logits.shape[1]}
    ends = _mean_ends(right, settings)
    return _result("accuracy", float(right.mean()), ends, (0, len(right)), settings, own, detail)


def _nearest(name: str) -> Callable[[Data, Settings], Result]:
    """The two shares of the memorisation check; the search is done once for both."""
    points = {"train_closer": "closer", "duplicates": "is_duplicate"}[name]

    def compute(data: Data, settings: Settings) -> Result:
        fake, train, real = (data.column(side, "features") for side in ("fake", "train", "real"))
        got = _shared(data, ("nearest", settings.seed), lambda: F.memorisation(fake, train, real, seed=settings.seed))
        own: dict[str, Json] = {"dim": fake.shape[1]}
        if name == "train_closer":
            own["reference"] = got.reference
        detail: dict[str, Json] = {
            "n_train": len(train),
            "parts": got.parts,
            "median_train_distance": float(got.train_distance.median()),
            "median_held_out_distance": float(got.held_out_distance.median()),
        }
        ends = _mean_ends(getattr(got, points), settings)
        return _result(name, getattr(got, name), ends, (len(real), len(fake)), settings, own, detail)

    return compute


_BOTH = {"real": ("features",), "fake": ("features",)}
_ALL = {**_BOTH, "train": ("features",)}

MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure(
            "frechet",
            "lower",
            _BOTH,
            ("n_real", "n_fake"),
            _frechet,
            "distance of the Gaussians fitted to both",
            spoken="Frechet distance",
        ),
        Measure(
            "kernel",
            "lower",
            _BOTH,
            (),
            _kernel,
            "unbiased kernel distance over all pairs; 0 is ideal",
            spoken="kernel distance",
        ),
        Measure("kernel_subsets", "lower", _BOTH, (), _kernel_subsets, "kernel distance by subsets, as published"),
        *(
            Measure(name, "higher", _BOTH, depends, _manifold(name), about, share=name != "density")
            for name, depends, about in (
                ("precision", ("n_real",), "share of fakes among the reals"),
                ("recall", ("n_fake",), "share of reals among the fakes"),
                ("density", ("n_real",), "real balls around a fake; 1 is ideal"),
                ("coverage", ("n_real", "n_fake"), "share of reals with a fake"),
            )
        ),
        Measure(
            "accuracy", "higher", {"fake": ("logits", "labels")}, (), _accuracy, "share judged to be as asked", True
        ),
        *(
            Measure(name, "lower", _ALL, (), _nearest(name), about, share=True)
            for name, about in (
                ("train_closer", "share nearer to training data; 0.5 ideal"),
                ("duplicates", "share that equals a training item"),
            )
        ),
    )
}
"""Every metric by name. `train_closer` counts lower as better: below 0.5 is no fault, far above it is copying."""
