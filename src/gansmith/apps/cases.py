"""Cases of which some modalities are missing: a sub-folder for each modality; the missing files are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from gansmith.apps.photos import SMALLER, Photo, read_photo, write_photo
from gansmith.apps.places import Done, Tick, files_in, made_files
from gansmith.data.decode import EXTENSIONS
from gansmith.data.reader import Pixels, ReadOptions, UnreadableError, natural, some
from gansmith.data.resample import convert_channels, convert_depth
from gansmith.data.translation.modalities import modality_folders
from gansmith.errors import InputError, nearest
from gansmith.run.apply import Making
from gansmith.run.translation_model import TranslationModel

__all__ = ["Case", "cases_in", "complete_files"]


@dataclass(frozen=True)
class Case:
    """One place in several modalities.

    Attributes:
        name: Path of its files below each modality's folder, without the ending.
        files: The files that are there, by modality.
    """

    name: str
    files: Mapping[str, Path]

    def missing(self, modalities: Sequence[str]) -> list[str]:
        """Those of some modalities that it lacks."""
        return [name for name in modalities if name not in self.files]


def cases_in(folder: Path, modalities: Sequence[str]) -> list[Case]:
    """The cases of a folder with a sub-folder for each modality, in natural order; one that is not there holds nothing.

    Args:
        folder: Where they are.
        modalities: That are known.

    Raises:
        InputError: There is no such folder, it holds sub-folders that are no modalities, no picture, or two files of
            one case.
    """
    known = f"the model knows {', '.join(modalities)}"
    if not folder.is_dir():
        raise InputError(
            f"{folder}: a model that completes modalities takes a folder with a sub-folder for each: {known}"
        )
    sides = modality_folders(folder)
    if odd := [side.name for side in sides if side.name not in modalities]:
        raise InputError(f"{folder}: {odd[0]} is no modality{nearest(odd[0], modalities)}")
    found: dict[str, dict[str, Path]] = {}
    for side in sides:
        for path in files_in(side, EXTENSIONS):
            files = found.setdefault(path.relative_to(side).with_suffix("").as_posix(), {})
            if side.name in files:
                raise InputError(f"{path} and {files[side.name].name} are the same case: keep one of them")
            files[side.name] = path
    if not found:
        raise InputError(f"{folder}: no picture found in sub-folders of modalities: {known}")
    return [Case(name, found[name]) for name in sorted(found, key=natural)]


def complete_files(
    model: TranslationModel,
    folder: str | Path,
    out: str | Path,
    *,
    tile: int | None = None,
    options: ReadOptions | None = None,
    tick: Tick | None = None,
) -> Iterator[Done]:
    """Make the files that cases lack, one after the other.

    Args:
        model: What completes.
        folder: With a sub-folder for each modality; see `cases_in`.
        out: Folder of what is made, in the same layout: PNG files in a sub-folder for each modality that lacks any.
        tile: See `TranslationModel.apply`.
        options: Limits on files.
        tick: Told the share that is done.

    Raises:
        InputError: The folder has another form, no case lacks anything, or `out` is that folder.
    """
    root, place = Path(folder).expanduser(), Path(out).expanduser()
    cases = cases_in(root, model.modalities)
    if place.exists() and not place.is_dir():
        raise InputError(f"--out {place}: is a file; give a folder")
    if place.resolve() == root.resolve():
        raise InputError(f"--out {place}: what is made would lie among what was measured: give another folder")
    lacking = [(case, name) for case in cases for name in case.missing(model.modalities)]
    if not lacking:
        raise InputError(f"{root}: no case lacks any of {', '.join(model.modalities)}: there is nothing to make")
    model.completing(lacking[0][1]).check(tile=tile)

    def made(case: Case, name: str, target: Path, report: Tick | None) -> Sequence[str]:
        try:
            making = _begun(model, case, name, tile, options)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
        write_photo(target, making, Photo(np.empty(0)), report)
        return (making.note,)

    jobs = []
    for case, name in lacking:
        target = place / name / f"{case.name}.png"
        jobs.append((next(iter(case.files.values())), target, partial(made, case, name, target)))
    return made_files(jobs, SMALLER, tick)


def _begun(model: TranslationModel, case: Case, name: str, tile: int | None, options: ReadOptions | None) -> Making:
    """One missing modality of a case, about to be made."""
    there = {side: _grey(path, options) for side, path in case.files.items()}
    sizes = {side: f"{pixels.shape[1]}x{pixels.shape[0]}" for side, pixels in there.items()}
    if len(set(sizes.values())) > 1:
        told = some([f"{side} {size}" for side, size in sizes.items()], len(sizes))
        raise InputError(f"modalities have different sizes ({told}): they have to be registered to each other")
    bits = max(8 * pixels.dtype.itemsize for pixels in there.values())
    deep = {side: convert_depth(pixels, bits, 0.0, 1.0) for side, pixels in there.items()}
    blank = np.zeros_like(next(iter(deep.values())))
    image = np.concatenate([deep.get(side, blank) for side in model.modalities], 2)
    making = model.completing(*case.missing(model.modalities)).begin(image, tile=tile)
    at = model.modalities.index(name)

    def strips(tick: Callable[[float], None] | None) -> Iterator[Pixels]:
        return (np.ascontiguousarray(strip[..., at : at + 1]) for strip in making.strips(tick))

    return replace(making, shape=(*making.shape[:2], 1), strips=strips)


def _grey(path: Path, options: ReadOptions | None) -> Pixels:
    """`(H, W, 1)` in 8 or 16 bits."""
    try:
        pixels = read_photo(path, options).pixels
    except UnreadableError as error:
        raise InputError(f"{path}: {error}") from error
    if pixels.dtype.kind == "f":
        raise InputError(f"{path}: pictures in floats have no black and white of their own: save them in 16 bits")
    return convert_channels(pixels, 1, 0.0, float(np.iinfo(pixels.dtype).max))
