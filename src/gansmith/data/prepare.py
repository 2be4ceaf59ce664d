"""Decode a whole source once, into one array."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL

from gansmith.data.cache import Decoded, FileSink, MemorySink, Sink, default_cache, load_decoded
from gansmith.data.findings import set_warnings, survey_warnings
from gansmith.data.fit import Fit, FitOptions
from gansmith.data.image_set import ImageSet, Skipped, content_hash, fingerprint
from gansmith.data.reader import Pixels, Reader, UnreadableError
from gansmith.data.survey import Progress, Survey, settle, survey
from gansmith.errors import InputError

__all__ = ["IN_MEMORY", "prepare", "settled"]

IN_MEMORY = 512 * 2**20
"""Sets up to this many bytes are kept in memory: it leaves room for training on a machine with 4 GB."""

_LISTED = 20


def prepare(
    reader: Reader,
    fit: FitOptions | Fit | None = None,
    *,
    cache: Path | None = None,
    strict: bool = False,
    in_memory: int = IN_MEMORY,
    progress: Progress | None = None,
) -> ImageSet:
    """Decode every picture once and bring it to one shape.

    One picture is held at a time. The result lies in memory if it is small and no cache is asked for; otherwise in a
    file of the cache that is mapped, and found again by the next call with the same files and options.

    Args:
        reader: The source.
        fit: The user's wishes, or a settled policy (a trained model's, say), which is then followed to the letter.
            None lets the pictures decide.
        cache: Folder for prepared sets; None uses the default one, and only for sets larger than `in_memory`.
        strict: Refuse a source of which any picture cannot be read, instead of leaving such pictures out.
        in_memory: Most bytes that are kept in memory.
        progress: Called after every item with what is being done, items done and all items.

    Raises:
        InputError: If no picture can be read; with `strict`, if any cannot (the first 20 are named); if the cache has
            no room.
    """
    wish = fit or FitOptions()
    key = _key(reader, wish)
    decoded = load_decoded(cache, key) if cache is not None else None
    if decoded is None:
        found = Survey() if isinstance(wish, Fit) else survey(reader, wish, progress)
        chosen = wish if isinstance(wish, Fit) else settled(found, wish, reader)
        if cache is None and _bytes(len(reader), chosen) > in_memory:
            cache = default_cache()
            decoded = load_decoded(cache, key)
        if decoded is None:
            decoded = _decode(reader, chosen, found, cache, key, progress)
    if strict and decoded.skipped:
        raise InputError(*_unreadable(decoded.skipped, len(reader), str(reader.path)))
    return _image_set(reader, decoded)


def _bytes(count: int, fit: Fit) -> int:
    return count * int(np.prod(fit.shape)) * fit.dtype.itemsize


def _key(reader: Reader, wish: FitOptions | Fit) -> str:
    return hashlib.blake2b(f"{reader.stamp} {wish!r} Pillow {PIL.__version__}".encode(), digest_size=16).hexdigest()


def settled(found: Survey, wish: FitOptions, reader: Reader) -> Fit:
    """The fit that follows from a survey; where nothing could be read, `InputError` with the reason."""
    if found.sizes:
        return settle(found, wish, str(reader.path))
    skipped = []
    for index in range(min(len(reader), _LISTED)):
        try:
            reader.read(index)
        except UnreadableError as error:
            skipped.append(Skipped(reader.names[index], str(error)))
    raise InputError(*_none_readable(skipped, len(reader), str(reader.path)))


@dataclass
class _Tally:
    """What accumulates while a source is decoded."""

    kept: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    brightest: float = -np.inf

    def take(self, index: int, raw: Pixels, fitted: Pixels) -> None:
        self.kept.append(index)
        self.hashes.append(content_hash(raw))
        self.brightest = max(self.brightest, float(fitted.max()))


def _decode(
    reader: Reader, fit: Fit, found: Survey, cache: Path | None, key: str, progress: Progress | None
) -> Decoded:
    count = len(reader)
    sink: Sink = MemorySink(count, fit) if cache is None else FileSink(cache, key, count, fit)
    tally = _Tally()
    try:
        for index in range(count):
            try:
                raw = reader.read(index)
            except UnreadableError as error:
                tally.skipped.append(Skipped(reader.names[index], str(error)))
            else:
                fitted = fit.apply(raw)
                tally.take(index, raw, fitted)
                sink.add(fitted)
            if progress is not None:
                progress("reading pictures", index + 1, count)
        if not tally.kept:
            raise InputError(*_none_readable(tally.skipped, count, str(reader.path)))
        warnings = survey_warnings(found, fit, tally.brightest)
        return sink.finish(tally.kept, tally.hashes, tally.skipped, fit, warnings)
    finally:
        sink.discard()


def _image_set(reader: Reader, decoded: Decoded) -> ImageSet:
    kept = decoded.kept
    if len(kept) and int(kept[-1]) >= len(reader):
        raise InputError(f"{reader.path}: changed while it was read: try again")
    labels = None if reader.labels is None else reader.labels[kept]
    splits = tuple(reader.split_of(int(i)) for i in kept)
    columns = {name: column[kept] for name, column in reader.columns.items()}
    skipped = decoded.skipped
    return ImageSet(
        images=decoded.images,
        labels=labels,
        classes=reader.classes,
        names=tuple(reader.names[int(i)] for i in kept),
        hashes=decoded.hashes,
        given_splits=splits if any(splits) else None,
        skipped=skipped,
        fit=decoded.fit,
        fingerprint=fingerprint(decoded.hashes, labels, reader.classes, columns),
        warnings=(*reader.notes, *decoded.warnings, *set_warnings(decoded.hashes, labels, reader.classes, skipped)),
        source=reader.path,
        columns=columns,
    )


def _unreadable(skipped: tuple[Skipped, ...], count: int, where: str) -> list[str]:
    lines = [f"{where}: {s.name}: {s.reason}" for s in skipped[:_LISTED]]
    return [*lines, f"{where}: {len(skipped):,} of {count:,} pictures cannot be read: mend or remove them"]


def _none_readable(skipped: list[Skipped], count: int, where: str) -> list[str]:
    first = f" (first: {skipped[0].name}: {skipped[0].reason})" if skipped else ""
    return [f"{where}: not one of {count:,} pictures can be read{first}"]
