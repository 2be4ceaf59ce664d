"""Models compared on one data set: one judge for all, the same real images, paired intervals, and how each run went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gansmith.data.reader import ReadOptions
from gansmith.errors import InputError
from gansmith.features import extractor as find_extractor
from gansmith.health import COPIED
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.metrics import Comparison, check_compared, compare_features
from gansmith.run.contestants import Contestant, contestants, own_data, refuse_circular, same_draw
from gansmith.run.course import Course
from gansmith.run.evaluation import Ruler, measure_model
from gansmith.run.held_out import HeldOut, find_judge, seen
from gansmith.run.log import Listener, Log
from gansmith.run.matched import Figure, Matched
from gansmith.run.model import Model
from gansmith.run.pictures import class_grid, real_grid, to_png
from gansmith.run.sample import whole

__all__ = ["Match", "compare"]

LEAST_IMAGES, LEAST_SAMPLES = 20, 100
"""Test images and samples below which an interval would be a guess."""

RESAMPLES = 200

REAL = "real test images that no model was trained on"


@dataclass(frozen=True)
class Match(Matched):
    """A comparison of models that make images.

    Attributes:
        drawn: From a seed to pictures by what they are: of each model, in order, and real images last.
    """

    drawn: Callable[[int], Mapping[str, Image.Image]]

    @property
    def how(self) -> str:
        """The protocol in sentences."""
        p, c = self.protocol, self.comparison
        return (
            f"{p['samples']:,} samples of each model against {p['test_images']:,} test images, in the features of "
            f"{p['features']}; k = {p['k']}, seed {p['seed']}. Intervals: {c.resamples} paired bootstrap resamples, "
            f"{c.each:.2%} each, so that all {len(c.differences)} hold together with {c.confidence:.0%} (Bonferroni). "
            "They are those of other images and samples, not of other training seeds."
        )

    def figures(self, seed: int) -> list[Figure]:
        """A grid of each model's samples, and one of real images."""
        *grids, (words, real) = self.drawn(seed).items()
        found = [
            Figure(f"samples-{i}.png", to_png(grid), f"samples of {name}", name)
            for i, (name, grid) in enumerate(grids, start=1)
        ]
        return [*found, Figure("real.png", to_png(real), "real images", words)]


def compare(
    models: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    n: int = 5000,
    seed: int = 0,
    features: str | None = None,
    metrics: Sequence[str] | None = None,
    recipes: Sequence[str] = (),
    strict: bool = False,
    read: ReadOptions | None = None,
    listener: Listener | None = None,
) -> Match:
    """Compare two models or more on test images that none of them was trained on.

    Every model draws the same number of samples from the same seed: sample i of all comes from the same noise, where
    they take the same. One judge measures all: that of the first path that has one, else a new one.

    Args:
        models: Run folders or model folders.
        data: Images; None for the data that all the runs were trained on.
        n: Samples of each model, at least 100. 5,000 as `evaluate`: samples are cheap, and few make every score noisy.
        seed: Of samples and intervals.
        features: Extractor in place of the judge's features: `efflite0`, `inception:FILE`, `pixels`.
        metrics: Names, as for `metrics.compare_features`; None for all that the data allows. Fewer make each interval
            narrower, but choose them before you look.
        recipes: Recipe files of models whose recipes are not installed.
        strict: Refuse data with unreadable images.
        read: What the data's format leaves open, and limits on it.
        listener: Told of progress.

    Raises:
        InputError: Models or data can't be read, don't go together, or are too few; or a model was trained on the
            features that were asked for.
    """
    log = Log(listener)
    check_compared(metrics)
    whole(n, "n", LEAST_SAMPLES, MOST_SAMPLES)
    whole(seed, "seed", 0, MOST_SEED)
    found = contestants(models, recipes)
    extractor = find_extractor(features, shape=found[0].model.image_shape) if features else None
    if extractor is not None:
        refuse_circular(found, extractor)
    path, wanted = (str(data), None) if data is not None else own_data(found)
    held_out = HeldOut.of(path, found[0].model.codec.frame, log, strict, read)
    if wanted not in (None, held_out.images.fingerprint):
        raise InputError(f"{path} has changed since the runs: name it with --data to compare on it as it is now")
    for c in found:
        held_out.check(c.model)
    held_out, notes = _unseen(found, held_out)
    measured = next((c for c in found if c.model.codec.classes), found[0])
    judged = next((c for c in found if _has_judge(c)), measured)
    ruler = Ruler.of(find_judge(judged.path, measured.model, held_out.train, log), extractor)
    settings = ruler.settings("test", RESAMPLES, seed, held_out.test.fingerprint)
    comparison = compare_features(
        ruler.measure_images(held_out.test, measured.model.codec),
        {c.name: _samples(c, ruler, n, seed, log) for c in found},
        train=ruler.measure_images(held_out.train, measured.model.codec)["features"],
        metrics=metrics,
        settings=settings,
    )
    protocol = {
        "samples": n,
        "test_images": len(held_out.test),
        "features": ruler.extractor.id,
        "weights": ruler.extractor.hash,
        "judge": str(judged.path) if _has_judge(judged) else "new",
        "data": held_out.images.fingerprint,
        "test": held_out.test.fingerprint,
        "k": settings.k,
        "seed": seed,
    }
    courses = {c.name: Course.of(c.run) for c in found if c.run is not None}
    notes += [*_pairing(found), *_copying(comparison)]
    test = held_out.test

    def drawn(seed: int) -> Mapping[str, Image.Image]:
        return {**{c.name: class_grid(c.model, seed=seed) for c in found}, REAL: real_grid(test)}

    return Match(comparison, tuple(found), courses, path, protocol, (*held_out.warnings, *notes), drawn)


