"""What `gansmith inspect` prints of sounds, music, texts, series, videos and events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gansmith.cli.show import print_json, print_table, screen
from gansmith.data.image_set import duplicate_groups
from gansmith.data.item_options import ItemOptions
from gansmith.data.items import Items
from gansmith.errors import InputError
from gansmith.run.kinds._kind import Kind

__all__ = ["show_items"]

MOST = 20
FEW = 5
"""Names of equal items that are printed; `--json` has all."""


def show_items(kind: Kind[Any], data: str, options: ItemOptions, why: str, as_json: bool) -> int:
    """Print what is known about a data set; exit code 0."""
    place = Path(data).expanduser()
    if not place.exists():
        raise InputError(f"{data}: no such file or folder")
    with screen(quiet=as_json) as listener:

        def progress(what: str, done: int, total: int) -> None:
            listener({"event": "progress", "task": what, "share": done / max(total, 1)})

        items = kind.open(place, options, progress)
    found = _about(kind, items, why)
    if as_json:
        print_json(found)
    else:
        _print(found, kind.things)
    return 0


def _about(kind: Kind[Any], items: Items, why: str) -> dict[str, Any]:
    labels = np.empty(0, np.int64) if items.labels is None else items.labels
    counts = np.bincount(labels, minlength=len(items.classes)).tolist()
    return {
        "source": str(items.source),
        "modality": kind.id,
        "why": why,
        "count": len(items),
        "about": kind.describe(items),
        "classes": dict(zip(items.classes, counts, strict=True)),
        "skipped": [f"{s.name}: {s.reason}" for s in items.skipped],
        "duplicates": [[items.names[i] for i in group] for group in duplicate_groups(items.hashes)],
        "warnings": list(items.warnings),
    }


def _print(found: dict[str, Any], things: str) -> None:
    print(f"{found['source']}: {found['count']:,} {things}")
    for line in ([found["why"]] if found["why"] else []) + found["about"]:
        print(line)
    if found["classes"]:
        print()
        classes = list(found["classes"].items())
        print_table(["class", things], [[name, f"{n:,}"] for name, n in classes[:MOST]])
        if len(classes) > MOST:
            print(f"... and {len(classes) - MOST} more classes")
    duplicates = [_joined(group) for group in found["duplicates"]]
    for title, lines in (("unreadable", found["skipped"]), ("duplicates", duplicates), ("note", found["warnings"])):
        for line in lines[:MOST]:
            print(f"{title}: {line}")
        if len(lines) > MOST:
            print(f"{title}: ... and {len(lines) - MOST} more")


def _joined(group: list[str]) -> str:
    """Names of equal items, as many as can be read at a glance."""
    more = f" = ... and {len(group) - FEW} more" if len(group) > FEW else ""
    return " = ".join(group[:FEW]) + more
