"""A folder of sounds, or one recording, as clips of one rate and length."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gansmith.data.audio.cut import Clips, cut, usual_length
from gansmith.data.audio.decode import ENDINGS, check_readable, read_sound
from gansmith.data.audio.options import LOWEST_RATE, AudioOptions
from gansmith.data.audio.sound import clipped_share, mixed, peak_decibels, resampled, trimmed
from gansmith.data.image_set import Skipped
from gansmith.data.items import Items, digests
from gansmith.data.layout import Layout, arrange
from gansmith.data.reader import Labels, ReadOptions, UnreadableError, some
from gansmith.data.split import MINIMUM
from gansmith.data.store import FolderStore
from gansmith.data.survey import Progress
from gansmith.errors import InputError

__all__ = ["USUAL_RATE", "open_sounds"]

USUAL_RATE = 16_000
"""Highest rate, in samples a second, that is chosen without being asked for."""

_ASKED = 200
"""So many files are asked for their rate."""
_SILENT, _SHORT = -60.0, 0.02
"""Sounds that never come above so many decibels, or last for fewer seconds, are left out."""
_CLIPPED = 0.001
_PEAK = 0.95
"""Where the loudest sample of an equally loud sound lies."""


@dataclass
class _Found:
    """What was read: int16 sounds `(channels, samples)` at one rate, and their places in the list of files."""

    sounds: list[NDArray[np.int16]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)


def open_sounds(path: str | Path, options: AudioOptions | None = None, progress: Progress | None = None) -> Items:
    """Read all sounds beneath a folder, or one file, and bring them to one rate and length.

    Classes and splits are read out of sub-folders or a `labels.csv`, as for pictures (see `layout.arrange`). A sound
    longer than a clip becomes several clips, which are never told apart into training and test; a last piece of less
    than half a clip is left out.

    Args:
        path: A folder, or a file.
        options: How to read; None for the defaults.
        progress: Called after every file with what is being done, files done and all files.

    Returns:
        Items of the columns `signal`: int16 `(N, channels, length)`, `length`: int32 `(N,)`, samples before the
        padding, and `rate`: int32 `(N,)`, samples a second, the same in every row.

    Raises:
        InputError: There is no sound, none can be used, or a package is missing.
    """
    options, path = options or AudioOptions(), Path(path).expanduser()
    store, layout = _listed(path)
    check_readable(list(layout.files))
    rate = options.rate or _usual_rate(store, layout.files)
    found = _read_all(store, layout, rate, options, progress)
    if not found.sounds:
        first = f"{found.skipped[0].name}: {found.skipped[0].reason}"
        raise InputError(f"{path}: not one of {len(layout.files):,} sounds can be used (first: {first})")
    lengths = [sound.shape[1] for sound in found.sounds]
    length = round(options.seconds * rate) if options.seconds else usual_length(lengths, rate)
    return _items(path, layout, found, cut(found.sounds, length), rate)


def _listed(path: Path) -> tuple[FolderStore, Layout]:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_dir():
        store = FolderStore(path, ReadOptions())
        text = lambda name: store.read(name).decode("utf-8-sig", "replace")  # noqa: E731
        return store, arrange([e.path for e in store.entries], text, str(path), None, ENDINGS, "sounds")
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: is no sound: give a folder of sounds or one of {' '.join(sorted(ENDINGS))}")
    return FolderStore(path.parent, ReadOptions(), only=path.name), Layout((path.name,), None, (), (None,))


def _usual_rate(store: FolderStore, files: tuple[str, ...]) -> int:
    """The most frequent rate of some of the files, the higher of two as frequent, at most `USUAL_RATE`."""
    step = -(-len(files) // _ASKED)
    seen: Counter[int] = Counter()
    for name in files[::step]:
        try:
            seen[read_sound(store.read(name), name)[1]] += 1
        except UnreadableError:  # told when it is its turn
            continue
    most = max(seen, key=lambda rate: (seen[rate], rate), default=USUAL_RATE)
    return max(LOWEST_RATE, min(most, USUAL_RATE))


def _read_all(
    store: FolderStore, layout: Layout, rate: int, options: AudioOptions, progress: Progress | None
) -> _Found:
    found = _Found()
    for place, name in enumerate(layout.files):
        try:
            sound, share = _read(store.read(name), name, rate, options)
        except UnreadableError as error:
            found.skipped.append(Skipped(name, str(error)))
        else:
            found.sounds.append(sound)
            found.files.append(place)
            if share > _CLIPPED:
                found.clipped.append(f"{name} ({share:.1%})")
        if progress is not None:
            progress("reading sounds", place + 1, len(layout.files))
    return found


def _read(data: bytes, name: str, rate: int, options: AudioOptions) -> tuple[NDArray[np.int16], float]:
    """One sound as int16 `(channels, samples)` at the rate, and what share of it was clipped."""
    sound, own = read_sound(data, name)
    minutes = sound.shape[1] / own / 60
    if minutes > options.max_minutes:
        raise UnreadableError(f"is {minutes:.0f} minutes long, more than max_minutes={options.max_minutes:g}")
    loudest = peak_decibels(sound)
    if loudest < _SILENT:
        raise UnreadableError("is silent" if loudest == -math.inf else f"is silent (never above {loudest:.0f} dB)")
    share = clipped_share(sound)
    sound = trimmed(resampled(mixed(sound, 2 if options.channels == "stereo" else 1), own, rate), rate, options.trim)
    peak = float(np.abs(sound).max())
    if peak_decibels(sound) < _SILENT:
        raise UnreadableError("is silent once its channels are mixed and it is resampled")
    if sound.shape[1] < _SHORT * rate:
        raise UnreadableError(
            f"is too short: {sound.shape[1] / rate * 1000:.0f} ms of sound, {_SHORT * 1000:.0f} needed"
        )
    gain = _PEAK / peak if options.level == "peak" else min(1.0, 1 / peak)
    return np.rint(sound * (gain * 32767)).astype(np.int16), share


def _items(path: Path, layout: Layout, found: _Found, clips: Clips, rate: int) -> Items:
    files = [found.files[i] for i in clips.owners]
    count = Counter(files)
    seen: Counter[int] = Counter()
    names = []
    for file in files:
        seen[file] += 1
        names.append(layout.files[file] + (f"#{seen[file]}" if count[file] > 1 else ""))
    hashes = digests(clips.signal, clips.length)
    wholes = digests(np.array(clips.owners, dtype=np.int64))
    apart = len(set(clips.owners)) < MINIMUM
    labels: Labels | None = None
    if layout.labels is not None:
        labels = np.array([layout.labels[file] for file in files], dtype=np.int64)
    splits = tuple(layout.splits[file] for file in files)
    return Items(
        {
            "signal": clips.signal,
            "length": clips.length,
            "rate": np.full(len(files), rate, np.int32),
        },
        tuple(names),
        hashes,
        path,
        labels,
        layout.classes,
        None if apart or max(count.values()) == 1 else wholes,
        splits if any(splits) else None,
        tuple(found.skipped),
        (*_warnings(found, clips, rate, apart),),
    )


def _warnings(found: _Found, clips: Clips, rate: int, apart: bool) -> list[str]:
    seconds, lines = clips.signal.shape[2] / rate, []
    if found.clipped:
        lines.append(f"clipped (share of samples at full scale), and kept: {some(found.clipped)}")
    longer = len({owner for owner, n in Counter(clips.owners).items() if n > 1})
    if longer:
        lines.append(
            f"{longer:,} of {len(found.sounds):,} sounds are longer than {seconds:g} s and became several clips"
        )
    if clips.dropped:
        lines.append(
            f"{clips.dropped / rate:,.1f} s at the ends of long sounds are left out (less than half a clip each)"
        )
    if longer and apart:
        lines.append(f"fewer than {MINIMUM} recordings: clips of one recording are in training and in test")
    return lines
