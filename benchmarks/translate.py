"""From image to image: what each recipe makes of the same minutes, judged by true partners where they are known.

Cells are trained by `gansmith.train` and judged by `gansmith evaluate`, in EfficientNet-Lite0's features and in those
of a judge trained on the data. Each leaves a file and a sheet before and after in `results/translate`. Data sets are
named by the user (`--data google=emoji64_google.npz`); cells of sets that are not given are missing, and the tables
say so.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks import fewshot, translate_speed
from benchmarks.cells import Choice, Job, complete, found
from benchmarks.classic import classic
from benchmarks.figures import small_png, write_bytes, write_figures
from benchmarks.pictures import laid_out, needed
from benchmarks.rates import Rate, same_defaults
from benchmarks.record import RESULTS, ROOT, Result, figure_folder
from benchmarks.table import Cell, Table
from gansmith.recipes._recipe import Size
from gansmith.run.request import Request

__all__ = ["STAGES", "Stage", "Task", "jobs", "run"]

SIZE: Size = "s"
RUNS = ROOT / "runs/translate"
BESIDE = 60.0
"""About how many seconds a cell takes beside its training."""

CLASSIC = "opencv"
"""The method that is no recipe: OpenCV's inpainting."""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """What is trained on a set and how it is judged.

    Attributes:
        name: In the table.
        recipe: Its id, or `opencv`.
        task: What the set is taken for; None where both sides are domains of their own.
        settings: Hyper-parameters that differ from the defaults.
    """

    name: str
    recipe: str
    task: str | None
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One table.

    Attributes:
        name: For `--only`.
        data: Name of the set.
        sides: Folders of the source and of the wanted domain below it; empty where photos are all there is.
        judged: What the set is taken for when models are judged.
        pixels: Side of the view.
        minutes: Of training, on a quiet machine.
        tasks: What is trained.
        scores: Of the table.
        base: What a model of no training does.
    """

    name: str
    data: str
    sides: tuple[str, ...]
    judged: str
    pixels: int
    minutes: float
    tasks: tuple[Task, ...]
    scores: tuple[str, ...]
    base: str


PLAIN = {"adversarial": 0.0, "perceptual": 0.0}
UNPAIRED = (
    Task("cut", "cut", None),
    Task("cut, all painted anew", "cut", None, {"mask": False}),
    Task("cyclegan", "cyclegan", None),
)
NEAR = ("psnr", "ssim", "likeness", "kernel")
STAGES = (
    Stage(
        *("emoji", "emoji", ("input", "target"), "pairs", 64, 15.0),
        (*UNPAIRED, Task("pix2pix (sees the pairs)", "pix2pix", "pairs")),
        (*NEAR, "cycle_psnr", "hidden"),
        "source unchanged",
    ),
    Stage(
        *("cats", "cat_dog", ("cat", "dog"), "unpaired", 64, 20.0),
        UNPAIRED,
        ("kernel", "cycle_psnr", "hidden"),
        "source unchanged",
    ),
    Stage(
        *("contours", "contours", ("input", "target"), "pairs", 128, 15.0),
        (Task("pix2pix", "pix2pix", "pairs"), Task("L1 alone", "pix2pix", "pairs", {"l1": 1e4})),
        NEAR,
        "contour unchanged",
    ),
    Stage(
        *("photos", "photos", (), "upscale", 64, 15.0),
        (
            Task("srgan", "srgan", "upscale"),
            Task("esrgan", "esrgan", "upscale"),
            Task("srgan, L1 alone", "srgan", "upscale", PLAIN),
            Task("srgan, EffLite0 loss", "srgan", "upscale", {"maps": "efficientnet"}),
        ),
        NEAR,
        "bicubic",
    ),
    Stage(
        *("holes", "photos", (), "inpaint", 64, 15.0),
        (Task("inpaint", "inpaint", "inpaint"), Task("OpenCV, Telea", CLASSIC, "inpaint")),
        (*NEAR, "hole_psnr"),
        "mean colour",
    ),
)
QUICK, FEW = 0.0, 16
"""Minutes of a smoke run, which measures no rate, and its samples."""


