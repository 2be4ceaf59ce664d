"""The models of a comparison: loaded, named, and fit to be compared with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gansmith.errors import InputError
from gansmith.features import Extractor
from gansmith.recipes._registry import find_recipe
from gansmith.run.folder import RunFolder
from gansmith.run.kinds._model import KindModel
from gansmith.run.load import load_images
from gansmith.run.model import Model
from gansmith.run.saved import peek
from gansmith.run.table_model import TableModel
from gansmith.run.translation_model import TranslationModel

__all__ = ["Contestant", "contestants", "gathered", "own_data", "refuse_circular", "same_draw"]

DIGITS = 16
"""Of the hash of pretrained weights, as recipes name them."""


M = TypeVar("M", Model, TableModel, TranslationModel, KindModel[Any])


@dataclass(frozen=True)
class Contestant(Generic[M]):
    """One of the models.

    Attributes:
        name: What tells it from the others: the end of its path.
        path: Its folder, or its run folder.
        model: The model.
        run: Its run, where the path leads to one: a run folder, or the model folder inside one.
    """

    name: str
    path: Path
    model: M
    run: RunFolder | None


def contestants(paths: Sequence[str | Path], recipes: Sequence[str] = ()) -> list[Contestant[Model]]:
    """Load models that can be compared with each other.

    Args:
        paths: Model folders or run folders, two or more.
        recipes: Recipe files of models whose recipes are not installed.

    Raises:
        InputError: There is one path only, one is given twice, a model can't be read, or they make images of
            different shapes or of different classes.
    """
    found = gathered(paths, recipes, load_images)
    _check_alike(found)
    return found


def gathered(
    paths: Sequence[str | Path], recipes: Sequence[str], read: Callable[[str | Path, str | None], M]
) -> list[Contestant[M]]:
    """Load models of one kind, and name them. Raises `InputError` as `contestants`, but for what they make."""
    if len(paths) < 2:
        raise InputError(f"a comparison needs two models or more, got {len(paths)}")
    roots = [_root(Path(path)) for path in paths]
    twice = {str(path) for i, path in enumerate(paths) if roots[i] in roots[:i]}
    if twice:
        raise InputError(*(f"{path} is given twice" for path in sorted(twice)))
    files = {find_recipe(file).id: file for file in recipes}
    found = [
        Contestant(
            name,
            Path(path),
            read(path, files.get(str(peek(path, "recipe.json").get("recipe")))),
            RunFolder(root) if (root / "run.json").is_file() else None,
        )
        for name, path, root in zip(_names(roots), paths, roots, strict=True)
    ]
    unused = set(files) - {c.model.recipe.id for c in found}
    if unused:
        raise InputError(*(f"--recipe {files[name]}: none of the models was made with it" for name in sorted(unused)))
    return found


def own_data(found: Sequence[Contestant[M]]) -> tuple[str, str]:
    """Path and fingerprint of the one data set that all were trained on.

    Raises:
        InputError: They are not all runs, or runs on other data.
    """
    bare = [c.path for c in found if c.run is None]
    if bare:
        raise InputError(f"{bare[0]} is no run folder, which would say what it was trained on: name it with --data")
    data = [c.run.read()["data"] for c in found if c.run is not None]
    for contestant, other in zip(found, data, strict=True):
        if other.get("fingerprint") != data[0].get("fingerprint"):
            raise InputError(
                f"{found[0].name} was trained on {data[0].get('name')}, {contestant.name} on {other.get('name')} with "
                "other images: say with --data on which to compare them"
            )
    there = [d for d in data if Path(str(d.get("path"))).exists()]
    if not there:
        raise InputError(f"{data[0].get('path')}, the data of these runs, is not there any more: name it with --data")
    return str(there[0]["path"]), str(there[0]["fingerprint"])


def refuse_circular(found: Sequence[Contestant[M]], extractor: Extractor) -> None:
    """Refuse features that one of the models was trained on: a score in them says nothing about it.

    Raises:
        InputError: A recipe holds the extractor's weights as a pretrained net.
    """
    problems = []
    for c in found:
        pretrained = c.model.recipe.game(c.model.codec.spec, c.model.hp).pretrained.values()
        if any(extractor.hash[:DIGITS] in words for words in pretrained):
            problems.append(
                f"{c.name} ({c.model.recipe.id}) was trained on the network of {extractor.id}, so a score in its "
                "features says nothing about it: leave --features out, or take others"
            )
    if problems:
        raise InputError(*problems)


def same_draw(a: Model, b: Model) -> bool:
    """Whether samples of one number and seed come from the same noise and are asked to be the same."""
    return (
        dict(a.drawing.noise) == dict(b.drawing.noise)
        and dict(a.drawing.codes) == dict(b.drawing.codes)
        and a.drawing.conditions == b.drawing.conditions
        and (a.classes, a.frequencies) == (b.classes, b.frequencies)
        and {k: len(v) for k, v in a.rows.items()} == {k: len(v) for k, v in b.rows.items()}
    )


def _root(path: Path) -> Path:
    """The run folder of a path that leads to one, else the path."""
    whole = path.resolve()
    return whole.parent if whole.name == "model" and (whole.parent / "run.json").is_file() else whole


def _names(roots: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that differ."""
    depth = 1
    while len({root.parts[-depth:] for root in roots}) < len(roots):
        depth += 1
    return [Path(*root.parts[-depth:]).as_posix() for root in roots]


def _check_alike(found: Sequence[Contestant[Model]]) -> None:
    """Refuse models that can't be measured on one set of images."""
    problems = []
    first, labelled = found[0], next((c for c in found if c.model.codec.classes), found[0])
    frame, classes = first.model.codec.frame, labelled.model.codec.classes
    for c in found:
        codec = c.model.codec
        if codec.frame != frame:
            problems.append(
                f"{first.name} and {c.name} make different images: {frame.describe()}; {codec.frame.describe()}"
            )
        if codec.classes and codec.classes != classes:
            problems.append(
                f"{labelled.name} knows the classes {', '.join(classes)}; {c.name} {', '.join(codec.classes)}"
            )
    if problems:
        raise InputError(*problems)
