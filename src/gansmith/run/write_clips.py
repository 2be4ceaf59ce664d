"""Samples of clips into files: side by side in one film, rows of frames in a picture, an archive, a folder of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gansmith.data.reader import Labels, Pixels
from gansmith.data.video.decode import FILMS, pyav
from gansmith.data.video.write import enlarged, side_by_side, strip, write_clip, write_picture
from gansmith.errors import InputError
from gansmith.run.files import replacing, replacing_folder

__all__ = ["write_clips"]

MOST_TOGETHER = 400
"""Clips that are shown in one film or picture."""

SIDE = 64
"""Pixels that small frames are enlarged to, nearly, in a film or picture of several."""


def write_clips(
    parts: Iterable[tuple[Pixels, Labels | None]],
    n: int,
    out: Path,
    classes: Sequence[str],
    milliseconds: float,
    tick: Callable[[float], None],
) -> None:
    """Write clips.

    Args:
        parts: Clips `(m, T, H, W, C)` uint8 and their class ids, a part at a time.
        n: How many they are.
        out: `.gif`, `.webp`, `.mp4`, `.webm`: all at once, side by side. `.png`: a row of frames each. `.npz`: `clips`,
            `labels`, `classes`. Anything else: a folder of lossless `.webp` files, in a folder for each class;
            `gansmith train` reads the last two again.
        classes: Class names; empty without classes.
        milliseconds: How long a frame is shown.
        tick: Told the share that is done.

    Raises:
        InputError: There are too many for one film or picture, or the extra is missing.
    """
    ending = out.suffix.lower()
    if ending == ".npz":
        clips, labels = _joined(parts, n, tick)
        named: Any = {} if labels is None else {"labels": labels, "classes": np.array(classes)}
        with replacing(out) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, clips=clips, **named)
    elif ending:
        _together(parts, n, out, milliseconds, tick)
    else:
        _folder(parts, n, out, classes, milliseconds, tick)


def _joined(
    parts: Iterable[tuple[Pixels, Labels | None]], n: int, tick: Callable[[float], None]
) -> tuple[Pixels, Labels | None]:
    clips: list[Pixels] = []
    labels: list[Labels] = []
    for made, ids in parts:
        clips.append(made)
        labels += [] if ids is None else [ids]
        tick(sum(map(len, clips)) / n)
    return np.concatenate(clips), np.concatenate(labels) if labels else None


def _together(
    parts: Iterable[tuple[Pixels, Labels | None]], n: int, out: Path, milliseconds: float, tick: Callable[[float], None]
) -> None:
    if n > MOST_TOGETHER:
        raise InputError(f"{n:,} clips side by side are too many to look at: give a folder or a .npz, or a smaller -n")
    if out.suffix.lower() in FILMS:
        pyav()
    clips, _ = _joined(parts, n, tick)
    large = np.stack([enlarged(clip, SIDE) for clip in clips])
    with replacing(out) as temporary:  # its name ends otherwise, and the ending says how to write
        named = temporary.with_name(f"{temporary.name}{out.suffix.lower()}")
        if out.suffix.lower() == ".png":
            write_picture(named, strip(large))
        else:
            write_clip(named, side_by_side(large) if n > 1 else large[0], milliseconds)
        named.replace(temporary)


def _folder(
    parts: Iterable[tuple[Pixels, Labels | None]],
    n: int,
    out: Path,
    classes: Sequence[str],
    milliseconds: float,
    tick: Callable[[float], None],
) -> None:
    digits, done = max(6, len(str(n - 1))), 0
    with replacing_folder(out) as folder:
        for made, labels in parts:
            for row, clip in enumerate(made):
                place = folder if labels is None else folder / _folder_name(classes[int(labels[row])])
                place.mkdir(exist_ok=True)
                write_clip(place / f"{done:0{digits}d}.webp", clip, milliseconds)
                done += 1
            tick(done / n)


def _folder_name(name: str) -> str:
    """A class as the name of a folder."""
    return "".join("_" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name).strip(". ") or "_"