class PicturesRate(Rate):
    """The speed of a recipe on two sides of a set."""

    def __init__(self, stage: Stage, task: Task, root: Callable[[], Path], why: str, folder: Path) -> None:
        self.stage, self.task, self.root = stage, task, root
        name = f"{stage.data} as {task.task or 'unpaired'}, {stage.pixels} pixels"
        super().__init__(name, task.recipe, SIZE, Path(), why, folder)

    def request(self) -> Request:
        """What is trained."""
        asked = _request(self.stage, self.task, self.root())
        return Request(**asked, recipe=self.task.recipe, size=SIZE, budget="1m", out=self.folder / "never")


def _request(stage: Stage, task: Task, root: Path) -> dict[str, Any]:
    sides = [root / side for side in stage.sides]
    apart = bool(sides) and task.task is None
    return {
        "data": sides[0] if apart else root,
        "second": sides[1] if apart else None,
        "task": task.task,
        "image_size": stage.pixels,
        "channels": 3 if stage.name != "contours" else None,
    }


def stages(quick: bool) -> list[Stage]:
    """All tables; a smoke run trains the first of each for a second."""
    return [Stage(**vars(s) | {"minutes": QUICK}) for s in STAGES] if quick else list(STAGES)


def results(quick: bool) -> Path:
    """Where the cells are."""
    return ROOT / "runs/benchmarks/translate" if quick else RESULTS / "translate"


def cells(stage: Stage, choice: Choice, folder: Path) -> list[tuple[Task, Job, Job | None]]:
    """A stage's cells, and of each that is trained the measurement of its speed."""
    why = needed(stage.data, choice.data)
    root = partial(laid_out, stage.data, choice.data)
    made: list[tuple[Task, Job, Job | None]] = []
    for task in stage.tasks:
        identity = _identity(stage, task)
        if task.recipe == CLASSIC:
            work = partial(classic, stage.pixels, root, folder)
            made.append((task, Job(stage.name, task.name, identity, BESIDE, work, why), None))
            continue
        rate = PicturesRate(stage, task, root, why, folder)
        work = partial(compute, stage, task, root, rate, folder)
        same = partial(_same, task)
        job = Job(stage.name, task.name, identity, stage.minutes * 60 + BESIDE, work, why, same)
        made.append((task, job, rate.job if stage.minutes else None))
    return made


def _identity(stage: Stage, task: Task) -> dict[str, Any]:
    """What a cell is known by."""
    known = {"data": stage.data, "recipe": task.recipe, "task": task.task, "judged": stage.judged}
    return known | {"settings": dict(task.settings), "pixels": stage.pixels, "size": SIZE, "minutes": stage.minutes}


def _same(task: Task, result: Mapping[str, Any]) -> bool:
    """Whether a stored cell has today's defaults."""
    kept = {name: value for name, value in result["settings"].items() if name not in task.settings}
    return same_defaults(task.recipe, SIZE, {"settings": kept})


def compute(stage: Stage, task: Task, root: Callable[[], Path], rate: Rate, pictures: Path) -> dict[str, Any]:
    """Train, and judge on the test part; an interrupted run goes on."""
    import gansmith
    from gansmith.run.assess_pictures import JudgedPictures, assess_pictures

    place = root()
    budget = rate.samples(stage.minutes) if stage.minutes else FEW
    name = "-".join([stage.name, *task.name.replace(",", "").split(), f"{budget}"])
    asked = _request(stage, task, place)
    more = {key: asked[key] for key in ("image_size", "channels") if asked[key] is not None}
    begun = time.perf_counter()
    made = gansmith.train(
        asked["data"],
        task.recipe,
        second=asked["second"],
        task=asked["task"],
        size=SIZE,
        budget=budget,
        out=RUNS / name,
        seed=0,
        request={"autopilot": False, **more},
        **task.settings,
    )
    wall = time.perf_counter() - begun
    sides = [place / side for side in stage.sides]
    apart = stage.judged == "unpaired"
    on = JudgedPictures(sides[0] if apart else place, sides[1] if apart else None, stage.judged)
    scores = {}
    for who in ("efflite0", "judge"):
        circular = who == "efflite0" and task.settings.get("maps") == "efficientnet"
        if not circular:
            found_by = assess_pictures(made.model, on, features=who).evaluation
            scores[who] = {r.name: [r.value, r.low, r.high, r.detail.get("untrained")] for r in found_by.results}
    if stage.judged == "inpaint":
        from benchmarks.classic import hole_psnr

        scores["judge"]["hole_psnr"] = hole_psnr(stage.pixels, place, made.model)
    with Image.open(made.folder.samples / "final.png") as sheet:
        write_bytes(pictures / f"{name}.png", small_png(sheet.convert("RGB")))
    kept = {
        "settings": dict(made.record["identity"]["settings"]),
        "scores": scores,
        "samples": budget,
        "wall seconds": wall,
        "rate": rate.known(),
        "sheet": f"{name}.png",
        "diagnoses": [d["name"] for d in made.record["result"]["diagnoses"]],
    }
    shutil.rmtree(made.folder.root)
    return kept


