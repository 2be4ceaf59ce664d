"""Quality at equal wall-clock: every image recipe trained for the same minutes and judged alike.

Cells are trained by the public `gansmith.train` with a budget of time. Each leaves a file and a small sample grid in
`results/quality`, so that the benchmark goes on where it stopped. Data sets that are not embedded are named by the user
(`--data clothing64=PATH`); cells of sets that are not given are missing, and the tables say so.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.by_samples import by_samples
from benchmarks.cells import Choice, Job, complete, found
from benchmarks.figures import contact, write_bytes
from benchmarks.rates import Rate, same_defaults
from benchmarks.record import RESULTS, ROOT, Result
from benchmarks.verdicts import CIRCULAR, ranking, stage_table
from gansmith.data.embedded import fashion_path
from gansmith.recipes._recipe import Size
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.images import IMAGES

__all__ = ["DATA", "STAGES", "Stage", "Training", "jobs", "run"]

SIZE: Size = "s"
RUNS = ROOT / "runs/quality"
EMBEDDED = "fashion"
DATA = (EMBEDDED, "clothing64", "cifar10", "emoji64")
"""Names of the data sets; paths of all but the first come from the command line."""

YARDSTICKS = ("vae", "diffusion")
ALWAYS = ("dcgan", "wgan-gp")
BEST = 4
BESIDE = 75.0
"""About how many seconds a cell takes beside its training: reading, judging, drawing."""

FAIR = (0.8, 1.25)
"""Least and most samples of a stored cell, as a share of what the machine trains in its minutes."""

TIMED, GRID = 1_000, 64
FEW = 64
"""Samples drawn first to see how long a thousand take: a slow sampler is timed on fewer."""


@dataclass(frozen=True)
class Training:
    """What is trained.

    Attributes:
        data: Name of the data set.
        recipe: Its id.
        minutes: Of training, on the wall.
        seed: Of the run.
    """

    data: str
    recipe: str
    minutes: float
    seed: int

    @property
    def identity(self) -> dict[str, Any]:
        """What the cell is known by."""
        return {
            "data": self.data,
            "recipe": self.recipe,
            "size": SIZE,
            "minutes": self.minutes,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Stage:
    """One table.

    Attributes:
        name: For `--only`.
        data: Names of the data sets.
        recipes: Ids, or what they are: `all` image recipes, the `best` of the stage before and what always takes
            part, the `duel` of the default with its closest rival, or the default and the `yardsticks`.
        minutes: Of training.
        seeds: Of the runs.
        by_samples: Whether a table tells how far recipes are after as many images.
    """

    name: str
    data: tuple[str, ...]
    recipes: str
    minutes: float
    seeds: tuple[int, ...]
    by_samples: bool = False


STAGES = (
    Stage("screen", (EMBEDDED,), "all", 2, (0,)),
    Stage("finals", (EMBEDDED, "clothing64"), "best", 5, (0, 1)),
    Stage("yardsticks", (EMBEDDED, "clothing64"), "yardsticks", 5, (0, 1)),
    Stage("duel", DATA, "duel", 10, (0, 1)),
    Stage("projected", ("clothing64",), "r3gan fastgan projected", 5, (0, 1), by_samples=True),
)
QUICK = (Stage("screen", (EMBEDDED,), "dcgan r3gan", 0.05, (0,)),)


def paths(choice: Choice) -> dict[str, Path]:
    """Where the data sets are, as far as they are known."""
    return {EMBEDDED: fashion_path(), **choice.data}


def cells(stage: Stage, recipes: Iterable[str]) -> list[Training]:
    """The first seed of all comes first."""
    return [Training(data, r, stage.minutes, seed) for seed in stage.seeds for data in stage.data for r in recipes]


def image_recipes() -> list[str]:
    """Recipes of this package that are trained on images: those can mirror them."""
    own = [find_recipe(name) for name in recipe_names()]
    return [r.id for r in own if r.provenance.startswith("gansmith.recipes") and "flip" in r.hp.model_fields]


def contenders(stage: Stage, folder: Path, data: Mapping[str, Path]) -> tuple[list[str], str]:
    """The recipes of a stage, and what is not decided yet (empty where all is)."""
    match stage.recipes:
        case "all":
            return image_recipes(), ""
        case "yardsticks":
            return [IMAGES.recipe, *YARDSTICKS], ""
        case "best":
            order, left = _order("screen", folder, data)
            chosen = [name for name in order if name not in YARDSTICKS][:BEST]
            return list(dict.fromkeys([*chosen, *ALWAYS])), left and f"the best {BEST} are known when {left}"
        case "duel":
            order, left = _order("finals", folder, data)
            rivals = [name for name in order if name not in (*YARDSTICKS, IMAGES.recipe)][:1]
            return [IMAGES.recipe, *rivals], left and f"the closest rival is known when {left}"
    return stage.recipes.split(), ""


def _order(name: str, folder: Path, data: Mapping[str, Path]) -> tuple[list[str], str]:
    """Recipes of a finished stage, best first; none before it is finished, and then what it waits for."""
    stage = next(s for s in STAGES if s.name == name)
    recipes, left = contenders(stage, folder, data)
    if left:
        return [], left
    asked = [job_of(stage.name, cell, data, folder) for cell in cells(stage, recipes)]
    results = [(job, found(job, folder)) for job in asked]
    waiting = [job for job, result in results if result is None and not job.missing]
    if waiting:
        return [], f"the stage {name} is done ({len(waiting)} cells are missing)"
    return ranking([r for _, r in results if r is not None and "broke" not in r]), ""


def job_of(stage: str, cell: Training, data: Mapping[str, Path], folder: Path) -> Job:
    """A cell as something to do; its result and its sample grid go to the folder."""
    path = data.get(cell.data)
    why = "" if path is not None else _needed(cell.data)
    if not why and cell.recipe not in recipe_names():
        why = f"recipe {cell.recipe} is not there"
    label = f"{cell.recipe} on {cell.data}, {cell.minutes:g} min, seed {cell.seed}"
    work = partial(compute, cell, path or Path(), folder)
    fair = partial(fresh, cell, rate_of(cell, data, folder))
    return Job(stage, label, cell.identity, cell.minutes * 60 + BESIDE, work, why, fair)


def fresh(cell: Training, rate: Rate, result: Mapping[str, Any]) -> bool:
    """Whether a stored cell is what would be computed today, and trained on about as many samples."""
    if rate.known() is None:
        return True
    low, high = FAIR
    ratio = result["trained"]["samples"] / rate.samples(cell.minutes)
    return same_defaults(cell.recipe, SIZE, result) and low <= ratio <= high


def rate_of(cell: Training, data: Mapping[str, Path], folder: Path) -> Rate:
    """The speed that turns a cell's minutes into samples."""
    path = data.get(cell.data)
    return Rate(cell.data, cell.recipe, SIZE, path or Path(), "" if path else _needed(cell.data), folder)


