"""Pictures of one or two domains, brought to a canvas that training takes its views from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gansmith.data.fit import Fit, FitOptions
from gansmith.data.image_set import ImageSet
from gansmith.data.prepare import prepare, settled
from gansmith.data.reader import Reader, ReadOptions
from gansmith.data.sniff import open_reader
from gansmith.data.survey import Progress, Survey, survey
from gansmith.data.translation.halves import HalfReader
from gansmith.data.translation.modalities import open_stack
from gansmith.data.translation.pairing import check_names, check_shapes, stem
from gansmith.data.translation.task import Task, two_sides
from gansmith.errors import InputError

__all__ = ["APART", "Domains", "open_domains"]

JITTER = 9 / 8
"""Canvas for each pixel of the view where the whole picture counts: pix2pix and CycleGAN take 256 of 286 pixels."""

VIEW, TEXTURE = 64, 4
"""The view of tasks on small structures where nobody says, and the most canvas for each pixel of a view."""

WHOLE: frozenset[Task] = frozenset(("pairs", "unpaired", "style", "domains", "colourise"))
"""Tasks for which the whole picture counts; the others look at small structures, as sharp as they are."""


APART: frozenset[Task] = frozenset(("unpaired", "style"))
"""Tasks of two folders whose pictures don't belong together."""


@dataclass(frozen=True)
class Domains:
    """Prepared pictures.

    Attributes:
        task: What is learnt from them.
        image: What is to be made.
        source: What it is made from; None where that is made of the image.
        view: Height and width of what training takes of a canvas.
        notes: Sentences for the user.
        modalities: What the image's channels are, where each is a picture of its own; else empty.
    """

    task: Task
    image: ImageSet
    source: ImageSet | None
    view: tuple[int, int]
    notes: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()

    @property
    def paired(self) -> bool:
        """Whether row i of both sides belongs together."""
        return self.task == "pairs"


def open_domains(
    task: Task,
    path: str | Path,
    second: str | Path | None,
    wish: FitOptions,
    strict: bool = False,
    progress: Progress | None = None,
    options: ReadOptions | None = None,
) -> Domains:
    """Read what a task needs.

    Args:
        task: What is to be learnt.
        path: Photos, the sources, pairs, or a folder of modalities.
        second: The wanted domain, where it lies elsewhere.
        wish: Size of the view, channels of both domains, and how other shapes are fitted.
        strict: Refuse sources with unreadable pictures instead of leaving these out.
        progress: Called after every picture.
        options: How to read what the source leaves open.

    Raises:
        InputError: With every problem: nothing to read, pictures without a partner, pairs of different proportions.
    """
    if task == "complete":
        stack = open_stack(Path(path).expanduser(), wish, JITTER, strict, progress, options)
        return Domains(task, stack.image, None, stack.view, stack.notes, stack.modalities)
    readers = _readers(task, Path(path).expanduser(), second, options)
    try:
        if task == "pairs":
            _check_pairs(*readers)
        found = [survey(reader, wish, progress) for reader in readers]
        fits, view, notes = _fits(task, readers, found, wish)
        sets = [
            prepare(reader, fit, strict=strict, progress=progress) for reader, fit in zip(readers, fits, strict=True)
        ]
    finally:
        for reader in readers:
            reader.close()
    if task == "domains" and len(sets[0].classes) < 2:
        raise InputError(f"{path}: --task domains needs two domains or more: a sub-folder of pictures for each")
    if len(sets) == 1:
        return Domains(task, sets[0], None, view, (*notes, *sets[0].warnings))
    source, image = sets
    if task == "pairs":
        source, image, more = _matched(source, image)
        notes += more
    return Domains(task, image, source, view, tuple(dict.fromkeys((*notes, *source.warnings, *image.warnings))))


def _readers(task: Task, path: Path, second: str | Path | None, options: ReadOptions | None) -> list[Reader]:
    """Readers of the source, if it has one, and of the image."""
    if second is not None:
        return [open_reader(path, options), open_reader(second, options)]
    if task in APART:
        sides = two_sides(path) if path.is_dir() else None
        if sides is None:
            raise InputError(f"{path}: --task {task} needs two folders: gansmith train A_FOLDER B_FOLDER")
        return [open_reader(side, options) for side in sides]
    if task != "pairs":
        return [open_reader(path, options)]
    sides = two_sides(path) if path.is_dir() else None
    if sides is not None:
        return [open_reader(side, options) for side in sides]
    return [HalfReader(open_reader(path, options), right) for right in (False, True)]


def _check_pairs(one: Reader, other: Reader) -> None:
    check_names(one, other)
    place = {stem(n): j for j, n in enumerate(other.names)}
    check_shapes(one, other, [(i, place[stem(n)]) for i, n in enumerate(one.names)])


def _fits(
    task: Task, readers: list[Reader], found: list[Survey], wish: FitOptions
) -> tuple[list[Fit], tuple[int, int], tuple[str, ...]]:
    """How each domain is brought to its canvas, and the view of it; the wanted domain decides on the size."""
    chosen = [settled(seen, wish, reader) for seen, reader in zip(found, readers, strict=True)]
    view = (chosen[-1].height, chosen[-1].width)
    if task in WHOLE:
        canvas = tuple(round(side * JITTER) for side in view)
    else:
        short = int(np.median(np.repeat([min(s) for s in found[-1].sizes], list(found[-1].sizes.values()))))
        if wish.pair() is None:
            view = (min(VIEW, view[0]), min(VIEW, view[1]))
        canvas = tuple(max(side, min(short // 8 * 8, TEXTURE * side)) for side in view)
    notes: tuple[str, ...] = ()
    channels = [fit.channels for fit in chosen]
    if task in APART and len(set(channels)) > 1:
        channels = [max(channels)] * 2
        notes = (f"the domains have different channels: both are read with {channels[0]} (--channels decides)",)
    if task == "colourise" and channels[-1] not in (3, 4):
        raise InputError(f"{readers[-1].path}: every picture is grey: colours can be learnt from coloured ones only")
    fits = [
        replace(fit, height=canvas[0], width=canvas[1], channels=count)
        for fit, count in zip(chosen, channels, strict=True)
    ]
    return fits, view, notes


def _matched(source: ImageSet, image: ImageSet) -> tuple[ImageSet, ImageSet, tuple[str, ...]]:
    """Both sides in one order; pairs of which one side can't be read are left out."""
    places = [{stem(n): i for i, n in enumerate(side.names)} for side in (source, image)]
    both = [name for name in places[1] if name in places[0]]
    lost = len(places[0].keys() | places[1].keys()) - len(both)
    notes = (f"{lost:,} pairs were left out, since one of their pictures can't be read",) if lost else ()
    if not both:
        raise InputError(f"{source.source}: of no pair both pictures can be read")
    one, other = (side.subset([place[n] for n in both]) for side, place in zip((source, image), places, strict=True))
    return one, other, notes
