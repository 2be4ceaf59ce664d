"""Time series: windows of one, or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gansmith.data.item_codec import encoded
from gansmith.data.items import Items
from gansmith.data.series.codec import SeriesCodec
from gansmith.data.series.open import open_series
from gansmith.data.series.options import SeriesOptions
from gansmith.data.series.roles import looks_like_series
from gansmith.data.series.sheet import ARROWS, TEXTS, read_sheet
from gansmith.data.series.simulated import simulate
from gansmith.data.series.write import write_series
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.features.series import SeriesFeatures
from gansmith.metrics import Result, Settings
from gansmith.metrics.functional import accuracy
from gansmith.metrics.functional.bootstrap import bootstrap_mean
from gansmith.metrics.series import posthoc, statistics
from gansmith.metrics.series.measures import SERIES_MEASURES
from gansmith.run.kinds._kind import Demo, Instrument, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.kinds._probe import Probe
from gansmith.run.modality import Shown
from gansmith.run.request import Request
from gansmith.run.series_pictures import Floats, Lines, autocorrelations, courses, panels, spectra
from gansmith.types import Batch, Json

__all__ = ["KIND"]

PEEKED = 500
"""Rows of a file that are looked at to tell what it holds."""

PANELS = 9
LINES = 6
"""Panels of a picture, and series of each side in one."""


def _joint(signal: Tensor, batch: Batch) -> Tensor:
    """Numbers, each channel in its own scale, and a batch's masks as one array."""
    return torch.cat([signal, batch["mask"].float()], 1) if "mask" in batch else signal


