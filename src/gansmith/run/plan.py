"""What a run will do, decided before it begins and written to `run.json`."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from gansmith import __version__
from gansmith.core import GameError
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.limits import MOST_SEED
from gansmith.recipes._presets import find_preset
from gansmith.recipes._recipe import Hp, Recipe, Size
from gansmith.recipes._registry import find_recipe
from gansmith.run.budget import Budget
from gansmith.run.files import sha256
from gansmith.run.folder import FORMAT, RunFolder
from gansmith.run.hardware import precision_on
from gansmith.run.modality import Modality, Prepared, find_modality
from gansmith.run.origin import Origin
from gansmith.run.request import Request
from gansmith.run.sample import whole
from gansmith.run.settings import resolve

__all__ = ["Plan", "check_same_run", "make_plan", "read_words", "where"]

MOST_EPOCHS = 4
"""A batch may hold every training item four times, not more."""


@dataclass(frozen=True)
class Plan:
    """A request with everything decided.

    Attributes:
        request: What was asked for.
        modality: The kind of data.
        data: The data, read and split, and its codec.
        recipe: The variant.
        size: Size of the networks.
        hp: Its hyper-parameters.
        budget: Time or samples.
        folder: The run folder.
        identity: What makes this run this run; another identity is refused in the same folder.
        origin: The run that this one begins with, if any.
    """

    request: Request
    modality: Modality
    data: Prepared
    recipe: Recipe[Any]
    size: Size
    hp: Hp
    budget: Budget
    folder: Path
    identity: Mapping[str, Any]
    origin: Origin | None = None

    @property
    def name(self) -> str:
        """A short name of the data."""
        return _name(self.request)

    @property
    def codec(self) -> Any:
        """The codec of the data, fitted to its training part."""
        return self.data.codec

    def command(self) -> str:
        """The command that makes this run again, with every choice spelt out."""
        request, defaults = self.request, Request("")
        words = ["gansmith", "train", str(request.data), *([] if request.second is None else [str(request.second)])]
        words += ["--recipe", request.recipe or self.recipe.id]
        words += ["--preset", request.preset] if request.preset else ["--size", self.size]
        words += ["--budget", request.budget or self.data.budget, "--seed", str(request.seed)]
        words += ["--out", str(self.folder)]
        if request.image_size is not None:
            sides = request.image_size if isinstance(request.image_size, tuple) else (request.image_size,)
            words += ["--image-size", "x".join(map(str, sides))]
        for name in ("channels", "fit", "device", "precision", "micro", "threads", "judge"):
            value = getattr(request, name)
            if value != getattr(defaults, name):
                words += [f"--{name}", str(value)]
        words += ["--from", str(request.start)] if request.start is not None else []
        words += ["--strict"] * request.strict
        words += [] if request.autopilot else ["--autopilot", "off"]
        words += read_words(request)
        for name in ("modality", "task", "schema", "target", "protect_outliers", "table", "epsilon", "delta"):
            if getattr(request, name) is not None:
                words += [f"--{name.replace('_', '-')}", str(getattr(request, name))]
        words += [f"{name}={_scalar(value)}" for name, value in request.settings.items()]
        return shlex.join(words)

    def record(self) -> dict[str, Any]:
        """What `run.json` says before the run begins."""
        return {
            "format": FORMAT,
            "identity": dict(self.identity),
            "command": self.command(),
            "data": {"path": str(self.request.data), "name": self.name, **self.data.describe()},
            "versions": versions(),
        }


def read_words(request: Request) -> list[str]:
    """What a request says of the data's format, as it is written on the command line."""
    read, usual = vars(request.read), type(request.read)()
    given = [(name, value) for name, value in read.items() if value != getattr(usual, name)]
    return [word for name, value in given for word in ("--read", f"{name}={_said(value)}")]


def versions() -> dict[str, str]:
    """Of what results depend on."""
    return {"gansmith": __version__, "torch": torch.__version__, "python": platform.python_version()}