def _samples(contestant: Contestant[Model], ruler: Ruler, n: int, seed: int, log: Log) -> Mapping[str, Any]:
    task = f"judging {contestant.name}"
    return measure_model(contestant.model, ruler, n, seed, lambda share: log.progress(task, share))


def _has_judge(contestant: Contestant[Any]) -> bool:
    return contestant.run is not None and (contestant.run.judge / "judge.json").is_file()


def _unseen(found: Sequence[Contestant[Model]], held_out: HeldOut) -> tuple[HeldOut, list[str]]:
    """The data without test images that a model was trained on, and what is known of that."""
    known = [seen(c.model, c.run.root if c.run is not None else c.path, held_out) for c in found]
    rows = np.any([s.rows for s in known], axis=0)
    total = len(held_out.test)
    notes = [f"{c.name}: {s.note}" for c, s in zip(found, known, strict=True)]
    if len({s.note for s in known}) == 1:
        notes = [f"for every model: {known[0].note}"]
    notes[0] = f"{total:,} test images; {notes[0]}"
    if rows.any():
        notes.append(f"{int(rows.sum()):,} test images that a model was trained on are left out")
        held_out = replace(held_out, test=held_out.test.subset(np.flatnonzero(~rows)))
    if len(held_out.test) < LEAST_IMAGES:
        raise InputError(
            f"{held_out.images.source}: {len(held_out.test)} test images that no model was trained on are too few to "
            f"compare on: {LEAST_IMAGES} are the least, and some hundreds tell more"
        )
    return held_out, notes


def _pairing(found: Sequence[Contestant[Model]]) -> list[str]:
    """Notes on models whose samples have nothing in common, and on models that are one and the same."""
    first, notes = found[0], []
    apart = [c.name for c in found[1:] if not same_draw(first.model, c.model)]
    if apart:
        notes.append(
            f"{', '.join(apart)} takes other noise or conditions than {first.name}: samples share numbers only"
        )
    weights: dict[str, str] = {}
    for c in found:
        digest = str(c.model.provenance.get("weights_sha256"))
        if digest in weights:
            notes.append(f"{c.name} has the weights of {weights[digest]}: they are one model")
        weights.setdefault(digest, c.name)
    return notes


def _copying(comparison: Comparison) -> list[str]:
    """Warnings of models that seem to copy."""
    return [
        f"{name} may copy: {found['train_closer'].value:.0%} of its samples are nearer to training images than to "
        "unseen ones, where 50% are expected; its scores flatter it"
        for name, found in comparison.evaluations.items()
        if "train_closer" in found.names() and found["train_closer"].value > COPIED
    ]