class _Instrument:
    """Random convolutions as features, scores of series, drawings."""

    def __init__(self, codec: SeriesCodec, train: Items) -> None:
        self.codec = codec
        batch = encoded(codec, train)
        self.kernels = SeriesFeatures(_joint(codec.scaled(batch["signal"]), batch))
        self.id, self.hash = self.kernels.id, self.kernels.hash

    def features(self, batch: Batch) -> Tensor:
        """Features of `SeriesFeatures`."""
        return self.kernels(_joint(self.codec.scaled(batch["signal"]), batch))

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """Discriminative and predictive score, and distances of averages."""
        real, made, train = scaled = [self.codec.scaled(side["signal"]) for side in sides[:3]]
        masks = tuple(side.get("mask") for side in (sides.real, sides.made))
        joint = [_joint(signal, side) for signal, side in zip(scaled, sides[:3], strict=True)]
        area, largest = statistics.marginals(real, made, masks, settings)  # type: ignore[arg-type]
        found = {
            "discriminative": posthoc.discriminative(joint[0], joint[1], joint[2], settings),
            "predictive": posthoc.predictive(real, made, train, settings),
            "autocorrelation": statistics.autocorrelation(real, made, settings),
            "spectrum": statistics.spectrum(real, made, settings),
            "marginals": area,
            "ks": largest,
        }
        if real.shape[1] > 1:
            found["cross_correlation"] = statistics.cross_correlation(real, made, settings)
        if masks[0] is not None and masks[1] is not None:
            found["missing"] = statistics.missing(masks[0], masks[1], settings)
        if self.codec.classes and "label" in sides.made:
            found["useful"] = self._useful(sides, settings)
        counts, how = (len(real), len(made)), {"learning": vars(posthoc.QUICK)}
        learnt = ("discriminative", "predictive")
        return [
            SERIES_MEASURES[name].result(value, ends, counts, settings, how if name in learnt else None)
            for name, (value, ends) in found.items()
        ]

    def _useful(self, sides: Sides, settings: Settings) -> statistics.Distance:
        """Accuracy on real series of a classifier that learnt from made ones."""
        probe = Probe.fit(self.features(sides.made), sides.made["label"], len(self.codec.classes))
        logits, label = probe.logits(self.features(sides.real)), sides.real["label"]
        right = (logits.argmax(1) == label).double()
        value = accuracy(logits, label)
        if settings.resamples < 1:
            return value, (value, value)
        return value, bootstrap_mean(right, settings.resamples, settings.confidence, settings.seed)

    def picture(self, made: Made, place: Path) -> Path:
        """Samples over each other, a panel for each channel and class."""
        path = place.with_suffix(".svg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(panels(self._courses(None, made), "made series"), encoding="utf-8")
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Made series over real ones, their autocorrelations and spectra, and over the nearest training series."""
        names = self.codec.names[:PANELS]
        pairs = [(name, real.arrays[name], made.arrays[name]) for name in names]
        first = names[0]
        alike = [
            courses(f"sample {i + 1}", nearest.arrays[first][i : i + 1], made.arrays[first][i : i + 1])
            for i in range(min(LINES, len(made.arrays[first])))
        ]
        drawn: dict[str, tuple[Sequence[Lines], str, str]] = {
            "courses": (self._courses(real, made), "made series over real ones", "Samples, and real test series"),
            "autocorrelation": (
                [autocorrelations(*pair) for pair in pairs],
                "mean autocorrelations by lag",
                "How alike values are that lie so many steps apart, in these samples and test series",
            ),
            "spectrum": (
                [spectra(*pair) for pair in pairs],
                "mean power spectra in decibels",
                "Power by frequency, in these samples and test series, in decibels",
            ),
            "nearest": (
                alike,
                "samples and their nearest series",
                f"Samples, and the training series that is most like each: {first}",
            ),
        }
        shown = []
        for name, (lines, alt, caption) in drawn.items():
            (folder / f"{name}.svg").write_text(panels(lines, alt), encoding="utf-8")
            shown.append(Shown(f"{name}.svg", alt, caption))
        return shown

    def _courses(self, real: Made | None, made: Made) -> list[Lines]:
        """Panels of each class and channel, as many as fit."""
        found = []
        for number, label in enumerate(self.codec.classes if made.labels is not None else [""]):
            for name in self.codec.names:
                sides = [self._some(side, name, number if label else None) for side in (real, made)]
                found.append(courses(f"{name}, {label}" if label else name, *sides))
        return found[:PANELS]

    def _some(self, side: Made | None, name: str, label: int | None) -> Floats:
        if side is None:
            return np.zeros((0, self.codec.length))
        values = side.arrays[name]
        rows = values if label is None or side.labels is None else values[side.labels == label]
        return np.asarray(rows[:LINES], np.float64)


class Series(Kind[SeriesCodec]):
    """Time series."""

    id: ClassVar[str] = "series"
    things: ClassVar[str] = "series"
    recipe: ClassVar[str] = "seriesgan"
    options: ClassVar[type[SeriesOptions]] = SeriesOptions
    places: ClassVar[tuple[str, ...]] = (".csv", ".npz", ".parquet")
    place: ClassVar[str] = "file ending in .csv, .npz or .parquet"
    intended_use: ClassVar[str] = "research, tests and teaching; made series are no measurements"
    shown: ClassVar[int] = 48
    demo: ClassVar[Demo] = Demo(
        simulate,
        "seriesgan",
        "40k",
        "series of two channels of machines in three states, from a formula, some values missing",
        (
            "sample {run} -n 20 --where label=worn --out worn.csv",
            "train my_series.csv        (a .csv, .npz or parquet of your own)",
        ),
    )

    def asked(self, request: Request) -> Request:
        """As every kind does; what acts on tables only is told how to read the file as one."""
        try:
            return super().asked(request)
        except InputError as error:
            if request.modality is not None:
                raise
            raise InputError(*(f"{line}: --modality table reads it as a table" for line in error.problems)) from None

    def recognise(self, path: Path) -> str | None:
        """Tables with a rising stamp and else numbers, and arrays called `series`."""
        name = path.name.lower()
        if not path.is_file() or not name.endswith((*TEXTS, *ARROWS, ".npz")):
            return None
        try:
            if name.endswith(".npz"):
                with np.load(path, allow_pickle=False) as file:
                    return "taken for time series, since it has an array called series" if "series" in file else None
            return looks_like_series(read_sheet(path, PEEKED))
        except Exception:  # whoever reads it then says what is wrong
            return None

    def open(
        self, path: Path, options: SeriesOptions, progress: Progress | None, like: SeriesCodec | None = None
    ) -> Items:
        """Windows of a long series, or many series."""
        if like is None:
            return open_series(path, options)
        return open_series(path, options, like.length, like.names)

    def fit(self, items: Items, options: SeriesOptions) -> SeriesCodec:
        """Scaling of each channel, and what is drawn apart."""
        return SeriesCodec.fit(items, options.apart)

    def codec_of(self, data: Json) -> SeriesCodec:
        """As `SeriesCodec.from_json`."""
        return SeriesCodec.from_json(data)

    def instrument(self, codec: SeriesCodec, train: Items) -> Instrument:
        """Random convolutions, with biases from training series."""
        return _Instrument(codec, train)

    def write(
        self, model: KindModel[SeriesCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """A row a step, or arrays."""
        if out.suffix not in self.places:
            raise InputError(f"{out}: series are written to a {self.place}")

        def told() -> Iterator[Any]:
            done = 0
            for part in parts:
                yield part.arrays, part.labels
                done += len(next(iter(part.arrays.values())))
                tick(done / n)

        write_series(model.codec, told(), out)

    def describe(self, items: Items) -> list[str]:
        """Steps, range and missing values of each channel."""
        length = next(iter(items.arrays.values())).shape[1]
        lines = [f"{length} steps each"]
        for name, column in items.arrays.items():
            low, high = float(np.nanmin(column)), float(np.nanmax(column))
            holes = float(np.isnan(column).mean())
            lines.append(f"channel {name}: {low:g} to {high:g}" + (f", {holes:.1%} missing" if holes else ""))
        return lines


KIND = Series()
