"""Where the clips of a path are, which class each belongs to, and whether a path holds clips at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gansmith.data.decode import EXTENSIONS
from gansmith.data.layout import SPLIT_NAMES, common_folder, hidden
from gansmith.data.reader import Split, natural, some
from gansmith.data.video.arrays import array_of_clips
from gansmith.data.video.decode import ANIMATED, FILMS, is_animated
from gansmith.errors import InputError

__all__ = ["Found", "Place", "find_clips", "recognise_clips"]

LOOKED_AT = 24
"""Pictures of a folder that are opened to see whether they move."""

FRAME = re.compile(r"(.*?)(\d+)$")
"""The stem of a numbered picture: what stands before the number, and the number."""


@dataclass(frozen=True)
class Place:
    """Where one clip is.

    Attributes:
        name: For people: the path beneath the source.
        source: A file, or the files of its frames in order.
    """

    name: str
    source: Path | tuple[Path, ...]


@dataclass(frozen=True)
class Found:
    """The clips of a path, in natural order.

    Attributes:
        places: Where each is.
        owners: The class folder of each; empty without classes.
        splits: The split that a folder gives to each, or None.
        about: How they lie there, in words.
    """

    places: tuple[Place, ...]
    owners: tuple[str, ...]
    splits: tuple[Split | None, ...]
    about: str


def find_clips(path: Path) -> Found:
    """The clips of a file or folder.

    A video file or an animation is a clip. A folder that holds numbered pictures is one clip of these frames. Folders
    above are classes; folders named train, val and test above those are splits.

    Raises:
        InputError: There are none, or clips lie beside class folders.
    """
    if path.is_file():
        return Found((Place(path.name, path),), (), (None,), "one file")
    files = [f for f in path.rglob("*") if f.is_file() and not hidden(f.relative_to(path).as_posix())]
    clips = [f for f in files if f.suffix.lower() in FILMS]
    pictures = sorted((f for f in files if f.suffix.lower() in EXTENSIONS | {".apng"}), key=lambda f: natural(str(f)))
    moving = [f for f in pictures if f.suffix.lower() in ANIMATED]
    if not any(map(is_animated, moving)):
        moving = []  # otherwise the damaged and the still ones among them are told when they are read
    if clips or moving:
        places = [Place(f.relative_to(path).as_posix(), f) for f in [*clips, *moving]]
        about = " and ".join(f"{len(g):,} {w}" for g, w in ((clips, "video files"), (moving, "animations")) if g)
    else:
        places = _frame_folders(path, pictures)
        about = f"{len(places):,} folders of frames"
    if not places:
        raise InputError(
            f"{path}: no clip found: give video files ({' '.join(sorted(FILMS))}), animated .gif, .webp or .png files, "
            "folders of numbered pictures, or an .npz array (clips, frames, height, width, channels)"
        )
    places.sort(key=lambda place: natural(place.name))
    owners, splits = _owners([place.name for place in places], path)
    return Found(tuple(places), owners, splits, about)


def recognise_clips(path: Path) -> str | None:
    """Why a path is taken for clips; None where it is not."""
    ending = path.suffix.lower()
    if path.is_file():
        if ending in FILMS:
            return f"it is a video file ({ending})"
        if ending in (".npz", ".npy"):
            return array_of_clips(path)
        return "it is an animation" if ending in ANIMATED and is_animated(path) else None
    if not path.is_dir():
        return None
    files = [f for f in path.rglob("*") if f.is_file() and not hidden(f.relative_to(path).as_posix())]
    films = sum(f.suffix.lower() in FILMS for f in files)
    pictures = sorted((f for f in files if f.suffix.lower() in EXTENSIONS | {".apng"}), key=lambda f: natural(str(f)))
    if films:
        return f"it holds {films:,} video files" if films * 2 >= len(pictures) else None
    looked = pictures[:: max(1, len(pictures) // LOOKED_AT)][:LOOKED_AT]
    moving = sum(f.suffix.lower() in ANIMATED and is_animated(f) for f in looked)
    if looked and moving * 2 > len(looked):
        return f"{moving} of {len(looked)} pictures looked at move"
    return _frames_evidence(path, pictures)


def _frames_evidence(path: Path, pictures: Sequence[Path]) -> str | None:
    """Frames are told from a data set of numbered pictures by their name, or by lying two folders deep."""
    folders = _by_folder(pictures)
    if len(folders) < 2 or any(len(found) < 2 for found in folders.values()):
        return None
    named = all(f.stem.lower().startswith("frame") for f in pictures)
    deep = all(len(folder.relative_to(path).parts) >= 2 for folder in folders)
    below_split = all(
        folder.relative_to(path).parts[:1] and folder.relative_to(path).parts[0].lower() in SPLIT_NAMES
        for folder in folders
    )
    if (named or (deep and not below_split)) and all(_consecutive(found) for found in folders.values()):
        return f"it holds {len(folders):,} folders of numbered frames"
    return None


def _by_folder(pictures: Sequence[Path]) -> dict[Path, list[Path]]:
    folders: dict[Path, list[Path]] = defaultdict(list)
    for picture in pictures:
        folders[picture.parent].append(picture)
    return folders


def _consecutive(pictures: Sequence[Path]) -> bool:
    """Whether names differ in a number only, which counts up one by one."""
    matches = [FRAME.match(f.stem) for f in pictures]
    if any(m is None for m in matches):
        return False
    numbers = sorted(int(m[2]) for m in matches if m)
    one_name = len({m[1] for m in matches if m}) == 1
    return one_name and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _frame_folders(path: Path, pictures: Sequence[Path]) -> list[Place]:
    """Folders of at least two numbered pictures."""
    places = []
    for folder, found in _by_folder(pictures).items():
        numbered = [f for f in found if FRAME.match(f.stem)]
        if len(numbered) >= 2:
            name = folder.relative_to(path).as_posix()
            places.append(
                Place(folder.name if name == "." else name, tuple(sorted(numbered, key=lambda f: natural(f.name))))
            )
    return places


def _owners(names: Sequence[str], path: Path) -> tuple[tuple[str, ...], tuple[Split | None, ...]]:
    """Class folder and given split of every clip."""
    prefix = common_folder(names)
    rest = [name[len(prefix) :] for name in names]
    tops = [name.split("/")[0] if "/" in name else "" for name in rest]
    splits: tuple[Split | None, ...] = (None,) * len(rest)
    if all(top.lower() in SPLIT_NAMES for top in tops):
        splits = tuple(SPLIT_NAMES[top.lower()] for top in tops)
        rest = [name.split("/", 1)[1] for name in rest]
        prefix = common_folder(rest)
        rest = [name[len(prefix) :] for name in rest]
    owners = [name.split("/")[0] if "/" in name else "" for name in rest]
    named = {owner for owner in owners if owner}
    if not named or (len(named) == 1 and "" not in owners):
        return (), splits
    loose = [name for name, owner in zip(rest, owners, strict=True) if not owner]
    if loose:
        raise InputError(
            f"{path}: {len(loose):,} clips lie beside the class folders {some(sorted(named, key=natural))} "
            f"({some(loose)}): move them into a class folder, or out of the way"
        )
    return tuple(owners), splits
