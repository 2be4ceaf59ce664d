"""Pictures of one place in several modalities: a sub-folder for each, in which a case has the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gansmith.data.fit import Fit, FitOptions
from gansmith.data.image_set import HASH_BYTES, Hashes, ImageSet, Pictures, RowView, fingerprint
from gansmith.data.layout import SPLIT_NAMES, hidden
from gansmith.data.prepare import prepare, settled
from gansmith.data.reader import Pixels, Reader, ReadOptions, natural, some
from gansmith.data.sniff import open_reader
from gansmith.data.survey import Progress, Survey, survey
from gansmith.data.translation.pairing import check_shapes, stem
from gansmith.errors import InputError

__all__ = ["Layers", "Stack", "modality_folders", "open_stack"]


class Layers:
    """Grey pictures of several sets as the channels of one, without copying them.

    Args:
        sets: `(N, H, W, 1)` each, of one shape and type.
    """

    def __init__(self, sets: Sequence[Pictures]) -> None:
        self._sets = tuple(sets)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N, H, W, sets)`."""
        return *self._sets[0].shape[:-1], len(self._sets)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of all sets."""
        return self._sets[0].dtype

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._sets[0])

    def __getitem__(self, key: Any, /) -> Pixels:
        """Pictures in memory."""
        return np.concatenate([np.asarray(one[key]) for one in self._sets], -1)

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> Pixels:
        """All of them in memory."""
        return self[:].astype(dtype or self.dtype, copy=False)


@dataclass(frozen=True)
class Stack:
    """Cases in several modalities.

    Attributes:
        modalities: Their names, in the order of the channels.
        image: Of each case all modalities as channels; its fit is that of one of them.
        view: Height and width of what training takes of a canvas.
        notes: Sentences for the user.
    """

    modalities: tuple[str, ...]
    image: ImageSet
    view: tuple[int, int]
    notes: tuple[str, ...]


def modality_folders(folder: Path) -> list[Path]:
    """The sub-folders that stand for modalities, in natural order."""
    found = [p for p in folder.iterdir() if p.is_dir() and not hidden(p.name)]
    return sorted(found, key=lambda p: natural(p.name))


def open_stack(
    folder: Path,
    wish: FitOptions,
    jitter: float,
    strict: bool = False,
    progress: Progress | None = None,
    options: ReadOptions | None = None,
) -> Stack:
    """Read a folder of modalities; cases that lack one are left out.

    Args:
        folder: With a sub-folder for each modality.
        wish: Size of the view, and how other shapes are fitted.
        jitter: Canvas for each pixel of the view.
        strict: Refuse unreadable pictures instead of leaving their cases out.
        progress: Called after every picture.
        options: Limits on files.

    Raises:
        InputError: With every problem: no modalities, no case that has them all, pictures of other proportions.
    """
    sides = _sides(folder)
    if wish.channels not in (None, 1):
        raise InputError(f"--channels {wish.channels}: modalities are grey pictures, one channel each: leave it out")
    readers = [open_reader(side, options) for side in sides]
    try:
        names, notes = _cases(folder, readers)
        place = [{stem(n): i for i, n in enumerate(reader.names)} for reader in readers]
        for reader, own in zip(readers[1:], place[1:], strict=True):
            check_shapes(readers[0], reader, [(place[0][name], own[name]) for name in names])
        found = [survey(reader, wish, progress) for reader in readers]
        fits, view = _fits(readers, found, wish, jitter)
        sets = [prepare(r, fit, strict=strict, progress=progress) for r, fit in zip(readers, fits, strict=True)]
    finally:
        for reader in readers:
            reader.close()
    notes += [
        f"{side.name}: coloured pictures are read as grey" for side, s in zip(sides, found, strict=True) if not s.grey
    ]
    notes += [f"{side.name}: {told}" for side, one in zip(sides, sets, strict=True) for told in one.warnings]
    image, more = _joined(folder, names, sets)
    return Stack(tuple(side.name for side in sides), image, view, (*notes, *more))


def _sides(folder: Path) -> list[Path]:
    """The folders of modalities. Raises `InputError` where there are none, or where something else lies there."""
    form = "a sub-folder of grey pictures for each modality (T1/, T2/, ...), in which a case has the same file name"
    if not folder.exists():
        raise InputError(f"{folder}: no such file or folder")
    sides = modality_folders(folder) if folder.is_dir() else []
    if len(sides) < 2:
        raise InputError(f"{folder}: --task complete needs {form}")
    if splits := [side.name for side in sides if side.name.lower() in SPLIT_NAMES]:
        first = next((s.name for s in sides if s.name not in splits), "T1")
        raise InputError(
            f"{folder}: {some(splits)} would be a modality: put splits into each modality "
            f"({first}/{splits[0]}/), since --task complete needs {form}"
        )
    return sides


def _cases(folder: Path, readers: Sequence[Reader]) -> tuple[list[str], list[str]]:
    """Names of the cases that have all modalities, and what to note. Raises `InputError` where there are none."""
    names = [[stem(n) for n in reader.names] for reader in readers]
    problems = []
    for reader, mine in zip(readers, names, strict=True):
        if len(set(mine)) < len(mine):
            twice = sorted({n for n in mine if mine.count(n) > 1}, key=natural)
            problems.append(
                f"{reader.path}: several pictures are called {some(twice)}: a case has one of each modality"
            )
    if problems:
        raise InputError(*problems)
    whole = set(names[0]).intersection(*names[1:])
    lacking = sorted(set().union(*names) - whole, key=natural)
    if not whole:
        raise InputError(
            f"{folder}: no case is there in all of {', '.join(r.path.name for r in readers)} (a case has the same file "
            f"name in each; {lacking[0]} is not in {_absent(lacking[0], readers, names)})"
        )
    notes = []
    if lacking:
        notes.append(
            f"{len(lacking):,} cases lack a modality and were left out ({lacking[0]} is not in "
            f"{_absent(lacking[0], readers, names)}): training needs them all"
        )
    if any("/" in n for n in whole) and all(r.split_of(0) is None for r in readers):
        notes.append(
            "cases of one sub-folder may be in training and in the test: where it is one patient, give train/, val/ "
            "and test/ folders in each modality"
        )
    return [n for n in names[0] if n in whole], notes


def _absent(case: str, readers: Sequence[Reader], names: Sequence[Sequence[str]]) -> str:
    return " and ".join(r.path.name for r, mine in zip(readers, names, strict=True) if case not in mine)


def _fits(
    readers: Sequence[Reader], found: Sequence[Survey], wish: FitOptions, jitter: float
) -> tuple[list[Fit], tuple[int, int]]:
    """How each modality is brought to the canvas, grey and of one depth; the first decides on the size."""
    grey = replace(wish, channels=1)
    chosen = [settled(seen, grey, reader) for seen, reader in zip(found, readers, strict=True)]
    if floats := [r.path.name for r, seen in zip(readers, found, strict=True) if "float32" in seen.dtypes]:
        raise InputError(
            f"{', '.join(floats)}: pictures in floats have no black and white of their own: save them in 16 bits"
        )
    bits = max(fit.bits for fit in chosen)
    view = (chosen[0].height, chosen[0].width)
    height, width = (round(side * jitter) for side in view)
    return [replace(fit, height=height, width=width, bits=bits) for fit in chosen], view


def _joined(folder: Path, names: Sequence[str], sets: Sequence[ImageSet]) -> tuple[ImageSet, list[str]]:
    """One set of the cases of which every picture could be read."""
    place = [{stem(n): i for i, n in enumerate(one.names)} for one in sets]
    kept = [name for name in names if all(name in own for own in place)]
    if not kept:
        raise InputError(f"{folder}: of no case all modalities can be read")
    notes = [f"{len(names) - len(kept):,} cases were left out, since a picture of theirs can't be read"]
    parts = [one.subset([own[name] for name in kept]) for one, own in zip(sets, place, strict=True)]
    hashes = _digests([part.hashes for part in parts])
    first = parts[0]
    image = replace(
        first,
        images=RowView(Layers([part.images for part in parts]), np.arange(len(kept))),
        labels=None,
        classes=(),
        names=tuple(kept),
        hashes=hashes,
        skipped=tuple(gone for one in sets for gone in one.skipped),
        fingerprint=fingerprint(hashes, None, ()),
        source=folder,
        columns={},
    )
    return image, notes if len(kept) < len(names) else []


def _digests(parts: Sequence[Hashes]) -> Hashes:
    """A digest of each case: of its pictures in the order of the modalities."""
    rows = [hashlib.blake2b(row.tobytes(), digest_size=HASH_BYTES).digest() for row in np.concatenate(parts, 1)]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, HASH_BYTES)