def _needed(name: str) -> str:
    return f"no path of {name}: give --data {name}=PATH"


def jobs(quick: bool, choice: Choice, folder: Path | None = None) -> list[Job]:
    """All cells that are known so far; a stage whose recipes are not decided yet says what it waits for."""
    folder, data, made = folder or results(quick), paths(choice), []
    for stage in QUICK if quick else STAGES:
        recipes, left = contenders(stage, folder, data)
        asked = cells(stage, recipes)
        made += list({rate.job.id: rate.job for rate in (rate_of(cell, data, folder) for cell in asked)}.values())
        made += [job_of(stage.name, cell, data, folder) for cell in asked]
        if left:
            made.append(Job(stage.name, "the other recipes", {"waits": stage.name}, 0.0, dict, left))
    return made


def results(quick: bool) -> Path:
    """Where the cells are."""
    return ROOT / "runs/benchmarks/quality" if quick else RESULTS / "quality"


def compute(cell: Training, path: Path, pictures: Path) -> dict[str, Any]:
    """Train, judge in two networks' features, time the drawing of samples; an interrupted run goes on."""
    import gansmith
    from gansmith.run.assess import assess

    job = job_of("", cell, {cell.data: path}, pictures)
    folder, judges = RUNS / job.id, RUNS / "judges" / cell.data
    request: dict[str, Any] = {"autopilot": False}  # a recipe is measured as it is
    if (judges / "judge.json").is_file():
        request["judge"] = judges
    rate = rate_of(cell, {cell.data: path}, pictures)
    budget = str(rate.samples(cell.minutes))
    begun = time.perf_counter()
    made = gansmith.train(path, cell.recipe, size=SIZE, budget=budget, out=folder, seed=cell.seed, request=request)
    wall = time.perf_counter() - begun
    if "judge" not in request and cell.data != EMBEDDED:  # the same judge for all cells of a data set
        shutil.copytree(made.folder.judge, judges, dirs_exist_ok=True)
    own = json.loads(made.folder.metrics.read_text(encoding="utf-8"))
    names = ["frechet", "kernel", "precision", "recall", "coverage"]
    other = assess(folder, path, features="efflite0", metrics=names).evaluation.to_json()
    write_bytes(pictures / f"{job.id}.png", grid_of(made.model))
    kept = {
        "recipe": cell.recipe,
        "settings": dict(made.record["identity"]["settings"]),
        "data": made.record["data"]["fingerprint"],
        "judge": _plain(own),
        "efflite0": _plain(other),
        "judge network": own["judge"],
        "curve": _curve(made.folder.events),
        "rate": rate.known(),
        "trained": _trained(made.folder.events, made.record),
        "wall seconds": wall,
        "seconds per 1,000 samples": thousand(made.model),
    }
    shutil.rmtree(folder)
    return kept


