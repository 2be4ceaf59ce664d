"""The table of metrics: what each is called, which way is better, what it needs, and how it is computed from rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

import torch
from torch import Tensor

from gansmith.metrics import functional as F
from gansmith.metrics.functional import check_enough
from gansmith.metrics.measure import Measure
from gansmith.metrics.result import Better, Result
from gansmith.metrics.rows import Data
from gansmith.metrics.settings import Settings
from gansmith.types import Json

__all__ = ["MEASURES", "frechet_result"]

BALLS = 3
"""Multiples of k below which balls to the k-th neighbour hold nearly everything, whatever the samples are."""

T = TypeVar("T")


def _shared(data: Data, key: object, make: Callable[[], T]) -> T:
    if key not in data.cache:
        data.cache[key] = make()
    return cast("T", data.cache[key])


def _network(measure: Measure, settings: Settings) -> tuple[str | None, str | None]:
    """Id and hash of the network that a metric's numbers come from."""
    columns = measure.needs["fake"]
    if "logits" in columns:
        return settings.judge, settings.judge_weights
    if "features" in columns:
        return settings.extractor, settings.weights
    return settings.perceptual, settings.perceptual_weights


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
    network = _network(measure, settings)
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


def _both_ends(name: str, data: Data, settings: Settings, value: float) -> tuple[float, float] | None:
    """An interval of other real and made rows; None for scores that need only made rows drawn again."""
    if name not in ("recall", "coverage") or settings.resamples == 0:
        return None
    sides, drawn = (data.column("real", "features"), data.column("fake", "features")), _counts(data, settings)
    key = ("prdc replicates", settings.k, settings.resamples, settings.seed)
    found = _shared(data, key, lambda: F.prdc_replicates(*sides, *drawn, settings.k))
    low, high = F.interval(found[name], settings.confidence, around=value)
    return max(0.0, low), min(1.0, high)


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
    variance = F.kernel_variance(real, fake)
    detail: dict[str, Json] = {"std": got.std, "stderr": got.stderr, "distance_stderr": max(0.0, variance) ** 0.5}
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
        ends = _both_ends(name, data, settings, getattr(got, name))
        if ends is None:
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
        beside = data.column("train", "beside") if data.sides["train"].has("beside") else None
        look = partial(F.memorisation, fake, train, real, beside=beside, seed=settings.seed)
        got = _shared(data, ("nearest", settings.seed), look)
        own: dict[str, Json] = {"dim": fake.shape[1]}
        if name == "train_closer":
            check_enough("a memorisation check (samples that lie where items are held out)", 2, len(got.closer))
            own["reference"] = got.reference
            own |= {"asked": len(got.closer)} if beside is not None else {}
        detail: dict[str, Json] = {
            "n_train": len(train),
            "parts": got.parts,
            "median_train_distance": float(got.train_distance.median()),
            "median_held_out_distance": float(got.held_out_distance.median()),
        }
        ends = _mean_ends(getattr(got, points), settings)
        return _result(name, getattr(got, name), ends, (len(real), len(fake)), settings, own, detail)

    return compute


def _authenticity(data: Data, settings: Settings) -> Result:
    fake, train = data.column("fake", "features"), data.column("train", "features")
    got = F.authenticity(fake, train)
    ends = _mean_ends(got.authentic, settings)
    return _result("authenticity", got.share, ends, (len(train), len(fake)), settings, {"dim": fake.shape[1]})


def _path_length(data: Data, settings: Settings) -> Result:
    steps = data.column("fake", "path_step")
    got = F.path_length(steps, settings.trim)
    detail: dict[str, Json] = {"kept": len(got.kept), "lowest": got.low, "highest": got.high}
    ends = _mean_ends(got.kept, settings)
    return _result("path_length", got.mean, ends, (0, len(steps)), settings, {"trim": settings.trim}, detail)


def _mean_of(name: str, column: str) -> Callable[[Data, Settings], Result]:
    """Mean of a column; rows without a value (NaN: a pair that lacks a partner) are left out."""

    def compute(data: Data, settings: Settings) -> Result:
        values = data.column("fake", column)
        values = values[~values.isnan()]
        F.check_enough(f"{name} (values)", 1, len(values))
        ends = _mean_ends(values, settings)
        return _result(name, float(values.double().mean()), ends, (0, len(values)), settings, {})

    return compute


_FIDELITY: tuple[tuple[str, Better, str], ...] = (
    ("psnr", "higher", "how near pixels are to those of the wanted image (dB)"),
    ("ssim", "higher", "how alike structures are to those of the wanted image (1: equal)"),
    ("likeness", "lower", "how different made and wanted image look (0: equal)"),
    ("cycle_psnr", "higher", "how near a source is to itself after both translations (dB)"),
    ("cycle_rough", "higher", "the same where the made image is saved as JPEG, or slightly noisy (dB)"),
    ("hidden", "lower", "what the way back loses to that beyond the change itself (dB): a hidden message"),
    ("label_kept", "higher", "share of made images in which the judge sees the class of the source"),
    ("label_reached", "higher", "share of made images in which the judge sees the domain that was asked for"),
)
"""Means over images of what each has for itself."""
_SHARES = ("label_kept", "label_reached")

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
            Measure(name, "higher", _BOTH, depends, _manifold(name), about, share=name != "density", least_k=BALLS)
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
        Measure(
            "authenticity",
            "higher",
            {"fake": ("features",), "train": ("features",)},
            ("n_real",),
            _authenticity,
            "share that is no near copy; noise has 100%",
            True,
        ),
        *(
            Measure(name, "higher", {"fake": (column,)}, (), _mean_of(name, column), about)
            for name, column, about in (
                ("diversity", "pair_distance", "how different two samples look"),
                ("class_diversity", "class_pair_distance", "how different two samples of one class look"),
            )
        ),
        *(
            Measure(name, better, {"fake": (name,)}, (), _mean_of(name, name), about, share=name in _SHARES)
            for name, better, about in _FIDELITY
        ),
        Measure(
            "path_length", "lower", {"fake": ("path_step",)}, (), _path_length, "how fast images change between samples"
        ),
    )
}
"""Every metric by name.

`train_closer` counts lower as better: below 0.5 is no fault, far above it is copying. `authenticity` and the
diversities count higher as better up to what real data reaches: noise exceeds it. The training items are the "real"
ones of `authenticity`.
"""
