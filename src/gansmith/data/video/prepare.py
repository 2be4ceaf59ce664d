"""Any source of clips to items: decoded, brought to one size, cut into windows of one number of frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gansmith.data.fit import Fit
from gansmith.data.image_set import Skipped
from gansmith.data.items import Items, digests
from gansmith.data.reader import Labels, Pixels, Split, UnreadableError, natural
from gansmith.data.resample import convert_channels, is_grey
from gansmith.data.split import MINIMUM
from gansmith.data.survey import Progress
from gansmith.data.video.arrays import read_arrays
from gansmith.data.video.decode import ClipHead, frames_of, head_of
from gansmith.data.video.find import Found, find_clips
from gansmith.data.video.options import USUAL_FRAMES, VideoOptions
from gansmith.errors import InputError

__all__ = ["ClipItems", "open_clips"]

AUTO_SIZE = 64
"""Largest side that nobody asked for."""

ENOUGH = 0.9
"""Share of the clips that must be long enough for the number of frames that nobody asked for."""

ARRAY_MILLISECONDS = 125.0
"""How long a frame of an array is shown: arrays do not say."""


@dataclass(frozen=True)
class ClipItems(Items):
    """Clips of one size and number of frames: items whose array `clip` is `(N, T, H, W, C)` uint8.

    Attributes:
        frame: How frames of any size were brought to this one.
        milliseconds: How long a frame is shown.
        every: Every so-many-th frame of the source was taken.
        about: How the clips lay in their source, in words.
    """

    frame: Fit = field(default_factory=lambda: Fit(8, 8, 1))
    milliseconds: float = ARRAY_MILLISECONDS
    every: int = 1
    about: str = ""


@dataclass(frozen=True)
class _Clip:
    """A whole clip, before it is cut into windows."""

    name: str
    frames: Pixels
    owner: int = -1
    split: Split | None = None


def open_clips(
    path: str | Path, options: VideoOptions | None = None, frame: Fit | None = None, progress: Progress | None = None
) -> ClipItems:
    """Read the clips of a file or folder.

    What cannot be decoded, and what is too short, is left out and listed in `skipped`. Windows of one clip stay
    together when items are told apart into training and test; where there are too few clips for that, only windows
    that share frames do.

    Args:
        path: A video file, an animation, an array file, or a folder of clips (see `find_clips`).
        options: How they are read.
        frame: How frames are fitted; None lets options and clips decide. A trained model's own makes clips comparable.
        progress: Called after every clip.

    Raises:
        InputError: There is nothing that could be read, or the path or an option is wrong.
    """
    path, options = Path(path).expanduser(), options or VideoOptions()
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: is empty")
    read = _from_arrays if path.suffix.lower() in (".npz", ".npy") and path.is_file() else _from_files
    clips, classes, skipped, fit, milliseconds, about = read(path, options, frame, progress)
    if not clips:
        raise InputError(*(f"{path}: {s.name}: {s.reason}" for s in skipped[:5]), f"{path}: not one clip could be read")
    clips, fit = _channels(clips, fit, options.channels if frame is None else frame.channels)
    length = options.frames or _usual_length([len(c.frames) for c in clips])
    short = [c for c in clips if len(c.frames) < length]
    skipped += [Skipped(c.name, _too_short(c, length, options.every)) for c in short]
    kept = [c for c in clips if len(c.frames) >= length]
    if not kept:
        raise InputError(
            f"{path}: no clip has {length} frames: the longest has {_longest(clips)}; give --read frames=N"
        )
    return _items(path, kept, classes, length, options, skipped, fit, milliseconds * options.every, about)


_Read = tuple[list[_Clip], tuple[str, ...], list[Skipped], Fit, float, str]


def _from_arrays(path: Path, options: VideoOptions, frame: Fit | None, progress: Progress | None) -> _Read:
    found = read_arrays(path, options.layout)
    sizes = {(c.shape[2], c.shape[3]) for c, _ in found.parts}
    fit = frame or _settle([ClipHead(h, w, ARRAY_MILLISECONDS) for h, w in sizes], options)
    clips, skipped, number = [], [], 0
    total = sum(len(c) for c, _ in found.parts)
    for part, split in found.parts:
        for row, clip in enumerate(part):
            name = f"{split} clip {row}" if split else f"clip {row}"
            if number in found.broken:
                skipped.append(Skipped(name, "holds NaN or infinity"))
            else:
                fitted = np.stack([_rgb(f, fit) for f in clip[: options.max_frames : options.every]])
                clips.append(_Clip(name, fitted, -1 if found.labels is None else int(found.labels[number]), split))
            number += 1
            if progress is not None:
                progress("reading clips", number, total)
    shape = " x ".join(f"{n:,}" for n in found.parts[0][0].shape[1:])
    return clips, found.classes, skipped, fit, ARRAY_MILLISECONDS, f"an array of clips of {shape}"


def _from_files(path: Path, options: VideoOptions, frame: Fit | None, progress: Progress | None) -> _Read:
    if options.layout is not None:
        raise InputError(f"{path}: layout={options.layout} can't act here; it is for arrays (.npz, .npy)")
    found = find_clips(path)
    heads: dict[str, ClipHead] = {}
    skipped: list[Skipped] = []
    for number, place in enumerate(found.places):
        try:
            heads[place.name] = head_of(place.source)
        except UnreadableError as error:
            skipped.append(Skipped(place.name, str(error)))
        if progress is not None:
            progress("looking at clips", number + 1, len(found.places))
    if not heads:
        return [], (), skipped, Fit(8, 8, 3), ARRAY_MILLISECONDS, found.about
    fit = frame or _settle(list(heads.values()), options)
    classes = tuple(sorted(set(found.owners), key=natural))
    clips = list(_decoded(found, heads, classes, fit, options, skipped, progress))
    return clips, classes, skipped, fit, float(np.median([h.milliseconds for h in heads.values()])), found.about


def _decoded(
    found: Found,
    heads: dict[str, ClipHead],
    classes: tuple[str, ...],
    fit: Fit,
    options: VideoOptions,
    skipped: list[Skipped],
    progress: Progress | None,
) -> Iterator[_Clip]:
    """Every clip that can be decoded to its end; a broken one is put on the list."""
    for number, place in enumerate(found.places):
        owner = classes.index(found.owners[number]) if classes else -1
        if place.name in heads:
            try:
                frames = [_rgb(f, fit) for f in frames_of(place.source, options.every, options.max_frames)]
                if len(frames) < 2:
                    raise UnreadableError("has a single frame: it is no clip" if frames else "has no frames")
                yield _Clip(place.name, np.stack(frames), owner, found.splits[number])
            except UnreadableError as error:
                skipped.append(Skipped(place.name, str(error)))
        if progress is not None:
            progress("reading clips", number + 1, len(found.places))


def _settle(heads: Iterable[ClipHead], options: VideoOptions) -> Fit:
    """One size for all: their own up to 64 pixels a side, otherwise a square."""
    sizes = [(h.height, h.width) for h in heads]
    height, width = sizes[0]
    if options.size is not None:
        height = width = options.size
    elif len(set(sizes)) > 1 or max(sizes[0]) > AUTO_SIZE or min(sizes[0]) < 8:
        height = width = min(AUTO_SIZE, max(8, int(np.median([min(s) for s in sizes])) // 8 * 8))
    return Fit(height, width, 3, mode=options.fit)


def _rgb(frame: Pixels, fit: Fit) -> Pixels:
    """One frame in colour at the size of the fit; what is clear becomes white."""
    colour = Fit(fit.height, fit.width, 3, mode=fit.mode, fill=fit.fill)
    return colour.apply(convert_channels(frame, 3, 0, 255))


def _channels(clips: list[_Clip], fit: Fit, wanted: int | None) -> tuple[list[_Clip], Fit]:
    """Clips and fit in grey where that is wanted, or where they are grey anyway."""
    grey = wanted == 1 or (wanted is None and all(is_grey(f) for c in clips for f in c.frames))
    if not grey:
        return clips, fit
    made = [
        _Clip(c.name, np.stack([convert_channels(f, 1, 0, 255) for f in c.frames]), c.owner, c.split) for c in clips
    ]
    return made, Fit(fit.height, fit.width, 1, mode=fit.mode, fill=fit.fill)


def _usual_length(lengths: list[int]) -> int:
    """The largest number, at most 16, that nine tenths of the clips reach."""
    reached = int(np.quantile(lengths, 1 - ENOUGH, method="lower"))
    return max(2, min(USUAL_FRAMES, reached))


def _too_short(clip: _Clip, length: int, every: int) -> str:
    taken = f" (every {every} taken)" if every > 1 else ""
    return f"{len(clip.frames)} frames{taken} are fewer than {length}"


def _longest(clips: list[_Clip]) -> int:
    return max(len(c.frames) for c in clips)


def _items(
    path: Path,
    clips: list[_Clip],
    classes: tuple[str, ...],
    length: int,
    options: VideoOptions,
    skipped: list[Skipped],
    fit: Fit,
    milliseconds: float,
    about: str,
) -> ClipItems:
    """Windows of all clips, with what they belong to."""
    step = options.step or length
    starts = [range(0, len(c.frames) - length + 1, step) for c in clips]
    owner = np.repeat(np.arange(len(clips)), [len(s) for s in starts])
    flat = [start for s in starts for start in s]
    windows = np.stack([clips[c].frames[s : s + length] for c, s in zip(owner, flat, strict=True)])
    names = tuple(
        clips[c].name if len(starts[c]) == 1 else f"{clips[c].name} frames {s + 1}-{s + length}"
        for c, s in zip(owner, flat, strict=True)
    )
    hashes = digests(windows)
    whole = np.concatenate([digests(c.frames[None]) for c in clips])
    warnings: list[str] = []
    if len(np.unique(whole, axis=0)) >= MINIMUM:
        together = whole[owner]
    else:
        parts = [
            digests(c.frames[None, s // length * length :][:, :length])
            for c, s in ((clips[c], s) for c, s in zip(owner, flat, strict=True))
        ]
        together = np.concatenate(parts)
        warnings.append(
            f"only {len(clips)} clips: their windows are told apart by place in the clip, so that test windows look "
            "like training ones and scores flatter; give at least 10 clips"
        )
    splits = tuple(clips[c].split for c in owner)
    labels: Labels | None = np.array([clips[c].owner for c in owner], dtype=np.int64) if classes else None
    return ClipItems(
        arrays={"clip": windows},
        names=names,
        hashes=hashes,
        source=path,
        labels=labels,
        classes=classes,
        together=together,
        given_splits=splits if any(splits) else None,
        skipped=tuple(skipped),
        warnings=tuple(warnings),
        frame=fit,
        milliseconds=milliseconds,
        every=options.every,
        about=about,
    )
