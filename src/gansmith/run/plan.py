"""What a run will do, decided before it begins and written to `run.json`."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansmith import __version__
from gansmith.core import GameError
from gansmith.data.image_codec import ImageCodec
from gansmith.data.image_set import ImageSet
from gansmith.data.open import open_images
from gansmith.data.source import ImageSource
from gansmith.data.split import Splits, split_images
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.limits import MOST_SEED
from gansmith.recipes._presets import find_preset
from gansmith.recipes._recipe import Hp, Recipe, Size
from gansmith.recipes._registry import find_recipe
from gansmith.run.budget import Budget
from gansmith.run.conditions import kept_rows
from gansmith.run.files import sha256
from gansmith.run.folder import FORMAT, RunFolder
from gansmith.run.hardware import precision_on
from gansmith.run.judge import load_judge
from gansmith.run.origin import Origin
from gansmith.run.request import Request
from gansmith.run.sample import whole
from gansmith.run.settings import resolve

__all__ = ["Plan", "check_same_run", "make_plan", "where"]

DEFAULT_BUDGET = "10m"
DEFAULT_RECIPE = "r3gan"
MOST_EPOCHS = 4
"""A batch may hold every training image four times, not more."""


@dataclass(frozen=True)
class Plan:
    """A request with everything decided.

    Attributes:
        request: What was asked for.
        images: The prepared data.
        splits: Rows of training, validation and test.
        codec: Fitted to the training part.
        recipe: The variant.
        size: Size of the networks.
        hp: Its hyper-parameters.
        budget: Time or samples.
        folder: The run folder.
        identity: What makes this run this run; another identity is refused in the same folder.
        origin: The run that this one begins with, if any.
    """

    request: Request
    images: ImageSet
    splits: Splits
    codec: ImageCodec
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
        return data_name(self.request.data)

    def part(self, split: str) -> ImageSet:
        """The images of `train`, `val` or `test`."""
        return self._parts[split]

    def source(self, rank: int = 0, world: int = 1) -> ImageSource:
        """Batches of the training images, as the settings ask for them: a process's rows of each."""
        options = {name: getattr(self.hp, name) for name in ("flip", "shift") if hasattr(self.hp, name)}
        seed, batch = self.request.seed, self.hp.batch
        return ImageSource.of(self.part("train"), self.codec, batch=batch, seed=seed, rank=rank, world=world, **options)

    @cached_property
    def _parts(self) -> dict[str, ImageSet]:
        return {split: self.images.subset(getattr(self.splits, split)) for split in ("train", "val", "test")}

    @cached_property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training part; empty without classes."""
        labels = self.part("train").labels
        if labels is None or not self.codec.classes:
            return ()
        counts = [int((labels == c).sum()) for c in range(len(self.codec.classes))]
        return tuple(count / len(labels) for count in counts)

    @cached_property
    def rows(self) -> dict[str, Tensor]:
        """Condition vectors of some training images; empty where a class, or nothing, is the condition."""
        return kept_rows(self.codec.vectors(self.part("train")))

    def command(self) -> str:
        """The command that makes this run again, with every choice spelt out."""
        request, defaults = self.request, Request("")
        words = ["gansmith", "train", str(request.data), "--recipe", request.recipe or self.recipe.id]
        words += ["--preset", request.preset] if request.preset else ["--size", self.size]
        words += ["--budget", request.budget or DEFAULT_BUDGET, "--seed", str(request.seed)]
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
        for name, value in vars(request.read).items():
            if value != getattr(defaults.read, name):
                words += ["--read", f"{name}={value}"]
        words += [f"{name}={_scalar(value)}" for name, value in request.settings.items()]
        return shlex.join(words)

    def record(self) -> dict[str, Any]:
        """What `run.json` says before the run begins."""
        return {
            "format": FORMAT,
            "identity": dict(self.identity),
            "command": self.command(),
            "data": {
                "path": str(self.request.data),
                "name": self.name,
                "fingerprint": self.images.fingerprint,
                "train_fingerprint": self.part("train").fingerprint,
                "images": len(self.images),
                "skipped": len(self.images.skipped),
                "splits": self.splits.to_json(),
                "classes": list(self.images.classes),
                "fit": self.images.fit.describe(),
                "warnings": [*self.images.warnings, *self.splits.warnings, *_captions_note(self)],
            },
            "versions": versions(),
        }


def _captions_note(plan: Plan) -> list[str]:
    """What the user should know of the text encoder that was taken."""
    captions = plan.codec.captions
    if captions is None or plan.request.read.text_encoder is not None or not captions.encoder.startswith("ngrams"):
        return []
    return [
        f"captions are told apart by their letters, not by their meaning (encoder {captions.encoder}): for word "
        'vectors, pip install "gansmith[text]"'
    ]


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
    recipe = find_recipe(request.recipe or DEFAULT_RECIPE)
    request = replace(_with_preset(request, recipe), precision=precision_on(request.device, request.precision))
    budget = Budget.parse(request.budget or DEFAULT_BUDGET)
    resolve(recipe, request.size or "s", request.settings, request.preset)  # problems before hours of decoding
    judge = load_judge(Path(request.judge)) if request.judge is not None else None
    origin = Origin.of(request.start) if request.start is not None else None
    if origin is not None:
        origin.check(recipe.id)
    images = open_images(
        request.data,
        size=request.image_size,
        channels=request.channels,
        fit=request.fit,
        strict=request.strict,
        progress=progress,
        options=request.read,
    )
    splits = split_images(images)
    codec = _codec(request, images, splits)
    size = request.size or _size(images)
    hp = resolve(recipe, size, request.settings, request.preset)
    if judge is not None:
        judge.check(codec)
    if hp.batch > len(splits.train) * MOST_EPOCHS:
        raise InputError(
            f"batch={hp.batch} is more than four times the {len(splits.train)} training images: choose a smaller one"
        )
    try:
        recipe.game(codec.spec, hp)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"recipe {recipe.id} does not fit this data or these settings: {where(error)}") from error
    identity = _identity(request, images, codec, recipe, size, hp, budget)
    if origin is not None:
        identity["from"] = origin.digest
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    folder = Path(request.out) if request.out else Path("runs") / f"{data_name(request.data)}-{recipe.id}-{digest}"
    return Plan(request, images, splits, codec, recipe, size, hp, budget, folder, identity, origin)


def _codec(request: Request, images: ImageSet, splits: Splits) -> ImageCodec:
    """The codec, fitted to the training part; refuses data that can't be judged by, and an encoder of no captions."""
    if not len(splits.test):
        raise InputError(
            f"{request.data}: all {len(images)} images are in training, so none is left to judge the model by: "
            "every class needs 3 images or more"
        )
    codec = ImageCodec.fit(images.subset(splits.train), request.read.text_encoder)
    if request.read.text_encoder and codec.captions is None:
        raise InputError(f"text_encoder={request.read.text_encoder} can't act: {request.data} has no captions")
    return codec


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


