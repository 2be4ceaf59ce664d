"""Models of one kind compared: the same test items, the same instrument, and intervals that all hold together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gansmith.data.item_options import ItemOptions
from gansmith.data.items import Items
from gansmith.errors import InputError, nearest
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.metrics import MEASURES
from gansmith.metrics.compare_scores import compare_scores
from gansmith.run.contestants import Contestant, gathered, own_data
from gansmith.run.course import Course
from gansmith.run.kinds._data import reopened
from gansmith.run.kinds._judging import Ruler
from gansmith.run.kinds._kind import Instrument, Made
from gansmith.run.kinds._model import KindModel
from gansmith.run.log import Listener, Log
from gansmith.run.matched import Figure, Matched
from gansmith.run.sample import whole

__all__ = ["KindMatch", "compare_items"]

LEAST_SAMPLES = 100
"""Samples below which an interval would be a guess."""

RESAMPLES = 500
"""Intervals that hold together reach far into the tails."""

CONFIDENCE = 0.95

COMPARED = ("kernel", "precision", "recall", "coverage")
"""What is compared of features unless names are given; with classes their accuracy too, and what the kind has."""


@dataclass(frozen=True)
class KindMatch(Matched):
    """A comparison of models of one kind.

    Attributes:
        instrument: What measured and shows samples.
        real: A few test items.
        items: The same as they were read.
    """

    instrument: Instrument
    real: Made
    items: Items

    @property
    def how(self) -> str:
        """The protocol in sentences."""
        p, c = self.protocol, self.comparison
        return (
            f"{p['samples']:,} samples of each model against {p['test_items']:,} test {p['things']}, in the features "
            f"{p['features']}, seed {p['seed']}. Intervals: of each score by items drawn again, joined to those of "
            f"differences (Zou and Donner 2008), {c.each:.2%} each, so that all {len(c.differences)} hold together "
            f"with {c.confidence:.0%} (Bonferroni). They are those of other items, not of other training seeds."
        )

    def figures(self, seed: int) -> list[Figure]:
        """Some samples of each model, and test items."""
        shown = {
            c.name: c.model.again(self.items) if c.model.remakes else c.model.sample(c.model.kind.shown, seed=seed)
            for c in self.contestants
        }
        found = []
        with TemporaryDirectory() as folder:
            for number, (name, made) in enumerate({**shown, "real": self.real}.items(), start=1):
                path = self.instrument.picture(made, Path(folder) / f"samples-{number}")
                words = f"real test {self.protocol['things']}" if name == "real" else name
                found.append(Figure(path.name, path.read_bytes(), f"samples of {words}", words))
        return found


def compare_items(
    models: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    n: int = 2000,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    recipes: Sequence[str] = (),
    read: ItemOptions | None = None,
    listener: Listener | None = None,
) -> KindMatch:
    """Compare two models or more of one kind on test items that none of them was trained on.

    Args:
        models: Run folders or model folders.
        data: The items; None for those that all the runs were trained on.
        n: Samples of each model, at least 100.
        seed: Of samples and intervals.
        metrics: Names; None for kernel distance, precision, recall, coverage, accuracy of classes, and what only this
            kind is measured by. Fewer make each interval narrower, but choose them before you look.
        recipes: Recipe files of models whose recipes are not installed.
        read: What the data's format leaves open.
        listener: Told of progress.

    Raises:
        InputError: Models or data can't be read, don't go together, or are too few.
    """
    log = Log(listener)
    whole(n, "n", LEAST_SAMPLES, MOST_SAMPLES)
    whole(seed, "seed", 0, MOST_SEED)
    found = _contestants(models, recipes)
    path, wanted = (str(data), None) if data is not None else own_data(found)
    first = found[0].model
    items, splits = reopened(
        first.kind, first.codec, path, read, lambda what, done, total: log.progress(what, done / max(total, 1))
    )
    if wanted not in (None, items.fingerprint):
        raise InputError(f"{path} has changed since the runs: name it with --data to compare on it as it is now")
    train, test = items.subset(splits.train), items.subset(splits.test)
    ruler, measured = Ruler.of(first.kind, first.codec, train)
    names = _names(ruler, metrics)
    each = 1 - (1 - CONFIDENCE) / (len(names) * len(list(combinations(found, 2))))
    settings = replace(ruler.settings("test", RESAMPLES, seed, items.fingerprint), confidence=each)
    judged = {c.name: ruler.evaluate(c.model, test, train, measured, settings, n, log, names) for c in found}
    comparison = compare_scores(judged, CONFIDENCE, each, RESAMPLES)
    if not comparison.differences:
        raise InputError("nothing could be compared: " + "; ".join(f"{n}: {w}" for n, w in comparison.skipped.items()))
    protocol = {
        "samples": min(n, len(test)) if first.remakes else n,
        "test_items": len(test),
        "things": first.kind.things,
        "features": ruler.instrument.id,
        "weights": ruler.instrument.hash,
        "data": items.fingerprint,
        "seed": seed,
    }
    courses = {c.name: Course.of(c.run) for c in found if c.run is not None}
    other = [c.name for c in found if c.model.provenance.get("data", {}).get("train_fingerprint") != train.fingerprint]
    strange = f"{', '.join(other)}: trained on other data than this training part, perhaps on test {first.kind.things}"
    notes = (*items.warnings, *splits.warnings, *([strange] if other else []))
    few = test.subset(range(min(first.kind.shown, len(test))))
    own = ruler.instrument
    return KindMatch(comparison, tuple(found), courses, path, protocol, notes, own, ruler.raw(few), few)


def _names(ruler: Ruler[Any], metrics: Sequence[str] | None) -> tuple[str, ...]:
    """What is compared. Raises `InputError` for names that are none."""
    own = ruler.own_names()
    known = [*MEASURES, *own]
    if unknown := [name for name in metrics or () if name not in known]:
        raise InputError(*(f"no metric is called {name!r}{nearest(name, known)}" for name in unknown))
    return tuple(metrics or (*COMPARED, *(["accuracy"] if ruler.probe else []), *sorted(own)))


def _contestants(paths: Sequence[str | Path], recipes: Sequence[str]) -> list[Contestant[KindModel[Any]]]:
    """Load models of one kind that make the same. Raises `InputError` if they can't be compared with each other."""
    found = gathered(paths, recipes, KindModel.load)
    first = found[0]
    for other in found[1:]:
        mine, theirs = (m.model.codec.describe() for m in (first, other))
        if mine != theirs:
            raise InputError(f"{first.name} makes {mine}, and {other.name} makes {theirs}: they can't be compared")
        if first.model.codec.classes != other.model.codec.classes:
            raise InputError(f"{first.name} and {other.name} were trained on different classes: they can't be compared")
    return found