def grid_of(model: Any) -> bytes:
    """Eight rows of eight samples; of a conditional model a column a class."""
    where = {"label": [i % len(model.classes) for i in range(8)]} if model.classes else None
    made = model.sample(GRID, where=where, seed=0)
    return contact(made.images, 8, model.codec.frame.value_range)


def thousand(model: Any) -> float:
    """Seconds for a thousand samples, drawn as `gansmith sample` draws them."""

    def seconds(n: int) -> float:
        before = time.perf_counter()
        model.sample(n, seed=1)
        return time.perf_counter() - before

    seconds(8)
    few = seconds(FEW)
    return seconds(TIMED) if few * TIMED / FEW < 60 else few * TIMED / FEW


def _plain(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Value, interval and ceiling of each score."""
    ceiling = {r["name"]: r["value"] for r in evaluation["ceiling"]}
    return {r["name"]: [r["value"], r.get("low"), r.get("high"), ceiling.get(r["name"])] for r in evaluation["results"]}


def _events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _curve(path: Path) -> list[dict[str, Any]]:
    """Scores on validation images while training, with samples and seconds of training."""
    seconds, last, curve = 0.0, 0, []
    for event in _events(path):
        if event["event"] == "round":
            seconds += (event["samples"] - last) / max(event["rate"], 1e-9)
            last = event["samples"]
        if event["event"] == "evaluation":
            scores = {name: round(value, 5) for name, value in event["scores"].items()}
            curve.append({"samples": event["samples"], "seconds": round(seconds, 1), **scores})
    return curve


def _trained(path: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Samples, seconds of training alone, and how often the discriminator was right at the end."""
    rounds = [e for e in _events(path) if e["event"] == "round"]
    ends = [0, *(e["samples"] for e in rounds)]
    seconds = sum((e["samples"] - start) / max(e["rate"], 1e-9) for e, start in zip(rounds, ends, strict=False))
    contest = [e["values"]["contest"] for e in rounds if isinstance(e["values"].get("contest"), float)]
    last = contest[-max(1, len(contest) // 5) :]
    return {
        "samples": ends[-1],
        "seconds": seconds,
        "told apart": sum(last) / len(last) if last else None,
        "diagnoses": [d["name"] for d in record["result"]["diagnoses"]],
    }


def run(quick: bool, choice: Choice = Choice()) -> Result:  # noqa: B008  # frozen
    """Compute what is missing, stage by stage since later ones depend on earlier ones; then tables."""
    folder, data = results(quick), paths(choice)
    tables, ids = [], []
    for stage in QUICK if quick else STAGES:
        recipes, left = contenders(stage, folder, data)
        chosen = cells(stage, recipes)
        complete([rate_of(cell, data, folder).job for cell in chosen], folder, choice)
        asked = [job_of(stage.name, cell, data, folder) for cell in chosen]
        complete(asked, folder, choice)
        ids += [job.id for job in asked]
        title = f"{stage.name.capitalize()}: {{}}, {stage.minutes:g} minutes, {len(stage.seeds)} seed(s)"
        for name in stage.data:
            mine: Sequence[Job] = [job for job in asked if job.identity["data"] == name]
            cells_of = [found(job, folder) for job in mine]
            tables.append(stage_table(title.format(name), mine, cells_of, left))
            if stage.by_samples:
                done = [r for r in cells_of if r is not None and "broke" not in r]
                tables.append(by_samples(f"Quality by real images seen: {name}", done))
    used = {"size": SIZE, "stages": [vars(s) | {"data": list(s.data), "seeds": list(s.seeds)} for s in STAGES]}
    return Result(used, tables, numbers={"cells": ids, "circular": sorted(CIRCULAR)})