def make_plan(request: Request, progress: Progress | None = None) -> Plan:
    """Open the data and decide everything that the request leaves open.

    Raises:
        InputError: With every problem found, before anything is written.
    """
    whole(request.seed, "--seed", 0, MOST_SEED)
    if not str(request.data):
        raise InputError("the path of the data is empty")
    modality = find_modality(request)
    request = modality.asked(request)
    recipe = find_recipe(request.recipe or modality.recipe)
    _check_kind(request, recipe, modality)
    precision = precision_on(request.device, request.precision, recipe.kind)
    request = replace(_with_preset(request, recipe), precision=precision)
    budget = Budget.parse(request.budget) if request.budget else None  # problems before hours of decoding
    resolve(recipe, request.size or "s", request.settings, request.preset)  # problems before hours of decoding
    origin = Origin.of(request.start) if request.start is not None else None
    if origin is not None:
        origin.check(recipe.id)
    data = modality.prepare(request, progress)
    budget = budget or Budget.parse(data.budget)
    size = request.size or data.size
    hp = resolve(recipe, size, request.settings, request.preset)
    if hp.batch > data.rows * MOST_EPOCHS:
        raise InputError(
            f"batch={hp.batch} is more than four times the {data.rows} training items: choose a smaller one"
        )
    try:
        recipe.game(data.codec.spec, hp)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"recipe {recipe.id} does not fit this data or these settings: {where(error)}") from error
    identity = _identity(request, data, recipe, size, hp, budget)
    if origin is not None:
        identity["from"] = origin.digest
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    folder = Path(request.out) if request.out else Path("runs") / f"{_name(request)}-{recipe.id}-{digest}"
    return Plan(request, modality, data, recipe, size, hp, budget, folder, identity, origin)


def _check_kind(request: Request, recipe: Recipe[Any], modality: Modality) -> None:
    """Refuse a recipe for another kind of data."""
    made_for = recipe.kind
    if made_for != modality.id:
        raise InputError(
            f"recipe {recipe.id} is for {made_for}s, and {request.data} holds {modality.id}s: leave --recipe out, or "
            f"choose another"
        )


def _with_preset(request: Request, recipe: Recipe[Any]) -> Request:
    """The request with what its preset says on image size and budget where it says nothing itself."""
    if request.preset is None:
        return request
    if request.size is not None:
        raise InputError(f"--preset {request.preset} and --size {request.size}: a preset has its own size, give one")
    preset = find_preset(request.preset, recipe.id, recipe.presets)
    image_size = preset.image_size if request.image_size is None else request.image_size
    return replace(request, size="l", image_size=image_size, budget=request.budget or preset.budget)


def check_same_run(plan: Plan) -> dict[str, Any] | None:
    """The record of the run in the plan's folder, or None where there is none.

    Raises:
        InputError: The folder holds a run of another recipe, data set or settings, or something else.
    """
    folder = plan.folder
    if not (folder / "run.json").is_file():
        if folder.is_file() or (folder.is_dir() and any(not p.name.startswith(".") for p in folder.iterdir())):
            raise InputError(f"{folder} exists and is no run folder; choose another place with --out")
        return None
    record = RunFolder(folder).read()
    theirs, mine = record.get("identity", {}), plan.identity
    different = list(_differences(theirs, mine))
    if different:
        what = "; ".join(f"{name} {_short(was)}, not {_short(now)}" for name, was, now in different)
        raise InputError(f"{folder} holds a run with {what}; choose another --out, or repeat its own settings")
    return record


def _differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, former and present value of all that differs; inside dictionaries entry by entry."""
    for key in {**theirs, **mine}:
        was, now = theirs.get(key), mine.get(key)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from ((f"{key} {name}", a, b) for name, a, b in _differences(was, now))
        elif was != now:
            yield key, was, now


def _name(request: Request) -> str:
    """A short name of the data: of both folders, where there are two."""
    names = [data_name(path) for path in (request.data, request.second) if path is not None]
    return "-to-".join(names)


def data_name(path: str | Path) -> str:
    """A short name of a data set from its path."""
    return Path(path).resolve().name.split(".")[0] or "data"


def _identity(
    request: Request, data: Prepared, recipe: Recipe[Any], size: Size, hp: Hp, budget: Budget
) -> dict[str, Any]:
    name = request.recipe or recipe.id
    return {
        "recipe": recipe.id,
        "recipe file": sha256(Path(name)) if name.endswith(".py") else None,
        **data.identity(),
        "size": size,
        "settings": hp.model_dump(mode="json"),
        "seed": request.seed,
        "budget": str(budget),
        "precision": request.precision,
        "micro": request.micro,
        **({} if request.autopilot else {"autopilot": False}),
    }


def _said(value: Any) -> str:
    """A value of `--read` as it is written there."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, tuple) else "tab" if value == "\t" else str(value)


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def where(error: Exception) -> str:
    """An error of a recipe in one line: where it happened and what it says."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, GameError) else f"{type(error).__name__}: "
    return f"{kind}{text}" + (f" ({Path(frame.filename).name}, line {frame.lineno})" if kind else "")


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 60 else text[:57] + "..."
