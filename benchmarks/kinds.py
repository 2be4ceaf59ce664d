"""Sounds, music, texts, series, events and video: what each recipe makes of a quarter of an hour of a quiet machine.

The speed of every stage of a recipe's game is measured first, quietly; cells are then trained by `gansmith.train` for
as many samples as that speed makes of the time, whatever the machine does meanwhile, and judged as every run is, on
test items. Each leaves a file and a picture in `results/kinds`. Data sets are named by the user
(`--data fsdd=fsdd_8khz.npz`); cells of sets that are not given are missing, and the tables say so.
"""

from __future__ import annotations

import shutil
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.cells import Choice, Job, complete, found
from benchmarks.figures import small_png, write_bytes, write_figures
from benchmarks.rates import Rate, same_defaults
from benchmarks.record import RESULTS, ROOT, Result, figure_folder
from benchmarks.table import Cell, Table
from gansmith.errors import InputError
from gansmith.run.kinds._registry import find_kind
from gansmith.run.request import Request

__all__ = ["STAGES", "Stage", "jobs", "run"]

MINUTES, FEW = 15.0, 32
"""Of a cell's training; the samples of a smoke run, which measures no speed."""
BESIDE = 120.0
"""About how many seconds a cell takes beside its training."""
RUNS = ROOT / "runs/kinds"
SHOWN = (".png", ".svg", ".gif", ".webp")


def digits(path: Path, folder: Path) -> Path:
    """Spoken digits as WAV files by digit: takes 0 to 4 of each speaker are test sounds, as their authors say."""
    with np.load(path, allow_pickle=False) as file:
        clips = np.split(file["audio"], np.cumsum(file["length"])[:-1])
        told = zip(clips, file["digit"], file["speaker"], file["index"], strict=True)
        rate = int(file["sample_rate"])
        for clip, digit, speaker, take in told:
            part = "test" if take < 5 else "val" if take < 10 else "train"
            place = folder / part / str(digit) / f"{speaker}_{take}.wav"
            place.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(place), "wb") as out:
                out.setparams((1, 2, rate, 0, "NONE", ""))
                out.writeframes(clip.astype("<i2").tobytes())
    return folder


def _as_it_is(path: Path, folder: Path) -> Path:
    return path


@dataclass(frozen=True)
class Stage:
    """One table: recipes on one data set.

    Attributes:
        name: For `--only`, and of the data set for `--data`.
        kind: Of the data.
        recipes: What is trained.
        scores: Of the table.
        read: What the format leaves open.
        prepare: Lays the set out as a user would, from the file that is given.
    """

    name: str
    kind: str
    recipes: tuple[str, ...]
    scores: tuple[str, ...]
    read: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Path, Path], Path] = _as_it_is


STAGES = (
    Stage(
        *("fsdd", "audio", ("specgan", "wavegan", "hifigan")),
        ("frechet", "coverage", "recall", "accuracy", "stft_distance", "band_error"),
        prepare=digits,
    ),
    Stage(
        *("chorales", "music", ("transformer-gan", "musegan")),
        ("coverage", "recall", "pitch_classes", "in_scale", "parallels", "polyphony"),
    ),
    Stage("captions", "text", ("mle", "seqgan", "relgan"), ("bleu3", "self_bleu3", "new_grams", "copied", "coverage")),
    *(
        Stage(
            *(name, "series", ("seriesgan", "timegan")),
            ("discriminative", "predictive", "autocorrelation", "spectrum", "cross_correlation", "coverage"),
            {"length": 24},
        )
        for name in ("stock", "energy")
    ),
    Stage(
        *("dimuon", "simulation", ("fastsim",)),
        ("peak", "peak_width", "quantities", "columns", "rank_correlation", "coverage"),
        {
            "columns": ("pt1", "eta1", "phi1", "pt2", "eta2", "phi2"),
            "turn": ("phi1", "phi2"),
            "derived": "scale=log(pt1*pt2); opening=log(cosh(eta1-eta2)-cos(phi1-phi2))",
            "judged": "mass=sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))",
        },
    ),
    Stage(
        *("sprites", "video", ("mocogan", "videogan")),
        ("frame_distance", "change_distance", "motion_gap", "coverage", "accuracy"),
    ),
)


def results(quick: bool) -> Path:
    """Where the cells are."""
    return ROOT / "runs/benchmarks/kinds" if quick else RESULTS / "kinds"


def _laid_out(stage: Stage, given: Mapping[str, Path]) -> Path:
    """The set as it is trained on; prepared once."""
    place = RUNS / "data" / stage.name
    done = place / ".laid-out"
    if stage.prepare is _as_it_is or done.exists():
        return place if done.exists() else given[stage.name]
    shutil.rmtree(place, ignore_errors=True)
    stage.prepare(given[stage.name], place)
    done.touch()
    return place


class ItemsRate(Rate):
    """The speed of a recipe on a set."""

    def __init__(self, stage: Stage, recipe: str, given: Mapping[str, Path], why: str, folder: Path) -> None:
        super().__init__(stage.name, recipe, "s", Path(), why, folder)
        self.stage, self.given = stage, given

    def request(self) -> Request:
        """What is trained."""
        asked = {**asked_of(self.stage), "out": self.folder / "never"}
        return Request(_laid_out(self.stage, self.given), self.recipe, size="s", budget="1m", **asked)


def asked_of(stage: Stage) -> dict[str, Any]:
    """What a run on a set is told beside its recipe."""
    return {"autopilot": False, "modality": stage.kind, "read": find_kind(stage.kind).options(**stage.read)}


