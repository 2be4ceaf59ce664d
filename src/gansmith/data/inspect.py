"""What is in a source of pictures, before anything is trained on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gansmith.data.attributes import CAPTION, Column
from gansmith.data.findings import set_warnings, survey_warnings
from gansmith.data.fit import Fit, FitOptions
from gansmith.data.grid import grid
from gansmith.data.image_set import HASH_BYTES, ImageSet, Skipped, content_hash, duplicate_groups
from gansmith.data.reader import Peek, Reader, UnreadableError
from gansmith.data.survey import Progress, Survey, settle
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["Inspection", "contact_sheet", "inspect"]

_SHOWN = 8
"""Values of an attribute, and captions, that are shown."""

_LISTED = 50
"""Entries of a long list that go into JSON; the counts are always of all."""


@dataclass(frozen=True)
class Inspection:
    """What was found in a source.

    Attributes:
        source: The path.
        count: Items, readable or not.
        readable: Items that can be read.
        sizes: Pictures by (height, width), most frequent first.
        channels: Pictures by number of channels as stored, most frequent first.
        depths: Pictures by type of pixel, most frequent first.
        classes: Readable pictures by class, in the order of ids; empty without labels.
        splits: Readable pictures by given split; empty where the source gives none.
        attributes: What is said of the readable pictures, by name: a sentence for each attribute.
        captions: The first captions; empty where there are none.
        captioned: Readable pictures with a caption.
        skipped: Items that cannot be read, with the reason.
        duplicates: Names of pictures that are equal, a tuple for each group.
        fit: How training would bring the pictures to one shape.
        warnings: Sentences on what the user should know.
    """

    source: Path
    count: int
    readable: int
    sizes: tuple[tuple[tuple[int, int], int], ...]
    channels: tuple[tuple[int, int], ...]
    depths: tuple[tuple[str, int], ...]
    classes: dict[str, int]
    splits: dict[str, int]
    attributes: dict[str, str]
    captions: tuple[str, ...]
    captioned: int
    skipped: tuple[Skipped, ...]
    duplicates: tuple[tuple[str, ...], ...]
    fit: Fit
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """The same for machines; long lists are cut to 50 entries, beside their full counts."""
        return {
            "source": str(self.source),
            "count": self.count,
            "readable": self.readable,
            "sizes": [{"height": h, "width": w, "count": n} for (h, w), n in self.sizes[:_LISTED]],
            "channels": {str(c): n for c, n in self.channels},
            "depths": dict(self.depths),
            "classes": dict(self.classes),
            "splits": dict(self.splits),
            "attributes": dict(self.attributes),
            "captioned": self.captioned,
            "captions": list(self.captions),
            "unreadable": len(self.skipped),
            "skipped": [{"name": s.name, "reason": s.reason} for s in self.skipped[:_LISTED]],
            "duplicate_groups": len(self.duplicates),
            "duplicates": [list(g) for g in self.duplicates[:_LISTED]],
            "fit": self.fit.to_json(),
            "fit_in_words": self.fit.describe(),
            "warnings": list(self.warnings),
        }


def inspect(reader: Reader, fit: FitOptions | Fit | None = None, progress: Progress | None = None) -> Inspection:
    """Decode every picture once and tell what there is; one picture is held at a time.

    Args:
        reader: The source.
        fit: The user's wishes or a settled policy; None lets the pictures decide.
        progress: Called after every item.

    Raises:
        InputError: If no picture can be read.
    """
    wish = fit or FitOptions()
    found = Survey()
    kept: list[int] = []
    hashes: list[bytes] = []
    skipped: list[Skipped] = []
    brightest: Counter[str] = Counter()
    for index in range(len(reader)):
        try:
            raw = reader.read(index)
        except UnreadableError as error:
            skipped.append(Skipped(reader.names[index], str(error)))
        else:
            found.add(Peek(raw.shape[0], raw.shape[1], raw.shape[2], raw.dtype.name))
            found.look(raw)
            kept.append(index)
            hashes.append(content_hash(raw))
            brightest[raw.dtype.name] = max(brightest[raw.dtype.name], int(raw.max()))
        if progress is not None:
            progress("looking at pictures", index + 1, len(reader))
    if not kept:
        first = f" (first: {skipped[0].name}: {skipped[0].reason})" if skipped else ""
        raise InputError(f"{reader.path}: not one of {len(reader):,} pictures can be read{first}")
    settled = wish if isinstance(wish, Fit) else settle(found, wish, str(reader.path))
    rows = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, HASH_BYTES)
    top = float(max(brightest.values())) if len(found.dtypes) == 1 else float("inf")
    return _inspection(reader, found, settled, kept, rows, skipped, top)


def _inspection(
    reader: Reader,
    found: Survey,
    fit: Fit,
    kept: list[int],
    hashes: NDArray[np.uint8],
    skipped: list[Skipped],
    brightest: float,
) -> Inspection:
    labels = None if reader.labels is None else reader.labels[kept]
    counts = np.bincount(labels if labels is not None else [], minlength=len(reader.classes)).tolist()
    columns = {name: column[kept] for name, column in reader.columns.items()}
    captions = [str(c) for c in columns.pop(CAPTION, ()) if c]
    splits = Counter(s for s in (reader.split_of(i) for i in kept) if s is not None)
    return Inspection(
        source=reader.path,
        count=len(reader),
        readable=len(kept),
        sizes=tuple(found.sizes.most_common()),
        channels=tuple(found.channels.most_common()),
        depths=tuple(found.dtypes.most_common()),
        classes=dict(zip(reader.classes, counts, strict=True)),
        splits={s: splits[s] for s in ("train", "val", "test") if s in splits},
        attributes={name: _values(column) for name, column in columns.items()},
        captions=tuple(dict.fromkeys(captions))[:_SHOWN],
        captioned=len(captions),
        skipped=tuple(skipped),
        duplicates=tuple(tuple(reader.names[kept[i]] for i in g) for g in duplicate_groups(hashes)),
        fit=fit,
        warnings=(
            *reader.notes,
            *survey_warnings(found, fit, brightest),
            *set_warnings(hashes, labels, reader.classes, skipped),
        ),
    )


def _values(column: Column) -> str:
    """An attribute in a sentence: its range, or its most frequent values."""
    if column.dtype.kind == "f":
        return f"numbers from {column.min():g} to {column.max():g}, mean {column.mean():g}"
    found = Counter("yes" if v is True else "no" if v is False else str(v) for v in column.tolist()).most_common()
    shown = ", ".join(f"{value} ({count:,})" for value, count in found[:_SHOWN])
    return shown + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def contact_sheet(images: ImageSet, rows: int = 10, columns: int = 10) -> Image.Image:
    """A few pictures of each class, a row a class with its name; without classes, the first pictures.

    Pictures are taken at even distances through the set, so that the sheet shows its variety and is always the same.

    Args:
        images: A prepared set.
        rows: Most rows; further classes are left out.
        columns: Pictures in a row.

    Raises:
        InputError: If there is nothing to show.
    """
    if rows < 1 or columns < 1:
        raise InputError(f"contact sheet: rows={rows} and columns={columns} must be 1 or more")
    blank = np.full(images.shape, images.fit.high, dtype=images.fit.dtype)
    labels: list[str] | None = None
    if images.labels is None:
        cells = [np.asarray(images.images[i]) for i in _evenly(np.arange(len(images)), rows * columns)]
    else:
        present = [c for c in range(len(images.classes)) if (images.labels == c).any()][:rows]
        labels = [images.classes[c] for c in present]
        cells = []
        for c in present:
            chosen = _evenly(np.flatnonzero(images.labels == c), columns)
            cells += [np.asarray(images.images[i]) for i in chosen]
            cells += [blank] * (columns - len(chosen))
    if not cells:
        raise InputError(f"{images.source}: no picture to show")
    return grid(np.stack(cells), columns, labels=labels, value_range=(images.fit.low, images.fit.high))


def _evenly(numbers: NDArray[np.int64], count: int) -> list[int]:
    """At most `count` of the numbers, at even distances."""
    if len(numbers) <= count:
        return [int(n) for n in numbers]
    return [int(n) for n in numbers[np.linspace(0, len(numbers) - 1, count).round().astype(np.int64)]]
