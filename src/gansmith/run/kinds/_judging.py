"""The judge of a run on items of any kind: quick scores while it trains, full ones at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from gansmith.data.comparable import comparable
from gansmith.data.facts import Facts, facts_of
from gansmith.data.item_codec import ItemCodec, encoded
from gansmith.data.items import Items
from gansmith.metrics import Evaluation, Settings, evaluate_features
from gansmith.metrics.functional import accuracy, nearest_items
from gansmith.run.eye import Eye
from gansmith.run.folder import RunFolder
from gansmith.run.kinds._data import KindData
from gansmith.run.kinds._kind import Instrument, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.kinds._probe import Probe
from gansmith.run.log import Log
from gansmith.run.modality import Shown
from gansmith.types import count_rows

__all__ = ["KindJudging", "Ruler"]

C = TypeVar("C", bound=ItemCodec)

CHUNK = 256
FEWEST = 20
"""Validation items below which scores while training would be noise: the last model is then kept."""

EXAMINED = 500
"""Validation items that are compared with all training items."""


@dataclass(frozen=True)
class Ruler(Generic[C]):
    """What measures items of a codec.

    Attributes:
        kind: What they are.
        codec: From raw columns to tensors.
        instrument: Gives features and further scores.
        probe: Tells classes; None without classes.
    """

    kind: Kind[C]
    codec: C
    instrument: Instrument
    probe: Probe | None

    @classmethod
    def of(cls, kind: Kind[C], codec: C, train: Items) -> tuple[Ruler[C], dict[str, Tensor]]:
        """A ruler fitted to real training items, and those measured."""
        ruler = cls(kind, codec, kind.instrument(codec, train), None)
        found = ruler.measure(_chunks(codec, train))
        if "labels" not in found:
            return ruler, found
        probe = Probe.fit(found["features"], found["labels"], len(codec.classes))
        return replace(ruler, probe=probe), found | {"logits": probe.logits(found["features"])}

    def measure(self, batches: Any) -> dict[str, Tensor]:
        """Features, and with classes also labels and logits, of encoded items."""
        found: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            for batch in batches:
                row = {"features": self.instrument.features(batch).float().cpu()}
                if self.codec.classes and "label" in batch:
                    row["labels"] = batch["label"].cpu()
                    if self.probe is not None:
                        row["logits"] = self.probe.logits(row["features"])
                for name, value in row.items():
                    found.setdefault(name, []).append(value)
        return {name: torch.cat(values) for name, values in found.items()}

    def measure_items(self, items: Items) -> dict[str, Tensor]:
        """The same of real items."""
        return self.measure(_chunks(self.codec, items))

    def settings(self, split: str, resamples: int, seed: int = 0, data: str = "") -> Settings:
        """The protocol that goes with every number."""
        own = self.instrument
        return Settings(
            extractor=own.id,
            weights=own.hash,
            judge=f"probe of {own.id}" if self.probe else None,
            judge_weights=own.hash if self.probe else None,
            split=split,
            protocol={"data": data},
            resamples=resamples,
            seed=seed,
        )

    def evaluate(
        self,
        model: KindModel[C],
        test: Items,
        train: Items,
        measured: Mapping[str, Tensor],
        settings: Settings,
        n: int,
        log: Log,
        metrics: Sequence[str] | None = None,
    ) -> Evaluation:
        """All scores of `n` samples of a model.

        Args:
            model: What is judged.
            test: Real items that it never saw.
            train: Real items that it learnt from, or others for the ceiling.
            measured: Those, measured.
            settings: Protocol, seed and resamples; the seed also draws the samples.
            n: Samples.
            log: For progress.
            metrics: Names; None for all.
        """
        made = []
        for batch in model.judged(test, n, settings.seed):
            made.append({name: value.cpu() for name, value in batch.items()})
            log.progress("judging the model", sum(map(count_rows, made)) / (min(n, len(test)) if model.remakes else n))
        joined = {name: torch.cat([batch[name] for batch in made]) for name in made[0]}
        real, fake = self.measure_items(test), self.measure(made)
        further = [m for m in metrics or () if m in self.own_names()]
        general = None if metrics is None else [m for m in metrics if m not in further]
        found = Evaluation((), ())
        if general is None or general:
            known = {**measured, **_beside(train, test)}
            found = evaluate_features(real, fake, train=known, metrics=general, settings=settings, ceiling=True)
        if metrics is not None and not further:
            return found
        order = np.random.default_rng(settings.seed).permutation(len(train))
        half = len(train) // 2  # samples and training items of the ceiling must not be the same
        part, place = np.sort(order[:half][: self.kind.compared]), np.sort(order[half:][:n])
        sides = Sides(encoded(self.codec, test), joined, encoded(self.codec, train.subset(part)), model.remakes)
        own = self.instrument.scores(sides, settings)
        instead = sides._replace(made=encoded(self.codec, train.subset(place)), paired=False)
        ceiling = self.instrument.scores(instead, settings)
        wanted = set(further) if metrics is not None else None
        keep = [[r for r in results if wanted is None or r.name in wanted] for results in (own, ceiling)]
        return Evaluation((*found.results, *keep[0]), (*found.ceiling, *keep[1]), found.skipped)

    def raw(self, items: Items) -> Made:
        """Items as the codec would give them back: what a perfect generator could make."""
        return Made(*self.codec.decode(encoded(self.codec, items)))

    def own_names(self) -> set[str]:
        """Names of the further scores of this kind."""
        from gansmith.metrics.known import KIND_MEASURES

        return set(KIND_MEASURES.get(self.kind.id, {}))


def _beside(train: Items, held_out: Items) -> dict[str, Tensor]:
    """Which training items lie beside held-out ones, `(T,)`; nothing where held-out items are as any others."""
    if train.place is None or held_out.place is None:
        return {}
    found = torch.zeros(len(train), dtype=torch.bool)
    found[torch.from_numpy(comparable(train.place, held_out.place).seen)] = True
    return {"beside": found}


def _chunks(codec: ItemCodec, items: Items) -> Any:
    return (encoded(codec, items, start, start + CHUNK) for start in range(0, len(items), CHUNK))


@dataclass
class KindJudging(Generic[C]):
    """What measures the samples of one run.

    Attributes:
        data: The run's items.
        ruler: What measures.
        train: The measured training items.
        log: For progress.
    """

    data: KindData[C]
    ruler: Ruler[C]
    train: Mapping[str, Tensor]
    log: Log

    @classmethod
    def of(cls, data: KindData[C], log: Log) -> KindJudging[C]:
        """Fitted to the run's training items."""
        log.progress(f"measuring {data.kind.things}", 0.0)
        ruler, train = Ruler.of(data.kind, data.codec, data.part("train"))
        log.progress(f"measuring {data.kind.things}", 1.0)
        return cls(data, ruler, train, log)

    @cached_property
    def _val(self) -> dict[str, Tensor]:
        return self.ruler.measure_items(self.data.part("val"))

    @property
    def info(self) -> Mapping[str, Any]:
        """What gives the features, and how well a probe of them tells held-out classes."""
        own = self.ruler.instrument
        right = {"accuracy": accuracy(self._val["logits"], self._val["labels"])} if "logits" in self._val else {}
        return {"extractor": own.id, "weights": own.hash, "classes": list(self.data.codec.classes), **right}

    @cached_property
    def eye(self) -> Eye | None:
        """What looks at samples while the run trains; None where there are too few validation items."""
        if len(self.data.splits.val) < FEWEST:
            return None
        train = self.data.part("train")
        settings, blocks = self.ruler.settings("val", resamples=0), train.place is not None
        return Eye.of(self._measure, settings, self._val, self.train, train.classes, train.names, blocks=blocks)

    def _measure(self, model: KindModel[C], n: int) -> dict[str, Tensor]:
        return self.ruler.measure(model.judged(self.data.part("val"), n))

    @property
    def caution(self) -> str:
        """Scores may be shown to anybody."""
        return ""

    def facts(self) -> Facts:
        """What is wrong with the training items themselves."""
        train, val = self.data.part("train"), self.data.part("val")
        keys = np.ascontiguousarray(train.hashes).view(f"V{train.hashes.shape[1]}").ravel()
        told, blocks = (keys, train.names, train.labels, val.labels, train.classes), train.place is not None
        if self.eye is None:
            return facts_of(*told, blocks=blocks)
        right = accuracy(self._val["logits"], self._val["labels"]) if "logits" in self._val else None
        leaks, examined = self._leaks(val)
        return facts_of(*told, right, leaks, examined, blocks)

    def _leaks(self, val: Items) -> tuple[list[str], int]:
        """Validation items that are nearly the same as some training item, and how many were looked at."""
        if not self.data.kind.alike:
            return [], 0
        features = self._val["features"]
        asked = features[:EXAMINED]
        usual = float(nearest_items(features, features, 2)[0][:, 1].median())
        near = nearest_items(asked, self.train["features"])[0][:, 0] < self.data.kind.alike * usual
        return [val.names[i] for i in near.nonzero().flatten().tolist()], len(asked)

    def draw(self, model: KindModel[C], place: Path) -> Path:
        """A picture of some samples."""
        return self.ruler.instrument.picture(self._some(model), place)

    def _some(self, model: KindModel[C]) -> Made:
        """The first samples of seed 0, class after class where there are classes; or test items made again."""
        n = self.data.kind.shown
        if model.remakes:
            return model.again(self._few())
        classes = list(model.classes)
        return model.sample(n, {"label": [classes[i % len(classes)] for i in range(n)]} if classes else None)

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured: on how many items, in which features, and what the ceiling is."""
        if not evaluation.results:
            return ""
        own = self.ruler.instrument
        return (
            f"{evaluation.results[0].n_fake:,} samples against {len(self.data.splits.test):,} test "
            f"{self.data.kind.things}, in the features {own.id} ({own.hash[:12]}), seed 0. Intervals: 95% bootstrap. "
            "The ceiling is real training items measured in the place of samples: what a perfect generator would score."
        )

    def show(self, model: KindModel[C], folder: RunFolder) -> Sequence[Shown]:
        """Samples, test items, and the training items that are most like the samples, or what samples were made of."""
        made = self._some(model)
        codec, train, real = self.data.codec, self.data.part("train"), self.ruler.raw(self._few())
        if model.remakes:
            return self.ruler.instrument.show(made, real, real, folder.samples)
        measured = self.ruler.measure([codec.encode(made.arrays, self._labels(made))])
        near = nearest_items(measured["features"], self.train["features"])[1][:, 0].numpy()
        return self.ruler.instrument.show(made, real, self.ruler.raw(train.subset(near)), folder.samples)

    def _few(self) -> Items:
        """Some test items, from all over: files come class by class."""
        test = self.data.part("test")
        return test.subset(np.unique(np.linspace(0, len(test) - 1, self.data.kind.shown).round().astype(np.int64)))

    def _labels(self, made: Made) -> Any:
        """Class ids to encode samples with; those of an unconditional model are not looked at."""
        if not self.data.codec.classes or made.labels is not None:
            return made.labels
        return np.zeros(self.data.kind.shown, np.int64)

    def full(self, model: KindModel[C]) -> Evaluation:
        """All scores of a model on test items, with intervals and the ceiling."""
        settings = self.ruler.settings("test", resamples=200, data=self.data.fingerprint)
        parts = self.data.part("test"), self.data.part("train")
        return self.ruler.evaluate(model, *parts, self.train, settings, self.data.kind.samples, self.log)