def jobs(quick: bool, choice: Choice, folder: Path | None = None) -> list[Job]:
    """All cells."""
    folder = folder or results(quick)
    made = []
    for stage in stages(quick):
        for _, job, rate in cells(stage, choice, folder):
            made += [job] if rate is None else [rate, job]
    made += [*translate_speed.jobs(quick), *fewshot.jobs(quick, choice)]
    return list({job.id: job for job in made}.values())


def table(stage: Stage, done: Sequence[tuple[Task, Mapping[str, Any] | None]]) -> Table:
    """Scores by both referees; what no training would score stands first."""
    heads = [f"{score} ({who})" if score in SEEN else score for score in stage.scores for who in _who(score)]
    rows: list[list[Cell]] = []
    first = next((r for _, r in done if r is not None and "broke" not in r and len(r["scores"]) == 2), None)
    if first is not None:
        base: list[Cell] = [_at(first, who, score, 3) for score in stage.scores for who in _who(score)]
        rows.append([stage.base, *base, None])
    for task, result in done:
        if result is None or "broke" in result:
            rows.append([task.name, "missing" if result is None else "broke", *[None] * len(heads)])
            continue
        values: list[Cell] = [_shown(result, who, score) for score in stage.scores for who in _who(score)]
        rows.append([task.name, *values, result.get("samples")])
    title = f"{stage.name.capitalize()}: {stage.pixels} pixels, {stage.minutes:g} minutes on a quiet machine, one seed"
    note = "95% intervals, of other test images. EffLite0 and judge are two referees; a dash: trained on its features."
    return Table(title, ["method", *heads, "samples"], rows, note)


SEEN = ("likeness", "kernel")


def _who(score: str) -> tuple[str, ...]:
    """Networks that a score is measured with; pixels need none."""
    return ("efflite0", "judge") if score in SEEN else ("judge",)


def _at(result: Mapping[str, Any], who: str, score: str, place: int) -> float | None:
    value: list[float | None] = result["scores"].get(who, {}).get(score, [None] * 4)
    return value[place]


def _shown(result: Mapping[str, Any], who: str, score: str) -> Cell:
    value, low, high = (_at(result, who, score, place) for place in range(3))
    if value is None or low is None or high is None:
        return value
    digits = 2 if abs(value) < 100 else 0
    return f"{value:.{digits}f} ({low:.{digits}f} .. {high:.{digits}f})"


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing; then tables."""
    folder = results(quick)
    tables, ids, sheets = [], [], []
    for stage in stages(quick):
        chosen = cells(stage, choice, folder)
        if choice.wants(stage.name):
            rates = [rate for _, _, rate in chosen if rate is not None]
            complete([Job(**vars(rate) | {"stage": stage.name}) for rate in rates], folder, choice)
            complete([job for _, job, _ in chosen], folder, choice)
        done = [(task, found(job, folder)) for task, job, _ in chosen]
        tables.append(table(stage, done))
        ids += [job.id for _, job, _ in chosen]
        sheets += [[stage.name, task.name, r["sheet"]] for task, r in done if r is not None and "sheet" in r]
    for part in (translate_speed, fewshot):
        own = part.jobs(quick, choice) if part is fewshot else part.jobs(quick)
        if choice.wants(part.STAGE):
            complete(own, folder, choice)
        tables += part.tables([found(job, folder) for job in own], own)
        ids += [job.id for job in own]
    used = {"size": SIZE, "stages": [s.name for s in STAGES]}
    return Result(used, tables, numbers={"cells": ids, "sheets": sheets, "figures": _figures(sheets, folder, quick)})


def _figures(sheets: Sequence[Sequence[str]], folder: Path, quick: bool) -> list[list[str]]:
    """Sheets before and after, copied to the pictures of the documentation."""
    made = {
        f"translate-{name}": ((folder / name).read_bytes(), f"{stage}: {task}, before and after on test images")
        for stage, task, name in sheets
    }
    return write_figures(made, figure_folder(quick))