def data_name(path: str | Path) -> str:
    """A short name of a data set from its path."""
    return Path(path).resolve().name.split(".")[0] or "data"


def _identity(
    request: Request, images: ImageSet, codec: ImageCodec, recipe: Recipe[Any], size: Size, hp: Hp, budget: Budget
) -> dict[str, Any]:
    name = request.recipe or recipe.id
    return {
        "recipe": recipe.id,
        "recipe file": sha256(Path(name)) if name.endswith(".py") else None,
        "data": images.fingerprint,
        "fit": images.fit.to_json(),
        "size": size,
        "settings": hp.model_dump(mode="json"),
        "seed": request.seed,
        "budget": str(budget),
        "precision": request.precision,
        "micro": request.micro,
        "judge": sha256(Path(request.judge) / "judge.safetensors") if request.judge is not None else None,
        **({} if request.autopilot else {"autopilot": False}),
        **({"text encoder": codec.captions.encoder} if codec.captions else {}),
    }


def _size(images: ImageSet) -> Size:
    """Networks by device and data: small on a CPU or for few images, medium on a GPU, large for many large images."""
    if not (torch.cuda.is_available() or torch.backends.mps.is_available()) or len(images) < 5_000:
        return "s"
    return "l" if len(images) >= 50_000 and min(images.shape[:2]) >= 64 else "m"


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
