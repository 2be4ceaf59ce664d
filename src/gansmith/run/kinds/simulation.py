"""Simulation: events of a simulator, and what they were simulated under."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import torch
from torch import Tensor

from gansmith.data.items import Arrays, Items
from gansmith.data.simulation.codec import EventCodec
from gansmith.data.simulation.events import EventItems, open_events
from gansmith.data.simulation.fit import fit_events
from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.quantity import Quantity
from gansmith.data.simulation.simulated import READ, simulate
from gansmith.data.simulation.text import columns_of
from gansmith.data.simulation.write import write_events
from gansmith.data.survey import Progress
from gansmith.data.table.source import TEXT_ENDINGS, ending
from gansmith.errors import InputError
from gansmith.metrics import Result, Settings
from gansmith.metrics.simulation import statistics
from gansmith.metrics.simulation.measures import EVENT_MEASURES
from gansmith.run.event_pictures import Spread, histograms
from gansmith.run.kinds._kind import Demo, Instrument, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.modality import Shown
from gansmith.run.request import Request
from gansmith.types import Batch, Json

__all__ = ["KIND"]

PANELS = 24
"""Histograms of a picture."""

MOST, WIDEST = 10_000, 64
"""Events of a side, and numbers of an event, that further scores look at, at most; evenly chosen."""

MOMENTUM = ({"pt", "eta", "phi"}, {"px", "py", "pz"})
"""Columns that only events of particles have, whatever number follows."""


class _Instrument:
    """Whitened columns with derived quantities and conditions as features, scores of events, histograms."""

    def __init__(self, codec: EventCodec) -> None:
        self.codec = codec
        sums = [Quantity(f"sum({name})", f"sum(`{name}`)") for name, shape in codec.shapes.items() if shape]
        self.judged = replace(codec, derived=(*codec.derived, *sums))
        self.names = [quantity.name for quantity in self.judged.derived]
        self.id = "whitened-events-1"
        constants = repr((codec.mean.tolist(), codec.root.tolist(), codec.centres, codec.ranks.to_json()))
        self.hash = hashlib.sha256(constants.encode()).hexdigest()

    def features(self, batch: Batch) -> Tensor:
        """Whitened columns, then quantities that are shown to recipes, then conditions."""
        signal = batch["signal"].float()
        derived = [self.codec.derive(signal)] if self.codec.spec["signal"].derive else []
        given = [batch["attributes"].float()] if "attributes" in batch else []
        return torch.cat([signal, *derived, *given], 1)

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """Peaks and distances of derived quantities, distances of columns, correlations."""
        real, made = (_thinned(side) for side in (sides.real, sides.made))
        numbers = [self.codec.numbers(side["signal"]) for side in (real, made)]
        some = np.unique(np.linspace(0, numbers[0].shape[1] - 1, WIDEST).round().astype(np.int64))
        few = [x[:, some] for x in numbers]
        area, largest, alone = statistics.distances(few[0], few[1], settings)
        told = dict(zip([self.codec.names[i] for i in some], map(list, alone), strict=True))
        found: dict[str, tuple[statistics.Distance, dict[str, list[float]]]]
        found = {"columns": (area, told), "columns_ks": (largest, {})}
        joint = [
            torch.cat([x, *([side["attributes"].double()] if "attributes" in side else [])], 1)
            for x, side in zip(few, (real, made), strict=True)
        ]
        moving = joint[0].std(0) > 0
        if int(moving.sum()) > 1:
            held = statistics.rank_correlation(joint[0][:, moving], joint[1][:, moving], settings)
            found["rank_correlation"] = (held, {})
        if self.names:
            found |= self._of_quantities(numbers[0], numbers[1], settings)
        counts = len(numbers[0]), len(numbers[1])
        how: dict[str, Json] = {"quantities": {q.name: q.text for q in self.judged.derived}}
        return [
            EVENT_MEASURES[name].result(value, ends, counts, settings, how, cast(dict[str, Json], detail))
            for name, ((value, ends), detail) in found.items()
        ]

    def _of_quantities(
        self, real: Tensor, made: Tensor, settings: Settings
    ) -> dict[str, tuple[statistics.Distance, dict[str, list[float]]]]:
        """Scores of the quantities of numbers; those that are hardly ever defined are counted only."""
        real, made = self.judged.quantities(real), self.judged.quantities(made)
        defined = [(torch.isfinite(side).sum(0) > 1) for side in (real, made)]
        good = defined[0] & defined[1]
        found = {"undefined": (statistics.undefined(real, made, settings), dict[str, list[float]]())}
        if not good.any():
            return found
        names = [name for name, fine in zip(self.names, good.tolist(), strict=True) if fine]
        area, largest, alone = statistics.distances(real[:, good], made[:, good], settings)
        shift, ratio, peaks = statistics.peaks(real[:, good], made[:, good], settings)
        by_name = dict(zip(names, map(list, peaks), strict=True))
        return found | {
            "peak": (shift, by_name),
            "peak_width": (ratio, by_name),
            "quantities": (area, dict(zip(names, map(list, alone), strict=True))),
            "quantities_ks": (largest, {}),
        }

    def picture(self, made: Made, place: Path) -> Path:
        """Histograms of made events."""
        path = place.with_suffix(".svg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(histograms(self._spreads(None, made), "made events"), encoding="utf-8")
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Histograms of derived quantities and of columns."""
        spreads = self._spreads(real, made)
        few = min(len(self.names), PANELS)
        drawn = {
            "quantities": (spreads[:few], "derived quantities", self._said()),
            "columns": (spreads[few:], "columns", "How often each value of a column comes"),
        }
        shown = []
        for name, (some, alt, caption) in drawn.items():
            if some:
                (folder / f"{name}.svg").write_text(histograms(some, alt), encoding="utf-8")
                shown.append(Shown(f"{name}.svg", alt, f"{caption}, in these samples and test events"))
        return shown

    def _said(self) -> str:
        return "How often each value of a quantity comes that follows from columns; peak and width of the shortest half"

    def _spreads(self, real: Made | None, made: Made) -> list[Spread]:
        """Quantities, then columns, as many as fit."""
        sides = [None if side is None else self.codec.flat(side.arrays) for side in (real, made)]
        shown = len(self.codec.derived) - self.codec.judged
        found: list[Spread] = []
        if self.names:
            derived = [np.zeros((0, len(self.names))) if x is None else self._derived(x) for x in sides]
            for i, name in enumerate(self.names[:PANELS]):
                title = name if i < shown else f"{name} (never trained on)"
                found.append(Spread(title, _peaks_of(derived[0][:, i], derived[1][:, i]), *(d[:, i] for d in derived)))
        plain = [np.zeros((0, len(self.codec.names))) if x is None else x for x in sides]
        for i, name in enumerate(self.codec.names[:PANELS]):
            found.append(Spread(name, "", *(x[:, i] for x in plain)))
        return found

    def _derived(
        self, numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return self.judged.quantities(torch.from_numpy(numbers)).numpy()


def _thinned(batch: Batch) -> dict[str, Tensor]:
    """At most so many events, from all over."""
    n = len(batch["signal"])
    rows = torch.from_numpy(np.unique(np.linspace(0, n - 1, min(n, MOST)).round().astype(np.int64)))
    return {name: value[rows] for name, value in batch.items()}


def _peaks_of(*sides: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """Peaks and widths in words."""
    told = []
    for name, values in zip(("real", "made"), sides, strict=True):
        good = torch.from_numpy(values[np.isfinite(values)]).sort().values
        if len(good) > 1:
            peak, width = statistics.shorth(good)
            told.append(f"{name}: peak {float(peak):.4g}, width {float(width):.3g}")
    return "; ".join(told)


class Simulation(Kind[EventCodec]):
    """Events of a simulator."""

    id: ClassVar[str] = "simulation"
    things: ClassVar[str] = "events"
    recipe: ClassVar[str] = "fastsim"
    options: ClassVar[type[SimulationOptions]] = SimulationOptions
    places: ClassVar[tuple[str, ...]] = (".csv", ".npz", ".parquet")
    place: ClassVar[str] = "file ending in .csv, .npz or .parquet"
    intended_use: ClassVar[str] = "research and teaching; made events hold no more than the simulated ones they are of"
    shown: ClassVar[int] = 2_000
    samples: ClassVar[int] = 5_000
    alike: ClassVar[float] = 0.0
    demo: ClassVar[Demo] = Demo(
        simulate,
        "fastsim",
        "500k",
        "pairs of muons of Z bosons, from a simulator with a detector of known resolution",
        (
            "sample {run} -n 10k --where resolution=2 --out sharp.csv",
            "train my_events.csv --modality simulation        (a .csv, .npz or parquet of your own)",
        ),
        read=READ,
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
        """Tables of momenta of particles, and arrays called `events`."""
        kind = ending(path)
        try:
            if path.is_file() and kind == ".npz":
                with np.load(path, allow_pickle=False) as file:
                    return (
                        "taken for simulated events, since it has an array called events" if "events" in file else None
                    )
            names = columns_of(path) if path.is_file() and kind in TEXT_ENDINGS else []
        except Exception:  # whoever reads it then says what is wrong
            return None
        found = {re.sub(r"_?\d+$", "", name.lower()): name for name in reversed(names)}
        for stems in MOMENTUM:
            if stems <= found.keys():
                told = ", ".join(found[stem] for stem in sorted(stems))
                return f"taken for simulated events, since its columns {told} are momenta of particles"
        return None

    def open(
        self, path: Path, options: SimulationOptions, progress: Progress | None, like: EventCodec | None = None
    ) -> EventItems:
        """Events, with the columns and conditions of a model."""
        if like is None:
            return open_events(path, options, progress)
        given = tuple(attribute.name for attribute in like.given)
        found = open_events(path, SimulationOptions(conditions=given, columns=tuple(like.shapes)), progress)
        for name, shape in like.shapes.items():
            if found.arrays[name].shape[1:] != shape:
                own = found.arrays[name].shape[1:]
                raise InputError(f"{path}: {name!r} has the shape {own}, and the model's has {shape}")
        return found

    def fit(self, items: Items, options: SimulationOptions) -> EventCodec:
        """Ranks, whitening and derived quantities."""
        return fit_events(cast(EventItems, items), options)

    def codec_of(self, data: Json) -> EventCodec:
        """As `EventCodec.from_json`."""
        return EventCodec.from_json(data)

    def instrument(self, codec: EventCodec, train: Items) -> Instrument:
        """The codec knows all that is measured with."""
        return _Instrument(codec)

    def told(self, codec: EventCodec, n: int, seconds: float) -> str:
        """Events a second, and how many times the simulator's where that is known."""
        rate = n / max(seconds, 1e-9)
        said = f"{n:,} events in {seconds:.2f} s: {rate:,.0f} a second"
        if codec.seconds is None:
            return said
        return f"{said}, {rate * codec.seconds:,.3g} times as fast as the simulator ({1 / codec.seconds:,.3g} a second)"

    def write(
        self, model: KindModel[EventCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """An event a row, or arrays."""
        if out.suffix not in self.places:
            raise InputError(f"{out}: events are written to a {self.place}")

        def done() -> Iterator[Arrays]:
            made = 0
            for part in parts:
                yield part.arrays
                made += len(next(iter(part.arrays.values())))
                tick(made / n)

        write_events(model.codec, done(), out)

    def describe(self, items: Items) -> list[str]:
        """Range of each column, and which are conditions."""
        conditions = cast(EventItems, items).conditions
        lines = []
        for name, column in items.arrays.items():
            what = "condition" if name in conditions else "column"
            if column.dtype.kind == "U":
                lines.append(f"{what} {name}: {len(np.unique(column)):,} different values")
                continue
            size = "" if column.ndim == 1 else f" {'x'.join(map(str, column.shape[1:]))}"
            lines.append(f"{what} {name}{size}: {float(column.min()):g} to {float(column.max()):g}")
        return lines


KIND = Simulation()