def cells(stage: Stage, quick: bool, choice: Choice, folder: Path) -> list[tuple[Job, Job]]:
    """A stage's cells, each with the measurement of its speed before it."""
    why = "" if stage.name in choice.data else f"--data {stage.name}=FILE is not given"
    made = []
    for recipe in stage.recipes:
        minutes = 0.0 if quick else MINUTES
        identity = {"data": stage.name, "recipe": recipe, "minutes": minutes, "read": dict(stage.read)}
        rate = ItemsRate(stage, recipe, choice.data, why, folder)
        work = partial(compute, stage, recipe, rate, quick, folder)
        same = partial(same_defaults, recipe, "s")
        made.append((rate.job, Job(stage.name, recipe, identity, minutes * 60 + BESIDE, work, why, same)))
    return made


def compute(stage: Stage, recipe: str, rate: ItemsRate, quick: bool, folder: Path) -> dict[str, Any]:
    """Train and keep the run's own scores; an interrupted run goes on."""
    import gansmith
    from gansmith.run.course import Course

    name = f"{stage.name}-{recipe}{'-quick' if quick else ''}"
    budget = FEW if quick else rate.samples(MINUTES)
    data, asked, begun = _laid_out(stage, rate.given), asked_of(stage), time.perf_counter()
    made = gansmith.train(data, recipe, size="s", budget=budget, out=RUNS / name, seed=0, request=asked)
    assert made.evaluation is not None
    picture = _picture(made.folder.samples, folder / name)
    kept = {
        "settings": dict(made.record["identity"]["settings"]),
        "scores": {r.name: [r.value, r.low, r.high] for r in made.evaluation.results},
        "ceiling": {r.name: r.value for r in made.evaluation.ceiling},
        "samples": Course.of(made.folder).samples,
        "rate": rate.known(),
        "wall seconds": time.perf_counter() - begun,
        "picture": picture,
        "diagnoses": [d["name"] for d in made.record["result"]["diagnoses"]],
    }
    shutil.rmtree(made.folder.root)
    return kept


def _picture(samples: Path, place: Path) -> str:
    """The first picture of what the finished model makes, kept small; empty where there is none."""
    drawn = [p for p in sorted(samples.iterdir()) if p.suffix in SHOWN and p.stem in ("made", "courses", "final")]
    if not drawn:
        return ""
    if drawn[0].suffix == ".png":
        with Image.open(drawn[0]) as image:
            write_bytes(place.with_suffix(".png"), small_png(image.convert("RGB")))
    else:
        write_bytes(place.with_suffix(drawn[0].suffix), drawn[0].read_bytes())
    return place.with_suffix(drawn[0].suffix).name


def jobs(quick: bool, choice: Choice) -> list[Job]:
    """All cells."""
    pairs = [pair for stage in STAGES for pair in cells(stage, quick, choice, results(quick))]
    return [job for pair in pairs for job in (pair[1:] if quick else pair)]


def table(stage: Stage, done: Mapping[str, Mapping[str, Any] | None], minutes: float) -> Table:
    """A row a recipe, and what real training items score in the place of samples."""
    heads = list(stage.scores)
    rows: list[list[Cell]] = []
    for recipe, result in done.items():
        if result is None or "broke" in result:
            rows.append([recipe, "missing" if result is None else "broke", *[None] * len(heads)])
            continue
        shown = [_shown(result["scores"].get(score)) for score in heads]
        rows.append([recipe, *shown, result["samples"]])
    first = next((r for r in done.values() if r is not None and "broke" not in r), None)
    if first is not None:
        rows.append(["real items", *[first["ceiling"].get(score) for score in heads], None])
    title = f"{stage.name}: {minutes:g} minutes of a quiet machine, one seed"
    note = "Size s, defaults. 95% intervals, of other items. Real items: training items in the place of samples."
    return Table(title, ["recipe", *heads, "samples"], rows, note)


def _shown(value: Sequence[float | None] | None) -> Cell:
    if value is None or value[0] is None:
        return None
    if value[1] is None or value[2] is None:
        return value[0]
    digits = 0 if abs(value[0]) >= 100 else 2 if abs(value[0]) >= 0.1 else 3
    return f"{value[0]:.{digits}f} ({value[1]:.{digits}f} .. {value[2]:.{digits}f})"


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing; then tables and pictures."""
    folder, tables, ids, figures = results(quick), [], [], {}
    for stage in STAGES:
        asked = cells(stage, quick, choice, folder)
        if choice.wants(stage.name):
            rates = [] if quick else [Job(**vars(rate) | {"stage": stage.name}) for rate, _ in asked]
            complete(rates, folder, choice)
            complete([job for _, job in asked], folder, choice)
        done = {job.label: found(job, folder) for _, job in asked}
        tables.append(table(stage, done, 0.0 if quick else MINUTES))
        ids += [job.id for _, job in asked]
        for recipe, result in done.items():
            if result is not None and result.get("picture"):
                name = result["picture"]
                figures[f"kinds-{name}"] = ((folder / name).read_bytes(), f"{stage.name}: what {recipe} makes")
    unknown = sorted(set(choice.data) - {stage.name for stage in STAGES})
    if unknown:
        raise InputError(f"--data {unknown[0]}: is none of {', '.join(stage.name for stage in STAGES)}")
    shown = write_figures(figures, figure_folder(quick))
    return Result({"minutes": MINUTES, "size": "s"}, tables, numbers={"cells": ids, "figures": shown})
