"""What is to be learnt from images, and how a path says which of it is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gansmith.data.decode import EXTENSIONS, open_picture, peek_picture
from gansmith.data.layout import hidden
from gansmith.data.reader import ReadOptions, UnreadableError, natural

__all__ = ["FOLDERS", "Found", "Task", "recognise"]

Task = Literal["pairs", "unpaired", "style", "domains", "complete", "upscale", "inpaint", "denoise", "colourise"]
"""What a net from image to image learns: from `pairs` of examples, from two domains that are `unpaired`, from pictures
and examples of a `style`, from several `domains` that are classes of one set, to `complete` cases that lack some of
several modalities, or to give back what is taken from photos on the fly: size, holes, noise, colour."""

FOLDERS = (("input", "target"), ("source", "target"), ("a", "b"))
"""Names (lower case) of two sub-folders that hold the sides of pairs."""

PEEKED = 40
"""Pictures whose headers are looked at to tell pairs side by side."""

FEWEST = 10
"""Fewer pictures than this are never taken for pairs without being told so."""


@dataclass(frozen=True)
class Found:
    """What a path was taken for.

    Attributes:
        task: What is learnt from it.
        why: A sentence for the user, with what to say where it is wrong.
    """

    task: Task
    why: str


def recognise(path: str | Path) -> Found | None:
    """What a path holds, by its looks: pairs in two folders of equal names, or side by side; None for anything else.

    Pairs in folders `a` and `b`, which may be classes as well, need the same name in both for every picture.

    Args:
        path: A folder; anything else is never taken for pairs.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return None
    sides = two_sides(folder)
    if sides is not None:
        one, other = (names_in(side) for side in sides)
        if len(one) >= FEWEST and one == other:
            shown = " and ".join(side.name for side in sides)
            return Found("pairs", f"{shown} have pictures of equal names: taken as pairs (--task image: as classes)")
        return None
    pictures = _loose(folder)
    if len(pictures) >= FEWEST and all(_wide(p) for p in pictures[:PEEKED]):
        return Found(
            "pairs",
            "every picture is exactly twice as wide as high: taken as pairs side by side (--task image: as they are)",
        )
    return None


def two_sides(folder: Path) -> tuple[Path, Path] | None:
    """The folders with the two sides of pairs, if that is all there is; source first."""
    inside = {p.name.lower(): p for p in folder.iterdir() if p.is_dir() and not hidden(p.name)}
    if _loose(folder):
        return None
    return next(((inside[a], inside[b]) for a, b in FOLDERS if set(inside) == {a, b}), None)


def names_in(folder: Path) -> set[str]:
    """The pictures beneath a folder, by path without ending."""
    found = (p.relative_to(folder) for p in folder.rglob("*") if p.suffix.lower() in EXTENSIONS)
    return {p.with_suffix("").as_posix() for p in found if not hidden(p.as_posix())}


def _loose(folder: Path) -> list[Path]:
    """Pictures that lie directly in a folder."""
    found = [p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS and not hidden(p.name) and p.is_file()]
    return sorted(found, key=lambda p: natural(p.name))


def _wide(path: Path) -> bool:
    """Whether a picture is exactly twice as wide as high."""
    try:
        with path.open("rb") as stream:
            seen = peek_picture(open_picture(stream, ReadOptions()), ReadOptions())
    except (UnreadableError, OSError):
        return False
    return seen.width == 2 * seen.height
